/** Reading lists, in all the ways in which they were ever stored. */
import { TYPE_LIST } from '../keyspace/entry.ts';
import type { Ptr } from '../memory/address.ts';
import * as listpack from '../structures/listpack.ts';
import { ListpackCursor } from '../structures/listpack-cursor.ts';
import { isValidListpack } from '../structures/listpack-validate.ts';
import { LIST_LISTPACK, LIST_QUICKLIST, type Lists } from '../values/list.ts';
import type { DecodedValue } from './decoded-value.ts';
import type { ListpackBuilder } from './listpack-builder.ts';
import { NODE_PACKED, NODE_PLAIN } from './rdb-format.ts';
import { type RdbReader, STEP_BYTES } from './rdb-reader.ts';
import type { Steps } from './steps.ts';
import { convertZiplist } from './ziplist.ts';

/** The largest listpack that a node may be by any limit, in bytes. */
const NODE_BYTES_MAX = 64 * 1024;
/** Elements of a larger one that are added in a step. */
const ELEMENTS_PER_STEP = 1024;

/** See the file's comment. What was read comes to a DecodedValue: at once, or in steps. */
export class ListDecoder {
  readonly #lists: Lists;
  readonly #value: DecodedValue;
  readonly #builder: ListpackBuilder;
  readonly #element = new ListpackCursor();

  /** `builder` is scratch. */
  constructor(lists: Lists, value: DecodedValue, builder: ListpackBuilder) {
    this.#lists = lists;
    this.#value = value;
    this.#builder = builder;
  }

  /** Reads elements one by one. */
  elements(reader: RdbReader): Steps | null {
    const count = reader.count(1);
    const builder = this.#builder;
    const { limits } = this.#lists;
    builder.begin();
    for (let read = 0; read < count; read++) {
      reader.string();
      const { textBytes, textView, textStart, textLength } = reader;
      if (limits.exceeds(builder.totalBytes + textLength, builder.count + 1)) {
        return this.#build((root) => this.#pushElements(root, reader, count - read));
      }
      builder.add(textBytes, textView, textStart, textLength);
    }
    return this.#takeBuilt();
  }

  /** Reads one ziplist. */
  ziplist(reader: RdbReader): Steps | null {
    this.#readZiplist(reader);
    return this.#takeBuilt();
  }

  /** Reads nodes that are ziplists. */
  ziplists(reader: RdbReader): Steps | null {
    const count = reader.count(1);
    if (count === 0) return this.#takeEmpty();
    this.#readZiplist(reader);
    return count === 1
      ? this.#takeBuilt()
      : this.#build((root) => this.#appendZiplists(root, reader, count - 1));
  }

  /** Reads nodes that are listpacks or single elements. */
  nodes(reader: RdbReader): Steps | null {
    const count = reader.count(1);
    if (count === 0) return this.#takeEmpty();
    const isPacked = this.#readNode(reader);
    const { textBytes, textView, textStart, textLength } = reader;
    if (count > 1 || !isPacked) {
      return this.#build((root) => this.#appendNodes(root, reader, isPacked, count - 1));
    }
    return this.#takePacked(textBytes, textView, textStart, textLength);
  }

  // --- What is read comes to the value

