/**
 * Putting things in order that are known by number only: what is sorted are items, 32-bit numbers,
 * each with a key to sort by, which move together. Where keys are equal, whoever asks may compare
 * what the items stand for.
 *
 * `orderAll` merges, or sorts many by the digits of their keys, which for a million takes a third
 * of the time; equals stay in the order in which they were. `orderRange` puts only those
 * in order that end up at some places, and equals come in the order in which Redis leaves them: as
 * that cannot be told otherwise, it takes the same steps as the quicksort of Bentley and McIlroy
 * ("Engineering a sort function", 1993), which splits into less, equal and greater. Where this goes
 * deeper than chance would, the rest is merged: no input makes it slow.
 */

/** Compares what items stand for whose keys are equal. */
export interface TieBreaker {
  /** Negative if what `a` stands for comes before what `b` stands for, 0 if neither does. */
  compare(a: number, b: number): number;
}

/** Shorter runs are sorted by insertion before they are merged. */
const RUN_LENGTH = 8;

/** From so many on keys are sorted digit by digit. */
const RADIX_COUNT_MIN = 16384;
/** A digit has 16 bits. */
const DIGITS = 4;
const RADIX = 65536;
/** The upper half of a double that is -0. */
const SIGN = 0x8000_0000;

/** Shorter parts are sorted by insertion. */
const PART_LENGTH_MIN = 7;
/** In longer parts the pivot is the median of nine. */
const NINTHER_LENGTH = 40;

/** Puts `items[0..count)` and their keys in order; without `ties` equal keys are equal. */
export function orderAll(
  items: Uint32Array,
  keys: Float64Array,
  count: number,
  ties: TieBreaker | null,
): void {
  const ordered = items.subarray(0, count);
  const orderedKeys = keys.subarray(0, count);
  if (count < RADIX_COUNT_MIN) mergeSort(ordered, orderedKeys, ties);
  else radixSort(ordered, orderedKeys, ties);
}

/**
 * Puts `items[0..count)` and their keys in order as far as it matters for the places `first` to
 * `last`. REQUIRES: these are in there.
 */
export function orderRange(
  items: Uint32Array,
  keys: Float64Array,
  count: number,
  ties: TieBreaker | null,
  first: number,
  last: number,
): void {
  const depth = 2 * Math.ceil(Math.log2(count + 1));
  new RangeOrder(items, keys, ties, first, last).order(0, count, depth);
}

/** Merges runs of twice the length in every round, to and fro between two pairs of arrays. */
function mergeSort(items: Uint32Array, keys: Float64Array, ties: TieBreaker | null): void {
  const count = items.length;
  for (let from = 0; from < count; from += RUN_LENGTH) {
    insertionSort(items, keys, from, Math.min(from + RUN_LENGTH, count), ties);
  }
  if (count <= RUN_LENGTH) return;
  let source: Keyed = { items, keys };
  let target: Keyed = { items: new Uint32Array(count), keys: new Float64Array(count) };
  for (let length = RUN_LENGTH; length < count; length *= 2) {
    for (let from = 0; from < count; from += 2 * length) {
      const middle = Math.min(from + length, count);
      merge(source, from, middle, Math.min(middle + length, count), target, ties);
    }
    const merged = target;
    target = source;
    source = merged;
  }
  if (source.items === items) return;
  items.set(source.items);
  keys.set(source.keys);
}

/** Items and their keys. */
interface Keyed {
  readonly items: Uint32Array;
  readonly keys: Float64Array;
}

