/**
 * Reading RDB from the beginning to the end: its numbers, lengths and strings, whatever bytes they
 * come from. Nothing is believed: no length reserves more memory than bytes are left to fill it.
 *
 * There is one window of bytes that moves on over its source, so that a file of any size takes no
 * more memory than its longest string. A payload is its own window.
 */
import { writeInteger } from '../protocol/numbers.ts';
import type { Int64 } from '../structures/int64.ts';
import { ID_BYTES, type StreamId } from '../structures/stream-id.ts';
import { Crc64 } from './crc64.ts';
import { expandLzf, isPossibleLzf } from './lzf.ts';
import { RdbError } from './rdb-error.ts';
import {
  ENCODED_INT8,
  ENCODED_INT16,
  ENCODED_INT32,
  ENCODED_LZF,
  LENGTH_14,
  LENGTH_32,
  LENGTH_64,
  LENGTH_ENCODED,
  LENGTH_MASK,
} from './rdb-format.ts';

/** Where bytes come from. */
export interface ByteSource {
  /** All the bytes there are. */
  readonly size: number;
  /** Puts up to `length` of the bytes that come next at into[at..]; how many, 0 at the end. */
  read(into: Buffer, at: number, length: number): number;
}

/** Bytes after which a value that is read in steps pauses. */
export const STEP_BYTES: number = 32 * 1024;

const WINDOW_BYTES = 256 * 1024;
/** Longest string: positions in one are small integers everywhere. */
const STRING_BYTES_MAX = 2 ** 30;
/** A buffer for long strings that is larger than this is not kept. */
const KEPT_BYTES_MAX = 1024 * 1024;
/** Longest text of an encoded integer. */
const INTEGER_TEXT_MAX = 11;
const TWO_TO_32 = 2 ** 32;

const NO_SOURCE: ByteSource = { size: 0, read: () => 0 };

/** See the file's comment. Whatever reads throws RdbError where the bytes do not allow it. */
export class RdbReader {
  /** The string read last: valid until the next is. */
  textBytes: Buffer;
  textView: DataView;
  textStart = 0;
  textLength = 0;
  /** Whether it was an integer. */
  isInteger = false;
  /** What the length read last says of a string's encoding, -1 for a plain length. */
  encoded = -1;
  /** Of all that was read, where that was asked for; up to date after `sumUp`. */
  readonly checksum: Crc64 = new Crc64();

  readonly #source: ByteSource;
  readonly #sums: boolean;
  #bytes: Buffer;
  #view: DataView;
  /** Place in the window, and where the bytes end that are in it. */
  #at: number;
  #end: number;
  /** Offset of the window's first byte from the beginning, and of the end of all. */
  #offset: number;
  #size: number;
  /** Where in the window the checksum has come to. */
  #summedTo = 0;
  /** Room for strings that do not lie in the window as they are. */
  #long: Buffer = Buffer.allocUnsafeSlow(4096);
  #longView: DataView = viewOf(this.#long);

  private constructor(
    source: ByteSource,
    window: Buffer,
    start: number,
    end: number,
    sums: boolean,
  ) {
    this.#source = source;
    this.#sums = sums;
    this.#bytes = window;
    this.#view = viewOf(window);
    this.textBytes = window;
    this.textView = this.#view;
    this.#at = start;
    this.#end = end;
    this.#summedTo = start;
    this.#offset = -start;
    this.#size = source === NO_SOURCE ? end - start : source.size;
  }

  /** Reads what a source gives, and sums it up if that is wanted. */
  static ofSource(source: ByteSource, sums: boolean): RdbReader {
    return new RdbReader(source, Buffer.allocUnsafeSlow(WINDOW_BYTES), 0, 0, sums);
  }

  /** Reads `length` bytes of memory. */
  static ofBytes(bytes: Buffer, start: number, length: number): RdbReader {
    return new RdbReader(NO_SOURCE, bytes, start, start + length, false);
  }

  /** Bytes from the beginning to what is read next. */
  get offset(): number {
    return this.#offset + this.#at;
  }

  /** Bytes from there to the end. */
  get left(): number {
    return this.#size - this.offset;
  }

  /** An error about what was read last, or is read next. */
  error(reason: string): RdbError {
    return new RdbError(this.offset, reason);
  }

