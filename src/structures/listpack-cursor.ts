/**
 * Reading a listpack entry by entry without making objects: one cursor is made once and moved.
 *
 *   for (let more = cursor.first(bytes, view, start); more; more = cursor.next(bytes, view)) {
 *     cursor.spell();
 *     const { textStart, textLength } = cursor;
 *     reply.bulk(cursor.textBytes(bytes), cursor.textView(view), textStart, textLength);
 *   }
 *
 * A cursor keeps positions, not memory: the same `bytes` and `view` are handed to every call. It is
 * good until the listpack changes or moves; `seek` with its `offset` then finds the entry again.
 */
import { copyBytes } from '../memory/bytes.ts';
import { INT64_TEXT_MAX, Int64 } from './int64.ts';
import * as listpack from './listpack.ts';
import { END, isString, readInteger, sizeAt, stringLength, stringStart } from './listpack-entry.ts';

/** An entry of a listpack, as it was when the cursor came to it. */
export class ListpackCursor {
  /** Offset of the entry from the start of the listpack; 0 when the cursor is at none. */
  offset = 0;
  isInteger = false;
  /** The value, when `isInteger`. */
  readonly integer: Int64 = new Int64();
  /** Where the text lies in `textBytes`. Of an integer: only after `spell`. */
  textStart = 0;
  textLength = 0;
  #start = 0;
  readonly #digits = Buffer.alloc(INT64_TEXT_MAX);
  readonly #digitsView = new DataView(this.#digits.buffer, this.#digits.byteOffset, INT64_TEXT_MAX);

  /** Goes to the first entry. Like all moves, answers whether there is one. */
  first(bytes: Buffer, view: DataView, start: number): boolean {
    return this.seek(bytes, view, start, listpack.first(bytes, start));
  }

  /** Goes to the last entry. */
  last(bytes: Buffer, view: DataView, start: number): boolean {
    return this.seek(bytes, view, start, listpack.last(bytes, view, start));
  }

  /** Goes to the entry at an index, from the end if negative. */
  atIndex(bytes: Buffer, view: DataView, start: number, index: number): boolean {
    return this.seek(bytes, view, start, listpack.atIndex(bytes, view, start, index));
  }

  /** Goes to the next entry. REQUIRES: the cursor is at an entry. */
  next(bytes: Buffer, view: DataView): boolean {
    const at = this.#start + this.offset;
    const following = at + sizeAt(bytes, view, at);
    if (bytes[following] === END) return this.#leave();
    this.#read(bytes, view, following);
    return true;
  }

  /** Goes to the entry before. REQUIRES: the cursor is at an entry. */
  previous(bytes: Buffer, view: DataView): boolean {
    const offset = listpack.previous(bytes, this.#start, this.offset);
    return this.seek(bytes, view, this.#start, offset);
  }

  /** Goes to the entry at an offset, or to none if that is 0. */
  seek(bytes: Buffer, view: DataView, start: number, offset: number): boolean {
    this.#start = start;
    if (offset === 0) return this.#leave();
    this.#read(bytes, view, start + offset);
    return true;
  }

  /** Makes `textStart` and `textLength` true for an integer too, by printing it. */
  spell(): void {
    if (this.isInteger) {
      this.textStart = 0;
      this.textLength = this.integer.write(this.#digits, 0);
    }
  }

  /** The memory that the text is in: the listpack's, or for an integer the cursor's own. */
  textBytes(bytes: Buffer): Buffer {
    return this.isInteger ? this.#digits : bytes;
  }

  /** View of `textBytes`. */
  textView(view: DataView): DataView {
    return this.isInteger ? this.#digitsView : view;
  }

  /** Copies the text and returns the position behind it. REQUIRES: the places do not overlap. */
  copyText(bytes: Buffer, view: DataView, to: Buffer, toView: DataView, toOffset: number): number {
    if (this.isInteger) return this.integer.write(to, toOffset);
    copyBytes(bytes, view, this.textStart, to, toView, toOffset, this.textLength);
    return toOffset + this.textLength;
  }

  #leave(): boolean {
    this.offset = 0;
    return false;
  }

  #read(bytes: Buffer, view: DataView, at: number): void {
    this.offset = at - this.#start;
    if (isString(bytes[at]!)) {
      this.isInteger = false;
      this.textStart = stringStart(bytes, at);
      this.textLength = stringLength(bytes, view, at);
    } else {
      this.isInteger = true;
      readInteger(bytes, view, at, this.integer);
    }
  }
}
