/** Sets: intersections, unions and differences. */
import { DIFFERENCE_STORED, INTERSECTION_STORED, UNION_STORED } from '../keyspace/events.ts';
import type { Args } from '../protocol/args.ts';
import { difference, intersection, union } from '../values/set-algebra.ts';
import { storedDifference, storedIntersection, storedUnion } from '../values/set-store.ts';
import type { Command, Context, KeySpec } from './command.ts';
import { CommandError, SYNTAX_ERROR } from './errors.ts';
import { integerAt } from './options.ts';
import { readSets, replyMembers, type SourceSets, storeSet } from './set-access.ts';

const READ_KEYS: readonly KeySpec[] = [
  { flags: ['RO', 'access'], begin: { index: 1 }, find: { last: -1, step: 1, limit: 0 } },
];
const STORE_KEYS: readonly KeySpec[] = [
  { flags: ['OW', 'update'], begin: { index: 1 }, find: { last: 0, step: 1, limit: 0 } },
  { flags: ['RO', 'access'], begin: { index: 2 }, find: { last: -1, step: 1, limit: 0 } },
];

const BAD_KEY_COUNT = new CommandError('ERR numkeys should be greater than 0');
const TOO_MANY_KEYS = new CommandError("ERR Number of keys can't be greater than number of args");
const NEGATIVE_LIMIT = new CommandError("ERR LIMIT can't be negative");

export const sinter: Command = {
  name: 'SINTER',
  group: 'set',
  since: '1.0.0',
  summary: 'Returns the members that all of the sets have.',
  complexity: 'O(N*M) where N is the size of the smallest of M sets.',
  arity: -2,
  flags: ['readonly'],
  tips: ['nondeterministic_output_order'],
  keys: READ_KEYS,
  syntax: 'key...',
  run(context, args, reply) {
    const { cells, anyMissing } = readSets(context, args, 1, args.count);
    if (anyMissing) reply.set(0);
    else replyMembers(intersection(context.keyspace.sets, cells), reply);
  },
};

export const sintercard: Command = {
  name: 'SINTERCARD',
  group: 'set',
  since: '7.0.0',
  summary: 'Returns how many members all of the sets have in common, or whether that many.',
  complexity: 'O(N*M) where N is the size of the smallest of M sets.',
  arity: -3,
  flags: ['readonly', 'movablekeys'],
  keys: [
    {
      flags: ['RO', 'access'],
      begin: { index: 1 },
      find: { keynumIndex: 0, firstKey: 1, step: 1 },
    },
  ],
  syntax: 'numkeys:integer key... [LIMIT limit:integer]',
  run(context, args, reply) {
    const keys = integerAt(args, 1, BAD_KEY_COUNT);
    if (keys < 1) throw BAD_KEY_COUNT;
    if (keys > args.count - 2) throw TOO_MANY_KEYS;
    const limit = limitAt(args, 2 + keys);
    const { cells, anyMissing } = readSets(context, args, 2, 2 + keys);
    let count = 0;
    if (!anyMissing) {
      const members = intersection(context.keyspace.sets, cells);
      while ((limit === 0 || count < limit) && members.next()) count++;
      members.close();
    }
    reply.integer(count);
  },
};

export const sinterstore: Command = {
  name: 'SINTERSTORE',
  group: 'set',
  since: '1.0.0',
  summary: 'Stores the members that all of the sets have as a set, and returns their number.',
  complexity: 'O(N*M) where N is the size of the smallest of M sets.',
  arity: -3,
  flags: ['write', 'denyoom'],
  keys: [
    { flags: ['RW', 'update'], begin: { index: 1 }, find: { last: 0, step: 1, limit: 0 } },
    STORE_KEYS[1]!,
  ],
  syntax: 'destination:key key#1...',
  run(context, args, reply) {
    const { cells, anyMissing } = readSets(context, args, 2, args.count);
    const set = storedIntersection(context.keyspace.sets, anyMissing ? [] : cells);
    storeSet(context, args, set, INTERSECTION_STORED, reply);
  },
};

export const sunion: Command = {
  name: 'SUNION',
  group: 'set',
  since: '1.0.0',
  summary: 'Returns the members that any of the sets has.',
  complexity: 'O(N) where N is the number of members of all sets together.',
  arity: -2,
  flags: ['readonly'],
  tips: ['nondeterministic_output_order'],
  keys: READ_KEYS,
  syntax: 'key...',
  run(context, args, reply) {
    const { cells } = readSets(context, args, 1, args.count);
    replyMembers(union(context.keyspace.sets, cells), reply);
  },
};

export const sunionstore: Command = {
  name: 'SUNIONSTORE',
  group: 'set',
  since: '1.0.0',
  summary: 'Stores the members that any of the sets has as a set, and returns their number.',
  complexity: 'O(N) where N is the number of members of all sets together.',
  arity: -3,
  flags: ['write', 'denyoom'],
  keys: STORE_KEYS,
  syntax: 'destination:key key#1...',
  run(context, args, reply) {
    const { cells } = readSets(context, args, 2, args.count);
    const set = storedUnion(context.keyspace.sets, cells);
    storeSet(context, args, set, UNION_STORED, reply);
  },
};

export const sdiff: Command = {
  name: 'SDIFF',
  group: 'set',
  since: '1.0.0',
  summary: 'Returns the members that only the first of the sets has.',
  complexity: 'O(N) where N is the number of members of all sets together.',
  arity: -2,
  flags: ['readonly'],
  tips: ['nondeterministic_output_order'],
  keys: READ_KEYS,
  syntax: 'key...',
  run(context, args, reply) {
    const sources = readSets(context, args, 1, args.count);
    if (isNothing(sources)) {
      reply.set(0);
      return;
    }
    const { sets } = context.keyspace;
    replyMembers(difference(sets, sources.cells, subtracts(context, sources)), reply);
  },
};

export const sdiffstore: Command = {
  name: 'SDIFFSTORE',
  group: 'set',
  since: '1.0.0',
  summary: 'Stores the members that only the first of the sets has, and returns their number.',
  complexity: 'O(N) where N is the number of members of all sets together.',
  arity: -3,
  flags: ['write', 'denyoom'],
  keys: STORE_KEYS,
  syntax: 'destination:key key#1...',
  run(context, args, reply) {
    const sources = readSets(context, args, 2, args.count);
    const cells = isNothing(sources) ? [] : sources.cells;
    const set = storedDifference(context.keyspace.sets, cells, subtracts(context, sources));
    storeSet(context, args, set, DIFFERENCE_STORED, reply);
  },
};

/** Whether nothing can be left of the first set. */
function isNothing({ firstMissing, repeatsFirst }: SourceSets): boolean {
  return firstMissing || repeatsFirst;
}

/**
 * Whether taking the members of the other sets out of the first one, one by one, is less work than
 * asking for each of its members whether they have it. Redis decides so too, which matters where
 * the result is stored: its encoding depends on it.
 */
function subtracts({ keyspace }: Context, { cells, named, members }: SourceSets): boolean {
  if (cells.length === 0) return false;
  return Math.floor((keyspace.sets.size(cells[0]!) * named) / 2) > members;
}

/** The LIMIT of SINTERCARD among the arguments from `first` on, 0 for none. */
function limitAt(args: Args, first: number): number {
  let limit = 0;
  for (let i = first; i < args.count; i += 2) {
    if (!args.is(i, 'LIMIT') || i + 1 === args.count) throw SYNTAX_ERROR;
    limit = integerAt(args, i + 1, NEGATIVE_LIMIT);
    if (limit < 0) throw NEGATIVE_LIMIT;
  }
  return limit;
}
