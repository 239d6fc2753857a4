/**
 * What a command is: one block with all that is known of it. COMMAND, COMMAND DOCS, ACL categories,
 * completion and the documentation are derived from these blocks.
 */
import type { Database } from '../keyspace/database.ts';
import type { Keyspace } from '../keyspace/keyspace.ts';
import type { Args } from '../protocol/args.ts';
import type { Reply } from '../protocol/reply.ts';
import type { ClientState } from './services/clients.ts';
import type { Services } from './services.ts';

/** What a handler works with: the session that runs the command. */
export interface Context {
  /** The selected database. */
  database: Database;
  readonly keyspace: Keyspace;
  /** The layers above, behind narrow interfaces. */
  readonly services: Services;
  /** Who runs the command. */
  readonly client: ClientState;
}

/**
 * Reads its arguments, calls a value operation, reports the change, replies. Throws CommandError.
 */
export type Handler = (context: Context, args: Args, reply: Reply) => void;

export type Group =
  | 'bitmap'
  | 'cluster'
  | 'connection'
  | 'generic'
  | 'geo'
  | 'hash'
  | 'hyperloglog'
  | 'list'
  | 'pubsub'
  | 'scripting'
  | 'server'
  | 'set'
  | 'sorted-set'
  | 'stream'
  | 'string'
  | 'transactions';

export type Flag =
  | 'admin'
  | 'allow_busy'
  | 'asking'
  | 'blocking'
  | 'denyoom'
  | 'fast'
  | 'loading'
  | 'may_replicate'
  | 'movablekeys'
  | 'no_async_loading'
  | 'no_auth'
  | 'no_mandatory_keys'
  | 'no_multi'
  | 'noscript'
  | 'pubsub'
  | 'readonly'
  | 'skip_monitor'
  | 'skip_slowlog'
  | 'stale'
  | 'write';

/**
 * Does what a command that found nothing has waited for, now that argument `key` may have it;
 * false, with nothing done, when it has not.
 */
export type LateHandler = (context: Context, args: Args, key: number, reply: Reply) => boolean;

/** Where a command's keys are, in the terms of COMMAND's key specifications. */
export interface KeySpec {
  readonly flags: readonly string[];
  readonly notes?: string;
  readonly begin:
    | { readonly index: number }
    | { readonly keyword: string; readonly startFrom: number }
    | { readonly unknown: true };
  readonly find:
    | { readonly last: number; readonly step: number; readonly limit: number }
    | { readonly keynumIndex: number; readonly firstKey: number; readonly step: number }
    | { readonly unknown: true };
}

/**
 * A key of one call: the index of the argument, and what is done with it, in the words of a
 * KeySpec's flags.
 */
export interface FoundKey {
  readonly index: number;
  readonly flags: readonly string[];
}

/** One command, or one subcommand. */
export interface Command {
  /** In upper case; a subcommand's is its second word. */
  readonly name: string;
  readonly group: Group;
  readonly since: string;
  /** One sentence. */
  readonly summary: string;
  readonly complexity: string;
  /** Number of arguments with the name; negative: at least so many. */
  readonly arity: number;
  readonly flags: readonly Flag[];
  /** ACL categories that follow neither from the flags nor from the group. */
  readonly categories?: readonly string[];
  readonly tips?: readonly string[];
  readonly keys?: readonly KeySpec[];
  /** Argument grammar in the language of syntax.ts; empty for none. */
  readonly syntax?: string;
  /** Version and what it changed. */
  readonly history?: readonly (readonly [string, string])[];
  readonly deprecated?: { readonly since: string; readonly replacedBy: string };
  /** Without `deprecated`, which the field of that name says. */
  readonly docFlags?: readonly string[];
  readonly subcommands?: readonly Command[];
  /**
   * The keys of a call, where the key specifications leave open where they are (unknown,
   * incomplete) or what is done with them (variable_flags). Only for COMMAND GETKEYS and the like.
   */
  readonly findKeys?: (args: Args) => readonly FoundKey[];
  /** The arguments of a call that no log and no MONITOR may show: their indexes. */
  readonly secrets?: (args: Args, services: Services) => readonly number[];
  /** Of a command that runs scripts: the flags that the script has given itself, or null. */
  readonly scriptFlags?: (context: Context, args: Args) => readonly string[] | null;
  /** Whether MULTI queues it, as it does by default; false for what steers the transaction. */
  readonly isQueued?: false;
  /**
   * Of a command whose cost depends on its data: whether this call's does not, and is over in about
   * a microsecond. See docs/decisions/0001-timing-of-commands.md.
   */
  readonly isBrief?: (args: Args) => boolean;
  /** Of a command that may wait, see services/blocking.ts. */
  readonly serve?: LateHandler;
  /** Absent only in a container, whose subcommands run. */
  readonly run?: Handler;
}
