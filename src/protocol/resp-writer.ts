/**
 * Replies as RESP2 or RESP3, appended to one output buffer that all connections share: it is
 * flushed before the next connection's batch begins.
 */
import { constants } from 'node:buffer';
import { copyBytes } from '../memory/bytes.ts';
import { losslessBytes } from './lossless-text.ts';
import { formatDouble, formatPlaces, writeInteger } from './numbers.ts';
import type { Reply, ReplyMark } from './reply.ts';

const INITIAL_BYTES = 64 * 1024;
/** A buffer that one reply has blown up beyond this is dropped at the next reset. */
const KEPT_BYTES_MAX = 1024 * 1024;
/** Most room that is made beyond what a reply needs now. */
const DOUBLING_BYTES_MAX = 64 * 1024 * 1024;
/** No reply is longer, whatever its client may hold: the longest buffer there can be. */
const REPLY_BYTES_MAX = constants.MAX_LENGTH;
/** The shortest element of a reply: `:0`, CR LF. */
const ELEMENT_BYTES_MIN = 4;
/** Longest header: a type byte, 20 digits, CR LF. */
const HEADER_BYTES_MAX = 24;

const CR_LF = 0x0a0d;
const CR = 0x0d;
const LF = 0x0a;

const TYPE_ARRAY = 0x2a;
const TYPE_ATTRIBUTE = 0x7c;
const TYPE_BIG_NUMBER = 0x28;
const TYPE_BOOLEAN = 0x23;
const TYPE_BULK = 0x24;
const TYPE_DOUBLE = 0x2c;
const TYPE_ERROR = 0x2d;
const TYPE_INTEGER = 0x3a;
const TYPE_MAP = 0x25;
const TYPE_NULL = 0x5f;
const TYPE_PUSH = 0x3e;
const TYPE_SET = 0x7e;
const TYPE_STATUS = 0x2b;
const TYPE_VERBATIM = 0x3d;

/** Of strings of two-digit lengths: the type byte, the digits and CR as one word. */
const BULK_HEADERS: Int32Array = Int32Array.from({ length: 100 }, (_, length) => {
  const tens = Math.floor(length / 10);
  return (CR << 24) | ((0x30 + length - tens * 10) << 16) | ((0x30 + tens) << 8) | TYPE_BULK;
});

/** Thrown when a reply outgrows what its client may hold; the connection closes. */
export class ReplyTooLargeError extends Error {
  override name = 'ReplyTooLargeError';
}

/** The RESP form of Reply. */
export class RespWriter implements Reply {
  resp3 = false;
  /** Bytes written and not yet flushed are `buffer[0, length)`. */
  buffer!: Buffer;
  length = 0;
  /** Bytes that one batch may hold. */
  limitBytes: number = Number.POSITIVE_INFINITY;
  #view!: DataView;
  #capacity = 0;
  #lastWritten!: Buffer;

  constructor() {
    this.#use(Buffer.allocUnsafeSlow(INITIAL_BYTES));
  }

  /** Over the memory of `buffer`. */
  get view(): DataView {
    return this.#view;
  }

