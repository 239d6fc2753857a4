/**
 * The record of a key: one block that holds its header, expiry, key and value.
 *
 *   word 0   | access clock 24 | long 1 | expires 1 | compact 1 | encoding 2 | type 3 |
 *   byte 4   | room 2 | key length 6 |                                               compact form
 *   word 1   | value length 22 | key length 10 |                                     short form
 *            | 0 |  word 2 | key length |  word 3 | value length |                   long form
 *   [timer, 16 bytes, when `expires` is set: see structures/timing-wheel.ts]
 *   key bytes, value bytes
 *
 * So a short record costs 8 bytes beside its key and value, 24 with an expiry. A compact one costs
 * 5: its value ends `room` bytes before its block does. That form is taken where it makes the block
 * smaller, and never with an expiry. A string's value is its bytes, also when they read as an
 * integer: the encoding only says so. A collection's value is either its packed bytes or the root
 * address of its structure.
 *
 * Invariants: lengths never change without the record being written anew or resized in place; the
 * record's only owner is its slot in the database's table. Rejected: a separate block for the value
 * (one more miss and 8 bytes more per key); the compact form wherever it fits (its value's length
 * takes a look at the page's size class).
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

/** Type and encoding (below 4) as one number below 32: the low bits of word 0. */
export function kindOf(type: number, encoding: number): number {
  return type | (encoding << ENCODING_SHIFT);
}

const KIND_MASK = 31;
const TYPE_MASK = 7;
const ENCODING_SHIFT = 3;
const ENCODING_MASK = 3;
const COMPACT = 0x20;
const EXPIRES = 0x40;
const LONG = 0x80;
const CLOCK_SHIFT = 8;

const SHORT_KEY_BITS = 10;
const SHORT_KEY_MAX = (1 << SHORT_KEY_BITS) - 1;
const SHORT_VALUE_MAX = (1 << 22) - 1;
const HEADER_BYTES = 8;
const LONG_BYTES = 8;

const COMPACT_KEY_BITS = 6;
const COMPACT_KEY_MAX = (1 << COMPACT_KEY_BITS) - 1;
const COMPACT_ROOM_MAX = 3;
const COMPACT_HEADER_BYTES = 5;
/** Blocks up to this size come in steps of 8 bytes. */
const COMPACT_BYTES_MAX = 128;

/** How a record holds its lengths; see the file's comment. */
export type Form = number & { readonly [entryBrand]: true };
const FORM_SHORT = 0 as Form;
const FORM_COMPACT = COMPACT as Form;
const FORM_LONG = LONG as Form;
const FORM_MASK = COMPACT | LONG;

/** Bytes before the key, by the flags of word 0 from `compact` up; -1 for what is no form. */
const KEY_OFFSET = Int8Array.of(
  HEADER_BYTES,
  COMPACT_HEADER_BYTES,
  HEADER_BYTES + TIMER_BYTES,
  -1,
  HEADER_BYTES + LONG_BYTES,
  -1,
  HEADER_BYTES + LONG_BYTES + TIMER_BYTES,
  -1,
);
const KEY_OFFSET_SHIFT = 5;

/** Where a value lies: `length` bytes from `start` of an extent, of which there are two views. */
export interface ValueRange {
  bytes: Buffer;
  view: DataView;
  start: number;
  length: number;
}

/** Reads and writes records. */
export class Entries {
  readonly heap: Heap;

  constructor(heap: Heap) {
    this.heap = heap;
  }

  /** The form of a record with these lengths that takes the least memory. */
  static formFor(keyLength: number, valueLength: number, expires: boolean): Form {
    if (keyLength > SHORT_KEY_MAX || valueLength > SHORT_VALUE_MAX) return FORM_LONG;
    const length = keyLength + valueLength;
    // Three bytes less make one unit less when the last unit would hold one to three bytes.
    const isSmaller = ((length - 1) & 7) < 3;
    const fits = keyLength <= COMPACT_KEY_MAX && length <= COMPACT_BYTES_MAX - COMPACT_HEADER_BYTES;
    return isSmaller && fits && !expires ? FORM_COMPACT : FORM_SHORT;
  }

