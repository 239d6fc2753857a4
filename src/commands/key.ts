/** Generic commands: whether keys are there, what they are, and removing them. */
import { typeName } from '../keyspace/encodings.ts';
import { NO_ENTRY } from '../keyspace/entry.ts';
import { DELETED } from '../keyspace/events.ts';
import type { Args } from '../protocol/args.ts';
import type { Reply } from '../protocol/reply.ts';
import type { Command, Context, KeySpec } from './command.ts';
import { SYNTAX_ERROR } from './errors.ts';

const REMOVED_KEYS: readonly KeySpec[] = [
  { flags: ['RM', 'delete'], begin: { index: 1 }, find: { last: -1, step: 1, limit: 0 } },
];
const READ_KEYS: readonly KeySpec[] = [
  { flags: ['RO'], begin: { index: 1 }, find: { last: -1, step: 1, limit: 0 } },
];
const MODES_ADDED = [
  ['4.0.0', 'Takes the mode `ASYNC`.'],
  ['6.2.0', 'Takes the mode `SYNC`.'],
] as const;

export const del: Command = {
  name: 'DEL',
  group: 'generic',
  since: '1.0.0',
  summary: 'Removes keys.',
  complexity: 'O(N) where N is the number of keys; large collections are freed bit by bit.',
  arity: -2,
  flags: ['write'],
  tips: ['request_policy:multi_shard', 'response_policy:agg_sum'],
  keys: REMOVED_KEYS,
  syntax: 'key...',
  run: removeKeys,
};

export const unlink: Command = {
  name: 'UNLINK',
  group: 'generic',
  since: '4.0.0',
  summary: 'Removes keys, leaving the freeing of their memory for later.',
  complexity: 'O(N) where N is the number of keys; large collections are freed bit by bit.',
  arity: -2,
  flags: ['write', 'fast'],
  tips: ['request_policy:multi_shard', 'response_policy:agg_sum'],
  keys: REMOVED_KEYS,
  syntax: 'key...',
  run: removeKeys,
};

export const exists: Command = {
  name: 'EXISTS',
  group: 'generic',
  since: '1.0.0',
  summary: 'Counts how many of the keys are there; one given twice counts twice.',
  complexity: 'O(N) where N is the number of keys.',
  arity: -2,
  flags: ['readonly', 'fast'],
  tips: ['request_policy:multi_shard', 'response_policy:agg_sum'],
  keys: READ_KEYS,
  syntax: 'key...',
  history: [['3.0.3', 'Takes several keys.']],
  run({ database }, args, reply) {
    let count = 0;
    for (let i = 1; i < args.count; i++) if (database.look(args, i) !== NO_ENTRY) count++;
    reply.integer(count);
  },
};

export const type: Command = {
  name: 'TYPE',
  group: 'generic',
  since: '1.0.0',
  summary: 'Tells the type of what a key holds.',
  complexity: 'O(1)',
  arity: 2,
  flags: ['readonly', 'fast'],
  keys: [{ flags: ['RO'], begin: { index: 1 }, find: { last: 0, step: 1, limit: 0 } }],
  syntax: 'key',
  run({ database }, args, reply) {
    const entry = database.look(args, 1);
    reply.status(entry === NO_ENTRY ? 'none' : typeName(database.entries.type(entry)));
  },
};

export const touch: Command = {
  name: 'TOUCH',
  group: 'generic',
  since: '3.2.1',
  summary: 'Counts how many of the keys are there, and marks them as used just now.',
  complexity: 'O(N) where N is the number of keys.',
  arity: -2,
  flags: ['readonly', 'fast'],
  tips: ['request_policy:multi_shard', 'response_policy:agg_sum'],
  keys: READ_KEYS,
  syntax: 'key...',
  run({ database }, args, reply) {
    let count = 0;
    for (let i = 1; i < args.count; i++) if (database.read(args, i) !== NO_ENTRY) count++;
    reply.integer(count);
  },
};

export const dbsize: Command = {
  name: 'DBSIZE',
  group: 'server',
  since: '1.0.0',
  summary: 'Counts the keys of the database.',
  complexity: 'O(1)',
  arity: 1,
  flags: ['readonly', 'fast'],
  categories: ['keyspace'],
  tips: ['request_policy:all_shards', 'response_policy:agg_sum'],
  run({ database }, _args, reply) {
    reply.integer(database.size());
  },
};

export const flushdb: Command = {
  name: 'FLUSHDB',
  group: 'server',
  since: '1.0.0',
  summary: 'Removes all keys of the database.',
  complexity: 'O(1); memory is freed bit by bit, in either mode.',
  arity: -1,
  flags: ['write'],
  categories: ['keyspace', 'dangerous'],
  tips: ['request_policy:all_shards', 'response_policy:all_succeeded'],
  syntax: '[flush-type<ASYNC@4.0.0 | SYNC@6.2.0>]',
  history: MODES_ADDED,
  run({ database }, args, reply) {
    requireFlushMode(args);
    database.flush();
    reply.ok();
  },
};

export const flushall: Command = {
  name: 'FLUSHALL',
  group: 'server',
  since: '1.0.0',
  summary: 'Removes all keys of all databases.',
  complexity: 'O(N) where N is the number of databases; memory is freed bit by bit.',
  arity: -1,
  flags: ['write'],
  categories: ['keyspace', 'dangerous'],
  tips: ['request_policy:all_shards', 'response_policy:all_succeeded'],
  syntax: '[flush-type<ASYNC@4.0.0 | SYNC@6.2.0>]',
  history: MODES_ADDED,
  run({ keyspace, services }, args, reply) {
    requireFlushMode(args);
    for (const database of keyspace.databases) database.flush();
    services.persistence.emptied();
    reply.ok();
  },
};

function removeKeys({ database }: Context, args: Args, reply: Reply): void {
  let count = 0;
  for (let i = 1; i < args.count; i++) {
    if (!database.remove(args, i)) continue;
    database.changed(args, i, DELETED);
    count++;
  }
  reply.integer(count);
}

/** Both modes free memory in slices, so there is nothing to choose between. */
function requireFlushMode(args: Args): void {
  const known = args.count === 1 || args.is(1, 'SYNC') || args.is(1, 'ASYNC');
  if (!known || args.count > 2) throw SYNTAX_ERROR;
}
