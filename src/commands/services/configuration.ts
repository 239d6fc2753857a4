/** The configuration, for CONFIG and for the few commands that depend on a directive. */
import type { ClientState } from './clients.ts';

/** Text access to all directives. */
export interface Configuration {
  /** Name and value of every directive that matches one of the globs. */
  get(patterns: readonly Uint8Array[]): readonly (readonly [name: string, value: string])[];
  /** The value of one directive, as CONFIG GET shows it. REQUIRES: there is one of this name. */
  textOf(name: string): string;
  /** Whether the directive of this name, in any case, holds a secret; false when there is none. */
  isSecret(name: string): boolean;
  /**
   * Sets all or none, for a client: some directives may only be set from this machine. Returns an
   * error text, or undefined when done. Keeps no reference to the buffers.
   */
  set(
    pairs: readonly (readonly [name: Buffer, value: Buffer])[],
    client: ClientState,
  ): string | undefined;
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