/** Merges places from..middle and middle..end of the source into the same places of the target. */
function merge(
  source: Keyed,
  from: number,
  middle: number,
  end: number,
  target: Keyed,
  ties: TieBreaker | null,
): void {
  const { items, keys } = source;
  const toItems = target.items;
  const toKeys = target.keys;
  let left = from;
  let right = middle;
  let to = from;
  while (left < middle && right < end) {
    const leftKey = keys[left]!;
    const rightKey = keys[right]!;
    const isRight =
      leftKey > rightKey ||
      (leftKey === rightKey && ties !== null && ties.compare(items[left]!, items[right]!) > 0);
    toKeys[to] = isRight ? rightKey : leftKey;
    toItems[to++] = isRight ? items[right++]! : items[left++]!;
  }
  for (; left < middle; left++, to++) {
    toKeys[to] = keys[left]!;
    toItems[to] = items[left]!;
  }
  for (; right < end; right++, to++) {
    toKeys[to] = keys[right]!;
    toItems[to] = items[right]!;
  }
}

/** Distributes by one digit after the other, the lowest first, then orders what is equal. */
function radixSort(items: Uint32Array, keys: Float64Array, ties: TieBreaker | null): void {
  const count = items.length;
  const digits = digitsOf(keys);
  const ends = new Uint32Array(RADIX);
  let source: Uint32Array = new Uint32Array(count);
  let target: Uint32Array = new Uint32Array(count);
  for (let i = 0; i < count; i++) source[i] = i;
  for (let digit = 0; digit < DIGITS; digit++) {
    ends.fill(0);
    for (let i = digit; i < digits.length; i += DIGITS) ends[digits[i]!]!++;
    // A digit that all have in common decides nothing.
    if (ends[digits[digit]!] === count) continue;
    for (let value = 1; value < RADIX; value++) ends[value]! += ends[value - 1]!;
    for (let i = count - 1; i >= 0; i--) {
      const at = source[i]!;
      target[--ends[digits[at * DIGITS + digit]!]!] = at;
    }
    const distributed = target;
    target = source;
    source = distributed;
  }
  const oldItems = items.slice();
  const oldKeys = keys.slice();
  for (let i = 0; i < count; i++) {
    items[i] = oldItems[source[i]!]!;
    keys[i] = oldKeys[source[i]!]!;
  }
  if (ties !== null) orderEquals(items, keys, ties);
}

/** The digits of keys, four for each, lowest first, of integers in the same order. */
function digitsOf(keys: Float64Array): Uint16Array {
  const copy = keys.slice();
  const words = new Uint32Array(copy.buffer);
  for (let i = 0; i < copy.length; i++) {
    // 0 and -0 are equal.
    copy[i] = copy[i]! + 0;
    const high = words[2 * i + 1]!;
    if (high >= SIGN) {
      words[2 * i] = ~words[2 * i]!;
      words[2 * i + 1] = ~high;
    } else {
      words[2 * i + 1] = high + SIGN;
    }
  }
  return new Uint16Array(copy.buffer);
}

/** Orders the items of every run of equal keys. */
function orderEquals(items: Uint32Array, keys: Float64Array, ties: TieBreaker): void {
  for (let from = 0; from < items.length; ) {
    const key = keys[from]!;
    let end = from + 1;
    while (end < items.length && keys[end] === key) end++;
    if (end > from + 1) mergeSort(items.subarray(from, end), keys.subarray(from, end), ties);
    from = end;
  }
}

function insertionSort(
  items: Uint32Array,
  keys: Float64Array,
  start: number,
  end: number,
  ties: TieBreaker | null,
): void {
  for (let i = start + 1; i < end; i++) {
    const item = items[i]!;
    const key = keys[i]!;
    let at = i;
    for (; at > start; at--) {
      const before = keys[at - 1]!;
      const isBehind =
        before > key || (before === key && ties !== null && ties.compare(items[at - 1]!, item) > 0);
      if (!isBehind) break;
      items[at] = items[at - 1]!;
      keys[at] = before;
    }
    items[at] = item;
    keys[at] = key;
  }
}

/** One call of `orderRange`. */
class RangeOrder {
  readonly #items: Uint32Array;
  readonly #keys: Float64Array;
  readonly #ties: TieBreaker | null;
  readonly #first: number;
  readonly #last: number;

