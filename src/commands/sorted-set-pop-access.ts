/** Popping from sorted sets: what the commands share, those that wait for elements too. */
import { TYPE_ZSET } from '../keyspace/entry.ts';
import type { EntryCell } from '../keyspace/entry-cell.ts';
import { POPPED_GREATEST, POPPED_LEAST } from '../keyspace/events.ts';
import type { Args } from '../protocol/args.ts';
import type { Reply } from '../protocol/reply.ts';
import { writeCollection } from './collection-access.ts';
import type { Context } from './command.ts';
import { CommandError, SYNTAX_ERROR } from './errors.ts';
import { integerAt } from './options.ts';
import { removeSelected } from './sorted-set-access.ts';

const BAD_KEY_COUNT = new CommandError('ERR numkeys should be greater than 0');
const BAD_COUNT = new CommandError('ERR count should be greater than 0');

/** What ZMPOP says: how many keys follow, at which end, how many elements. */
export interface MultiPop {
  readonly firstKey: number;
  readonly keyCount: number;
  /** Whether the elements with the highest scores are meant. */
  readonly isMax: boolean;
  readonly count: number;
}

/**
 * Answers with elements at one end of the sorted set at argument `key`, in the order in which they
 * are popped, without the length of the array that they are in, and removes them. In pairs each is
 * an array of its own. REQUIRES: there are so many, and at least one.
 */
export function popElements(
  context: Context,
  args: Args,
  key: number,
  cell: EntryCell,
  elements: number,
  isMax: boolean,
  inPairs: boolean,
  reply: Reply,
): void {
  const { sortedSets } = context.keyspace;
  const last = sortedSets.count(cell) - 1;
  sortedSets.enter(cell, isMax ? last : 0).write(reply, elements, isMax, true, inPairs);
  sortedSets.first = isMax ? last + 1 - elements : 0;
  removeSelected(context, args, key, cell, elements, isMax ? POPPED_GREATEST : POPPED_LEAST);
}

/** Reads the arguments of ZMPOP and the like, from the number of keys at `first` on. */
export function readMultiPop(args: Args, first: number): MultiPop {
  const keyCount = positiveAt(args, first, BAD_KEY_COUNT);
  const firstKey = first + 1;
  const where = firstKey + keyCount;
  if (where >= args.count) throw SYNTAX_ERROR;
  const isMax = args.is(where, 'MAX');
  if (!isMax && !args.is(where, 'MIN')) throw SYNTAX_ERROR;
  if (args.count === where + 1) return { firstKey, keyCount, isMax, count: 1 };
  if (!args.is(where + 1, 'COUNT') || args.count === where + 2) throw SYNTAX_ERROR;
  const count = positiveAt(args, where + 2, BAD_COUNT);
  if (args.count > where + 3) throw SYNTAX_ERROR;
  return { firstKey, keyCount, isMax, count };
}

/**
 * Pops elements from the first of the sorted sets that is there, and answers with its key and them;
 * whether there was one.
 */
export function popFromFirst(
  context: Context,
  args: Args,
  { firstKey, keyCount, isMax, count }: MultiPop,
  reply: Reply,
): boolean {
  for (let key = firstKey; key < firstKey + keyCount; key++) {
    const cell = writeCollection(context, args, key, TYPE_ZSET);
    if (cell === null) continue;
    const elements = Math.min(count, context.keyspace.sortedSets.count(cell));
    reply.array(2);
    reply.bulk(args.bytes, args.view, args.start(key), args.length(key));
    reply.array(elements);
    popElements(context, args, key, cell, elements, isMax, true, reply);
    const { effects } = context.keyspace;
    effects?.note(isMax ? 'ZPOPMAX' : 'ZPOPMIN', args.copy(key), String(elements));
    return true;
  }
  return false;
}

function positiveAt(args: Args, i: number, problem: CommandError): number {
  const value = integerAt(args, i, problem);
  if (value < 1) throw problem;
  return value;
}
