/**
 * Writing RDB: its numbers, lengths and strings, into one chunk of memory after the other. Whoever
 * takes the chunks decides where they go, and sums them up.
 */
import { copyBytes } from '../memory/bytes.ts';
import { parseSafeInteger } from '../protocol/numbers.ts';
import { LzfCompressor } from './lzf.ts';
import {
  COMPRESSED_MIN,
  COMPRESSED_SAVING_MIN,
  ENCODED_INT8,
  ENCODED_INT16,
  ENCODED_INT32,
  ENCODED_LZF,
  LENGTH_14,
  LENGTH_32,
  LENGTH_64,
  LENGTH_ENCODED,
  VERSION,
} from './rdb-format.ts';
import type { Steps } from './steps.ts';

/** Where chunks go. */
export interface ByteSink {
  /**
   * Takes the first `length` bytes of a chunk. Returns the chunk that is to be filled next: the
   * same one if nothing refers to it any more, else another, of at least 64 bytes.
   */
  take(chunk: Buffer, length: number): Buffer;
}

/** How values are written. */
export interface RdbWriting {
  /** Whether strings are compressed. */
  readonly compresses: boolean;
  /** 11, or 10 for what Redis 7.0 reads. */
  readonly version: number;
}

export const DEFAULT_WRITING: RdbWriting = { compresses: true, version: VERSION };

/** Longest text of an integer that is stored as one. */
const INTEGER_TEXT_MAX = 11;
/** No number or length takes more. */
const ROOM_MIN = 16;
/** Bytes after which a value that is written in steps pauses. */
export const STEP_BYTES: number = 16 * 1024;
/** Longer strings are compressed bit by bit; see `compressLong`. */
const LONG_STRING_BYTES = 64 * 1024;
/** Still longer ones are not compressed: the result would have to be held until it is known. */
const COMPRESSED_MAX = 8 * 1024 * 1024;
const TWO_TO_32 = 2 ** 32;

/** See the file's comment. */
export class RdbWriter {
  compresses: boolean;
  version: number;
  /** Bytes handed over, and with those in the chunk. */
  #taken = 0;
  #at = 0;
  #chunk: Buffer;
  #view: DataView;
  readonly #sink: ByteSink;
  readonly #lzf: LzfCompressor;

  /**
   * Begins in `chunk`, which has at least 64 bytes. Several may share a compressor if none of them
   * writes long strings in steps.
   */
  constructor(
    sink: ByteSink,
    chunk: Buffer,
    { compresses, version }: RdbWriting,
    lzf: LzfCompressor = new LzfCompressor(),
  ) {
    this.compresses = compresses;
    this.version = version;
    this.#sink = sink;
    this.#lzf = lzf;
    this.#chunk = chunk;
    this.#view = viewOf(chunk);
  }

  /** Bytes written so far. */
  get written(): number {
    return this.#taken + this.#at;
  }

