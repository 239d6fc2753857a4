/** Reading sets, in all the ways in which they were ever stored. */
import { TYPE_SET } from '../keyspace/entry.ts';
import type { Ptr } from '../memory/address.ts';
import { INT64_TEXT_MAX, Int64 } from '../structures/int64.ts';
import * as intset from '../structures/intset.ts';
import * as listpack from '../structures/listpack.ts';
import { ListpackCursor } from '../structures/listpack-cursor.ts';
import { isValidListpack } from '../structures/listpack-validate.ts';
import { hashBytes } from '../structures/siphash.ts';
import type { Sets } from '../values/set.ts';
import { SET_HASHTABLE, SET_INTSET, SET_LISTPACK } from '../values/set-encoding.ts';
import type { DecodedValue } from './decoded-value.ts';
import { hasDuplicates } from './element-set.ts';
import type { ListpackBuilder } from './listpack-builder.ts';
import { type RdbReader, STEP_BYTES } from './rdb-reader.ts';
import type { Steps } from './steps.ts';

/** Members of a packed set that go to a table in a step. */
const MEMBERS_PER_STEP = 1024;
/** The widest member of an intset, in bytes. */
const WIDTH_MAX = 8;
const DUPLICATE = 'a member of a set is there twice';

/** See the file's comment. What was read comes to a DecodedValue: at once, or in steps. */
export class SetDecoder {
  isDeep = false;
  readonly #sets: Sets;
  readonly #value: DecodedValue;
  readonly #builder: ListpackBuilder;
  readonly #element = new ListpackCursor();
  readonly #integer = new Int64();
  readonly #digits = Buffer.alloc(INT64_TEXT_MAX);
  readonly #digitsView = new DataView(this.#digits.buffer, this.#digits.byteOffset, INT64_TEXT_MAX);

  /** `builder` is scratch. */
  constructor(sets: Sets, value: DecodedValue, builder: ListpackBuilder) {
    this.#sets = sets;
    this.#value = value;
    this.#builder = builder;
  }

  /** Reads an intset. */
  intset(reader: RdbReader): Steps | null {
    reader.string();
    const { textBytes: bytes, textView: view, textStart: start, textLength: length } = reader;
    if (!intset.isValidIntset(bytes, view, start, length)) {
      throw reader.error('an intset is damaged');
    }
    if (intset.count(view, start) > this.#sets.limits.intsetMembers) {
      return this.#build((root) => this.#addIntegers(reader, root, view, start));
    }
    this.#value.setBytes(TYPE_SET, SET_INTSET, bytes, view, start, length);
    return null;
  }

  /** Reads a listpack of members. */
  listpack(reader: RdbReader): Steps | null {
    reader.string();
    const { textBytes: bytes, textView: view, textStart: start, textLength: length } = reader;
    if (!isValidListpack(bytes, view, start, length)) {
      throw reader.error('the listpack of a set is damaged');
    }
    const count = listpack.count(bytes, view, start);
    if (count === 0) return this.#takeEmpty();
    if (count > this.#sets.limits.listpackMembers) {
      return this.#build((root) => this.#addElements(reader, root, bytes, view, start));
    }
    return this.#takePacked(reader, bytes, view, start, length);
  }

  /** Reads members one by one. */
  members(reader: RdbReader): Steps | null {
    const { limits } = this.#sets;
    const builder = this.#builder;
    const count = reader.count(1);
    if (count === 0) return this.#takeEmpty();
    if (limits.exceedsPacked(count)) return this.#build((root) => this.#read(reader, root, count));
    builder.begin();
    let longest = 0;
    let isIntegers = true;
    for (let left = count; left > 0; left--) {
      reader.string();
      const { textBytes, textView, textStart, textLength } = reader;
      if (!builder.admits(textLength)) throw reader.error('a member of a set is too long');
      builder.add(textBytes, textView, textStart, textLength);
      longest = Math.max(longest, textLength);
      isIntegers &&= this.#integer.parse(textBytes, textStart, textLength);
      const members = isIntegers ? limits.intsetMembers : limits.listpackMembers;
      const isSmall = isIntegers || longest <= limits.listpackMemberBytes;
      if (isSmall && builder.count <= members) continue;
      return this.#build((root) => this.#readRest(reader, root, left - 1));
    }
    const length = builder.finish();
    if (isIntegers) return this.#takeIntegers(reader, count);
    return this.#takePacked(reader, builder.bytes, builder.view, 0, length);
  }

