/** The configuration, for CONFIG and for the few commands that depend on a directive. */

/** Text access to all directives. */
export interface Configuration {
  /** Name and value of every directive that matches one of the globs. */
  get(patterns: readonly Uint8Array[]): [string, string][];
  /** Sets all or none. Returns an error text, or undefined when done. */
  set(pairs: readonly (readonly [Uint8Array, Uint8Array])[]): string | undefined;
  /** Writes the configuration file anew. Returns an error text, or undefined when done. */
  rewrite(): string | undefined;
}

/** The server's password. */
export interface PasswordCheck {
  /** Whether one is set. */
  readonly required: boolean;
  /** In constant time. */
  matches(password: Uint8Array): boolean;
}
