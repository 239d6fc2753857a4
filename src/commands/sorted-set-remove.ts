/** Sorted sets: removing ranges. */
import { TYPE_ZSET } from '../keyspace/entry.ts';
import { MEMBERS_REMOVED, RANKS_REMOVED, SCORES_REMOVED } from '../keyspace/events.ts';
import { MemberRange, ScoreRange } from '../values/sorted-set-range.ts';
import { writeCollection } from './collection-access.ts';
import type { Command } from './command.ts';
import { integerAt } from './options.ts';
import { DELETE_KEY, removeSelected } from './sorted-set-access.ts';
import { readMemberRange, readScoreRange } from './sorted-set-query.ts';

const COMPLEXITY =
  'O(log(N)+M) where N is the size of the sorted set and M the number of members removed.';

const scores = new ScoreRange();
const members = new MemberRange();

export const zremrangebyrank: Command = {
  name: 'ZREMRANGEBYRANK',
  group: 'sorted-set',
  since: '2.0.0',
  summary: 'Removes the members in a range of ranks.',
  complexity: COMPLEXITY,
  arity: 4,
  flags: ['write'],
  keys: DELETE_KEY,
  syntax: 'key start:integer stop:integer',
  run(context, args, reply) {
    const start = integerAt(args, 2);
    const stop = integerAt(args, 3);
    const cell = writeCollection(context, args, 1, TYPE_ZSET);
    const selected = cell === null ? 0 : context.keyspace.sortedSets.selectRanks(cell, start, stop);
    if (cell !== null) removeSelected(context, args, 1, cell, selected, RANKS_REMOVED);
    reply.integer(selected);
  },
};

export const zremrangebyscore: Command = {
  name: 'ZREMRANGEBYSCORE',
  group: 'sorted-set',
  since: '1.2.0',
  summary: 'Removes the members with scores in a range.',
  complexity: COMPLEXITY,
  arity: 4,
  flags: ['write'],
  keys: DELETE_KEY,
  syntax: 'key min:double max:double',
  run(context, args, reply) {
    readScoreRange(args, 2, false, scores);
    const cell = writeCollection(context, args, 1, TYPE_ZSET);
    const selected = cell === null ? 0 : context.keyspace.sortedSets.selectScores(cell, scores);
    if (cell !== null) removeSelected(context, args, 1, cell, selected, SCORES_REMOVED);
    reply.integer(selected);
  },
};

export const zremrangebylex: Command = {
  name: 'ZREMRANGEBYLEX',
  group: 'sorted-set',
  since: '2.8.9',
  summary: 'Removes the members in a range, where all scores are equal.',
  complexity: COMPLEXITY,
  arity: 4,
  flags: ['write'],
  keys: DELETE_KEY,
  syntax: 'key min max',
  run(context, args, reply) {
    readMemberRange(args, 2, false, members);
    const cell = writeCollection(context, args, 1, TYPE_ZSET);
    const selected = cell === null ? 0 : context.keyspace.sortedSets.selectMembers(cell, members);
    if (cell !== null) removeSelected(context, args, 1, cell, selected, MEMBERS_REMOVED);
    reply.integer(selected);
  },
};
