/**
 * Requests as RESP arrays of bulk strings or as inline lines, taken from a buffer as they arrive.
 *
 * `parse` fills an Args with offsets into the buffer. A command that is not complete yet is
 * remembered, so that the next call, with more bytes behind the same ones, goes on where this one
 * stopped: the cost of a command is linear however it is split. Nothing is ever reserved for a
 * declared length.
 */
import type { Args } from './args.ts';
import { losslessText } from './lossless-text.ts';
import { isInteger64, parseSafeInteger } from './numbers.ts';
import { splitWords } from './quoting.ts';

export const INCOMPLETE = 0;
export const COMPLETE = 1;
/** The connection is to be told `error` and closed. */
const MALFORMED = 2;

/** Longest inline command, and longest line that announces a length. */
const LINE_BYTES_MAX = 64 * 1024;
const MULTIBULK_MAX = 2 ** 31 - 1;
/** What a client may send before it has given the password. */
const UNAUTHENTICATED_MULTIBULK_MAX = 10;
const UNAUTHENTICATED_BULK_BYTES_MAX = 16384;

/** A type byte, a digit, CR LF. */
const HEADER_BYTES_MIN = 4;
/** The shortest bulk string: `$0`, CR LF, CR LF. */
const BULK_BYTES_MIN = 6;

/**
 * Longest header that is well-formed: a type byte and the digits of 512 MiB, with room to spare.
 */
const HEADER_BYTES_MAX = 24;

const ZERO = 0x30;
const CR = 0x0d;
const LF = 0x0a;
const ASTERISK = 0x2a;
const DOLLAR = 0x24;
const MINUS = 0x2d;

/** One connection's place in its input. */
export class RequestParser {
  /** Where parsing goes on: behind the last complete command, or inside an incomplete one. */
  position = 0;
  /** Protocol error, without `ERR `, after MALFORMED. */
  error = '';
  /** proto-max-bulk-len. */
  bulkBytesMax: number;
  /** Whether the client has yet to give the password: then it may send only little at a time. */
  unauthenticated = false;

  /** Bulk strings still to come in the current command; 0 between commands. */
  #bulksLeft = 0;
  /** Length of the bulk string being read, -1 when its header is still to come. */
  #bulkLength = -1;

  constructor(bulkBytesMax: number) {
    this.bulkBytesMax = bulkBytesMax;
  }

  /** Bytes that the current bulk string lacks behind `end`: a hint how much room to make. */
  missingBytes(end: number): number {
    return this.#bulkLength < 0 ? 0 : Math.max(0, this.position + this.#bulkLength + 2 - end);
  }

  /** Whether a command has been begun and not completed. */
  get midCommand(): boolean {
    return this.#bulksLeft > 0;
  }

  /**
   * Forgets an incomplete command: the next call begins at the start of a buffer, between commands.
   */
  restart(): void {
    this.position = 0;
    this.#bulksLeft = 0;
    this.#bulkLength = -1;
  }

  /**
   * Reads one command from `bytes[position, end)` into `args`, which at the start of a command must
   * be reset and in the middle of one must be the same as before. COMPLETE with no arguments is an
   * empty line or array: skip it.
   */
  parse(bytes: Buffer, end: number, args: Args): number {
    if (this.#bulksLeft === 0) {
      if (this.position >= end) return INCOMPLETE;
      if (bytes[this.position] !== ASTERISK) return this.#inline(bytes, end, args);
      if (this.#takeShort(bytes, end, args)) return COMPLETE;
      const outcome = this.#multibulkHeader(bytes, end);
      if (outcome !== COMPLETE) return outcome;
    }
    while (this.#bulksLeft > 0) {
      if (this.#bulkLength < 0) {
        const outcome = this.#bulkHeader(bytes, end);
        if (outcome !== COMPLETE) return outcome;
      }
      const after = this.position + this.#bulkLength + 2;
      if (after > end) return INCOMPLETE;
      args.push(this.position, this.#bulkLength);
      this.position = after;
      this.#bulkLength = -1;
      this.#bulksLeft--;
    }
    args.end = this.position;
    return COMPLETE;
  }

  /**
   * Takes a command as most are: all there, with up to nine arguments of up to 99 bytes. False
   * leaves everything as it was, for others to look closer.
   */
  #takeShort(bytes: Buffer, end: number, args: Args): boolean {
    let at = this.position;
    const count = end - at < HEADER_BYTES_MIN ? -1 : shortLength(bytes, at + 1);
    if (count < 1 || count > 9) return false;
    at += HEADER_BYTES_MIN;
    for (let i = 0; i < count; i++) {
      const isBulk = end - at >= BULK_BYTES_MIN && bytes[at] === DOLLAR;
      const length = isBulk ? shortLength(bytes, at + 1) : -1;
      const start = at + (length < 10 ? HEADER_BYTES_MIN : HEADER_BYTES_MIN + 1);
      at = start + length + 2;
      if (length < 0 || at > end) {
        args.count = 0;
        return false;
      }
      args.push(start, length);
    }
    this.position = at;
    args.end = at;
    return true;
  }

  #multibulkHeader(bytes: Buffer, end: number): number {
    const line = this.#lineEnd(bytes, end);
    if (line < 0) return this.#waitForLine(end, 'too big mbulk count string');
    const count = readCount(bytes, this.position + 1, line);
    if (!(count <= MULTIBULK_MAX)) return this.#malformed('invalid multibulk length');
    if (this.unauthenticated && count > UNAUTHENTICATED_MULTIBULK_MAX) {
      return this.#malformed('unauthenticated multibulk length');
    }
    this.position = line + 2;
    this.#bulksLeft = Math.max(0, count);
    return COMPLETE;
  }

