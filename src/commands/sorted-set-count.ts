/** Sorted sets: counting and ranks. */
import { TYPE_ZSET } from '../keyspace/entry.ts';
import type { Args } from '../protocol/args.ts';
import type { Reply } from '../protocol/reply.ts';
import { MemberRange, ScoreRange } from '../values/sorted-set-range.ts';
import { readCollection } from './collection-access.ts';
import type { Command, Context } from './command.ts';
import { SYNTAX_ERROR, wrongArity } from './errors.ts';
import { hashIn, READ_KEY } from './sorted-set-access.ts';
import { readMemberRange, readScoreRange } from './sorted-set-query.ts';

const scores = new ScoreRange();
const members = new MemberRange();

export const zcount: Command = {
  name: 'ZCOUNT',
  group: 'sorted-set',
  since: '2.0.0',
  summary: 'Counts the members with scores in a range.',
  complexity: 'O(log(N)) where N is the size of the sorted set.',
  arity: 4,
  flags: ['readonly', 'fast'],
  keys: READ_KEY,
  syntax: 'key min:double max:double',
  run(context, args, reply) {
    readScoreRange(args, 2, false, scores);
    const cell = readCollection(context, args, 1, TYPE_ZSET);
    reply.integer(cell === null ? 0 : context.keyspace.sortedSets.selectScores(cell, scores));
  },
};

export const zlexcount: Command = {
  name: 'ZLEXCOUNT',
  group: 'sorted-set',
  since: '2.8.9',
  summary: 'Counts the members in a range, where all scores are equal.',
  complexity: 'O(log(N)) where N is the size of the sorted set.',
  arity: 4,
  flags: ['readonly', 'fast'],
  keys: READ_KEY,
  syntax: 'key min max',
  run(context, args, reply) {
    readMemberRange(args, 2, false, members);
    const cell = readCollection(context, args, 1, TYPE_ZSET);
    reply.integer(cell === null ? 0 : context.keyspace.sortedSets.selectMembers(cell, members));
  },
};

export const zrank: Command = {
  name: 'ZRANK',
  group: 'sorted-set',
  since: '2.0.0',
  summary: 'Returns how many members come before one, in ascending order.',
  complexity: 'O(log(N)) where N is the size of the sorted set.',
  arity: -3,
  flags: ['readonly', 'fast'],
  keys: READ_KEY,
  syntax: 'key member [WITHSCORE]',
  history: [['7.2.0', 'The option `WITHSCORE`.']],
  run(context, args, reply) {
    replyRank(context, args, reply, 'zrank');
  },
};

export const zrevrank: Command = {
  name: 'ZREVRANK',
  group: 'sorted-set',
  since: '2.0.0',
  summary: 'Returns how many members come before one, in descending order.',
  complexity: 'O(log(N)) where N is the size of the sorted set.',
  arity: -3,
  flags: ['readonly', 'fast'],
  keys: READ_KEY,
  syntax: 'key member [WITHSCORE]',
  history: [['7.2.0', 'The option `WITHSCORE`.']],
  run(context, args, reply) {
    replyRank(context, args, reply, 'zrevrank');
  },
};

function replyRank(context: Context, args: Args, reply: Reply, name: 'zrank' | 'zrevrank'): void {
  if (args.count > 4) throw wrongArity(name);
  const withScore = args.count === 4;
  if (withScore && !args.is(3, 'WITHSCORE')) throw SYNTAX_ERROR;
  const cell = readCollection(context, args, 1, TYPE_ZSET);
  const { sortedSets } = context.keyspace;
  const { bytes, view } = args;
  let rank = -1;
  if (cell !== null) {
    const hash = hashIn(cell, args, 2);
    rank = sortedSets.rankOf(cell, hash, bytes, view, args.start(2), args.length(2));
  }
  if (cell === null || rank < 0) {
    if (withScore) reply.nilArray();
    else reply.nil();
    return;
  }
  if (withScore) reply.array(2);
  reply.integer(name === 'zrank' ? rank : sortedSets.count(cell) - 1 - rank);
  if (withScore) reply.double(sortedSets.score[0]!);
}
