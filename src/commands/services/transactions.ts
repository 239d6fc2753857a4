/** MULTI, EXEC and WATCH: commands that run together, or not at all. */
import type { Database } from '../../keyspace/database.ts';
import type { Args } from '../../protocol/args.ts';
import type { Reply } from '../../protocol/reply.ts';
import type { RegisteredCommand } from '../registry.ts';
import type { ClientState } from './clients.ts';

/** What a client has begun with MULTI or WATCH. */
export interface TransactionState {
  /** Whether MULTI has begun it. */
  readonly isOpen: boolean;
  /** Whether a watched key has changed, so that EXEC will run nothing. */
  readonly isTouched: boolean;
  readonly queuedCommands: number;
  /** What the arguments of the queued commands count. */
  readonly queuedBytes: number;
}

/** See the file's comment. */
export interface Transactions {
  /** From now on commands are queued. REQUIRES: no transaction is open. */
  begin(client: ClientState): void;
  /** Keeps a command for EXEC; one that keeps too much is disconnected. REQUIRES: one is open. */
  queue(client: ClientState, command: RegisteredCommand, args: Args): void;
  /**
   * Says that a command was refused in place of being queued, so that EXEC will run nothing.
   * REQUIRES: one is open.
   */
  spoil(client: ClientState): void;
  /**
   * Ends the transaction: runs what was queued and answers, or answers that a watched key has
   * changed. Throws CommandError when a command was refused. REQUIRES: one is open.
   */
  execute(client: ClientState, reply: Reply): void;
  /** Forgets what was queued and what is watched. */
  discard(client: ClientState): void;
  /** Watches argument `key`, unless the client does already. REQUIRES: none is open. */
  watch(client: ClientState, database: Database, args: Args, key: number): void;
  /** Watches nothing any more; that something has changed is forgotten as well. */
  unwatch(client: ClientState): void;
}
