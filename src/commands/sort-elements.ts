/** The elements that SORT works on: which collection they are in, and which of them are wanted. */
import { type Entry, NO_ENTRY, TYPE_LIST, TYPE_SET, TYPE_ZSET } from '../keyspace/entry.ts';
import type { EntryCell } from '../keyspace/entry-cell.ts';
import type { Args } from '../protocol/args.ts';
import { TextPlaces } from '../values/text-places.ts';
import type { Context } from './command.ts';
import { WRONG_TYPE } from './errors.ts';

/** A list, a set or a sorted set; without a cell it has no elements. */
export interface SortSource {
  readonly cell: EntryCell | null;
  readonly type: number;
  readonly count: number;
}

/** Opens what argument `key` holds. Throws WRONG_TYPE. */
export function openSource(context: Context, args: Args, key: number): SortSource {
  const { database, keyspace } = context;
  const entry: Entry = database.read(args, key);
  if (entry === NO_ENTRY) return { cell: null, type: TYPE_LIST, count: 0 };
  const type = database.entries.type(entry);
  const cell = keyspace.cell(0).open(database, entry);
  if (type === TYPE_LIST) return { cell, type, count: keyspace.lists.length(cell) };
  if (type === TYPE_SET) return { cell, type, count: keyspace.sets.size(cell) };
  if (type === TYPE_ZSET) return { cell, type, count: keyspace.sortedSets.count(cell) };
  throw WRONG_TYPE;
}

/**
 * So many elements from one on, in their order, or counted and taken from the end; a set has them
 * in any order. REQUIRES: there are so many.
 */
export function takeElements(
  context: Context,
  { cell, type, count }: SortSource,
  first: number,
  wanted: number,
  isBackward: boolean,
): TextPlaces {
  const { heap } = context.keyspace;
  const texts = new TextPlaces(heap, wanted);
  if (cell === null || wanted === 0) return texts;
  const from = isBackward ? count - 1 - first : first;
  if (type === TYPE_LIST) takeOfList(context, cell, from, wanted, isBackward, texts);
  else if (type === TYPE_SET) takeOfSet(context, cell, first, wanted, texts);
  else takeOfSortedSet(context, cell, from, wanted, isBackward, texts);
  return texts;
}

function takeOfList(
  { keyspace }: Context,
  cell: EntryCell,
  from: number,
  wanted: number,
  isBackward: boolean,
  texts: TextPlaces,
): void {
  const cursor = keyspace.lists.enter(cell, from);
  for (let left = wanted; left > 0; left--) {
    cursor.read();
    texts.add(cursor.textBytes, cursor.textView, cursor.textStart, cursor.textLength);
    if (isBackward) cursor.previous();
    else cursor.next();
  }
}

function takeOfSet(
  { keyspace }: Context,
  cell: EntryCell,
  first: number,
  wanted: number,
  texts: TextPlaces,
): void {
  const { cursor } = keyspace.sets;
  const { member } = cursor;
  cursor.open(cell);
  for (let i = 0; i < first; i++) cursor.next();
  for (let left = wanted; left > 0; left--) {
    cursor.next();
    member.spell();
    texts.add(member.bytes, member.view, member.start, member.length);
  }
}

function takeOfSortedSet(
  { keyspace }: Context,
  cell: EntryCell,
  from: number,
  wanted: number,
  isBackward: boolean,
  texts: TextPlaces,
): void {
  const cursor = keyspace.sortedSets.enter(cell, from);
  for (let left = wanted; left > 0; left--) {
    cursor.read();
    texts.add(cursor.bytes, cursor.view, cursor.start, cursor.length);
    if (isBackward) cursor.previous();
    else cursor.next();
  }
}
