/** Finding elements of a list by what they are. */
import { TYPE_LIST } from '../keyspace/entry.ts';
import type { EntryCell } from '../keyspace/entry-cell.ts';
import type { Args } from '../protocol/args.ts';
import type { Reply } from '../protocol/reply.ts';
import { readCollection } from './collection-access.ts';
import type { Command, Context } from './command.ts';
import { CommandError, SYNTAX_ERROR } from './errors.ts';
import { int64At, integerAt } from './options.ts';

const RANK_IS_ZERO = new CommandError(
  "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use " +
    'negative to start from the end of the list',
);
const RANK_OUT_OF_RANGE = new CommandError(
  'ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807',
);
const NEGATIVE_COUNT = new CommandError("ERR COUNT can't be negative");
const NEGATIVE_MAXLEN = new CommandError("ERR MAXLEN can't be negative");
const INT64_MIN = -(2n ** 63n);

export const lpos: Command = {
  name: 'LPOS',
  group: 'list',
  since: '6.0.6',
  summary: 'Returns the indexes of the elements that are equal to a given one.',
  complexity: 'O(N) where N is the number of elements compared, at most MAXLEN.',
  arity: -3,
  flags: ['readonly'],
  keys: [{ flags: ['RO', 'access'], begin: { index: 1 }, find: { last: 0, step: 1, limit: 0 } }],
  syntax: 'key element [RANK rank:integer] [COUNT num-matches:integer] [MAXLEN len:integer]',
  run(context, args, reply) {
    const options = readOptions(args);
    const cell = readCollection(context, args, 1, TYPE_LIST);
    if (options.count >= 0) {
      const mark = reply.openArray();
      reply.closeArray(mark, cell === null ? 0 : replyMatches(context, cell, args, options, reply));
    } else if (cell === null || replyMatches(context, cell, args, options, reply) === 0) {
      reply.nil();
    }
  },
};

interface Options {
  /** Which match is the first to count; negative from the end. */
  readonly rank: number;
  /** How many matches to return, 0 for all; negative where only one was asked for. */
  readonly count: number;
  /** How many elements to compare, 0 for all. */
  readonly comparisons: number;
}

function readOptions(args: Args): Options {
  let rank = 1;
  let count = -1;
  let comparisons = 0;
  for (let i = 3; i < args.count; i += 2) {
    if (i + 1 === args.count) throw SYNTAX_ERROR;
    if (args.is(i, 'RANK')) rank = rankAt(args, i + 1);
    else if (args.is(i, 'COUNT')) count = notNegativeAt(args, i + 1, NEGATIVE_COUNT);
    else if (args.is(i, 'MAXLEN')) comparisons = notNegativeAt(args, i + 1, NEGATIVE_MAXLEN);
    else throw SYNTAX_ERROR;
  }
  return { rank, count, comparisons };
}

function rankAt(args: Args, i: number): number {
  const rank = integerAt(args, i);
  if (rank === 0) throw RANK_IS_ZERO;
  // Its negative would not be an integer of 64 bits.
  if (!Number.isSafeInteger(rank) && int64At(args, i) === INT64_MIN) throw RANK_OUT_OF_RANGE;
  return rank;
}

function notNegativeAt(args: Args, i: number, problem: CommandError): number {
  const value = integerAt(args, i, problem);
  if (value < 0) throw problem;
  return value;
}

/** Answers with the indexes of matches, one after the other; how many there were. */
function replyMatches(
  context: Context,
  cell: EntryCell,
  args: Args,
  { rank, count, comparisons }: Options,
  reply: Reply,
): number {
  const { lists } = context.keyspace;
  const { matcher } = lists;
  const length = lists.length(cell);
  const fromEnd = rank < 0;
  const compared = comparisons === 0 ? length : Math.min(comparisons, length);
  const most = count < 0 ? 1 : count === 0 ? length : count;
  let skipped = Math.abs(rank) - 1;
  let found = 0;
  matcher.set(args.bytes, args.view, args.start(2), args.length(2));
  const cursor = lists.enter(cell, fromEnd ? length - 1 : 0);
  for (let i = 0; i < compared && found < most; i++) {
    if (cursor.matches(matcher) && --skipped < 0) {
      reply.integer(fromEnd ? length - 1 - i : i);
      found++;
    }
    if (fromEnd) cursor.previous();
    else cursor.next();
  }
  return found;
}
