/** Reading hashes, in all the ways in which they were ever stored. */
import { TYPE_HASH } from '../keyspace/entry.ts';
import type { Ptr } from '../memory/address.ts';
import { Int64 } from '../structures/int64.ts';
import * as listpack from '../structures/listpack.ts';
import { isValidListpack } from '../structures/listpack-validate.ts';
import { hashBytes } from '../structures/siphash.ts';
import { HASH_LISTPACK, HASH_TABLE, type Hashes } from '../values/hash.ts';
import { PackedPairs } from '../values/packed-pairs.ts';
import type { DecodedValue } from './decoded-value.ts';
import { hasDuplicates } from './element-set.ts';
import { HeldText } from './held-text.ts';
import type { ListpackBuilder } from './listpack-builder.ts';
import { UnsupportedValueError } from './rdb-error.ts';
import { type RdbReader, STEP_BYTES } from './rdb-reader.ts';
import type { Steps } from './steps.ts';
import { convertZiplist } from './ziplist.ts';
import { convertZipmap } from './zipmap.ts';

/** Pairs of a large listpack that go to a table in a step. */
const PAIRS_PER_STEP = 512;
const DUPLICATE = 'a field of a hash is there twice';
const ZERO = 0x30;
const EXPIRES = 'a hash has fields that expire, which only Redis 7.4 and later know';

/** See the file's comment. What was read comes to a DecodedValue: at once, or in steps. */
export class HashDecoder {
  isDeep = false;
  readonly #hashes: Hashes;
  readonly #value: DecodedValue;
  readonly #builder: ListpackBuilder;
  readonly #pairs = new PackedPairs();
  /** The field whose value is being read, which may take its place. */
  readonly #field = new HeldText();
  readonly #number = new Int64();

  /** `builder` is scratch. */
  constructor(hashes: Hashes, value: DecodedValue, builder: ListpackBuilder) {
    this.#hashes = hashes;
    this.#value = value;
    this.#builder = builder;
  }

  /** Reads a listpack of fields and values. */
  listpack(reader: RdbReader): Steps | null {
    reader.string();
    const { textBytes, textView, textStart, textLength } = reader;
    if (!isValidListpack(textBytes, textView, textStart, textLength)) {
      throw reader.error('the listpack of a hash is damaged');
    }
    return this.#takePairs(reader, textBytes, textView, textStart, textLength);
  }

  /** Reads a ziplist of fields and values. */
  ziplist(reader: RdbReader): Steps | null {
    const builder = this.#convert(reader, convertZiplist, 'ziplist');
    const length = builder.finish();
    return this.#takePairs(reader, builder.bytes, builder.view, 0, length);
  }

  /** Reads a zipmap. */
  zipmap(reader: RdbReader): Steps | null {
    const builder = this.#convert(reader, convertZipmap, 'zipmap');
    const length = builder.finish();
    const { bytes, view, longest } = builder;
    if (longest <= this.#hashes.limits.valueBytesMax) {
      return this.#takePairs(reader, bytes, view, 0, length);
    }
    return this.#build((root) => this.#putPairs(reader, root, bytes, view, 0));
  }

  /** Reads fields and values one by one. */
  pairs(reader: RdbReader): Steps | null {
    const { limits } = this.#hashes;
    const count = reader.count(2);
    if (count > limits.entriesMax)
      return this.#build((root) => this.#readPairs(reader, root, count));
    const builder = this.#builder;
    builder.begin();
    for (let left = count; left > 0; left--) {
      const fieldLength = this.#readText(reader);
      const valueLength = this.#readText(reader);
      if (Math.max(fieldLength, valueLength) <= limits.valueBytesMax) continue;
      return this.#build((root) => this.#readRest(reader, root, left - 1));
    }
    const length = builder.finish();
    return this.#takePairs(reader, builder.bytes, builder.view, 0, length);
  }