  /** Forgets what was flushed. */
  reset(): void {
    this.length = 0;
    if (this.#capacity > KEPT_BYTES_MAX) this.#use(Buffer.allocUnsafeSlow(INITIAL_BYTES));
  }

  /** What was written, valid until more is written or the writer is reset. */
  written(): Buffer {
    // Making a view costs as much as copying a kilobyte, and batches are often alike.
    if (this.#lastWritten.length !== this.length) {
      this.#lastWritten = this.buffer.subarray(0, this.length);
    }
    return this.#lastWritten;
  }

  /** Gives the buffer away, for a write that is still under way, and goes on with a fresh one. */
  detach(): Buffer {
    const written = this.buffer.subarray(0, this.length);
    this.length = 0;
    this.#use(Buffer.allocUnsafeSlow(INITIAL_BYTES));
    return written;
  }

  ok(): void {
    this.#reserve(8);
    const at = this.length;
    this.#view.setUint32(at, 0x0d4b4f2b, true); // +OK\r
    this.buffer[at + 4] = 0x0a;
    this.length = at + 5;
  }

  status(text: string): void {
    this.#line(TYPE_STATUS, text);
  }

  error(text: string): void {
    const bytes = losslessBytes(/[\r\n]/.test(text) ? text.replace(/[\r\n]/g, ' ') : text);
    this.#reserve(bytes.length + 3);
    this.buffer[this.length++] = TYPE_ERROR;
    this.buffer.set(bytes, this.length);
    this.length += bytes.length;
    this.#endLine();
  }

  integer(value: number): void {
    this.#header(TYPE_INTEGER, value);
  }

  bigInteger(value: bigint): void {
    this.#line(TYPE_INTEGER, value.toString());
  }

  bulk(bytes: Buffer, view: DataView, offset: number, length: number): void {
    this.#reserve(length + HEADER_BYTES_MAX);
    let at = this.length;
    if (length >= 10 && length < 100) {
      this.#view.setInt32(at, BULK_HEADERS[length]!, true);
      this.buffer[at + 4] = LF;
      at += 5;
    } else {
      this.#headerReserved(TYPE_BULK, length);
      at = this.length;
    }
    copyBytes(bytes, view, offset, this.buffer, this.#view, at, length);
    this.#view.setUint16(at + length, CR_LF, true);
    this.length = at + length + 2;
  }

  text(text: string): void {
    const length = Buffer.byteLength(text);
    this.#reserve(length + HEADER_BYTES_MAX);
    this.#headerReserved(TYPE_BULK, length);
    this.buffer.write(text, this.length);
    this.length += length;
    this.#endLine();
  }

  blob(bytes: Uint8Array): void {
    this.#reserve(bytes.length + HEADER_BYTES_MAX);
    this.#headerReserved(TYPE_BULK, bytes.length);
    this.buffer.set(bytes, this.length);
    this.length += bytes.length;
    this.#endLine();
  }

  verbatim(format: string, text: string): void {
    if (!this.resp3) {
      this.text(text);
      return;
    }
    const length = Buffer.byteLength(text) + 4;
    this.#reserve(length + HEADER_BYTES_MAX);
    this.#headerReserved(TYPE_VERBATIM, length);
    this.buffer.write(`${format}:${text}`, this.length);
    this.length += length;
    this.#endLine();
  }

  nil(): void {
    if (this.resp3) this.#line(TYPE_NULL, '');
    else this.#header(TYPE_BULK, -1);
  }

  nilArray(): void {
    if (this.resp3) this.#line(TYPE_NULL, '');
    else this.#header(TYPE_ARRAY, -1);
  }

  double(value: number): void {
    if (this.resp3) this.#line(TYPE_DOUBLE, formatDouble(value));
    else this.text(formatDouble(value));
  }

  longDouble(value: number): void {
    if (this.resp3) this.#line(TYPE_DOUBLE, formatPlaces(value));
    else this.text(formatPlaces(value));
  }

  boolean(value: boolean): void {
    if (this.resp3) this.#line(TYPE_BOOLEAN, value ? 't' : 'f');
    else this.integer(value ? 1 : 0);
  }

  bigNumber(digits: string): void {
    if (this.resp3) this.#line(TYPE_BIG_NUMBER, digits);
    else this.text(digits);
  }

  array(length: number): void {
    this.#collection(TYPE_ARRAY, length);
  }

  map(length: number): void {
    if (this.resp3) this.#collection(TYPE_MAP, length);
    else this.#collection(TYPE_ARRAY, length * 2);
  }

  set(length: number): void {
    this.#collection(this.resp3 ? TYPE_SET : TYPE_ARRAY, length);
  }

  push(length: number): void {
    this.#header(this.resp3 ? TYPE_PUSH : TYPE_ARRAY, length);
  }

  attribute(length: number): void {
    this.#header(TYPE_ATTRIBUTE, length);
  }

  openArray(): ReplyMark {
    return this.length;
  }

  closeArray(mark: ReplyMark, length: number): void {
    this.#insertHeader(mark, TYPE_ARRAY, length);
  }

  closeSet(mark: ReplyMark, length: number): void {
    this.#insertHeader(mark, this.resp3 ? TYPE_SET : TYPE_ARRAY, length);
  }

  mark(): ReplyMark {
    return this.length;
  }

  rewind(mark: ReplyMark): void {
    this.length = mark;
  }

  /** Appends bytes as they are. */
  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.buffer.set(bytes, this.length);
    this.length += bytes.length;
  }

  #insertHeader(mark: number, type: number, length: number): void {
    const end = this.length;
    this.#header(type, length);
    const header = Buffer.from(this.buffer.subarray(end, this.length));
    this.buffer.copyWithin(mark + header.length, mark, end);
    header.copy(this.buffer, mark);
  }

