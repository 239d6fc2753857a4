/**
 * A pattern of SORT: `weight_*` is a key with the element in place of the star, `user_*->age` a
 * field of a hash at such a key, `#` the element itself, and anything without a star is nothing.
 */
import { NO_ENTRY, TYPE_HASH, TYPE_STRING } from '../keyspace/entry.ts';
import { copyBytes } from '../memory/bytes.ts';
import { Args } from '../protocol/args.ts';
import type { TextPlaces } from '../values/text-places.ts';
import type { Context } from './command.ts';

const STAR = 0x2a;
const HASH_SIGN = 0x23;
const ARROW = Buffer.from('->');

/** A key of the usual length needs no more memory. */
const KEY_BYTES_KEPT = 512;

/** See the file's comment. */
export class SortPattern {
  readonly hasStar: boolean;
  readonly isElement: boolean;
  /** What `find` found. */
  bytes!: Buffer;
  view!: DataView;
  start = 0;
  length = 0;
  readonly #args: Args;
  /** What stands before the star and behind it. */
  readonly #prefixStart: number;
  readonly #prefixLength: number;
  readonly #suffixStart: number;
  readonly #suffixLength: number;
  /** The field, or null where the whole value is meant. */
  readonly #field: Args | null;
  readonly #key = new Args(1);
  #keyBytes = Buffer.allocUnsafeSlow(KEY_BYTES_KEPT);
  #keyView = new DataView(this.#keyBytes.buffer);

  /** Argument `i`. It must stay where it is as long as this is used. */
  constructor(args: Args, i: number) {
    const start = args.start(i);
    const end = start + args.length(i);
    // As in C the star is looked for up to a NUL.
    const text = args.bytes.subarray(start, end);
    const nul = text.indexOf(0);
    const star = text.subarray(0, nul < 0 ? text.length : nul).indexOf(STAR);
    this.#args = args;
    this.hasStar = star >= 0;
    this.isElement = text[0] === HASH_SIGN && (text.length === 1 || nul === 1);
    const behind = text.subarray(star + 1, nul < 0 ? text.length : nul);
    const arrow = this.hasStar ? behind.indexOf(ARROW) : -1;
    const hasField = arrow >= 0 && arrow + ARROW.length < behind.length;
    const fieldStart = start + star + 1 + arrow + ARROW.length;
    this.#prefixStart = start;
    this.#prefixLength = Math.max(star, 0);
    this.#suffixStart = start + star + 1;
    this.#suffixLength = hasField ? arrow : text.length - star - 1;
    this.#field = null;
    if (!hasField) return;
    this.#field = new Args(1);
    this.#field.reset(args.bytes, args.view);
    this.#field.push(fieldStart, end - fieldStart);
  }

  /** Finds what is meant for element `i`; whether there is anything. */
  find(context: Context, elements: TextPlaces, i: number): boolean {
    if (!this.hasStar && !this.isElement) return false;
    elements.open(i);
    if (this.isElement) {
      this.#take(elements.bytes, elements.view, elements.start, elements.length);
      return true;
    }
    this.#spellKey(elements);
    const { database, keyspace } = context;
    const { entries } = database;
    const entry = database.read(this.#key, 0);
    if (entry === NO_ENTRY) return false;
    const type = entries.type(entry);
    if (this.#field === null) {
      if (type !== TYPE_STRING) return false;
      const start = entries.valueStart(entry);
      const length = entries.valueLength(entry);
      this.#take(entries.bytes(entry), entries.view(entry), start, length);
      return true;
    }
    if (type !== TYPE_HASH) return false;
    const { hashes } = keyspace;
    const cell = keyspace.cell(1).open(database, entry);
    if (!hashes.find(cell, this.#field, 0)) return false;
    this.#take(hashes.valueBytes, hashes.valueView, hashes.valueStart, hashes.valueLength);
    return true;
  }

  #take(bytes: Buffer, view: DataView, start: number, length: number): void {
    this.bytes = bytes;
    this.view = view;
    this.start = start;
    this.length = length;
  }

  /** Puts the element in place of the star. */
  #spellKey(elements: TextPlaces): void {
    const { bytes, view } = this.#args;
    const prefixLength = this.#prefixLength;
    const middle = prefixLength + elements.length;
    const length = middle + this.#suffixLength;
    if (length > this.#keyBytes.length) {
      this.#keyBytes = Buffer.allocUnsafeSlow(length);
      this.#keyView = new DataView(this.#keyBytes.buffer);
    }
    const to = this.#keyBytes;
    const toView = this.#keyView;
    copyBytes(bytes, view, this.#prefixStart, to, toView, 0, prefixLength);
    const { start } = elements;
    copyBytes(elements.bytes, elements.view, start, to, toView, prefixLength, elements.length);
    copyBytes(bytes, view, this.#suffixStart, to, toView, middle, this.#suffixLength);
    this.#key.reset(to, toView);
    this.#key.push(0, length);
  }
}
