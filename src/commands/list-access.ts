/**
 * What the commands on lists share, those that wait for elements too: which end is meant, adding
 * and taking away elements there, popping from the first of several lists, moving between two.
 */
import { TYPE_LIST } from '../keyspace/entry.ts';
import type { EntryCell } from '../keyspace/entry-cell.ts';
import { POPPED_FIRST, POPPED_LAST, PUSHED_FIRST, PUSHED_LAST } from '../keyspace/events.ts';
import type { Args } from '../protocol/args.ts';
import type { Reply } from '../protocol/reply.ts';
import { ROOT_BYTES } from '../values/cell.ts';
import { LIST_LISTPACK, LIST_QUICKLIST } from '../values/list.ts';
import { createCollection, removeEmptied, writeCollection } from './collection-access.ts';
import type { Context } from './command.ts';
import { CommandError, SYNTAX_ERROR } from './errors.ts';
import { integerAt } from './options.ts';

const BAD_KEY_COUNT = new CommandError('ERR numkeys should be greater than 0');
/** The cell of the list that elements are added to, where they come from that of cell 0. */
const SLOT = 1;

const BAD_COUNT = new CommandError('ERR count should be greater than 0');

/** Whether argument `i` says LEFT, and not RIGHT. Throws SYNTAX_ERROR when it says neither. */
export function isLeftAt(args: Args, i: number): boolean {
  if (args.is(i, 'LEFT')) return true;
  if (args.is(i, 'RIGHT')) return false;
  throw SYNTAX_ERROR;
}

/**
 * An index that counts from the end of so many elements if it is negative, counted from the front.
 */
export function fromFront(index: number, length: number): number {
  return index < 0 ? index + length : index;
}

/**
 * Adds elements, those of `elements` from `first` on, to the list at argument `key`: that of
 * `cell`, or a new one for null. Says so, and returns how many the list then has.
 */
export function addElements(
  context: Context,
  args: Args,
  key: number,
  cell: EntryCell | null,
  elements: Args,
  first: number,
  atFront: boolean,
): number {
  const { database, keyspace } = context;
  const { lists } = keyspace;
  let count = elements.count - first;
  if (cell === null) createList(context, args, key, elements, first, atFront);
  else count = lists.push(cell, elements, first, atFront);
  const event = atFront ? PUSHED_FIRST : PUSHED_LAST;
  database.changed(args, key, event, elements.count - first);
  return count;
}

/** Answers with elements at one end, in the order in which they would be popped. */
export function replyElements(
  context: Context,
  cell: EntryCell,
  elements: number,
  atFront: boolean,
  reply: Reply,
): void {
  const { lists } = context.keyspace;
  reply.array(elements);
  if (elements === 0) return;
  if (atFront) lists.enter(cell, 0).writeForward(reply, elements);
  else lists.enter(cell, lists.length(cell) - 1).writeBackward(reply, elements);
}

/**
 * Takes elements off one end of the list at argument `key`, which goes with its last one, and says
 * so.
 */
export function removeElements(
  context: Context,
  args: Args,
  key: number,
  cell: EntryCell,
  elements: number,
  atFront: boolean,
): void {
  const isEmptied = takeElements(context, cell, elements, atFront);
  const event = atFront ? POPPED_FIRST : POPPED_LAST;
  context.database.changed(args, key, event, elements);
  if (isEmptied) removeEmptied(context, args, key);
}

/** What LMPOP says: how many keys follow, at which end, how many elements. */
export interface MultiPop {
  readonly firstKey: number;
  readonly keyCount: number;
  readonly atFront: boolean;
  readonly count: number;
}