  /** Hands over what is in the chunk. */
  flush(): void {
    if (this.#at === 0) return;
    const chunk = this.#sink.take(this.#chunk, this.#at);
    this.#taken += this.#at;
    this.#at = 0;
    if (chunk === this.#chunk) return;
    this.#chunk = chunk;
    this.#view = viewOf(chunk);
  }

  // --- Numbers

  byte(value: number): void {
    if (this.#at === this.#chunk.length) this.flush();
    this.#chunk[this.#at++] = value;
  }

  uint16(value: number): void {
    this.#room();
    this.#view.setUint16(this.#at, value, true);
    this.#at += 2;
  }

  /** An integer in 64 bits. */
  int64(value: number | bigint): void {
    this.#room();
    if (typeof value === 'bigint') {
      this.#view.setBigInt64(this.#at, value, true);
    } else {
      this.#view.setInt32(this.#at, (value % TWO_TO_32) | 0, true);
      this.#view.setInt32(this.#at + 4, Math.floor(value / TWO_TO_32), true);
    }
    this.#at += 8;
  }

  /** 64 bits in two halves, the highest byte first, as ids of streams are told. */
  bigEndian(high: number, low: number): void {
    this.#room();
    this.#view.setInt32(this.#at, high);
    this.#view.setInt32(this.#at + 4, low);
    this.#at += 8;
  }

  double(value: number): void {
    this.#room();
    this.#view.setFloat64(this.#at, value, true);
    this.#at += 8;
  }

  // --- Lengths

  /** A safe integer of 0 or more. */
  length(length: number): void {
    if (length >= TWO_TO_32) {
      this.length64(length | 0, Math.floor(length / TWO_TO_32));
      return;
    }
    this.#room();
    if (length < 64) {
      this.#chunk[this.#at++] = length;
    } else if (length < 16384) {
      this.#chunk[this.#at++] = LENGTH_14 | (length >>> 8);
      this.#chunk[this.#at++] = length;
    } else {
      this.#chunk[this.#at++] = LENGTH_32;
      this.#view.setUint32(this.#at, length);
      this.#at += 4;
    }
  }

  /** An unsigned integer of 64 bits in its two halves. */
  length64(low: number, high: number): void {
    if (high === 0) {
      this.length(low >>> 0);
      return;
    }
    this.#room();
    this.#chunk[this.#at++] = LENGTH_64;
    this.#view.setInt32(this.#at, high);
    this.#view.setInt32(this.#at + 4, low);
    this.#at += 8;
  }

  // --- Strings

  /** Text that may be stored as an integer, or compressed. */
  string(bytes: Buffer, view: DataView, start: number, length: number): void {
    if (length <= INTEGER_TEXT_MAX && this.#integer(bytes, start, length)) return;
    if (!this.compresses || length < COMPRESSED_MIN || !this.#compressed(bytes, start, length)) {
      this.plainString(bytes, view, start, length);
    }
  }

  /** A text as it is. */
  plainString(bytes: Buffer, view: DataView, start: number, length: number): void {
    this.length(length);
    this.raw(bytes, view, start, length);
  }

  /** Latin-1 text. */
  latin1(text: string): void {
    const bytes = Buffer.from(text, 'latin1');
    this.string(bytes, viewOf(bytes), 0, bytes.length);
  }

  /** Bytes without a length. */
  raw(bytes: Buffer, view: DataView, start: number, length: number): void {
    let from = start;
    let left = length;
    while (left > 0) {
      if (this.#at === this.#chunk.length) this.flush();
      const part = Math.min(left, this.#chunk.length - this.#at);
      copyBytes(bytes, view, from, this.#chunk, this.#view, this.#at, part);
      this.#at += part;
      from += part;
      left -= part;
    }
  }

  /** Whether a text is to be written bit by bit. */
  isWrittenInSteps(length: number): boolean {
    return length > LONG_STRING_BYTES;
  }

  /**
   * As `string`, for one that `isWrittenInSteps`: each step takes well below a millisecond. The
   * text must stay as it is and where it is.
   */
  *longString(bytes: Buffer, view: DataView, start: number, length: number): Steps {
    const lzf = this.#lzf;
    let isWorthIt = this.compresses && length <= COMPRESSED_MAX;
    if (isWorthIt) lzf.begin(bytes, start, length, length - COMPRESSED_SAVING_MIN);
    while (isWorthIt && lzf.consumed < length) {
      // What has not become smaller by now hardly will.
      isWorthIt = lzf.step(LONG_STRING_BYTES) && lzf.outLength < lzf.consumed && this.compresses;
      yield;
    }
    if (isWorthIt) {
      this.#writeCompressed(length);
    } else {
      this.length(length);
      for (let at = 0; at < length; at += LONG_STRING_BYTES) {
        this.raw(bytes, view, start + at, Math.min(LONG_STRING_BYTES, length - at));
        yield;
      }
    }
    lzf.release(LONG_STRING_BYTES);
  }

  #integer(bytes: Buffer, start: number, length: number): boolean {
    const value = parseSafeInteger(bytes, start, start + length);
    if (value === (value << 24) >> 24) {
      this.#room();
      this.#chunk[this.#at++] = LENGTH_ENCODED | ENCODED_INT8;
      this.#chunk[this.#at++] = value;
      return true;
    }
    if (value === (value << 16) >> 16) {
      this.#room();
      this.#chunk[this.#at++] = LENGTH_ENCODED | ENCODED_INT16;
      this.#view.setInt16(this.#at, value, true);
      this.#at += 2;
      return true;
    }
    if (value !== (value | 0)) return false;
    this.#room();
    this.#chunk[this.#at++] = LENGTH_ENCODED | ENCODED_INT32;
    this.#view.setInt32(this.#at, value, true);
    this.#at += 4;
    return true;
  }

  #compressed(bytes: Buffer, start: number, length: number): boolean {
    if (length > COMPRESSED_MAX) return false;
    const lzf = this.#lzf;
    lzf.begin(bytes, start, length, length - COMPRESSED_SAVING_MIN);
    while (lzf.consumed < length) {
      if (!lzf.step(length)) return false;
      if (length > LONG_STRING_BYTES && lzf.outLength >= lzf.consumed) return false;
    }
    this.#writeCompressed(length);
    if (length > LONG_STRING_BYTES) lzf.release(LONG_STRING_BYTES);
    return true;
  }

  #writeCompressed(length: number): void {
    const { out, outLength } = this.#lzf;
    this.byte(LENGTH_ENCODED | ENCODED_LZF);
    this.length(outLength);
    this.length(length);
    this.raw(out, viewOf(out), 0, outLength);
  }

  #room(): void {
    if (this.#chunk.length - this.#at < ROOM_MIN) this.flush();
  }
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
