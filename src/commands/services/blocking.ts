/** Commands that wait for something to be in a key. */
import type { Args } from '../../protocol/args.ts';
import type { Context } from '../command.ts';
import type { ClientState } from './clients.ts';

/** In place of a type: no key is waited for, but only for the time to pass. */
export const NO_TYPE = -1;

/** What a command waits for. */
export interface Wait {
  /** The type that a key must have to be of use. */
  readonly type: number;
  /** The keys: arguments from this one on. */
  readonly firstKey: number;
  readonly keyCount: number;
  /**
   * Index of the argument that names a consumer group, 0 for none: those who wait for the same
   * group of a stream cannot get what the one before them could not, and want to know when key or
   * group is gone.
   */
  readonly group: number;
  /** How long to wait, 0 for ever. */
  readonly timeoutMs: number;
}

/** A client that waits, as others see it. */
export interface WaitState {
  /** Bytes of the command's arguments. */
  readonly argumentBytes: number;
}

/** How the wait of a client can be ended. */
export type UnblockReason = 'timeout' | 'error';

/** See the file's comment. */
export interface Blocking {
  /**
   * Lets a client wait with its command: without a reply so far, it is answered by the command's
   * `serve` once one of the keys may have what it needs, or when the time is over. False when the
   * client cannot wait, and is to be answered at once. Keeps a copy of the arguments.
   */
  wait(context: Context, args: Args, wait: Wait): boolean;
  /** Ends the wait of a client that has one; whether it had. */
  unblock(client: ClientState, reason: UnblockReason): boolean;
  /** Forgets a client that is gone. */
  forget(client: ClientState): void;
  /** Clients that wait, and those of them that do so for a limited time. */
  readonly clientCount: number;
  readonly timedCount: number;
  /** Keys that are waited for, and those of them whose end is waited for as well. */
  readonly keyCount: number;
  readonly groupKeyCount: number;
}