  /**
   * Reads fields, each with the time at which it expires: a hash can be had of them only if none
   * does. `isEarly`: as versions before a release wrote it.
   */
  expiringPairs(reader: RdbReader, isEarly: boolean): Steps | null {
    const { offset } = reader;
    if (!isEarly) reader.int64();
    const count = reader.count(3);
    for (let left = count; left > 0; left--) {
      reader.length64(this.#number);
      reader.skipString();
      reader.skipString();
    }
    throw new UnsupportedValueError(offset, EXPIRES);
  }

  /** As `expiringPairs`, a listpack of fields, values and times. */
  expiringListpack(reader: RdbReader, isEarly: boolean): Steps | null {
    const { offset } = reader;
    if (!isEarly) reader.int64();
    reader.string();
    const { textBytes, textView, textStart, textLength } = reader;
    if (!isValidListpack(textBytes, textView, textStart, textLength)) {
      throw reader.error('the listpack of a hash is damaged');
    }
    const element = this.#pairs.field;
    const builder = this.#builder;
    builder.begin();
    let more = element.first(textBytes, textView, textStart);
    for (let place = 0; more; place = (place + 1) % 3) {
      element.spell();
      const text = element.textBytes(textBytes);
      const { textStart: from, textLength: length } = element;
      if (place < 2) builder.add(text, element.textView(textView), from, length);
      else if (length !== 1 || text[from] !== ZERO)
        throw new UnsupportedValueError(offset, EXPIRES);
      more = element.next(textBytes, textView);
    }
    const length = builder.finish();
    return this.#takePairs(reader, builder.bytes, builder.view, 0, length);
  }

  // --- What is read comes to the value

  #convert(reader: RdbReader, convert: typeof convertZiplist, what: string): ListpackBuilder {
    const builder = this.#builder;
    builder.begin();
    reader.string();
    const { textBytes, textView, textStart, textLength } = reader;
    if (!convert(textBytes, textView, textStart, textLength, builder)) {
      throw reader.error(`the ${what} of a hash is damaged`);
    }
    return builder;
  }

  /** Takes a hash that is a listpack, unless it is too large for that. */
  #takePairs(
    reader: RdbReader,
    bytes: Buffer,
    view: DataView,
    start: number,
    length: number,
  ): Steps | null {
    const elements = listpack.count(bytes, view, start);
    if (elements === 0) {
      this.#value.setEmpty(TYPE_HASH);
      return null;
    }
    if (elements % 2 !== 0) throw reader.error('a field of a hash has no value');
    if (elements > this.#hashes.limits.entriesMax * 2) {
      return this.#build((root) => this.#putPairs(reader, root, bytes, view, start));
    }
    if (this.isDeep && hasDuplicates(bytes, view, start, 2)) throw reader.error(DUPLICATE);
    this.#value.setBytes(TYPE_HASH, HASH_LISTPACK, bytes, view, start, length);
    return null;
  }

  /** Makes a table. */
  *#build(fill: (root: Ptr) => Steps): Steps {
    const { table } = this.#hashes;
    const root = table.create(true);
    let isWhole = false;
    try {
      yield* fill(root);
      isWhole = true;
    } finally {
      if (!isWhole) table.release(root, Number.POSITIVE_INFINITY);
    }
    this.#value.setRoot(TYPE_HASH, HASH_TABLE, root);
  }

  /** Reads a text and adds it to the builder; its length. */
  #readText(reader: RdbReader): number {
    reader.string();
    const { textBytes, textView, textStart, textLength } = reader;
    if (!this.#builder.admits(textLength)) throw reader.error('a field or value is too long');
    this.#builder.add(textBytes, textView, textStart, textLength);
    return textLength;
  }

  /** Puts what was read so far in a table, and the pairs that follow. */
  *#readRest(reader: RdbReader, root: Ptr, following: number): Steps {
    const builder = this.#builder;
    builder.finish();
    yield* this.#putPairs(reader, root, builder.bytes, builder.view, 0);
    yield* this.#readPairs(reader, root, following);
  }

  *#readPairs(reader: RdbReader, root: Ptr, count: number): Steps {
    const { table } = this.#hashes;
    const field = this.#field;
    let pause = reader.offset + STEP_BYTES;
    for (let left = count; left > 0; left--) {
      reader.string();
      field.hold(reader.textBytes, reader.textView, reader.textStart, reader.textLength);
      const { bytes, view, length } = field;
      const hash = hashBytes(view, 0, length);
      reader.string();
      const { textBytes, textView, textStart, textLength } = reader;
      const isNew = table.put(
        root,
        hash,
        bytes,
        view,
        0,
        length,
        textBytes,
        textView,
        textStart,
        textLength,
      );
      if (!isNew) throw reader.error(DUPLICATE);
      if (reader.offset < pause) continue;
      yield;
      pause = reader.offset + STEP_BYTES;
    }
  }

  /** Puts the pairs of a listpack in a table. */
  *#putPairs(reader: RdbReader, root: Ptr, bytes: Buffer, view: DataView, start: number): Steps {
    const { table } = this.#hashes;
    const { field, value } = this.#pairs;
    let pause = PAIRS_PER_STEP;
    let more = this.#pairs.first(bytes, view, start);
    for (; more; more = this.#pairs.next(bytes, view, start)) {
      const fieldBytes = field.textBytes(bytes);
      const fieldView = field.textView(view);
      const isNew = table.put(
        root,
        hashBytes(fieldView, field.textStart, field.textLength),
        fieldBytes,
        fieldView,
        field.textStart,
        field.textLength,
        value.textBytes(bytes),
        value.textView(view),
        value.textStart,
        value.textLength,
      );
      if (!isNew) throw reader.error(DUPLICATE);
      if (--pause > 0) continue;
      yield;
      pause = PAIRS_PER_STEP;
    }
  }
}
