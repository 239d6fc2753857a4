/** What the commands on sorted sets share: making one, scores among the arguments, replies. */
import { TYPE_ZSET } from '../keyspace/entry.ts';
import type { EntryCell } from '../keyspace/entry-cell.ts';
import type { KeyEvent } from '../keyspace/events.ts';
import type { Ptr } from '../memory/address.ts';
import type { Args } from '../protocol/args.ts';
import { parseDouble } from '../protocol/numbers.ts';
import type { Reply } from '../protocol/reply.ts';
import { writeEmpty } from '../structures/listpack.ts';
import type { Cell } from '../values/cell.ts';
import { memberHash } from '../values/member-ahead.ts';
import {
  EMPTY_BYTES,
  type SortedSets,
  ZSET_LISTPACK,
  ZSET_SKIPLIST,
} from '../values/sorted-set.ts';
import type { SortedSetCursor } from '../values/sorted-set-cursor.ts';
import { createCollection, removeEmptied } from './collection-access.ts';
import type { Context, KeySpec } from './command.ts';
import { type CommandError, NOT_A_FLOAT } from './errors.ts';

/** Of commands that only read elements of the key at argument 1. */
export const READ_KEY: readonly KeySpec[] = [
  { flags: ['RO', 'access'], begin: { index: 1 }, find: { last: 0, step: 1, limit: 0 } },
];

/** Of commands that remove elements of the key at argument 1. */
export const DELETE_KEY: readonly KeySpec[] = [
  { flags: ['RW', 'delete'], begin: { index: 1 }, find: { last: 0, step: 1, limit: 0 } },
];

/** Argument `i` as a score; `problem` is the error when it is none. */
export function scoreAt(args: Args, i: number, problem: CommandError = NOT_A_FLOAT): number {
  const start = args.start(i);
  const score = parseDouble(args.bytes, start, start + args.length(i));
  if (Number.isNaN(score)) throw problem;
  return score;
}

/** The hash of argument `i`, a member, or 0 where none is needed. */
export function hashIn(cell: Cell, args: Args, i: number): number {
  return cell.encoding === ZSET_SKIPLIST ? memberHash(args, i) : 0;
}

/**
 * Gives argument `key` an empty sorted set that is about to get so many elements, of so many bytes
 * the first of them. Throws OutOfMemoryError, with nothing changed.
 */
export function createSortedSet(
  context: Context,
  args: Args,
  key: number,
  elements: number,
  memberBytes: number,
): EntryCell {
  const { sortedSets } = context.keyspace;
  const cell = createCollection(context, args, key, TYPE_ZSET, ZSET_LISTPACK, EMPTY_BYTES);
  writeEmpty(cell.bytes, cell.view, cell.start);
  if (sortedSets.isSmall(elements, memberBytes)) return cell;
  try {
    sortedSets.enlarge(cell);
  } catch (refusal) {
    context.database.remove(args, key);
    throw refusal;
  }
  return cell;
}

/** Answers with so many elements from where the cursor is. REQUIRES: there are so many. */
export function replyElements(
  reply: Reply,
  cursor: SortedSetCursor,
  elements: number,
  isBackward: boolean,
  withScores: boolean,
): void {
  const inPairs = withScores && reply.resp3;
  reply.array(withScores && !inPairs ? elements * 2 : elements);
  cursor.write(reply, elements, isBackward, withScores, inPairs);
}

/**
 * Removes so many elements, from the first that is selected on, from the sorted set at argument
 * `key`, which goes with its last one, and says so.
 */
export function removeSelected(
  context: Context,
  args: Args,
  key: number,
  cell: EntryCell,
  elements: number,
  event: KeyEvent,
): void {
  const { database, keyspace } = context;
  const { sortedSets } = keyspace;
  if (elements === 0) return;
  const isEmptied = elements === sortedSets.count(cell);
  // What is emptied is freed with its key, bit by bit.
  if (!isEmptied) sortedSets.removeRanks(cell, sortedSets.first, elements);
  database.changed(args, key, event, elements);
  if (isEmptied) removeEmptied(context, args, key);
}

/** Answers with the whole of a large sorted set, in its order. */
export function replyAll(
  reply: Reply,
  sortedSets: SortedSets,
  root: Ptr,
  withScores: boolean,
): void {
  const count = sortedSets.large.count(root);
  sortedSets.enterRoot(root);
  replyElements(reply, sortedSets.cursor, count, false, withScores);
}