  /** That of a record whose block has more room than it needs. */
  static roomyFormFor(keyLength: number, valueLength: number): Form {
    const isLong = keyLength > SHORT_KEY_MAX || valueLength > SHORT_VALUE_MAX;
    return isLong ? FORM_LONG : FORM_SHORT;
  }

  /** Bytes that a record needs. */
  static sizeBytes(form: Form, keyLength: number, valueLength: number, expires: boolean): number {
    const before = KEY_OFFSET[(form | (expires ? EXPIRES : 0)) >>> KEY_OFFSET_SHIFT]!;
    return before + keyLength + valueLength;
  }

  /**
   * Writes a record's header; key, timer and value are the caller's to fill. REQUIRES: a compact
   * record's block is no larger than it has to be.
   */
  writeHeader(
    entry: Entry,
    form: Form,
    type: number,
    encoding: number,
    clock: number,
    keyLength: number,
    valueLength: number,
    expires: boolean,
  ): void {
    const words = this.heap.words[entry >>> EXTENT_SHIFT]!;
    const at = (entry & UNIT_MASK) << 1;
    let head = form | type | (encoding << ENCODING_SHIFT) | (clock << CLOCK_SHIFT);
    if (expires) head |= EXPIRES;
    words[at] = head;
    if (form === FORM_SHORT) {
      words[at + 1] = keyLength | (valueLength << SHORT_KEY_BITS);
    } else if (form === FORM_COMPACT) {
      const room = -(COMPACT_HEADER_BYTES + keyLength + valueLength) & 7;
      // The rest of the word is key bytes, which may be there already.
      words[at + 1] = (words[at + 1]! & ~0xff) | (room << COMPACT_KEY_BITS) | keyLength;
    } else {
      words[at + 1] = 0;
      words[at + 2] = keyLength;
      words[at + 3] = valueLength;
    }
  }

