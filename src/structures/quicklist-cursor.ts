/**
 * Walking over the elements of a list, be it one listpack or a chain of nodes, without making
 * objects: one cursor is made once and moved.
 *
 *   for (let more = cursor.enter(lists, root, 0); more; more = cursor.next()) {
 *     cursor.read();
 *     reply.bulk(cursor.textBytes, cursor.textView, cursor.textStart, cursor.textLength);
 *   }
 *
 * It is good until the list changes or moves.
 */
import { NULL, type Ptr } from '../memory/address.ts';
import { writeInteger } from '../protocol/numbers.ts';
import { INT64_TEXT_MAX, Int64 } from './int64.ts';
import * as listpack from './listpack.ts';
import { FIRST_ENTRY } from './listpack-ends.ts';
import {
  backlenBytes,
  END,
  isString,
  readInteger,
  sizeAt,
  sizeBefore,
  stringLength,
  stringStart,
} from './listpack-entry.ts';
import type { EntryMatcher } from './listpack-match.ts';
import type { Quicklists } from './quicklist.ts';
import type { QuicklistNodes } from './quicklist-nodes.ts';

/** Takes byte strings one by one, as a reply does. */
export interface BulkSink {
  bulk(bytes: Buffer, view: DataView, offset: number, length: number): void;
}

const NO_BYTES = Buffer.alloc(0);
const NO_VIEW = new DataView(new ArrayBuffer(0));

/** The texts of 0 to 127, one behind the other, and where each begins. */
const SMALL = Buffer.from(Array.from({ length: 128 }, (_, i) => `${i}`).join(''));
const SMALL_VIEW = new DataView(SMALL.buffer, SMALL.byteOffset, SMALL.length);

/** An element of a list. */
export class QuicklistCursor {
  /** The element's node; NULL in a list that is one listpack. */
  node: Ptr = NULL;
  /** The element's text, after `read`. */
  textBytes: Buffer = NO_BYTES;
  textView: DataView = NO_VIEW;
  textStart = 0;
  textLength = 0;

  /** The extent of the listpack or plain node, where that starts, and where the entry is. */
  #bytes: Buffer = NO_BYTES;
  #view: DataView = NO_VIEW;
  #start = 0;
  #at = 0;
  #isPlain = false;
  #nodes: QuicklistNodes | null = null;
  readonly #integer = new Int64();
  readonly #digits = Buffer.alloc(INT64_TEXT_MAX);
  readonly #digitsView = new DataView(this.#digits.buffer, this.#digits.byteOffset, INT64_TEXT_MAX);

  /** Goes to an element of a list that is one listpack. REQUIRES: it has so many. */
  enterListpack(bytes: Buffer, view: DataView, start: number, index: number): void {
    this.#nodes = null;
    this.node = NULL;
    this.#isPlain = false;
    this.#bytes = bytes;
    this.#view = view;
    this.#start = start;
    this.#at = start + listpack.atIndex(bytes, view, start, index);
  }

