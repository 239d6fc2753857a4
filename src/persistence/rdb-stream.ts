/**
 * A snapshot that comes in pieces, as it is written: whoever reads it takes what is there, and
 * waits for more where that is not enough.
 *
 *   while (!stream.tryLength()) yield;
 *   use(stream.value);
 *
 * It is what this program has written uncompressed, so nothing is checked that a file is checked
 * for.
 */

import { writeInteger } from '../protocol/numbers.ts';
import { INT64_TEXT_MAX } from '../structures/int64.ts';
import {
  ENCODED_INT8,
  ENCODED_INT16,
  ENCODED_INT32,
  LENGTH_14,
  LENGTH_32,
  LENGTH_64,
  LENGTH_ENCODED,
  LENGTH_MASK,
} from './rdb-format.ts';

const FIRST_BYTES = 16 * 1024;
/** A larger buffer is given back when all that was in it is read. */
const KEPT_BYTES_MAX = 1024 * 1024;
const TWO_TO_32 = 2 ** 32;
/** Bytes that follow the first one of a length in 64 bits. */
const LONG_LENGTH_BYTES = 8;

/** See the file's comment. A `try` that answers with false has read nothing. */
export class RdbStream {
  /** What was read last: a length, rounded above 2^53. */
  value = 0;
  /** A text, in `textBytes` from `textStart` on; good until the next piece comes. */
  textBytes: Buffer;
  textStart = 0;
  textLength = 0;
  /** What has come and is not read is bytes[at, end). */
  bytes: Buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
  view: DataView = viewOf(this.bytes);
  at = 0;
  #end = 0;
  readonly #digits = Buffer.alloc(INT64_TEXT_MAX);

  constructor() {
    this.textBytes = this.#digits;
  }

  /** Bytes that can be read. */
  get available(): number {
    return this.#end - this.at;
  }

  /** Bytes of its buffer. */
  get usedBytes(): number {
    return this.bytes.length;
  }

  /** Adds a piece, which is copied. */
  push(chunk: Buffer, length: number): void {
    const left = this.available;
    if (this.#end + length > this.bytes.length) this.#makeRoom(left + length);
    chunk.copy(this.bytes, this.#end, 0, length);
    this.#end += length;
  }

  /** A byte. REQUIRES: there is one. */
  byte(): number {
    return this.bytes[this.at++]!;
  }

  /** A double. REQUIRES: 8 bytes. */
  double(): number {
    this.at += 8;
    return this.view.getFloat64(this.at - 8, true);
  }

  /** An integer of 64 bits. REQUIRES: 8 bytes. */
  int64(): bigint {
    this.at += 8;
    return this.view.getBigInt64(this.at - 8, true);
  }

  /** Reads a length. */
  tryLength(): boolean {
    const size = this.#lengthBytes();
    if (size === 0 || this.available < size) return false;
    this.value = this.#lengthAt(this.at);
    this.at += size;
    return true;
  }

  /** Reads a length as the integer of 64 bits that it is; undefined when it is not all there. */
  tryUnsigned(): bigint | undefined {
    const size = this.#lengthBytes();
    if (size === 0 || this.available < size) return undefined;
    const { at } = this;
    this.at += size;
    if (this.bytes[at] === LENGTH_64) return this.view.getBigUint64(at + 1);
    return BigInt(this.#lengthAt(at));
  }

  /** Reads a text, when all of it and `more` bytes behind it are there. */
  tryText(more = 0): boolean {
    const { at } = this;
    if (!this.tryTextHead()) return false;
    const own = this.textBytes === this.#digits ? 0 : this.textLength;
    if (this.available >= own + more) {
      this.at += own;
      return true;
    }
    this.at = at;
    return false;
  }

  /**
   * Reads how long a text is. It is in `textBytes` if it is stored as an integer (`isDigits`), else
   * it follows.
   */
  tryTextHead(): boolean {
    const size = this.#textHeadBytes();
    if (size === 0 || this.available < size) return false;
    const { at, bytes, view } = this;
    this.at += size;
    if ((bytes[at]! & LENGTH_MASK) !== LENGTH_ENCODED) {
      this.textBytes = bytes;
      this.textStart = this.at;
      this.textLength = this.#lengthAt(at);
      return true;
    }
    const value =
      size === 2
        ? view.getInt8(at + 1)
        : size === 3
          ? view.getInt16(at + 1, true)
          : view.getInt32(at + 1, true);
    this.textBytes = this.#digits;
    this.textStart = 0;
    this.textLength = writeInteger(this.#digits, 0, value);
    return true;
  }

  /** Whether the text that was read is that of an integer, of which nothing follows. */
  get isDigits(): boolean {
    return this.textBytes === this.#digits;
  }

  #textHeadBytes(): number {
    if (this.available === 0) return 0;
    const first = this.bytes[this.at]!;
    if ((first & LENGTH_MASK) !== LENGTH_ENCODED) return this.#lengthBytes();
    switch (first & ~LENGTH_MASK) {
      case ENCODED_INT8:
        return 2;
      case ENCODED_INT16:
        return 3;
      case ENCODED_INT32:
        return 5;
    }
    throw new Error(`a text begins with ${first}`);
  }

  /** Bytes of the length at the position; 0 when not even its first is there. */
  #lengthBytes(): number {
    if (this.available === 0) return 0;
    const first = this.bytes[this.at]!;
    if (first < LENGTH_14) return 1;
    if (first < LENGTH_32) return 2;
    if (first === LENGTH_32) return 5;
    if (first === LENGTH_64) return 1 + LONG_LENGTH_BYTES;
    throw new Error(`a length begins with ${first}`);
  }

  #lengthAt(at: number): number {
    const { bytes, view } = this;
    const first = bytes[at]!;
    if (first < LENGTH_14) return first;
    if (first < LENGTH_32) return ((first & ~LENGTH_MASK) << 8) | bytes[at + 1]!;
    if (first === LENGTH_32) return view.getUint32(at + 1);
    return view.getUint32(at + 1) * TWO_TO_32 + view.getUint32(at + 5);
  }

  /** Moves what is left to the beginning of a buffer that is large enough. */
  #makeRoom(needed: number): void {
    const { bytes, at } = this;
    const isTooLarge = bytes.length > KEPT_BYTES_MAX && needed <= FIRST_BYTES;
    if (needed > bytes.length || isTooLarge) {
      this.bytes = Buffer.allocUnsafeSlow(
        isTooLarge ? FIRST_BYTES : Math.max(needed, bytes.length * 2),
      );
      this.view = viewOf(this.bytes);
    }
    bytes.copy(this.bytes, 0, at, this.#end);
    this.#end -= at;
    this.at = 0;
  }
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
