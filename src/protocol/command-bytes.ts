/** Commands as clients send them, one behind the other in one buffer that grows. */
import { copyBytes } from '../memory/bytes.ts';
import type { Args } from './args.ts';
import { INTEGER_LENGTH_MAX, writeInteger } from './numbers.ts';

const FIRST_BYTES = 16 * 1024;
/** A larger buffer is given back when it is cleared. */
const KEPT_BYTES_MAX = 1024 * 1024;
/** `*` or `$`, a count, CR and LF. */
const HEAD_BYTES_MAX = INTEGER_LENGTH_MAX + 3;
/** Shorter arguments are copied byte by byte. */
const SHORT_BYTES = 32;

const ASTERISK = 0x2a;
const DOLLAR = 0x24;
const CR = 0x0d;
const LF = 0x0a;
const CRLF = 0x0d0a;

/** See the file's comment. */
export class CommandBytes {
  /** What was written is bytes[0, length) once `settle` was called. */
  bytes: Buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
  length = 0;
  /**
   * Whether the commands given to `args` stay where they are until `settle`: then those that lie
   * one behind the other are copied together. A copy of a hundred bytes takes as long as one of a
   * thousand.
   */
  sourceStays = false;
  #view = new DataView(this.bytes.buffer);
  /** What is to be copied yet, #source[#from, #to) to #at; null for nothing. */
  #source: Buffer | null = null;
  #from = 0;
  #to = 0;
  #at = 0;

  /** Copies what is to be copied yet. */
  settle(): void {
    if (this.#source === null) return;
    this.#source.copy(this.bytes, this.#at, this.#from, this.#to);
    this.#source = null;
  }

  clear(): void {
    this.length = 0;
    this.#source = null;
    if (this.bytes.length > KEPT_BYTES_MAX) this.use(Buffer.allocUnsafeSlow(FIRST_BYTES));
  }

  /** Takes out the first so many bytes. REQUIRES: nothing is to be copied yet. */
  drop(count: number): void {
    this.bytes.copyWithin(0, count, this.length);
    this.length -= count;
  }

  /** Goes on in another buffer, whose memory is its own. */
  use(bytes: Buffer): void {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer);
  }

  /** Writes a command that a parser has found in a buffer of commands, as it came. */
  parsed(args: Args): void {
    const { bytes, count } = args;
    const from = this.#to;
    if (this.#source !== bytes || !isSentAt(args, from)) {
      this.args(args);
      return;
    }
    const to = args.start(count - 1) + args.length(count - 1) + 2;
    this.#reserve(to - from);
    this.#copyLater(bytes, from, to);
    this.length += to - from;
  }

  /** Writes a command as it came, wherever its arguments lie. */
  args(args: Args): void {
    const { count, bytes: from } = args;
    const begin = sentFrom(args);
    if (begin >= 0) {
      const end = args.start(count - 1) + args.length(count - 1) + 2;
      this.#reserve(end - begin);
      if (this.sourceStays) this.#copyLater(from, begin, end);
      else copyBytes(from, args.view, begin, this.bytes, this.#view, this.length, end - begin);
      this.length += end - begin;
      return;
    }
    this.#head(ASTERISK, count);
    for (let i = 0; i < count; i++) {
      const length = args.length(i);
      this.#head(DOLLAR, length);
      this.#reserve(length + 2);
      const start = args.start(i);
      const { bytes } = this;
      let at = this.length;
      if (length < SHORT_BYTES) {
        for (let k = 0; k < length; k++) bytes[at++] = from[start + k]!;
      } else {
        from.copy(bytes, at, start, start + length);
        at += length;
      }
      bytes[at] = CR;
      bytes[at + 1] = LF;
      this.length = at + 2;
    }
  }

  /** Writes a command of these words, text in Latin-1. */
  words(words: readonly (Uint8Array | string)[]): void {
    this.#head(ASTERISK, words.length);
    for (const word of words) {
      this.#head(DOLLAR, word.length);
      this.#reserve(word.length + 2);
      if (typeof word === 'string') this.bytes.write(word, this.length, 'latin1');
      else this.bytes.set(word, this.length);
      this.length += word.length;
      this.bytes[this.length++] = CR;
      this.bytes[this.length++] = LF;
    }
  }

  /** Writes bytes as they are. */
  raw(added: Uint8Array): void {
    this.#reserve(added.length);
    this.bytes.set(added, this.length);
    this.length += added.length;
  }

  /** Puts bytes before those from `at` on. */
  insert(at: number, inserted: Uint8Array): void {
    this.settle();
    this.#reserve(inserted.length);
    this.bytes.copyWithin(at + inserted.length, at, this.length);
    this.bytes.set(inserted, at);
    this.length += inserted.length;
  }

  /** Puts a part of a buffer behind what was written. */
  #copyLater(source: Buffer, from: number, to: number): void {
    const isBehind = this.#source === source && this.#to === from;
    if (!isBehind || this.#at + (from - this.#from) !== this.length) {
      this.settle();
      this.#source = source;
      this.#from = from;
      this.#at = this.length;
    }
    this.#to = to;
  }

