/** Reading and writing several strings at once. */
import { NO_ENTRY, TYPE_STRING } from '../keyspace/entry.ts';
import { STRING_SET } from '../keyspace/events.ts';
import type { Args } from '../protocol/args.ts';
import { stringEncoding } from '../values/string.ts';
import type { Command, Context } from './command.ts';
import { type CommandError, wrongArity } from './errors.ts';
import { replyString, writeArgument } from './string-access.ts';

export const mget: Command = {
  name: 'MGET',
  group: 'string',
  since: '1.0.0',
  summary: 'Returns the strings that several keys hold, and nil for a key that holds none.',
  complexity: 'O(N) with N keys',
  arity: -2,
  flags: ['readonly', 'fast'],
  tips: ['request_policy:multi_shard'],
  keys: [{ flags: ['RO', 'access'], begin: { index: 1 }, find: { last: -1, step: 1, limit: 0 } }],
  syntax: 'key...',
  run(context, args, reply) {
    const { database, keyspace } = context;
    const { entries } = database;
    reply.array(args.count - 1);
    for (let key = 1; key < args.count; key++) {
      keyspace.lookAhead.visit(database, args, key, 1, 1);
      const entry = database.read(args, key);
      if (entry === NO_ENTRY || entries.type(entry) !== TYPE_STRING) reply.nil();
      else replyString(entries, entry, reply);
    }
  },
};

export const mset: Command = {
  name: 'MSET',
  group: 'string',
  since: '1.0.1',
  summary: 'Sets several keys to a string each.',
  complexity: 'O(N) with N keys',
  arity: -3,
  flags: ['write', 'denyoom'],
  tips: ['request_policy:multi_shard', 'response_policy:all_succeeded'],
  keys: [{ flags: ['OW', 'update'], begin: { index: 1 }, find: { last: -1, step: 2, limit: 0 } }],
  syntax: 'data(key value)...',
  run(context, args, reply) {
    requirePairs(args, INCOMPLETE_MSET);
    setAll(context, args);
    reply.ok();
  },
};

export const msetnx: Command = {
  name: 'MSETNX',
  group: 'string',
  since: '1.0.1',
  summary: 'Sets several keys to a string each, unless one of the keys exists.',
  complexity: 'O(N) with N keys',
  arity: -3,
  flags: ['write', 'denyoom'],
  keys: [{ flags: ['OW', 'insert'], begin: { index: 1 }, find: { last: -1, step: 2, limit: 0 } }],
  syntax: 'data(key value)...',
  run(context, args, reply) {
    requirePairs(args, INCOMPLETE_MSETNX);
    for (let key = 1; key < args.count; key += 2) {
      if (context.database.write(args, key) !== NO_ENTRY) {
        reply.integer(0);
        return;
      }
    }
    setAll(context, args);
    reply.integer(1);
  },
};

const INCOMPLETE_MSET = wrongArity('mset');
const INCOMPLETE_MSETNX = wrongArity('msetnx');

function requirePairs(args: Args, problem: CommandError): void {
  if (args.count % 2 === 0) throw problem;
}

/** Sets all pairs, or, when memory runs out, none. */
function setAll({ database, keyspace }: Context, args: Args): void {
  const { staging } = keyspace;
  try {
    for (let key = 1; key < args.count; key += 2) {
      keyspace.lookAhead.visit(database, args, key, 1, 2);
      const value = key + 1;
      const length = args.length(value);
      const encoding = stringEncoding(args.bytes, args.start(value), length);
      const entry = staging.put(database, args, key, TYPE_STRING, encoding, length);
      writeArgument(database, args, value, entry, 0);
    }
  } catch (problem) {
    staging.undo(database);
    throw problem;
  }
  staging.settle(database, args, 1, 2, STRING_SET);
}