/** Reads the arguments of LMPOP and the like, from the number of keys at `first` on. */
export function readMultiPop(args: Args, first: number): MultiPop {
  const keyCount = positiveAt(args, first, BAD_KEY_COUNT);
  const firstKey = first + 1;
  const where = firstKey + keyCount;
  if (where >= args.count) throw SYNTAX_ERROR;
  const atFront = isLeftAt(args, where);
  if (args.count === where + 1) return { firstKey, keyCount, atFront, count: 1 };
  if (!args.is(where + 1, 'COUNT') || args.count === where + 2) throw SYNTAX_ERROR;
  const count = positiveAt(args, where + 2, BAD_COUNT);
  if (args.count > where + 3) throw SYNTAX_ERROR;
  return { firstKey, keyCount, atFront, count };
}

/**
 * Pops elements from the first of the lists that is there, and answers with its key and them;
 * whether there was one.
 */
export function popFromFirst(
  context: Context,
  args: Args,
  { firstKey, keyCount, atFront, count }: MultiPop,
  reply: Reply,
): boolean {
  for (let key = firstKey; key < firstKey + keyCount; key++) {
    const cell = writeCollection(context, args, key, TYPE_LIST);
    if (cell === null) continue;
    const elements = Math.min(count, context.keyspace.lists.length(cell));
    reply.array(2);
    reply.bulk(args.bytes, args.view, args.start(key), args.length(key));
    replyElements(context, cell, elements, atFront, reply);
    removeElements(context, args, key, cell, elements, atFront);
    const { effects } = context.keyspace;
    effects?.note(atFront ? 'LPOP' : 'RPOP', args.copy(key), String(elements));
    return true;
  }
  return false;
}

/**
 * Moves the first or the last element of the list at argument 1 to one end of that at argument 2,
 * and answers with it; whether there was one.
 */
export function moveElement(
  context: Context,
  args: Args,
  isFirst: boolean,
  toFront: boolean,
  reply: Reply,
): boolean {
  const { database, keyspace } = context;
  const { lists } = keyspace;
  const source = writeCollection(context, args, 1, TYPE_LIST);
  if (source === null) return false;
  let target = writeCollection(context, args, 2, TYPE_LIST, SLOT);
  // One list must not be changed through two cells.
  if (target !== null && target.entry === source.entry) target = source;
  lists.enter(source, isFirst ? 0 : lists.length(source) - 1);
  const element = lists.hold();
  reply.bulk(element.bytes, element.view, element.start(0), element.length(0));
  // What can fail comes first: adding.
  addElements(context, args, 2, target, element, 0, toFront);
  const isEmptied = takeElements(context, source, 1, isFirst);
  database.announce(args, 1, isFirst ? POPPED_FIRST : POPPED_LAST);
  if (isEmptied) removeEmptied(context, args, 1);
  return true;
}

/** Takes elements off one end, unless there are no others: whether the key must go with them. */
function takeElements(
  context: Context,
  cell: EntryCell,
  elements: number,
  atFront: boolean,
): boolean {
  const { lists } = context.keyspace;
  if (elements === lists.length(cell)) return true;
  lists.remove(cell, elements, atFront);
  lists.settle(cell);
  return false;
}

function createList(
  context: Context,
  args: Args,
  key: number,
  elements: Args,
  first: number,
  atFront: boolean,
): void {
  const { lists } = context.keyspace;
  const bytes = lists.packedBytes(elements, first);
  if (bytes > 0) {
    const cell = createCollection(context, args, key, TYPE_LIST, LIST_LISTPACK, bytes, SLOT);
    lists.fill(cell, elements, first, atFront);
    return;
  }
  const root = lists.build(elements, first, atFront);
  try {
    const length = ROOT_BYTES;
    createCollection(context, args, key, TYPE_LIST, LIST_QUICKLIST, length, SLOT).root = root;
  } catch (problem) {
    lists.quicklists.release(root, Number.POSITIVE_INFINITY);
    throw problem;
  }
}

function positiveAt(args: Args, i: number, problem: CommandError): number {
  const value = integerAt(args, i, problem);
  if (value < 1) throw problem;
  return value;
}
