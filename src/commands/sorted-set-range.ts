/** Sorted sets: ranges of elements. */
import { TYPE_ZSET } from '../keyspace/entry.ts';
import { RANGE_STORED } from '../keyspace/events.ts';
import type { Args } from '../protocol/args.ts';
import type { Reply } from '../protocol/reply.ts';
import { SortedSetBuilder } from '../values/sorted-set-build.ts';
import { readCollection } from './collection-access.ts';
import type { Command, Context } from './command.ts';
import { READ_KEY, replyElements } from './sorted-set-access.ts';
import { type RangeGrammar, type RangeKind, RangeQuery } from './sorted-set-query.ts';
import { storeSortedSet } from './sorted-set-store.ts';

const ANY: RangeGrammar = { kind: null, isBackward: null, takesScores: true };
const ANY_TO_STORE: RangeGrammar = { kind: null, isBackward: null, takesScores: false };
const RANKS_BACKWARD = grammarOf('ranks', true);
const SCORES = grammarOf('scores', false);
const SCORES_BACKWARD = grammarOf('scores', true);
const MEMBERS = grammarOf('members', false);
const MEMBERS_BACKWARD = grammarOf('members', true);

const COMPLEXITY =
  'O(log(N)+M) where N is the size of the sorted set and M the number of members returned.';

const MINUS = 0x2d;

const query = new RangeQuery();

export const zrange: Command = {
  name: 'ZRANGE',
  group: 'sorted-set',
  since: '1.2.0',
  summary: 'Returns the members in a range of ranks, of scores, or of members with equal scores.',
  complexity: COMPLEXITY,
  arity: -4,
  flags: ['readonly'],
  keys: READ_KEY,
  syntax: `
    key start stop [sortby<BYSCORE | BYLEX>@6.2.0] [REV@6.2.0]
    [LIMIT(offset:integer count:integer)@6.2.0] [WITHSCORES]
  `,
  history: [['6.2.0', 'The options `REV`, `BYSCORE`, `BYLEX` and `LIMIT`.']],
  run(context, args, reply) {
    replyRange(context, args, reply, ANY);
  },
};

export const zrevrange: Command = {
  name: 'ZREVRANGE',
  group: 'sorted-set',
  since: '1.2.0',
  summary: 'Returns the members in a range of ranks that count from the highest score down.',
  complexity: COMPLEXITY,
  arity: -4,
  flags: ['readonly'],
  keys: READ_KEY,
  syntax: 'key start:integer stop:integer [WITHSCORES]',
  deprecated: { since: '6.2.0', replacedBy: '`ZRANGE` with `REV`' },
  run(context, args, reply) {
    replyRange(context, args, reply, RANKS_BACKWARD);
  },
};

export const zrangebyscore: Command = {
  name: 'ZRANGEBYSCORE',
  group: 'sorted-set',
  since: '1.0.5',
  summary: 'Returns the members with scores in a range, in ascending order.',
  complexity: COMPLEXITY,
  arity: -4,
  flags: ['readonly'],
  keys: READ_KEY,
  syntax: `
    key min:double max:double [WITHSCORES@2.0.0] [LIMIT(offset:integer count:integer)]
  `,
  history: [['2.0.0', 'The option `WITHSCORES`.']],
  deprecated: { since: '6.2.0', replacedBy: '`ZRANGE` with `BYSCORE`' },
  isBrief: isShortPage,
  run(context, args, reply) {
    replyRange(context, args, reply, SCORES);
  },
};

export const zrevrangebyscore: Command = {
  name: 'ZREVRANGEBYSCORE',
  group: 'sorted-set',
  since: '2.2.0',
  summary: 'Returns the members with scores in a range, in descending order.',
  complexity: COMPLEXITY,
  arity: -4,
  flags: ['readonly'],
  keys: READ_KEY,
  syntax: `
    key max:double min:double [WITHSCORES] [LIMIT(offset:integer count:integer)]
  `,
  history: [['2.1.6', 'Bounds can be excluded.']],
  deprecated: { since: '6.2.0', replacedBy: '`ZRANGE` with `REV` and `BYSCORE`' },
  run(context, args, reply) {
    replyRange(context, args, reply, SCORES_BACKWARD);
  },
};

export const zrangebylex: Command = {
  name: 'ZRANGEBYLEX',
  group: 'sorted-set',
  since: '2.8.9',
  summary: 'Returns the members in a range, where all scores are equal, in ascending order.',
  complexity: COMPLEXITY,
  arity: -4,
  flags: ['readonly'],
  keys: READ_KEY,
  syntax: 'key min max [LIMIT(offset:integer count:integer)]',
  deprecated: { since: '6.2.0', replacedBy: '`ZRANGE` with `BYLEX`' },
  run(context, args, reply) {
    replyRange(context, args, reply, MEMBERS);
  },
};

export const zrevrangebylex: Command = {
  name: 'ZREVRANGEBYLEX',
  group: 'sorted-set',
  since: '2.8.9',
  summary: 'Returns the members in a range, where all scores are equal, in descending order.',
  complexity: COMPLEXITY,
  arity: -4,
  flags: ['readonly'],
  keys: READ_KEY,
  syntax: 'key max min [LIMIT(offset:integer count:integer)]',
  deprecated: { since: '6.2.0', replacedBy: '`ZRANGE` with `REV` and `BYLEX`' },
  run(context, args, reply) {
    replyRange(context, args, reply, MEMBERS_BACKWARD);
  },
};

export const zrangestore: Command = {
  name: 'ZRANGESTORE',
  group: 'sorted-set',
  since: '6.2.0',
  summary: 'Makes a sorted set of a range of another.',
  complexity:
    'O(log(N)+M*log(M)) where N is the size of the sorted set and M the number of members stored.',
  arity: -5,
  flags: ['write', 'denyoom'],
  keys: [
    { flags: ['OW', 'update'], begin: { index: 1 }, find: { last: 0, step: 1, limit: 0 } },
    { flags: ['RO', 'access'], begin: { index: 2 }, find: { last: 0, step: 1, limit: 0 } },
  ],
  syntax: `
    dst:key src:key#1 min max [sortby<BYSCORE | BYLEX>] [REV]
    [LIMIT(offset:integer count:integer)]
  `,
  run(context, args, reply) {
    query.read(args, 3, ANY_TO_STORE);
    const { sortedSets } = context.keyspace;
    const cell = readCollection(context, args, 2, TYPE_ZSET);
    const selected = cell === null ? 0 : query.select(sortedSets, cell);
    const builder = new SortedSetBuilder(sortedSets);
    try {
      builder.addSelected(selected, query.isBackward, query.kind === 'ranks');
      storeSortedSet(context, args, 1, builder, RANGE_STORED);
    } finally {
      builder.end();
    }
    reply.integer(selected);
  },
};

function replyRange(context: Context, args: Args, reply: Reply, grammar: RangeGrammar): void {
  query.read(args, 2, grammar);
  const cell = readCollection(context, args, 1, TYPE_ZSET);
  const { sortedSets } = context.keyspace;
  const selected = cell === null ? 0 : query.select(sortedSets, cell);
  replyElements(reply, sortedSets.cursor, selected, query.isBackward, query.withScores);
}

/** Whether the last arguments are a LIMIT of at most 99 elements from one of the first 100 on. */
function isShortPage(args: Args): boolean {
  if (args.count !== 7 || args.length(5) > 2 || args.length(6) > 2) return false;
  return args.bytes[args.start(6)] !== MINUS;
}

function grammarOf(kind: RangeKind, isBackward: boolean): RangeGrammar {
  return { kind, isBackward, takesScores: true };
}
