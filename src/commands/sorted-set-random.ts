/** Sorted sets: going through the members, and choosing some by chance. */
import { TYPE_ZSET } from '../keyspace/entry.ts';
import type { Args } from '../protocol/args.ts';
import type { Reply } from '../protocol/reply.ts';
import type { Cell } from '../values/cell.ts';
import type { SortedSets } from '../values/sorted-set.ts';
import { scanSortedSet } from '../values/sorted-set-scan.ts';
import { readCollection } from './collection-access.ts';
import type { Command, Context } from './command.ts';
import { CommandError, SYNTAX_ERROR } from './errors.ts';
import { int64At } from './options.ts';
import { cursorAt, readScanOptions } from './scan-options.ts';
import { READ_KEY, replyElements } from './sorted-set-access.ts';

const COUNT_MAX = 2n ** 63n - 1n;
const BAD_COUNT = new CommandError(
  `ERR value is out of range, value must between ${-COUNT_MAX} and ${COUNT_MAX}`,
);
const OUT_OF_RANGE = new CommandError('ERR value is out of range');

/** No client can hold the reply to a call that asks for more: Redis would never end. */
const REPEATS_MAX = 2 ** 25;

export const zrandmember: Command = {
  name: 'ZRANDMEMBER',
  group: 'sorted-set',
  since: '6.2.0',
  summary: 'Returns members chosen by chance: different ones, or any if the count is negative.',
  complexity: 'O(N*log(M)) where N is the number of members returned and M the size of the set.',
  arity: -2,
  flags: ['readonly'],
  tips: ['nondeterministic_output'],
  keys: READ_KEY,
  syntax: 'key [options(count:integer [WITHSCORES])]',
  run(context, args, reply) {
    if (args.count > 2) {
      replySeveral(context, args, reply);
      return;
    }
    const cell = readCollection(context, args, 1, TYPE_ZSET);
    if (cell === null) {
      reply.nil();
      return;
    }
    const { sortedSets } = context.keyspace;
    const rank = randomBelow(sortedSets.count(cell));
    sortedSets.enter(cell, rank).write(reply, 1, false, false, false);
  },
};

export const zscan: Command = {
  name: 'ZSCAN',
  group: 'sorted-set',
  since: '2.8.0',
  summary: 'Lists members and scores a few at a time; the cursor says where to go on.',
  complexity: 'O(1) per call; O(N) for all N members, until the cursor is 0 again.',
  arity: -3,
  flags: ['readonly'],
  tips: ['nondeterministic_output'],
  keys: READ_KEY,
  syntax: 'key cursor:integer [MATCH pattern] [COUNT count:integer]',
  run(context, args, reply) {
    const position = cursorAt(args, 2);
    const cell = readCollection(context, args, 1, TYPE_ZSET);
    reply.array(2);
    if (cell === null) {
      reply.text('0');
      reply.array(0);
      return;
    }
    const { count, pattern } = readScanOptions(args, 3, false);
    scanSortedSet(context.keyspace.sortedSets, cell, position, count, pattern, reply);
  },
};

function replySeveral(context: Context, args: Args, reply: Reply): void {
  const count = int64At(args, 2);
  if (count < -COUNT_MAX) throw BAD_COUNT;
  const withScores = args.count > 3;
  if (args.count > 4 || (withScores && !args.is(3, 'WITHSCORES'))) throw SYNTAX_ERROR;
  if (withScores && (count < -COUNT_MAX / 2n || count > COUNT_MAX / 2n)) throw OUT_OF_RANGE;
  const cell = readCollection(context, args, 1, TYPE_ZSET);
  if (cell === null || count === 0n) {
    reply.array(0);
    return;
  }
  const { sortedSets } = context.keyspace;
  if (count < 0n) replyAny(sortedSets, cell, -Number(count), withScores, reply);
  else replyDifferent(sortedSets, cell, Number(count), withScores, reply);
}

/** Answers with members of which some may be the same. */
function replyAny(
  sortedSets: SortedSets,
  cell: Cell,
  count: number,
  withScores: boolean,
  reply: Reply,
): void {
  if (count > REPEATS_MAX) throw OUT_OF_RANGE;
  const size = sortedSets.count(cell);
  const inPairs = openElements(reply, count, withScores);
  for (let left = count; left > 0; left--) {
    sortedSets.enter(cell, randomBelow(size)).write(reply, 1, false, withScores, inPairs);
  }
}

/**
 * Answers with members that all differ. After Floyd: of the ranks up to `last` one is drawn, and if
 * it was drawn before, `last` itself is taken; so every choice has the same chance.
 */
function replyDifferent(
  sortedSets: SortedSets,
  cell: Cell,
  count: number,
  withScores: boolean,
  reply: Reply,
): void {
  const size = sortedSets.count(cell);
  if (count >= size) {
    // As Redis does, from the highest score down.
    replyElements(reply, sortedSets.enter(cell, size - 1), size, true, withScores);
    return;
  }
  const inPairs = openElements(reply, count, withScores);
  const isTaken = new Uint8Array(Math.ceil(size / 8));
  for (let last = size - count; last < size; last++) {
    const drawn = randomBelow(last + 1);
    const rank = (isTaken[drawn >>> 3]! & (1 << (drawn & 7))) === 0 ? drawn : last;
    isTaken[rank >>> 3]! |= 1 << (rank & 7);
    sortedSets.enter(cell, rank).write(reply, 1, false, withScores, inPairs);
  }
}

/** Begins a reply of elements; whether each is an array of its own. */
function openElements(reply: Reply, count: number, withScores: boolean): boolean {
  const inPairs = withScores && reply.resp3;
  reply.array(withScores && !inPairs ? count * 2 : count);
  return inPairs;
}

function randomBelow(limit: number): number {
  return Math.floor(Math.random() * limit);
}
