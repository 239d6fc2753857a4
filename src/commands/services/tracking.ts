/** Client-side caching: clients keep what they have read, and are told when it is not valid. */
import type { ClientState } from './clients.ts';

/** What CLIENT TRACKING ON has asked for. */
export interface TrackingOptions {
  /** The id of the client that is told; 0 for the client itself. */
  readonly redirect: number;
  /** Whether it is told of all keys with its prefixes, whoever has read them. */
  readonly broadcasts: boolean;
  /** In place of every key that it reads: those after CLIENT CACHING YES; all but after NO. */
  readonly optsIn: boolean;
  readonly optsOut: boolean;
  /** Whether it is not told of what it changes itself. */
  readonly skipsOwn: boolean;
}

/** A client that tracks keys. */
export interface TrackingState {
  readonly options: TrackingOptions;
  /** Whether CLIENT CACHING has said YES, or NO, of what comes next. */
  caching: boolean;
  /** Whether the client that it redirects to was found to be gone. */
  readonly isBroken: boolean;
  /** What it broadcasts; none in the other mode. */
  prefixes(): readonly Buffer[];
}

/** See the file's comment. */
export interface Tracking {
  /**
   * Begins to track, or goes on with other options; `prefixes` come to those it has.
   * REQUIRES: the mode stays the same, and no prefix begins with another.
   */
  start(client: ClientState, options: TrackingOptions, prefixes: readonly Buffer[]): void;
  /** Nothing happens when the client does not track. */
  stop(client: ClientState): void;
  readonly clientCount: number;
  /** Keys that some client has read, and how many clients have read them, added up. */
  readonly keyCount: number;
  readonly itemCount: number;
  readonly prefixCount: number;
  /** What remembering them takes. */
  readonly usedBytes: number;
}
