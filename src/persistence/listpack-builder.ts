/** A listpack that is put together element by element, in memory that is kept for it. */

import type { Int64 } from '../structures/int64.ts';
import { BYTES_MAX } from '../structures/listpack.ts';
import { writeHeader } from '../structures/listpack-ends.ts';
import {
  END,
  integerEntryBytes,
  writeEntry,
  writeIntegerEntry,
} from '../structures/listpack-entry.ts';

const HEADER_BYTES = 6;
const COUNT_UNKNOWN = 0xffff;
/** Head and backlen of an entry take no more, and an integer's payload neither. */
const ENTRY_OVERHEAD_MAX = 20;
const ROOM_MIN = 4096;
/** A larger buffer is given up with the listpack that needed it. */
const ROOM_KEPT_MAX = 1024 * 1024;

/** See the file's comment. The listpack begins at byte 0. */
export class ListpackBuilder {
  bytes: Buffer = Buffer.allocUnsafeSlow(ROOM_MIN);
  view: DataView = viewOf(this.bytes);
  /** Elements so far. */
  count = 0;
  /** Bytes of the longest text so far. */
  longest = 0;
  #end = HEADER_BYTES;

  /** Begins another one. */
  begin(): void {
    this.count = 0;
    this.longest = 0;
    this.#end = HEADER_BYTES;
    if (this.bytes.length > ROOM_KEPT_MAX) this.#use(Buffer.allocUnsafeSlow(ROOM_MIN));
  }

  /** Bytes that it has if it ends here. */
  get totalBytes(): number {
    return this.#end + 1;
  }

  /** Whether a text of so many bytes can be added at all. */
  admits(textLength: number): boolean {
    return this.#end + textLength + ENTRY_OVERHEAD_MAX < BYTES_MAX;
  }

  /** Adds a text. REQUIRES: it lies elsewhere; `admits`. */
  add(text: Buffer, textView: DataView, start: number, length: number): void {
    this.#reserve(length + ENTRY_OVERHEAD_MAX);
    this.#end = writeEntry(this.bytes, this.view, this.#end, text, textView, start, length);
    this.count++;
    if (length > this.longest) this.longest = length;
  }

  /** Adds an integer. REQUIRES: `admits` a text of 20 bytes. */
  addInteger(integer: Int64): void {
    this.#reserve(integerEntryBytes(integer));
    this.#end = writeIntegerEntry(this.bytes, this.view, this.#end, integer);
    this.count++;
  }

  /** Ends it; how many bytes it has. */
  finish(): number {
    this.bytes[this.#end] = END;
    writeHeader(this.view, 0, this.totalBytes, Math.min(this.count, COUNT_UNKNOWN));
    return this.totalBytes;
  }

  #reserve(needed: number): void {
    const least = this.#end + needed + 1;
    if (least <= this.bytes.length) return;
    const longer = Buffer.allocUnsafeSlow(Math.max(least, this.bytes.length * 2));
    this.bytes.copy(longer, 0, 0, this.#end);
    this.#use(longer);
  }

  #use(bytes: Buffer): void {
    this.bytes = bytes;
    this.view = viewOf(bytes);
  }
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