  #head(mark: number, count: number): void {
    this.#reserve(HEAD_BYTES_MAX);
    const { bytes } = this;
    let at = this.length;
    bytes[at++] = mark;
    if (count < 10) bytes[at++] = 0x30 + count;
    else at = writeInteger(bytes, at, count);
    bytes[at] = CR;
    bytes[at + 1] = LF;
    this.length = at + 2;
  }

  #reserve(count: number): void {
    const needed = this.length + count;
    if (needed <= this.bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.bytes.length * 2));
    this.bytes.copy(larger, 0, 0, this.length);
    this.use(larger);
  }
}

/**
 * Whether a command lies there as it would be written here. REQUIRES: a parser has found it in this
 * buffer, there or behind. Then what comes before its arguments is a mark and a number of the right
 * value each; they have the one form that there is if they are no longer than that.
 */
function isSentAt(args: Args, begin: number): boolean {
  const { view, ranges } = args;
  const end = args.count << 1;
  if (ranges[end - 2]! + ranges[end - 1]! + 2 > view.byteLength) return false;
  let at = begin + headBytes(args.count);
  for (let i = 0; i < end; i += 2) {
    const length = ranges[i + 1]!;
    const start = at + headBytes(length);
    // Parsers look for CR only, and at nothing behind an argument.
    if (ranges[i] !== start || view.getUint16(at - 2) !== CRLF) return false;
    if (view.getUint16(start - 2) !== CRLF) return false;
    at = start + length + 2;
  }
  return view.getUint16(at - 2) === CRLF;
}

/** Bytes of a mark, a number and the end of a line. */
function headBytes(value: number): number {
  let count = 4;
  for (let rest = value; rest > 9; rest = (rest / 10) | 0) count++;
  return count;
}

/**
 * Where a command begins that lies in its buffer as it would be written here, so that it can be
 * copied as a whole; -1 for all others. What parsers let pass (zeros before a number, other bytes
 * than CR and LF behind an argument) is not written, nor is anything believed of what lies before
 * the arguments: a command in one line has there what a client has sent earlier.
 */
function sentFrom(args: Args): number {
  const { bytes, count } = args;
  let at = headBefore(bytes, args.start(0), DOLLAR, args.length(0));
  const begin = at < 0 ? -1 : headBefore(bytes, at, ASTERISK, count);
  if (begin < 0) return -1;
  for (let i = 0; i < count; i++) {
    const start = args.start(i);
    const length = args.length(i);
    if (headBefore(bytes, start, DOLLAR, length) !== at) return -1;
    at = start + length + 2;
    if (at > bytes.length || bytes[at - 2] !== CR || bytes[at - 1] !== LF) return -1;
  }
  return begin;
}

/** Where a mark, a number and the end of a line begin that end at `end`; -1 if there are none. */
function headBefore(bytes: Buffer, end: number, mark: number, value: number): number {
  if (bytes[end - 1] !== LF || bytes[end - 2] !== CR) return -1;
  let at = end - 3;
  let rest = value;
  for (; rest > 9; rest = (rest / 10) | 0) if (bytes[at--] !== 0x30 + (rest % 10)) return -1;
  return bytes[at] === 0x30 + rest && bytes[at - 1] === mark ? at - 1 : -1;
}
