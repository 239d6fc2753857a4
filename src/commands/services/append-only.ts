/** The append-only file: what commands and INFO ask of it. */
import type { ClientState } from './clients.ts';

/** What INFO tells, and only while the append-only file is on. */
export interface AppendOnlySizes {
  /** Bytes now, and when the last rewrite was done. */
  readonly currentBytes: number;
  readonly baseBytes: number;
  readonly isRewritePending: boolean;
  /** Bytes that wait for the disk. */
  readonly bufferedBytes: number;
  readonly pendingSyncs: number;
  readonly delayedSyncs: number;
}

/** See the file's comment. */
export interface AppendOnly {
  readonly isEnabled: boolean;
  readonly isRewriting: boolean;
  readonly isRewriteScheduled: boolean;
  /** Seconds that the last rewrite took and the current one takes; -1 for none. */
  readonly lastRewriteSeconds: number;
  readonly currentRewriteSeconds: number;
  readonly lastRewriteFailed: boolean;
  readonly rewrites: number;
  readonly consecutiveFailures: number;
  /** Most bytes of memory that the last rewrite has taken beside the data. */
  readonly lastPeakBytes: number;
  readonly lastWriteFailed: boolean;
  /** Null while it is off. */
  readonly sizes: AppendOnlySizes | null;
  /**
   * Begins to write the file anew, or notes that it is to be done, as for a command that is one of
   * several that belong together. Returns what the client is told. Throws CommandError when that is
   * under way.
   */
  rewrite(isTogether: boolean): string;
  /**
   * Lets a client wait until what it has changed is on the disk, and with a replica if that is
   * asked for, at most so long, 0 for ever: it is then answered as WAITAOF is. False when it cannot
   * wait.
   */
  waitForSync(client: ClientState, needsReplica: boolean, timeoutMs: number): boolean;
  /** Whether what a client has changed is on the disk. */
  isSynced(client: ClientState): boolean;
}
