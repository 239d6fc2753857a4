/** Sorting what SORT is to sort, and answering with it or storing it. */
import { TYPE_LIST, TYPE_SET } from '../keyspace/entry.ts';
import { DELETED, SORTED_STORED } from '../keyspace/events.ts';
import type { Args } from '../protocol/args.ts';
import { parseDouble } from '../protocol/numbers.ts';
import type { Reply } from '../protocol/reply.ts';
import { ROOT_BYTES } from '../values/cell.ts';
import { LIST_LISTPACK, LIST_QUICKLIST } from '../values/list.ts';
import { ListBuilder } from '../values/list-build.ts';
import { type SortManner, SortOrder } from '../values/sort-order.ts';
import { TextPlaces } from '../values/text-places.ts';
import { createCollection } from './collection-access.ts';
import type { Context } from './command.ts';
import { CommandError } from './errors.ts';
import { type SortSource, takeElements } from './sort-elements.ts';
import type { SortPattern } from './sort-pattern.ts';
import type { SortQuery } from './sort-query.ts';

const NO_NUMBER = new CommandError("ERR One or more scores can't be converted into double");

const NORMAL_MIN = 2 ** -1022;
const NO_BYTES = Buffer.alloc(0);
const NO_VIEW = new DataView(new ArrayBuffer(0));

/** Elements, of which those in some places of an order are the result. */
export interface Sorted {
  readonly elements: TextPlaces;
  /** Null where the elements are the result as they are. */
  readonly order: Uint32Array | null;
  readonly first: number;
  readonly count: number;
}

/** Sorts the elements of a source. */
export function sortElements(context: Context, query: SortQuery, source: SortSource): Sorted {
  const { offset, count: limit } = query;
  const first = Math.min(Math.max(offset, 0), source.count);
  const left = source.count - first;
  const count = limit < 0 ? left : Math.min(limit, left);
  // A set has no order that could be stored or that a script could rely on: without one to sort
  // by it is sorted by its texts.
  const isReliedOn = query.target > 0 || context.client.inScript;
  const needsOrder = !query.isSorted && source.type === TYPE_SET && isReliedOn;
  if (!query.isSorted && !needsOrder) {
    const elements = takeElements(context, source, first, count, query.isDescending);
    return { elements, order: null, first: 0, count };
  }
  const elements = takeElements(context, source, 0, source.count, false);
  const by = needsOrder ? null : query.by;
  const manner: SortManner = {
    isAlpha: query.isAlpha || needsOrder,
    isDescending: query.isDescending,
    isStored: query.target > 0,
  };
  const order = orderOf(context, elements, by, manner);
  // As in Redis only weights are worth sorting in part, which shows where they are equal.
  if (by === null || count === source.count) order.sort();
  else if (count > 0) order.sortRange(first, first + count - 1);
  return { elements, order: order.items, first, count };
}

/** Answers with a result. */
export function replySorted(
  context: Context,
  { elements, order, first, count }: Sorted,
  gets: readonly SortPattern[],
  reply: Reply,
): void {
  reply.array(count * Math.max(gets.length, 1));
  for (let nth = first; nth < first + count; nth++) {
    const i = order === null ? nth : order[nth]!;
    if (gets.length === 0) {
      elements.open(i);
      reply.bulk(elements.bytes, elements.view, elements.start, elements.length);
    }
    for (const get of gets) {
      if (!get.find(context, elements, i)) reply.nil();
      else reply.bulk(get.bytes, get.view, get.start, get.length);
    }
  }
}

/**
 * Gives argument `key` a list of a result, in place of whatever it held, and says so; if that is
 * empty the key is removed. Returns how many elements it has. Throws OutOfMemoryError, with nothing
 * changed.
 */
export function storeSorted(
  context: Context,
  args: Args,
  key: number,
  sorted: Sorted,
  gets: readonly SortPattern[],
): number {
  const { database, keyspace } = context;
  const builder = new ListBuilder(keyspace.lists);
  try {
    build(context, builder, sorted, gets);
    const count = builder.count();
    if (count === 0) {
      if (database.remove(args, key)) database.changed(args, key, DELETED);
      return 0;
    }
    const bytes = builder.packedBytes();
    if (bytes > 0) {
      builder.fill(createCollection(context, args, key, TYPE_LIST, LIST_LISTPACK, bytes));
    } else {
      const cell = createCollection(context, args, key, TYPE_LIST, LIST_QUICKLIST, ROOT_BYTES);
      cell.root = builder.adopt();
    }
    database.changed(args, key, SORTED_STORED, count);
    return count;
  } finally {
    builder.end();
  }
}

/** Adds a result to a list; what is not there is an empty text. */
function build(
  context: Context,
  builder: ListBuilder,
  { elements, order, first, count }: Sorted,
  gets: readonly SortPattern[],
): void {
  for (let nth = first; nth < first + count; nth++) {
    const i = order === null ? nth : order[nth]!;
    if (gets.length === 0) {
      elements.open(i);
      builder.add(elements.bytes, elements.view, elements.start, elements.length);
    }
    for (const get of gets) {
      if (!get.find(context, elements, i)) builder.add(NO_BYTES, NO_VIEW, 0, 0);
      else builder.add(get.bytes, get.view, get.start, get.length);
    }
  }
}

/** What elements are to be ordered by. Throws where a number is wanted and there is none. */
function orderOf(
  context: Context,
  elements: TextPlaces,
  by: SortPattern | null,
  manner: SortManner,
): SortOrder {
  const { count } = elements;
  if (manner.isAlpha) {
    const texts = by === null ? elements : textsBy(context, elements, by);
    const order = new SortOrder(count, texts, manner);
    order.addTexts();
    return order;
  }
  const order = new SortOrder(count, elements, manner);
  for (let i = 0; i < count; i++) {
    if (by === null) {
      elements.open(i);
      order.add(numberIn(elements.bytes, elements.start, elements.length));
    } else {
      order.add(by.find(context, elements, i) ? numberIn(by.bytes, by.start, by.length) : 0);
    }
  }
  return order;
}

function textsBy(context: Context, elements: TextPlaces, by: SortPattern): TextPlaces {
  const texts = new TextPlaces(context.keyspace.heap, elements.count);
  for (let i = 0; i < elements.count; i++) {
    if (by.find(context, elements, i)) texts.add(by.bytes, by.view, by.start, by.length);
    else texts.addNone();
  }
  return texts;
}

/**
 * The number that C reads at the start of a text, which must be all of it up to a NUL; nothing at
 * all is 0.
 */
function numberIn(bytes: Buffer, start: number, length: number): number {
  let end = start;
  while (end < start + length && bytes[end] !== 0) end++;
  if (end === start) return 0;
  let at = start;
  while (at < end && isBlank(bytes[at]!)) at++;
  const number = parseDouble(bytes, at, end);
  // Numbers too small for all of their digits are refused, as those are that are too large.
  const isTiny = number !== 0 && Math.abs(number) < NORMAL_MIN;
  if (Number.isNaN(number) || isTiny) throw NO_NUMBER;
  return number;
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
}
