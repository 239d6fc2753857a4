/** The server's log, with Redis's four levels. */

/** Where the engine and the server say what they do. Never given a secret or a key's value. */
export interface Log {
  debug(message: string, fields?: object): void;
  verbose(message: string, fields?: object): void;
  notice(message: string, fields?: object): void;
  warning(message: string, fields?: object): void;
}

/** Says nothing: for embedded engines and tests. */
export const SILENT_LOG: Log = {
  debug: () => undefined,
  verbose: () => undefined,
  notice: () => undefined,
  warning: () => undefined,
};