  /** Goes to an element of a chain. REQUIRES: it has so many. */
  enter(lists: Quicklists, root: Ptr, index: number): void {
    this.#nodes = lists.nodes;
    const node = lists.seek(root, index);
    this.#enterNode(node);
    if (this.#isPlain) return;
    const { indexInNode } = lists;
    this.#at = this.#start + listpack.atIndex(this.#bytes, this.#view, this.#start, indexInNode);
  }

  /** Goes to the next element. Like all moves, answers whether there is one. */
  next(): boolean {
    if (!this.#isPlain) {
      this.#at += sizeAt(this.#bytes, this.#view, this.#at);
      if (this.#bytes[this.#at] !== END) return true;
    }
    return this.#nextNode();
  }

  /** Goes to the element before. */
  previous(): boolean {
    if (!this.#isPlain && this.#at > this.#start + FIRST_ENTRY) {
      this.#at -= sizeBefore(this.#bytes, this.#at);
      return true;
    }
    if (this.#nodes === null) return false;
    const node = this.#nodes.previous(this.node);
    if (node === NULL) return false;
    this.#enterNode(node);
    if (!this.#isPlain) {
      this.#at = this.#start + listpack.last(this.#bytes, this.#view, this.#start);
    }
    return true;
  }

  /** Offset of the element's entry in its listpack; 0 in a plain node. */
  get offset(): number {
    return this.#isPlain ? 0 : this.#at - this.#start;
  }

  /** Whether the element is held as an integer. */
  get isInteger(): boolean {
    return !this.#isPlain && !isString(this.#bytes[this.#at]!);
  }

  matches(matcher: EntryMatcher): boolean {
    if (!this.#isPlain) return matcher.matches(this.#bytes, this.#view, this.#at);
    return matcher.equals(this.#bytes, this.#view, this.textStart, this.textLength);
  }

  /** Makes `textBytes`, `textView`, `textStart` and `textLength` true. */
  read(): void {
    if (this.#isPlain) return;
    const bytes = this.#bytes;
    const view = this.#view;
    if (isString(bytes[this.#at]!)) {
      this.textBytes = bytes;
      this.textView = view;
      this.textStart = stringStart(bytes, this.#at);
      this.textLength = stringLength(bytes, view, this.#at);
      return;
    }
    readInteger(bytes, view, this.#at, this.#integer);
    this.textBytes = this.#digits;
    this.textView = this.#digitsView;
    this.textStart = 0;
    const { low, high } = this.#integer;
    const isShort = high === low >> 31;
    this.textLength = isShort
      ? writeInteger(this.#digits, 0, low)
      : this.#integer.write(this.#digits, 0);
  }

  /** Gives a sink this element and those behind it, `count` in all. REQUIRES: there are so many. */
  writeForward(sink: BulkSink, count: number): void {
    let left = count;
    while (left > 0) {
      left = this.#isPlain ? this.#writeText(sink, left) : this.#writeEntries(sink, left);
      if (left > 0) this.#nextNode();
    }
  }

  /** As `writeForward`, with the elements before it, backwards. */
  writeBackward(sink: BulkSink, count: number): void {
    for (let left = count; left > 0; left--) {
      this.#writeText(sink, 1);
      if (left > 1) this.previous();
    }
  }

  /** Writes entries up to the end of the listpack; returns how many of `count` are left. */
  #writeEntries(sink: BulkSink, count: number): number {
    const bytes = this.#bytes;
    const view = this.#view;
    let left = count;
    let at = this.#at;
    for (; left > 0; left--) {
      const head = bytes[at]!;
      // What most lists are made of here, all else the long way.
      if (head < 0x80) {
        const start = head < 10 ? head : head < 100 ? head * 2 - 10 : head * 3 - 110;
        sink.bulk(SMALL, SMALL_VIEW, start, head < 10 ? 1 : head < 100 ? 2 : 3);
        at += 2;
      } else if (head < 0xc0) {
        const length = head & 63;
        sink.bulk(bytes, view, at + 1, length);
        at += length + 2;
      } else if (head >= 0xe0 && head < 0xf0) {
        const length = ((head & 15) << 8) | bytes[at + 1]!;
        sink.bulk(bytes, view, at + 2, length);
        at += length + 2 + backlenBytes(length + 2);
      } else {
        if (head === END) break;
        this.#at = at;
        this.#writeText(sink, 1);
        at += sizeAt(bytes, view, at);
      }
    }
    this.#at = at;
    return left;
  }

  #writeText(sink: BulkSink, left: number): number {
    this.read();
    sink.bulk(this.textBytes, this.textView, this.textStart, this.textLength);
    return left - 1;
  }

  #nextNode(): boolean {
    if (this.#nodes === null) return false;
    const node = this.#nodes.next(this.node);
    if (node === NULL) return false;
    this.#enterNode(node);
    return true;
  }

  /** Goes to the first element of a node. */
  #enterNode(node: Ptr): void {
    const nodes = this.#nodes!;
    this.node = node;
    this.#bytes = nodes.bytes(node);
    this.#view = nodes.view(node);
    this.#isPlain = nodes.isPlain(node);
    if (this.#isPlain) {
      this.textBytes = this.#bytes;
      this.textView = this.#view;
      this.textStart = nodes.plainStart(node);
      this.textLength = nodes.plainLength(node);
      return;
    }
    this.#start = nodes.start(node);
    this.#at = this.#start + FIRST_ENTRY;
  }
}