  #bulkHeader(bytes: Buffer, end: number): number {
    const line = this.#lineEnd(bytes, end);
    if (line < 0) return this.#waitForLine(end, 'too big bulk count string');
    const first = bytes[this.position]!;
    if (first !== DOLLAR) {
      const got = losslessText(bytes, this.position, this.position + 1);
      return this.#malformed(`expected '$', got '${got}'`);
    }
    const length = readLength(bytes, this.position + 1, line);
    if (!(length >= 0 && length <= this.bulkBytesMax))
      return this.#malformed('invalid bulk length');
    if (this.unauthenticated && length > UNAUTHENTICATED_BULK_BYTES_MAX) {
      return this.#malformed('unauthenticated bulk length');
    }
    this.position = line + 2;
    this.#bulkLength = length;
    return COMPLETE;
  }

  /**
   * Offset of the CR that ends the line at `position`, once the byte behind it is there too; else
   * -1.
   */
  #lineEnd(bytes: Buffer, end: number): number {
    // Only a malformed header is longer; then, and when its end has not come yet, look further.
    const near = Math.min(this.position + HEADER_BYTES_MAX, end - 1);
    for (let at = this.position + 2; at < near; at++) if (bytes[at] === CR) return at;
    const limit = Math.min(end, this.position + LINE_BYTES_MAX + 1);
    const line = bytes.subarray(0, limit).indexOf(CR, this.position);
    return line < 0 || line + 1 >= end ? -1 : line;
  }

  #waitForLine(end: number, error: string): number {
    return end - this.position > LINE_BYTES_MAX ? this.#malformed(error) : INCOMPLETE;
  }

  #inline(bytes: Buffer, end: number, args: Args): number {
    const limit = Math.min(end, this.position + LINE_BYTES_MAX + 1);
    const newline = bytes.subarray(0, limit).indexOf(LF, this.position);
    if (newline < 0) return this.#waitForLine(end, 'too big inline request');
    const hasReturn = newline > this.position && bytes[newline - 1] === CR;
    const words = splitWords(bytes.subarray(this.position, hasReturn ? newline - 1 : newline));
    if (words === undefined) return this.#malformed('unbalanced quotes in request');
    this.position = newline + 1;
    args.set(words);
    args.end = this.position;
    return COMPLETE;
  }

  #malformed(error: string): number {
    this.error = error;
    return MALFORMED;
  }
}

/** The integer of one digit or two that CR ends, or -1. */
function shortLength(bytes: Buffer, start: number): number {
  const first = bytes[start]! - ZERO;
  const second = bytes[start + 1]! - ZERO;
  if (second === CR - ZERO) return first <= 9 ? first : -1;
  const isNumber = first > 0 && first <= 9 && second >= 0 && second <= 9;
  return isNumber && bytes[start + 2] === CR ? first * 10 + second : -1;
}

/** The integer in `bytes[start, end)`, or NaN. */
function readLength(bytes: Buffer, start: number, end: number): number {
  const digit = bytes[start]! - 0x30;
  if (end === start + 1) return digit >= 0 && digit <= 9 ? digit : Number.NaN;
  if (end === start + 2 && digit > 0 && digit <= 9) {
    const second = bytes[start + 1]! - 0x30;
    if (second >= 0 && second <= 9) return digit * 10 + second;
  }
  return parseSafeInteger(bytes, start, end);
}

/** The same; any negative 64-bit integer is a count of nothing. */
function readCount(bytes: Buffer, start: number, end: number): number {
  const count = readLength(bytes, start, end);
  const negative = Number.isNaN(count) && bytes[start] === MINUS;
  return negative && isInteger64(bytes, start, end) ? -1 : count;
}