  // --- What is read comes to the value

  #takeEmpty(): null {
    this.#value.setEmpty(TYPE_SET);
    return null;
  }

  #takePacked(
    reader: RdbReader,
    bytes: Buffer,
    view: DataView,
    start: number,
    length: number,
  ): null {
    if (this.isDeep && hasDuplicates(bytes, view, start, 1)) throw reader.error(DUPLICATE);
    this.#value.setBytes(TYPE_SET, SET_LISTPACK, bytes, view, start, length);
    return null;
  }

  /** Takes what the builder has, which is all integers, as an intset. */
  #takeIntegers(reader: RdbReader, count: number): null {
    const { bytes, view } = this.#builder;
    const element = this.#element;
    const out = Buffer.allocUnsafeSlow(intset.EMPTY_BYTES + count * WIDTH_MAX);
    const outView = new DataView(out.buffer, 0, out.length);
    intset.writeEmpty(outView, 0);
    for (let more = element.first(bytes, view, 0); more; more = element.next(bytes, view)) {
      if (!intset.add(out, outView, 0, element.integer)) throw reader.error(DUPLICATE);
    }
    const length = intset.totalBytes(outView, 0);
    this.#value.setBytes(TYPE_SET, SET_INTSET, out, outView, 0, length);
    return null;
  }

  /** Makes a table. */
  *#build(fill: (root: Ptr) => Steps): Steps {
    const { table } = this.#sets;
    const root = table.create(false);
    let isWhole = false;
    try {
      yield* fill(root);
      isWhole = true;
    } finally {
      if (!isWhole) table.release(root, Number.POSITIVE_INFINITY);
    }
    this.#value.setRoot(TYPE_SET, SET_HASHTABLE, root);
  }

  /** Puts what was read so far in a table, and the members that follow. */
  *#readRest(reader: RdbReader, root: Ptr, following: number): Steps {
    const builder = this.#builder;
    builder.finish();
    yield* this.#addElements(reader, root, builder.bytes, builder.view, 0);
    yield* this.#read(reader, root, following);
  }

  *#read(reader: RdbReader, root: Ptr, count: number): Steps {
    let pause = reader.offset + STEP_BYTES;
    for (let left = count; left > 0; left--) {
      reader.string();
      const { textBytes, textView, textStart, textLength } = reader;
      this.#add(reader, root, textBytes, textView, textStart, textLength);
      if (reader.offset < pause) continue;
      yield;
      pause = reader.offset + STEP_BYTES;
    }
  }

  *#addElements(reader: RdbReader, root: Ptr, bytes: Buffer, view: DataView, start: number): Steps {
    const element = this.#element;
    let pause = MEMBERS_PER_STEP;
    for (let more = element.first(bytes, view, start); more; more = element.next(bytes, view)) {
      element.spell();
      const text = element.textBytes(bytes);
      const { textStart, textLength } = element;
      this.#add(reader, root, text, element.textView(view), textStart, textLength);
      if (--pause > 0) continue;
      yield;
      pause = MEMBERS_PER_STEP;
    }
  }

  *#addIntegers(reader: RdbReader, root: Ptr, view: DataView, start: number): Steps {
    const count = intset.count(view, start);
    for (let i = 0; i < count; i++) {
      intset.read(view, start, i, this.#integer);
      const length = this.#integer.write(this.#digits, 0);
      this.#add(reader, root, this.#digits, this.#digitsView, 0, length);
      if (i % MEMBERS_PER_STEP === MEMBERS_PER_STEP - 1) yield;
    }
  }

  #add(
    reader: RdbReader,
    root: Ptr,
    bytes: Buffer,
    view: DataView,
    start: number,
    length: number,
  ): void {
    const hash = hashBytes(view, start, length);
    if (!this.#sets.table.add(root, hash, bytes, view, start, length)) {
      throw reader.error(DUPLICATE);
    }
  }
}
