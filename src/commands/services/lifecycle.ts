/** Start, stop and what the process is. */

export interface ShutdownOptions {
  readonly save: 'default' | 'save' | 'nosave';
  readonly now: boolean;
  readonly force: boolean;
}

/** The server as a process. */
export interface Lifecycle {
  /** 40 hex digits, new at each start. */
  readonly runId: string;
  readonly executable: string;
  /** Path of the configuration file, or empty. */
  readonly configFile: string;
  readonly port: number;
  /** Begins an orderly stop; the process exits once it is done. */
  shutdown(options: ShutdownOptions): void;
  /** Takes back a shutdown that has not finished; whether there was one. */
  abortShutdown(): boolean;
  /** Puts a line in the server's log. */
  log(text: string): void;
  /** Resident set size of the process, in bytes. */
  residentBytes(): number;
  /** CPU time of the process: user and system seconds. */
  cpuSeconds(): { user: number; system: number };
}