  form(entry: Entry): Form {
    return (this.#head(entry) & FORM_MASK) as Form;
  }

  type(entry: Entry): number {
    return this.#head(entry) & TYPE_MASK;
  }

  /** See `kindOf`. */
  kind(entry: Entry): number {
    return this.#head(entry) & KIND_MASK;
  }

  encoding(entry: Entry): number {
    return (this.#head(entry) >>> ENCODING_SHIFT) & ENCODING_MASK;
  }

  setEncoding(entry: Entry, encoding: number): void {
    const words = this.heap.words[entry >>> EXTENT_SHIFT]!;
    const at = (entry & UNIT_MASK) << 1;
    words[at] = (words[at]! & ~(ENCODING_MASK << ENCODING_SHIFT)) | (encoding << ENCODING_SHIFT);
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

  /**
   * Copies word 0 of records, from `first` to before `end`, in a loop so short that many cache
   * misses overlap; `clockIn` and `expiresIn` tell what is in it.
   */
  copyHeads(entries: Uint32Array, heads: Int32Array, first: number, end: number): void {
    const allWords = this.heap.words;
    for (let i = first; i < end; i++) {
      const entry = entries[i]!;
      heads[i] = allWords[entry >>> EXTENT_SHIFT]![(entry & UNIT_MASK) << 1]!;
    }
  }

  static clockIn(head: number): number {
    return head >>> CLOCK_SHIFT;
  }

  static expiresIn(head: number): boolean {
    return (head & EXPIRES) !== 0;
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
    return keyLengthAt(words, at, words[at]! | 0);
  }

  valueLength(entry: Entry): number {
    const words = this.heap.words[entry >>> EXTENT_SHIFT]!;
    const at = (entry & UNIT_MASK) << 1;
    const form = words[at]! & FORM_MASK;
    if (form === FORM_SHORT) return words[at + 1]! >>> SHORT_KEY_BITS;
    return form === FORM_COMPACT
      ? this.#compactValueLength(entry, words[at + 1]! & 0xff)
      : words[at + 3]!;
  }

  /**
   * Changes the value's length in the header. REQUIRES: the block has room, and `keepsForm` allows
   * it.
   */
  setValueLength(entry: Entry, valueLength: number): void {
    const words = this.heap.words[entry >>> EXTENT_SHIFT]!;
    const at = (entry & UNIT_MASK) << 1;
    const form = words[at]! & FORM_MASK;
    if (form === FORM_SHORT) {
      words[at + 1] = (words[at + 1]! & SHORT_KEY_MAX) | (valueLength << SHORT_KEY_BITS);
    } else if (form === FORM_COMPACT) {
      const room = this.#compactRoom(entry, valueLength);
      const others = ~(COMPACT_ROOM_MAX << COMPACT_KEY_BITS);
      words[at + 1] = (words[at + 1]! & others) | (room << COMPACT_KEY_BITS);
    } else {
      words[at + 3] = valueLength;
    }
  }

  /** Whether a record can take a value of this length without changing its form. */
  keepsForm(entry: Entry, valueLength: number): boolean {
    const form = this.form(entry);
    if (form === FORM_SHORT) return valueLength <= SHORT_VALUE_MAX;
    if (form === FORM_LONG) return true;
    const room = this.#compactRoom(entry, valueLength);
    return room >= 0 && room <= COMPACT_ROOM_MAX;
  }

  /** Byte offset of the key within its extent. */
  keyStart(entry: Entry): number {
    return ((entry & UNIT_MASK) << 3) + keyOffset(this.#head(entry));
  }

  /** Byte offset of the value within its extent. */
  valueStart(entry: Entry): number {
    const words = this.heap.words[entry >>> EXTENT_SHIFT]!;
    const at = (entry & UNIT_MASK) << 1;
    const head = words[at]! | 0;
    return (at << 2) + keyOffset(head) + keyLengthAt(words, at, head);
  }

  /** Tells where the value lies: all that the functions around this one tell, in one look. */
  locate(entry: Entry, range: ValueRange): void {
    const { heap } = this;
    const extent = entry >>> EXTENT_SHIFT;
    const words = heap.words[extent]!;
    const at = (entry & UNIT_MASK) << 1;
    const head = words[at]! | 0;
    const lengths = words[at + 1]!;
    if ((head & FORM_MASK) === FORM_SHORT) {
      range.start = (at << 2) + keyOffset(head) + (lengths & SHORT_KEY_MAX);
      range.length = lengths >>> SHORT_KEY_BITS;
    } else if ((head & FORM_MASK) === FORM_COMPACT) {
      range.start = (at << 2) + COMPACT_HEADER_BYTES + (lengths & COMPACT_KEY_MAX);
      range.length = this.#compactValueLength(entry, lengths & 0xff);
    } else {
      range.start = this.valueStart(entry);
      range.length = this.valueLength(entry);
    }
    const bytes = heap.bytes[extent]!;
    // Storing what is there already costs more than looking: the collector is told of it.
    if (range.bytes === bytes) return;
    range.bytes = bytes;
    range.view = heap.views[extent]!;
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

  #compactValueLength(entry: Entry, word: number): number {
    const room = (word >>> COMPACT_KEY_BITS) & COMPACT_ROOM_MAX;
    const fixed = COMPACT_HEADER_BYTES + (word & COMPACT_KEY_MAX) + room;
    return this.heap.pages.blockBytes(entry) - fixed;
  }

  /** Bytes of its block that a compact record would leave free with a value of this length. */
  #compactRoom(entry: Entry, valueLength: number): number {
    const fixed = COMPACT_HEADER_BYTES + this.keyLength(entry);
    return this.heap.pages.blockBytes(entry) - fixed - valueLength;
  }
}

/** Length of the key of the record at `words[at]`, whose word 0 is `head`. */
function keyLengthAt(words: Uint32Array, at: number, head: number): number {
  const form = head & FORM_MASK;
  if (form === FORM_SHORT) return words[at + 1]! & SHORT_KEY_MAX;
  return form === FORM_COMPACT ? words[at + 1]! & COMPACT_KEY_MAX : words[at + 2]!;
}

/** Bytes before the key in a record whose word 0 is `head`. */
function keyOffset(head: number): number {
  return KEY_OFFSET[(head >>> KEY_OFFSET_SHIFT) & 7]!;
}
