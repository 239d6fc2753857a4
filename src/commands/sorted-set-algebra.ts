/** Sorted sets: unions, intersections and differences. */
import {
  type KeyEvent,
  SCORED_DIFFERENCE_STORED,
  SCORED_INTERSECTION_STORED,
  SCORED_UNION_STORED,
} from '../keyspace/events.ts';
import type { Args } from '../protocol/args.ts';
import type { Reply } from '../protocol/reply.ts';
import { countCommon, intersect, subtract, unite } from '../values/sorted-set-algebra.ts';
import { SortedSetBuilder } from '../values/sorted-set-build.ts';
import { SourceReader } from '../values/sorted-set-source.ts';
import type { Command, Context, KeySpec } from './command.ts';
import { replyAll } from './sorted-set-access.ts';
import { type AlgebraCall, type AlgebraGrammar, readAlgebra } from './sorted-set-algebra-access.ts';
import { storeSortedSet } from './sorted-set-store.ts';

const WEIGHTED: AlgebraGrammar = { weights: true, scores: true, limit: false };
const WEIGHTED_TO_STORE: AlgebraGrammar = { weights: true, scores: false, limit: false };
const PLAIN: AlgebraGrammar = { weights: false, scores: true, limit: false };
const PLAIN_TO_STORE: AlgebraGrammar = { weights: false, scores: false, limit: false };
const COUNTED: AlgebraGrammar = { weights: false, scores: false, limit: true };

const SOURCES: KeySpec = {
  flags: ['RO', 'access'],
  begin: { index: 1 },
  find: { keynumIndex: 0, firstKey: 1, step: 1 },
};
const TARGET_AND_SOURCES: readonly KeySpec[] = [
  { flags: ['OW', 'update'], begin: { index: 1 }, find: { last: 0, step: 1, limit: 0 } },
  { ...SOURCES, begin: { index: 2 } },
];

const OF_UNION =
  'O(N)+O(M*log(M)) where N is the sum of the sizes of the inputs and M the size of the result.';
const OF_INTERSECTION =
  'O(N*K)+O(M*log(M)) where N is the size of the smallest of K inputs and M that of the result.';
const OF_DIFFERENCE =
  'O(N*K)+O(M*log(M)) where N is the size of the first of K inputs and M that of the result.';

const WEIGHTED_SYNTAX = '[WEIGHTS weight:integer...] [AGGREGATE<SUM | MIN | MAX>]';
const STORE_SYNTAX = 'destination:key numkeys:integer key#1...';

/** Puts the result of a call into a builder. */
type Operation = (reader: SourceReader, call: AlgebraCall, result: SortedSetBuilder) => void;

const union: Operation = (reader, { sources, aggregate }, result) =>
  unite(reader, sources, aggregate, result);
const intersection: Operation = (reader, { sources, aggregate }, result) =>
  intersect(reader, sources, aggregate, result);
const difference: Operation = (reader, { sources }, result) => subtract(reader, sources, result);

export const zunion: Command = {
  name: 'ZUNION',
  group: 'sorted-set',
  since: '6.2.0',
  summary: 'Returns the union of sorted sets.',
  complexity: OF_UNION,
  arity: -3,
  flags: ['readonly', 'movablekeys'],
  keys: [SOURCES],
  syntax: `numkeys:integer key... ${WEIGHTED_SYNTAX} [WITHSCORES]`,
  run(context, args, reply) {
    answer(context, readAlgebra(context, args, 1, WEIGHTED, 'zunion'), union, reply);
  },
};

export const zinter: Command = {
  name: 'ZINTER',
  group: 'sorted-set',
  since: '6.2.0',
  summary: 'Returns the intersection of sorted sets.',
  complexity: OF_INTERSECTION,
  arity: -3,
  flags: ['readonly', 'movablekeys'],
  keys: [SOURCES],
  syntax: `numkeys:integer key... ${WEIGHTED_SYNTAX} [WITHSCORES]`,
  run(context, args, reply) {
    answer(context, readAlgebra(context, args, 1, WEIGHTED, 'zinter'), intersection, reply);
  },
};