  /** Begins a collection. One that cannot be sent is refused before work is put into it. */
  #collection(type: number, length: number): void {
    if (length * ELEMENT_BYTES_MIN > REPLY_BYTES_MAX) {
      throw new ReplyTooLargeError(`reply of ${length} elements`);
    }
    this.#header(type, length);
  }

  #header(type: number, value: number): void {
    this.#reserve(HEADER_BYTES_MAX);
    this.#headerReserved(type, value);
  }

  #headerReserved(type: number, value: number): void {
    const buffer = this.buffer;
    let at = this.length;
    buffer[at++] = type;
    if (value >= 0 && value < 10) {
      buffer[at++] = 0x30 + value;
    } else if (value >= 10 && value < 100) {
      const tens = (value * 205) >>> 11;
      buffer[at] = 0x30 + tens;
      buffer[at + 1] = 0x30 + value - tens * 10;
      at += 2;
    } else {
      at = writeInteger(buffer, at, value);
    }
    this.#view.setUint16(at, CR_LF, true);
    this.length = at + 2;
  }

  #line(type: number, text: string): void {
    this.#reserve(text.length * 3 + 3);
    const { buffer } = this;
    const start = this.length + 1;
    buffer[start - 1] = type;
    // Words of a few letters: a call of \`write\` costs as much as fifty of them.
    let i = 0;
    for (; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code >= 0x80) break;
      buffer[start + i] = code;
    }
    this.length = start + i;
    if (i < text.length) this.length += buffer.write(text.slice(i), this.length);
    this.#endLine();
  }

  #endLine(): void {
    this.#view.setUint16(this.length, CR_LF, true);
    this.length += 2;
  }

  #reserve(bytes: number): void {
    if (this.length + bytes > this.#capacity) this.#grow(bytes);
  }

  #grow(bytes: number): void {
    const needed = this.length + bytes;
    if (needed > this.limitBytes || needed > REPLY_BYTES_MAX) {
      throw new ReplyTooLargeError(`reply of ${needed} bytes`);
    }
    const wanted = Math.max(needed, Math.min(this.#capacity * 2, needed + DOUBLING_BYTES_MAX));
    const larger = allocate(Math.min(wanted, REPLY_BYTES_MAX));
    this.buffer.copy(larger, 0, 0, this.length);
    this.#use(larger);
  }

  #use(buffer: Buffer): void {
    this.buffer = buffer;
    this.#lastWritten = buffer;
    this.#view = new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
    this.#capacity = buffer.length;
  }
}

function allocate(bytes: number): Buffer {
  try {
    return Buffer.allocUnsafeSlow(bytes);
  } catch (cause) {
    throw new ReplyTooLargeError(`no memory for a reply of ${bytes} bytes`, { cause });
  }
}
