/**
 * Looking for one text among the entries of listpacks: what it is as an integer is found out once.
 */
import { equalBytes } from '../memory/bytes.ts';
import { moveBytes } from '../memory/move-bytes.ts';
import { Int64 } from './int64.ts';
import * as listpack from './listpack.ts';
import { FIRST_ENTRY, writeHeader } from './listpack-ends.ts';
import {
  equalsInteger,
  isString,
  sizeAt,
  sizeBefore,
  stringLength,
  stringStart,
} from './listpack-entry.ts';

/** A text that is looked for; it must stay where it is meanwhile. */
export class EntryMatcher {
  readonly #integer = new Int64();
  #isInteger = false;
  #text: Buffer = Buffer.alloc(0);
  #textView: DataView = new DataView(new ArrayBuffer(0));
  #offset = 0;
  #length = 0;

  /** Sets the text to look for. */
  set(text: Buffer, textView: DataView, offset: number, length: number): void {
    this.#text = text;
    this.#textView = textView;
    this.#offset = offset;
    this.#length = length;
    this.#isInteger = this.#integer.parse(text, offset, length);
  }

  /** Whether the entry that begins at `at` has this text. */
  matches(bytes: Buffer, view: DataView, at: number): boolean {
    if (!isString(bytes[at]!))
      return this.#isInteger && equalsInteger(bytes, view, at, this.#integer);
    return this.equals(bytes, view, stringStart(bytes, at), stringLength(bytes, view, at));
  }

  /** Whether a range of bytes is this text. */
  equals(bytes: Buffer, view: DataView, start: number, length: number): boolean {
    if (length !== this.#length) return false;
    return equalBytes(bytes, view, start, this.#text, this.#textView, this.#offset, length);
  }

  /**
   * Removes up to `most` entries with this text from a listpack, the first ones, and returns how
   * many there were. REQUIRES: the listpack's count is known.
   */
  removeFirst(bytes: Buffer, view: DataView, start: number, most: number): number {
    const end = start + listpack.end(view, start);
    // What stays is moved down in stretches: from `from` up to the next match, to `to`.
    let to = start + FIRST_ENTRY;
    let from = to;
    let removed = 0;
    for (let at = from; at < end && removed < most; ) {
      const behind = at + sizeAt(bytes, view, at);
      if (this.matches(bytes, view, at)) {
        moveBytes(bytes, view, to, from, at - from);
        to += at - from;
        from = behind;
        removed++;
      }
      at = behind;
    }
    if (removed === 0) return 0;
    moveBytes(bytes, view, to, from, end + 1 - from);
    const count = listpack.count(bytes, view, start);
    writeHeader(view, start, end + 1 - start - (from - to), count - removed);
    return removed;
  }

  /** As `removeFirst`, the last ones. */
  removeLast(bytes: Buffer, view: DataView, start: number, most: number): number {
    let removed = 0;
    let at = start + listpack.end(view, start);
    while (at > start + FIRST_ENTRY && removed < most) {
      at -= sizeBefore(bytes, at);
      if (!this.matches(bytes, view, at)) continue;
      listpack.remove(bytes, view, start, at - start);
      removed++;
    }
    return removed;
  }
}