export const zdiff: Command = {
  name: 'ZDIFF',
  group: 'sorted-set',
  since: '6.2.0',
  summary: 'Returns the members of a sorted set that others do not have.',
  complexity: OF_DIFFERENCE,
  arity: -3,
  flags: ['readonly', 'movablekeys'],
  keys: [SOURCES],
  syntax: 'numkeys:integer key... [WITHSCORES]',
  run(context, args, reply) {
    answer(context, readAlgebra(context, args, 1, PLAIN, 'zdiff'), difference, reply);
  },
};

export const zintercard: Command = {
  name: 'ZINTERCARD',
  group: 'sorted-set',
  since: '7.0.0',
  summary: 'Counts the members of the intersection of sorted sets.',
  complexity: 'O(N*K) where N is the size of the smallest of K inputs.',
  arity: -3,
  flags: ['readonly', 'movablekeys'],
  keys: [SOURCES],
  syntax: 'numkeys:integer key... [LIMIT limit:integer]',
  run(context, args, reply) {
    const { sources, limit } = readAlgebra(context, args, 1, COUNTED, 'zintercard');
    reply.integer(countCommon(readerOf(context), sources, limit));
  },
};

export const zunionstore: Command = {
  name: 'ZUNIONSTORE',
  group: 'sorted-set',
  since: '2.0.0',
  summary: 'Makes a sorted set of the union of others.',
  complexity: OF_UNION,
  arity: -4,
  flags: ['write', 'denyoom', 'movablekeys'],
  keys: TARGET_AND_SOURCES,
  syntax: `${STORE_SYNTAX} ${WEIGHTED_SYNTAX}`,
  run(context, args, reply) {
    const call = readAlgebra(context, args, 2, WEIGHTED_TO_STORE, 'zunionstore');
    store(context, args, call, union, SCORED_UNION_STORED, reply);
  },
};

export const zinterstore: Command = {
  name: 'ZINTERSTORE',
  group: 'sorted-set',
  since: '2.0.0',
  summary: 'Makes a sorted set of the intersection of others.',
  complexity: OF_INTERSECTION,
  arity: -4,
  flags: ['write', 'denyoom', 'movablekeys'],
  keys: TARGET_AND_SOURCES,
  syntax: `${STORE_SYNTAX} ${WEIGHTED_SYNTAX}`,
  run(context, args, reply) {
    const call = readAlgebra(context, args, 2, WEIGHTED_TO_STORE, 'zinterstore');
    store(context, args, call, intersection, SCORED_INTERSECTION_STORED, reply);
  },
};

export const zdiffstore: Command = {
  name: 'ZDIFFSTORE',
  group: 'sorted-set',
  since: '6.2.0',
  summary: 'Makes a sorted set of the members of one that others do not have.',
  complexity: OF_DIFFERENCE,
  arity: -4,
  flags: ['write', 'denyoom', 'movablekeys'],
  keys: TARGET_AND_SOURCES,
  syntax: STORE_SYNTAX,
  run(context, args, reply) {
    const call = readAlgebra(context, args, 2, PLAIN_TO_STORE, 'zdiffstore');
    store(context, args, call, difference, SCORED_DIFFERENCE_STORED, reply);
  },
};

function answer(context: Context, call: AlgebraCall, operation: Operation, reply: Reply): void {
  const { sortedSets } = context.keyspace;
  const builder = new SortedSetBuilder(sortedSets);
  try {
    operation(readerOf(context), call, builder);
    replyAll(reply, sortedSets, builder.root, call.withScores);
  } finally {
    builder.end();
  }
}

function store(
  context: Context,
  args: Args,
  call: AlgebraCall,
  operation: Operation,
  event: KeyEvent,
  reply: Reply,
): void {
  const builder = new SortedSetBuilder(context.keyspace.sortedSets);
  try {
    operation(readerOf(context), call, builder);
    reply.integer(builder.count());
    storeSortedSet(context, args, 1, builder, event);
  } finally {
    builder.end();
  }
}

function readerOf({ keyspace }: Context): SourceReader {
  return new SourceReader(keyspace.sortedSets, keyspace.sets);
}
