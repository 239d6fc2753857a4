/** Clients as commands see them: their own state, and the directory of all of them. */

import type { PushMessage } from '../../protocol/push-message.ts';
import type { Reply } from '../../protocol/reply.ts';
import type { WaitState } from './blocking.ts';
import type { Subscriptions } from './pubsub.ts';
import type { TrackingState } from './tracking.ts';
import type { TransactionState } from './transactions.ts';

export const REPLY_ON = 0;
export const REPLY_OFF = 1;
/** Nothing for the next command. */
export const REPLY_SKIP_NEXT = 2;
/** Nothing for this command. */
export const REPLY_SKIP = 3;

/** Which way a client came in. */
export type ClientKind = 'tcp' | 'unix' | 'text' | 'embedded';

/** The reply of a command that has waited. */
export interface LateReply {
  /** Writes it whole; false, with nothing written, when the command is to wait on. */
  write(reply: Reply): boolean;
}

/** What the connection behind a client can tell and do. */
export interface Transport {
  readonly kind: ClientKind;
  /** `ip:port`, or the socket's path and `:0`. */
  readonly address: string;
  readonly localAddress: string;
  readonly fileDescriptor: number;
  /** Bytes received and not yet executed, and room left for more. */
  queryBytes(): number;
  queryFreeBytes(): number;
  /** Replies that the system has not taken yet: chunks and bytes. */
  outputChunks(): number;
  outputBytes(): number;
  /** Sends bytes outside of any reply, behind all replies written so far. */
  push(bytes: Uint8Array): void;
  /**
   * Sends a message in the client's protocol, behind all replies written so far; one that the
   * client's own command has brought about, behind the reply of that command.
   */
  deliver(message: PushMessage): void;
  /**
   * Lets the reply of a command that has waited be written and sends it; whether there was one.
   */
  answer(late: LateReply): boolean;
  /** Goes on with input that was held back. */
  resume(): void;
  /**
   * Reads what sending to the client and hearing from it are going to need, where that is worth it,
   * so that cache misses overlap; a number that means nothing.
   */
  touch?(): number;
  /** Closes at once, dropping what is pending. */
  destroy(): void;
}

/** The state of a client that commands read and change. */
export interface ClientState {
  readonly id: number;
  readonly transport: Transport;
  /** When it came, in ms since the epoch. */
  readonly createdMs: number;
  /**
   * When it last sent a command, in seconds since the epoch: a small integer, where milliseconds
   * would be an object of their own per client, made anew with each command.
   */
  readonly activeSeconds: number;
  name: string;
  libraryName: string;
  libraryVersion: string;
  /** Whether the client has given the password, or none is needed. */
  authenticated: boolean;
  resp3: boolean;
  replies: number;
  /** Not to be evicted under maxmemory-clients. */
  noEvict: boolean;
  /** Its reads do not advance the access clock. */
  noTouch: boolean;
  /** Whether MONITOR runs here. */
  monitoring: boolean;
  /** What it is subscribed to; null for nothing. Set by PubSub alone. */
  subscriptions: Subscriptions | null;
  /** Index of the selected database. */
  readonly databaseId: number;
  /** Full name of the command that ran last, in lower case; `NULL` before the first. */
  readonly lastCommand: string;
  readonly closing: boolean;
  /** Whether CLIENT PAUSE holds back a command of it. */
  readonly paused: boolean;
  /** Whether commands are answered at once even if they would wait: those of a transaction are. */
  readonly deniesBlocking: boolean;
  /** Whether a script runs commands for it. */
  readonly inScript: boolean;
  /** What a command of it waits for, if one does. */
  readonly waiting: WaitState | null;
  /** What MULTI or WATCH has begun, if anything. */
  readonly transaction: TransactionState | null;
  /** Whether and how it is told of keys that it may have cached. */
  readonly tracking: TrackingState | null;
  /** Back to the state of a fresh connection, as RESET does. */
  reset(): void;
  /** Closes the connection once the replies so far are written. */
  closeAfterReply(): void;
}

export type PauseMode = 'write' | 'all';

/** All clients of the engine. */
export interface ClientDirectory {
  /** In order of their ids. */
  all(): Iterable<ClientState>;
  byId(id: number): ClientState | undefined;
  readonly count: number;
  /** Closes a client, for another or for nobody; itself only after the reply. */
  kill(victim: ClientState, killer: ClientState | null): void;
  /** Holds back commands for so long; of two pauses the longer wins, and `all` over `write`. */
  pause(mode: PauseMode, durationMs: number): void;
  unpause(): void;
}
