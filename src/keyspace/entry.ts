/**
 * The record of a key: one block that holds its header, expiry, key and value.
 *
 *   word 0   | access clock 24 | long 1 | expires 1 | encoding 3 | type 3 |
 *   word 1   | value length 22 | key length 10 |                                     short form
 *            | 0 |  word 2 | key length |  word 3 | value length |                   long form
 *   [timer, 16 bytes, when `expires` is set: see structures/timing-wheel.ts]
 *   key bytes, value bytes
 *
 * So a short record costs 8 bytes beside its key and value, 24 with an expiry. A string's value is
 * its bytes, also when they read as an integer: the encoding only says so. A collection's value is
 * either its packed bytes or the root address of its structure.
 *
 * Invariants: lengths never change without the record being written anew or resized in place; the
 * record's only owner is its slot in the database's table. Rejected: a separate block for the value
 * (one more miss and 8 bytes more per key).
 */
import { EXTENT_SHIFT, type Ptr, UNIT_MASK } from '../memory/address.ts';
import type { Heap } from '../memory/heap.ts';
import { TIMER_BYTES } from '../structures/timing-wheel.ts';

declare const entryBrand: unique symbol;
/** Address of a key's record; 0 for none. Valid until the next change of any key. */
export type Entry = Ptr & { readonly [entryBrand]: true };

export const NO_ENTRY: Entry = 0 as Entry;

export const TYPE_STRING = 0;
export const TYPE_LIST = 1;
export const TYPE_SET = 2;
export const TYPE_ZSET = 3;
export const TYPE_HASH = 4;
export const TYPE_STREAM = 5;

/** Type and encoding as one number below 64: the low bits of word 0. */
export function kindOf(type: number, encoding: number): number {
  return type | (encoding << ENCODING_SHIFT);
}

const KIND_MASK = 63;
const TYPE_MASK = 7;
const ENCODING_SHIFT = 3;
const EXPIRES = 0x40;
const LONG = 0x80;
const CLOCK_SHIFT = 8;

const SHORT_KEY_BITS = 10;
const SHORT_KEY_MAX = (1 << SHORT_KEY_BITS) - 1;
const SHORT_VALUE_MAX = (1 << 22) - 1;
const HEADER_BYTES = 8;
const LONG_BYTES = 8;

/** Bytes before the key, by the two flags of word 0. */
const KEY_OFFSET = Uint8Array.of(
  HEADER_BYTES,
  HEADER_BYTES + TIMER_BYTES,
  HEADER_BYTES + LONG_BYTES,
  HEADER_BYTES + LONG_BYTES + TIMER_BYTES,
);

/** Reads and writes records. */
export class Entries {
  readonly heap: Heap;

  constructor(heap: Heap) {
    this.heap = heap;
  }

  /** Bytes that a record needs. */
  static sizeBytes(keyLength: number, valueLength: number, expires: boolean): number {
    const long = keyLength > SHORT_KEY_MAX || valueLength > SHORT_VALUE_MAX;
    const fixed = HEADER_BYTES + (long ? LONG_BYTES : 0) + (expires ? TIMER_BYTES : 0);
    return fixed + keyLength + valueLength;
  }

  /** Writes a record's header; key, timer and value are the caller's to fill. */
  writeHeader(
    entry: Entry,
    type: number,
    encoding: number,
    clock: number,
    keyLength: number,
    valueLength: number,
    expires: boolean,
  ): void {
    const words = this.heap.words[entry >>> EXTENT_SHIFT]!;
    const at = (entry & UNIT_MASK) << 1;
    let head = type | (encoding << ENCODING_SHIFT) | (clock << CLOCK_SHIFT);
    if (expires) head |= EXPIRES;
    if (keyLength > SHORT_KEY_MAX || valueLength > SHORT_VALUE_MAX) {
      head |= LONG;
      words[at + 1] = 0;
      words[at + 2] = keyLength;
      words[at + 3] = valueLength;
    } else {
      words[at + 1] = keyLength | (valueLength << SHORT_KEY_BITS);
    }
    words[at] = head;
  }

  type(entry: Entry): number {
    return this.#head(entry) & TYPE_MASK;
  }

  /** See `kindOf`. */
  kind(entry: Entry): number {
    return this.#head(entry) & KIND_MASK;
  }

