/**
 * The id of a stream's entry: two unsigned integers of 64 bits, milliseconds and a number within
 * them, which order as one integer of 128 bits.
 *
 *   id (16 B)   | ms: high u32 | ms: low u32 | sequence: high u32 | sequence: low u32 |
 *
 * As text it is `ms-sequence`. The four words are kept signed, so that V8 holds them without a box.
 * Rejected: BigInt (each operation allocates) and doubles (not exact beyond 2^53, and clients use
 * the whole range).
 */
import { parseUint64, writeInt64, writeInteger } from '../protocol/numbers.ts';
import type { Int64 } from './int64.ts';

/** Bytes and words of an id in memory. */
export const ID_BYTES = 16;

/** The most characters that an id has as text. */
export const ID_TEXT_MAX = 41;

/** What `parse` found. */
export const ID_INVALID = 0;
/** `ms-sequence` */
export const ID_WHOLE = 1;
/** `ms` alone; the sequence is what it was. */
export const ID_WITHOUT_SEQUENCE = 2;
/** `ms-*`; the sequence is what it was. */
export const ID_WITH_STAR = 3;

/** Longest text of an id that Redis reads; only zeros and blanks make one longer than 41. */
const TEXT_READ_MAX = 127;
const MINUS = 0x2d;
const STAR = 0x2a;
const ZERO = 0x30;
/** So many digits are exact as a double. */
const EXACT_DIGITS = 15;
const TWO_TO_32 = 2 ** 32;
/** High words below this are of integers that are exact as doubles. */
const SAFE_HIGH = 2 ** 21;

/** What the last `readUint64` read. */
let readHigh = 0;
let readLow = 0;

/** One id; made once and filled again and again. 0-0 at first. */
export class StreamId {
  msHigh = 0;
  msLow = 0;
  seqHigh = 0;
  seqLow = 0;

  /** Sets the four words, as integers of 32 bits. */
  set(msHigh: number, msLow: number, seqHigh: number, seqLow: number): void {
    this.msHigh = msHigh | 0;
    this.msLow = msLow | 0;
    this.seqHigh = seqHigh | 0;
    this.seqLow = seqLow | 0;
  }

  setMin(): void {
    this.set(0, 0, 0, 0);
  }

  setMax(): void {
    this.set(-1, -1, -1, -1);
  }

  copyFrom(other: StreamId): void {
    this.msHigh = other.msHigh;
    this.msLow = other.msLow;
    this.seqHigh = other.seqHigh;
    this.seqLow = other.seqLow;
  }

  /** Sets the first id of a millisecond, which is a safe integer. */
  setMilliseconds(ms: number): void {
    this.set(Math.floor(ms / TWO_TO_32), ms, 0, 0);
  }

  /** Makes the sequence the first of its millisecond, or the last. */
  setSequence(isLast: boolean): void {
    this.seqHigh = isLast ? -1 : 0;
    this.seqLow = this.seqHigh;
  }

  isMin(): boolean {
    return (this.msHigh | this.msLow | this.seqHigh | this.seqLow) === 0;
  }

  isMax(): boolean {
    return (this.msHigh & this.msLow & this.seqHigh & this.seqLow) === -1;
  }

  /** Whether the sequence is the last of its millisecond. */
  isLastOfMs(): boolean {
    return (this.seqHigh & this.seqLow) === -1;
  }

  hasMsOf(other: StreamId): boolean {
    return this.msHigh === other.msHigh && this.msLow === other.msLow;
  }

  equals(other: StreamId): boolean {
    return this.hasMsOf(other) && this.seqHigh === other.seqHigh && this.seqLow === other.seqLow;
  }

  isBefore(other: StreamId): boolean {
    if (this.msHigh !== other.msHigh) return this.msHigh >>> 0 < other.msHigh >>> 0;
    if (this.msLow !== other.msLow) return this.msLow >>> 0 < other.msLow >>> 0;
    if (this.seqHigh !== other.seqHigh) return this.seqHigh >>> 0 < other.seqHigh >>> 0;
    return this.seqLow >>> 0 < other.seqLow >>> 0;
  }

  /** Goes to the next id; false, and at 0-0, when there is none. */
  increment(): boolean {
    this.seqLow = (this.seqLow + 1) | 0;
    if (this.seqLow !== 0) return true;
    this.seqHigh = (this.seqHigh + 1) | 0;
    if (this.seqHigh !== 0) return true;
    this.msLow = (this.msLow + 1) | 0;
    if (this.msLow !== 0) return true;
    this.msHigh = (this.msHigh + 1) | 0;
    return this.msHigh !== 0;
  }

  /** Goes to the id before; false, and at the last id of all, when there is none. */
  decrement(): boolean {
    this.seqLow = (this.seqLow - 1) | 0;
    if (this.seqLow !== -1) return true;
    this.seqHigh = (this.seqHigh - 1) | 0;
    if (this.seqHigh !== -1) return true;
    this.msLow = (this.msLow - 1) | 0;
    if (this.msLow !== -1) return true;
    this.msHigh = (this.msHigh - 1) | 0;
    return this.msHigh !== -1;
  }