  constructor(
    items: Uint32Array,
    keys: Float64Array,
    ties: TieBreaker | null,
    first: number,
    last: number,
  ) {
    this.#items = items;
    this.#keys = keys;
    this.#ties = ties;
    this.#first = first;
    this.#last = last;
  }

  /** Orders the part from `start` on; `depth` more times it may be split. */
  order(start: number, count: number, depth: number): void {
    for (; ; depth--) {
      const end = start + count;
      if (count < PART_LENGTH_MIN) {
        insertionSort(this.#items, this.#keys, start, end, this.#ties);
        return;
      }
      if (depth <= 0) {
        const keys = this.#keys.subarray(start, end);
        mergeSort(this.#items.subarray(start, end), keys, this.#ties);
        return;
      }
      this.#swap(start, this.#pivot(start, count));
      const { less, greater } = this.#split(start, end);
      if (less > 1 && this.#matters(start, less)) this.order(start, less, depth - 1);
      if (greater <= 1 || !this.#matters(end - greater, greater)) return;
      start = end - greater;
      count = greater;
    }
  }

  #matters(start: number, count: number): boolean {
    return this.#last >= start && this.#first < start + count;
  }

  /** The place of an item that is likely to be neither small nor great. */
  #pivot(start: number, count: number): number {
    const middle = start + (count >>> 1);
    if (count === PART_LENGTH_MIN) return middle;
    const last = start + count - 1;
    if (count <= NINTHER_LENGTH) return this.#median(start, middle, last);
    const step = count >>> 3;
    return this.#median(
      this.#median(start, start + step, start + 2 * step),
      this.#median(middle - step, middle, middle + step),
      this.#median(last - 2 * step, last - step, last),
    );
  }

  #median(a: number, b: number, c: number): number {
    if (this.#compare(a, b) < 0) {
      if (this.#compare(b, c) < 0) return b;
      return this.#compare(a, c) < 0 ? c : a;
    }
    if (this.#compare(b, c) > 0) return b;
    return this.#compare(a, c) < 0 ? a : c;
  }

  /**
   * Splits items[start..end) by the first of them: lesser ones go to the front, equal ones to the
   * middle, greater ones to the end. Equal ones are gathered at both ends until all is looked at.
   */
  #split(start: number, end: number): { less: number; greater: number } {
    let equalEnd = start + 1;
    let low = start + 1;
    let high = end - 1;
    let equalStart = end - 1;
    for (;;) {
      for (; low <= high; low++) {
        const order = this.#compare(low, start);
        if (order > 0) break;
        if (order === 0) this.#swap(equalEnd++, low);
      }
      for (; low <= high; high--) {
        const order = this.#compare(high, start);
        if (order < 0) break;
        if (order === 0) this.#swap(high, equalStart--);
      }
      if (low > high) break;
      this.#swap(low++, high--);
    }
    const less = low - equalEnd;
    const greater = equalStart - high;
    this.#exchange(start, low, Math.min(equalEnd - start, less));
    this.#exchange(low, end, Math.min(greater, end - equalStart - 1));
    return { less, greater };
  }

  /** Exchanges so many items from `start` on with those before `end`. */
  #exchange(start: number, end: number, count: number): void {
    for (let i = 0; i < count; i++) this.#swap(start + i, end - count + i);
  }

  #compare(a: number, b: number): number {
    const key = this.#keys[a]!;
    const other = this.#keys[b]!;
    if (key !== other) return key > other ? 1 : -1;
    return this.#ties === null ? 0 : this.#ties.compare(this.#items[a]!, this.#items[b]!);
  }

  #swap(a: number, b: number): void {
    const items = this.#items;
    const keys = this.#keys;
    const item = items[a]!;
    const key = keys[a]!;
    items[a] = items[b]!;
    keys[a] = keys[b]!;
    items[b] = item;
    keys[b] = key;
  }
}