  encoding(entry: Entry): number {
    return (this.#head(entry) >>> ENCODING_SHIFT) & 7;
  }

  setEncoding(entry: Entry, encoding: number): void {
    const words = this.heap.words[entry >>> EXTENT_SHIFT]!;
    const at = (entry & UNIT_MASK) << 1;
    words[at] = (words[at]! & ~(7 << ENCODING_SHIFT)) | (encoding << ENCODING_SHIFT);
  }

  expires(entry: Entry): boolean {
    return (this.#head(entry) & EXPIRES) !== 0;
  }

  isLong(entry: Entry): boolean {
    return (this.#head(entry) & LONG) !== 0;
  }

  /** 24 bits whose meaning the access policy gives. */
  clock(entry: Entry): number {
    return this.#head(entry) >>> CLOCK_SHIFT;
  }

  setClock(entry: Entry, clock: number): void {
    const words = this.heap.words[entry >>> EXTENT_SHIFT]!;
    const at = (entry & UNIT_MASK) << 1;
    words[at] = (words[at]! & 0xff) | (clock << CLOCK_SHIFT);
  }

  /** Address of the timer. REQUIRES: `expires(entry)`. */
  timer(entry: Entry): Ptr {
    return (entry + (this.isLong(entry) ? 2 : 1)) as Ptr;
  }

  /** The record that a timer belongs to; `long` is what its mark says. */
  static ofTimer(timer: Ptr, long: boolean): Entry {
    return (timer - (long ? 2 : 1)) as Entry;
  }

  keyLength(entry: Entry): number {
    const words = this.heap.words[entry >>> EXTENT_SHIFT]!;
    const at = (entry & UNIT_MASK) << 1;
    return (words[at]! & LONG) === 0 ? words[at + 1]! & SHORT_KEY_MAX : words[at + 2]!;
  }

  valueLength(entry: Entry): number {
    const words = this.heap.words[entry >>> EXTENT_SHIFT]!;
    const at = (entry & UNIT_MASK) << 1;
    return (words[at]! & LONG) === 0 ? words[at + 1]! >>> SHORT_KEY_BITS : words[at + 3]!;
  }

  /**
   * Changes the value's length in the header. REQUIRES: the block has room, and the record's form
   * (short or long) stays what it is.
   */
  setValueLength(entry: Entry, valueLength: number): void {
    const words = this.heap.words[entry >>> EXTENT_SHIFT]!;
    const at = (entry & UNIT_MASK) << 1;
    if ((words[at]! & LONG) !== 0) words[at + 3] = valueLength;
    else words[at + 1] = (words[at + 1]! & SHORT_KEY_MAX) | (valueLength << SHORT_KEY_BITS);
  }

  /** Whether a record can take a value of this length without changing its form. */
  keepsForm(entry: Entry, valueLength: number): boolean {
    return this.isLong(entry) || valueLength <= SHORT_VALUE_MAX;
  }

  /** Byte offset of the key within its extent. */
  keyStart(entry: Entry): number {
    return ((entry & UNIT_MASK) << 3) + KEY_OFFSET[(this.#head(entry) >>> 6) & 3]!;
  }

  /** Byte offset of the value within its extent. */
  valueStart(entry: Entry): number {
    const words = this.heap.words[entry >>> EXTENT_SHIFT]!;
    const at = (entry & UNIT_MASK) << 1;
    const head = words[at]!;
    const keyLength = (head & LONG) === 0 ? words[at + 1]! & SHORT_KEY_MAX : words[at + 2]!;
    return (at << 2) + KEY_OFFSET[(head >>> 6) & 3]! + keyLength;
  }

  /** Bytes and view of the extent that the record is in. */
  bytes(entry: Entry): Buffer {
    return this.heap.bytes[entry >>> EXTENT_SHIFT]!;
  }

  view(entry: Entry): DataView {
    return this.heap.views[entry >>> EXTENT_SHIFT]!;
  }

  /** Word 0, signed: larger integers than that would be allocated when they are returned. */
  #head(entry: Entry): number {
    return this.heap.words[entry >>> EXTENT_SHIFT]![(entry & UNIT_MASK) << 1]! | 0;
  }
}