  /** Sets the two parts of `base`, each plus a difference; both wrap at 64 bits. */
  setSum(base: StreamId, ms: Int64, sequence: Int64): void {
    const msLow = (base.msLow + ms.low) | 0;
    const seqLow = (base.seqLow + sequence.low) | 0;
    this.msLow = msLow;
    this.msHigh = (base.msHigh + ms.high + (msLow >>> 0 < base.msLow >>> 0 ? 1 : 0)) | 0;
    this.seqLow = seqLow;
    this.seqHigh = (base.seqHigh + sequence.high + (seqLow >>> 0 < base.seqLow >>> 0 ? 1 : 0)) | 0;
  }

  /** Tells the two parts less those of `base`; `base.setSum` of the differences is this id. */
  difference(base: StreamId, ms: Int64, sequence: Int64): void {
    const msBorrow = this.msLow >>> 0 < base.msLow >>> 0 ? 1 : 0;
    const seqBorrow = this.seqLow >>> 0 < base.seqLow >>> 0 ? 1 : 0;
    ms.set((this.msLow - base.msLow) | 0, (this.msHigh - base.msHigh - msBorrow) | 0);
    sequence.set((this.seqLow - base.seqLow) | 0, (this.seqHigh - base.seqHigh - seqBorrow) | 0);
  }

  // --- In memory

  read(words: Uint32Array, at: number): void {
    this.msHigh = words[at]! | 0;
    this.msLow = words[at + 1]! | 0;
    this.seqHigh = words[at + 2]! | 0;
    this.seqLow = words[at + 3]! | 0;
  }

  write(words: Uint32Array, at: number): void {
    words[at] = this.msHigh;
    words[at + 1] = this.msLow;
    words[at + 2] = this.seqHigh;
    words[at + 3] = this.seqLow;
  }

  // --- As text

  /** Reads an id in one of the forms ID_..., leaving the id undefined if it is ID_INVALID. */
  parse(bytes: Buffer, start: number, length: number): number {
    if (length > TEXT_READ_MAX) return ID_INVALID;
    const end = start + length;
    let minus = start;
    while (minus < end && bytes[minus] !== MINUS) minus++;
    if (!readUint64(bytes, start, minus)) return ID_INVALID;
    this.msHigh = readHigh;
    this.msLow = readLow;
    if (minus === end) return ID_WITHOUT_SEQUENCE;
    if (minus + 2 === end && bytes[minus + 1] === STAR) return ID_WITH_STAR;
    if (!readUint64(bytes, minus + 1, end)) return ID_INVALID;
    this.seqHigh = readHigh;
    this.seqLow = readLow;
    return ID_WHOLE;
  }

  /** Writes its text at out[at..] and returns the position behind it. */
  writeText(out: Uint8Array, at: number): number {
    return this.writeSequence(out, this.writeMs(out, at));
  }

  /** Writes its text up to the sequence at out[at..] and returns the position behind it. */
  writeMs(out: Uint8Array, at: number): number {
    const minus = writeUint64(out, at, this.msHigh, this.msLow);
    out[minus] = MINUS;
    return minus + 1;
  }

  /** Writes the rest of its text at out[at..] and returns the position behind it. */
  writeSequence(out: Uint8Array, at: number): number {
    return writeUint64(out, at, this.seqHigh, this.seqLow);
  }

  /** Its text, for messages and tests. */
  toString(): string {
    const text = Buffer.alloc(ID_TEXT_MAX);
    return text.toString('latin1', 0, this.writeText(text, 0));
  }
}

/** Reads one part of an id into `readHigh` and `readLow`; whether it is one. */
function readUint64(bytes: Buffer, start: number, end: number): boolean {
  const digits = end - start;
  if (digits === 0) return false;
  let value = 0;
  let at = digits <= EXACT_DIGITS ? start : end;
  for (; at < end; at++) {
    const digit = bytes[at]! - ZERO;
    if (digit < 0 || digit > 9) break;
    value = value * 10 + digit;
  }
  if (at === end && digits <= EXACT_DIGITS) {
    readHigh = Math.floor(value / TWO_TO_32);
    readLow = value | 0;
    return true;
  }
  const large = parseUint64(bytes, start, end);
  if (large === undefined) return false;
  readHigh = Number(large >> 32n) | 0;
  readLow = Number(large & 0xffffffffn) | 0;
  return true;
}

function writeUint64(out: Uint8Array, at: number, high: number, low: number): number {
  if (high >= 0 && high < SAFE_HIGH) return writeInteger(out, at, high * TWO_TO_32 + (low >>> 0));
  return writeInt64(out, at, (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0));
}