  #takeEmpty(): null {
    this.#value.setEmpty(TYPE_LIST);
    return null;
  }

  #takeBuilt(): Steps | null {
    const builder = this.#builder;
    const length = builder.finish();
    return this.#takePacked(builder.bytes, builder.view, 0, length);
  }

  /** Takes a list that is one listpack, unless it is too large for that. */
  #takePacked(bytes: Buffer, view: DataView, start: number, length: number): Steps | null {
    const count = listpack.count(bytes, view, start);
    if (count === 0) return this.#takeEmpty();
    if (this.#lists.limits.exceeds(length, count)) {
      return this.#build((root) => this.#append(root, bytes, view, start));
    }
    this.#value.setBytes(TYPE_LIST, LIST_LISTPACK, bytes, view, start, length);
    return null;
  }

  /** Makes a quicklist. */
  *#build(fill: (root: Ptr) => Steps): Steps {
    const { quicklists } = this.#lists;
    const root = quicklists.create();
    let isWhole = false;
    try {
      yield* fill(root);
      isWhole = quicklists.count(root) > 0;
    } finally {
      if (!isWhole) quicklists.release(root, Number.POSITIVE_INFINITY);
    }
    if (isWhole) this.#value.setRoot(TYPE_LIST, LIST_QUICKLIST, root);
    else this.#takeEmpty();
  }

  // --- Nodes and elements

  /** Reads a node's kind and its bytes, which are the reader's text; whether it is packed. */
  #readNode(reader: RdbReader): boolean {
    const kind = reader.length();
    if (kind !== NODE_PACKED && kind !== NODE_PLAIN)
      throw reader.error(`${kind} is no kind of node`);
    const isPacked = kind === NODE_PACKED;
    reader.string();
    const { textBytes, textView, textStart, textLength } = reader;
    if (isPacked && !isValidListpack(textBytes, textView, textStart, textLength)) {
      throw reader.error('a listpack of a list is damaged');
    }
    return isPacked;
  }

  /** Reads a ziplist; the builder then has it as a listpack. */
  #readZiplist(reader: RdbReader): void {
    const builder = this.#builder;
    builder.begin();
    reader.string();
    const { textBytes, textView, textStart, textLength } = reader;
    if (!convertZiplist(textBytes, textView, textStart, textLength, builder)) {
      throw reader.error('a ziplist of a list is damaged');
    }
  }

  /** Adds the node that was read, and those that follow. */
  *#appendNodes(root: Ptr, reader: RdbReader, isPacked: boolean, following: number): Steps {
    let pause = reader.offset + STEP_BYTES;
    for (let left = following; ; left--) {
      const { textBytes, textView, textStart, textLength } = reader;
      if (isPacked) yield* this.#append(root, textBytes, textView, textStart);
      else this.#push(root, textBytes, textView, textStart, textLength);
      if (left === 0) return;
      if (reader.offset >= pause) {
        yield;
        pause = reader.offset + STEP_BYTES;
      }
      isPacked = this.#readNode(reader);
    }
  }

  /** Adds the ziplist that was read, and those that follow. */
  *#appendZiplists(root: Ptr, reader: RdbReader, following: number): Steps {
    const builder = this.#builder;
    for (let left = following; ; left--) {
      builder.finish();
      yield* this.#append(root, builder.bytes, builder.view, 0);
      if (left === 0) return;
      yield;
      this.#readZiplist(reader);
    }
  }

  /** Adds what was built, the element that was read, and those that follow: `count` with it. */
  *#pushElements(root: Ptr, reader: RdbReader, count: number): Steps {
    const builder = this.#builder;
    const { textBytes, textView, textStart, textLength } = reader;
    builder.finish();
    yield* this.#append(root, builder.bytes, builder.view, 0);
    this.#push(root, textBytes, textView, textStart, textLength);
    let pause = reader.offset + STEP_BYTES;
    for (let left = count - 1; left > 0; left--) {
      reader.string();
      this.#push(root, reader.textBytes, reader.textView, reader.textStart, reader.textLength);
      if (reader.offset < pause) continue;
      yield;
      pause = reader.offset + STEP_BYTES;
    }
  }

  /** Adds the elements of a listpack as a node, or one by one when it is too large to be one. */
  *#append(root: Ptr, bytes: Buffer, view: DataView, start: number): Steps {
    if (listpack.totalBytes(view, start) <= NODE_BYTES_MAX) {
      this.#lists.quicklists.appendListpack(root, bytes, view, start);
      return;
    }
    const element = this.#element;
    let pause = ELEMENTS_PER_STEP;
    for (let more = element.first(bytes, view, start); more; more = element.next(bytes, view)) {
      element.spell();
      const { textStart, textLength } = element;
      this.#push(root, element.textBytes(bytes), element.textView(view), textStart, textLength);
      if (--pause > 0) continue;
      yield;
      pause = ELEMENTS_PER_STEP;
    }
  }

  #push(root: Ptr, text: Buffer, view: DataView, start: number, length: number): void {
    this.#lists.quicklists.pushLast(root, text, view, start, length);
  }
}