  /** Brings the checksum up to what was read. */
  sumUp(): void {
    this.checksum.update(this.#bytes, this.#view, this.#summedTo, this.#at);
    this.#summedTo = this.#at;
  }

  // --- Numbers

  byte(): number {
    if (this.#at === this.#end) this.#need(1);
    return this.#bytes[this.#at++]!;
  }

  uint16(): number {
    this.#need(2);
    const value = this.#view.getUint16(this.#at, true);
    this.#at += 2;
    return value;
  }

  int32(): number {
    this.#need(4);
    const value = this.#view.getInt32(this.#at, true);
    this.#at += 4;
    return value;
  }

  /** A 64-bit integer as the nearest double: times are exact. */
  int64(): number {
    this.#need(8);
    const low = this.#view.getUint32(this.#at, true);
    const high = this.#view.getInt32(this.#at + 4, true);
    this.#at += 8;
    return high * TWO_TO_32 + low;
  }

  /** A 64-bit integer. */
  int64Exact(into: Int64): void {
    this.#need(8);
    into.set(this.#view.getInt32(this.#at, true), this.#view.getInt32(this.#at + 4, true));
    this.#at += 8;
  }

  /** An id of a stream: two times 64 bits, the highest byte first. */
  streamId(into: StreamId): void {
    this.#need(ID_BYTES);
    const view = this.#view;
    const at = this.#at;
    into.set(
      view.getInt32(at),
      view.getInt32(at + 4),
      view.getInt32(at + 8),
      view.getInt32(at + 12),
    );
    this.#at += ID_BYTES;
  }

  double(): number {
    this.#need(8);
    const value = this.#view.getFloat64(this.#at, true);
    this.#at += 8;
    return value;
  }

  /** Whether the checksum is what the next 8 bytes say; 8 zeros say that there is none. */
  isSummedUp(): boolean {
    this.#need(8);
    const at = this.#at;
    this.#at += 8;
    const isAbsent = this.#view.getInt32(at, true) === 0 && this.#view.getInt32(at + 4, true) === 0;
    return isAbsent || this.checksum.matches(this.#view, at);
  }

  // --- Lengths

  /** A plain length, of at most 53 bits. */
  length(): number {
    const length = this.#anyLength();
    if (this.encoded >= 0) throw this.error('an encoded string where a length should be');
    return length;
  }

  /** A length of 64 bits. */
  length64(into: Int64): void {
    const first = this.byte();
    if (first === LENGTH_64) {
      this.#need(8);
      into.set(this.#view.getInt32(this.#at + 4), this.#view.getInt32(this.#at));
      this.#at += 8;
      return;
    }
    this.#at--;
    into.setNumber(this.length());
  }

  /** The number of things that take at least so many bytes each. */
  count(bytesEach: number): number {
    const at = this.offset;
    const count = this.length();
    if (count * bytesEach > this.left) {
      throw new RdbError(
        at,
        `${count} elements do not fit in the ${this.left} bytes that are left`,
      );
    }
    return count;
  }

  #anyLength(): number {
    const first = this.byte();
    this.encoded = -1;
    switch (first & LENGTH_MASK) {
      case 0:
        return first;
      case LENGTH_14:
        return ((first & 63) << 8) | this.byte();
      case LENGTH_ENCODED:
        this.encoded = first & 63;
        return 0;
    }
    if (first !== LENGTH_32 && first !== LENGTH_64) {
      this.#at--;
      throw this.error(`${first} begins no length`);
    }
    this.#need(first === LENGTH_32 ? 4 : 8);
    let length = this.#view.getUint32(this.#at);
    this.#at += 4;
    if (first === LENGTH_64) {
      length = length * TWO_TO_32 + this.#view.getUint32(this.#at);
      this.#at += 4;
      if (length > Number.MAX_SAFE_INTEGER) throw this.error(`a length of ${length}`);
    }
    return length;
  }

  // --- Strings

  /** Reads a string: its text then is in the fields. */
  string(): void {
    const length = this.#anyLength();
    this.isInteger = false;
    if (this.encoded < 0) this.raw(length);
    else if (this.encoded === ENCODED_LZF) this.#compressed();
    else this.#integer();
  }

  /** Reads so many bytes as a text. */
  raw(length: number): void {
    if (length > this.left) {
      throw this.error(`a string of ${length} bytes, of which only ${this.left} are there`);
    }
    if (length > STRING_BYTES_MAX) throw this.error(`a string of ${length} bytes`);
    if (length <= this.#bytes.length || this.#source === NO_SOURCE) {
      this.#need(length);
      this.textBytes = this.#bytes;
      this.textView = this.#view;
      this.textStart = this.#at;
      this.#at += length;
    } else {
      this.#useLong(length);
      this.#readLong(length);
    }
    this.textLength = length;
  }

  /** The next string as Latin-1 text: for what is no user data. */
  latin1(): string {
    this.string();
    return this.textBytes.toString('latin1', this.textStart, this.textStart + this.textLength);
  }

  /** Passes over a string without expanding it. */
  skipString(): void {
    let length = this.#anyLength();
    if (this.encoded === ENCODED_LZF) {
      length = this.length();
      this.length();
    } else if (this.encoded >= 0) {
      if (this.encoded > ENCODED_INT32)
        throw this.error(`${this.encoded} is no encoding of strings`);
      length = 1 << this.encoded;
    }
    this.skip(length);
  }

  /** Passes over so many bytes. */
  skip(length: number): void {
    if (length > this.left)
      throw this.error(`${length} bytes, of which only ${this.left} are there`);
    let left = length;
    while (left > 0) {
      if (this.#at === this.#end) this.#need(1);
      const passed = Math.min(left, this.#end - this.#at);
      this.#at += passed;
      left -= passed;
    }
  }

  #integer(): void {
    let value = 0;
    if (this.encoded === ENCODED_INT8) value = (this.byte() << 24) >> 24;
    else if (this.encoded === ENCODED_INT16) value = (this.uint16() << 16) >> 16;
    else if (this.encoded === ENCODED_INT32) value = this.int32();
    else throw this.error(`${this.encoded} is no encoding of strings`);
    this.isInteger = true;
    this.#useLong(INTEGER_TEXT_MAX);
    this.textLength = writeInteger(this.#long, 0, value);
  }

  #compressed(): void {
    const compressed = this.length();
    const length = this.length();
    if (compressed > this.left) {
      throw this.error(
        `a compressed string of ${compressed} bytes, of which ${this.left} are there`,
      );
    }
    if (length > STRING_BYTES_MAX || !isPossibleLzf(compressed, length)) {
      throw this.error(`a string of ${length} bytes that is compressed to ${compressed}`);
    }
    this.raw(compressed);
    const { textBytes, textStart } = this;
    // A long one lies where it is to be expanded to.
    const from = textBytes === this.#long ? this.#takeLong() : textBytes;
    this.#useLong(length);
    if (!expandLzf(from, textStart, compressed, this.#long, length)) {
      throw this.error(`a compressed string that does not become ${length} bytes`);
    }
    this.textLength = length;
  }

  /** Makes the text begin in the buffer for long strings, with room for so many bytes. */
  #useLong(length: number): void {
    const isWasteful = this.#long.length > KEPT_BYTES_MAX && length <= KEPT_BYTES_MAX;
    if (this.#long.length < length || isWasteful) {
      this.#long = Buffer.allocUnsafeSlow(Math.max(4096, length));
      this.#longView = viewOf(this.#long);
    }
    this.textBytes = this.#long;
    this.textView = this.#longView;
    this.textStart = 0;
  }

  #takeLong(): Buffer {
    const taken = this.#long;
    this.#long = Buffer.allocUnsafeSlow(0);
    return taken;
  }

  /** Reads bytes that are more than the window. REQUIRES: so many are left. */
  #readLong(length: number): void {
    const inWindow = this.#end - this.#at;
    this.#bytes.copy(this.#long, 0, this.#at, this.#end);
    this.#at = this.#end;
    this.#finishWindow();
    let have = inWindow;
    while (have < length) {
      const got = this.#source.read(this.#long, have, length - have);
      if (got === 0) throw this.error('the end in the middle of a string');
      if (this.#sums) this.checksum.update(this.#long, this.#longView, have, have + got);
      have += got;
      this.#offset += got;
    }
  }

  // --- The window

  /** Sees to it that the next `count` bytes are in the window. REQUIRES: it is as large as that. */
  #need(count: number): void {
    if (this.#end - this.#at >= count) return;
    if (count > this.left) throw this.error('the end is here, where more should come');
    this.#finishWindow();
    while (this.#end < count) {
      const got = this.#source.read(this.#bytes, this.#end, this.#bytes.length - this.#end);
      if (got === 0) throw this.error('the end is here, where more should come');
      this.#end += got;
    }
  }

  /** Moves what is not yet read to the beginning of the window. */
  #finishWindow(): void {
    if (this.#source === NO_SOURCE) throw this.error('the end is here, where more should come');
    if (this.#sums) this.sumUp();
    this.#bytes.copyWithin(0, this.#at, this.#end);
    this.#offset += this.#at;
    this.#end -= this.#at;
    this.#at = 0;
    this.#summedTo = 0;
  }
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
