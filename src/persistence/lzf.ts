/**
 * LZF, the compression of strings in Redis's files. What is compressed is a row of two kinds of
 * pieces:
 *
 *   | 000nnnnn | n + 1 bytes |                                as they are: 1..32
 *   | lllddddd | dddddddd |                                   l + 2 bytes from before: 3..8
 *   | 111ddddd | llllllll | dddddddd |                        l + 9 of them: 9..264
 *
 * where d + 1 is the distance, at most 8192, high bits first. What is copied may overlap what it
 * makes.
 */
const LITERALS_MAX = 32;
const MATCH_MIN = 3;
const MATCH_MAX = 264;
const DISTANCE_MAX = 8192;
/** Lengths up to here are told by three bits. */
const SHORT_MATCH_MAX = 8;

const TABLE_BITS = 14;
/** What a compressed byte can become at most: 264 bytes of 3. */
const GROWTH_MAX = MATCH_MAX / 3;

/** Whether so many compressed bytes may be so many: nothing is to be allocated on their word. */
export function isPossibleLzf(compressedBytes: number, originalBytes: number): boolean {
  return originalBytes <= compressedBytes * GROWTH_MAX;
}

/**
 * Expands the bytes of [start, start + length) to exactly [0, outLength) of `out`; false when they
 * are no such thing. Reads and writes nothing outside of these, whatever they are.
 */
export function expandLzf(
  bytes: Uint8Array,
  start: number,
  length: number,
  out: Uint8Array,
  outLength: number,
): boolean {
  const end = start + length;
  let at = start;
  let to = 0;
  while (at < end) {
    const head = bytes[at++]!;
    if (head < LITERALS_MAX) {
      const literals = head + 1;
      if (at + literals > end || to + literals > outLength) return false;
      for (let i = 0; i < literals; i++) out[to++] = bytes[at++]!;
      continue;
    }
    let count = (head >>> 5) + 2;
    if (count === SHORT_MATCH_MAX + 1) {
      if (at >= end) return false;
      count += bytes[at++]!;
    }
    if (at >= end) return false;
    let from = to - (((head & 31) << 8) | bytes[at++]!) - 1;
    if (from < 0 || to + count > outLength) return false;
    for (let i = 0; i < count; i++) out[to++] = out[from++]!;
  }
  return to === outLength;
}

/**
 * Compresses one string after the other, also bit by bit: `begin`, then `step` until it is done.
 * Finds what was there before by a table of where three bytes were last seen. The table is not
 * cleared for every string: positions go on counting, and older ones are below the string's own.
 */
export class LzfCompressor {
  /** What was compressed, and how long it is; valid until the next `begin`. */
  out: Buffer = Buffer.allocUnsafeSlow(0);
  outLength = 0;
  readonly #table = new Int32Array(1 << TABLE_BITS);
  /** Position, in the table's terms, of the string's first byte. */
  #base = 1;
  #bytes: Uint8Array = this.out;
  #start = 0;
  #length = 0;
  /** Bytes of the string that are dealt with. */
  #at = 0;
  #outMax = 0;
  /** Bytes that wait to be written as they are, up to `#at`. */
  #literals = 0;

  /**
   * Begins with `length` bytes, to be compressed to at most `outMax`. They must stay where they are
   * and as they are until it is done.
   */
  begin(bytes: Uint8Array, start: number, length: number, outMax: number): void {
    this.#base += this.#length;
    if (this.#base + length > 2 ** 31 - 1) {
      this.#table.fill(0);
      this.#base = 1;
    }
    if (this.out.length < outMax) this.out = Buffer.allocUnsafeSlow(outMax);
    this.#bytes = bytes;
    this.#start = start;
    this.#length = length;
    this.#at = 0;
    this.#outMax = outMax;
    this.#literals = 0;
    this.outLength = 0;
  }

  /** Lets go of the string and of a buffer larger than so many bytes. */
  release(keptBytes: number): void {
    this.#bytes = this.out;
    if (this.out.length > keptBytes) this.out = Buffer.allocUnsafeSlow(0);
  }

  /** Bytes that are dealt with. */
  get consumed(): number {
    return this.#at;
  }

  /**
   * Goes on for about so many bytes. False when the string does not become small enough: then it is
   * over. It is done when `consumed` is all of it.
   */
  step(bytesMax: number): boolean {
    const bytes = this.#bytes;
    const start = this.#start;
    const length = this.#length;
    const table = this.#table;
    const base = this.#base;
    const end = Math.min(length - MATCH_MIN, this.#at + bytesMax);
    let at = this.#at;
    let seen = start + at;
    while (at <= end) {
      seen = start + at;
      const slot = slotOf(bytes[seen]!, bytes[seen + 1]!, bytes[seen + 2]!);
      const before = table[slot]! - base;
      table[slot] = base + at;
      const distance = at - before;
      if (
        before < 0 ||
        distance > DISTANCE_MAX ||
        bytes[start + before] !== bytes[seen] ||
        bytes[start + before + 1] !== bytes[seen + 1] ||
        bytes[start + before + 2] !== bytes[seen + 2]
      ) {
        at++;
        if (++this.#literals === LITERALS_MAX && !this.#writeLiterals(at)) return false;
        continue;
      }
      const most = Math.min(MATCH_MAX, length - at);
      let count = MATCH_MIN;
      while (count < most && bytes[start + before + count] === bytes[seen + count]) count++;
      if (!this.#writeLiterals(at) || !this.#writeMatch(count, distance - 1)) return false;
      at += count;
      // The places just passed are where the next match most likely begins.
      if (at <= length - MATCH_MIN) this.#note(at - 2);
      if (at <= length - MATCH_MIN) this.#note(at - 1);
    }
    this.#at = at;
    return at <= length - MATCH_MIN || this.#finish();
  }

  /** The last bytes, too few for a match. */
  #finish(): boolean {
    for (; this.#at < this.#length; this.#at++) {
      if (++this.#literals === LITERALS_MAX && !this.#writeLiterals(this.#at + 1)) return false;
    }
    return this.#writeLiterals(this.#length);
  }

  #note(at: number): void {
    const bytes = this.#bytes;
    const seen = this.#start + at;
    this.#table[slotOf(bytes[seen]!, bytes[seen + 1]!, bytes[seen + 2]!)] = this.#base + at;
  }

  /** Writes the bytes that wait, which end before `at`. */
  #writeLiterals(at: number): boolean {
    const literals = this.#literals;
    if (literals === 0) return true;
    if (this.outLength + 1 + literals > this.#outMax) return false;
    const { out } = this;
    const bytes = this.#bytes;
    let to = this.outLength;
    out[to++] = literals - 1;
    const end = this.#start + at;
    for (let from = end - literals; from < end; from++) out[to++] = bytes[from]!;
    this.outLength = to;
    this.#literals = 0;
    return true;
  }

  #writeMatch(count: number, offset: number): boolean {
    if (this.outLength + 3 > this.#outMax) return false;
    const { out } = this;
    let to = this.outLength;
    if (count <= SHORT_MATCH_MAX) {
      out[to++] = ((count - 2) << 5) | (offset >>> 8);
    } else {
      out[to++] = (7 << 5) | (offset >>> 8);
      out[to++] = count - SHORT_MATCH_MAX - 1;
    }
    out[to++] = offset & 255;
    this.outLength = to;
    return true;
  }
}

function slotOf(a: number, b: number, c: number): number {
  return Math.imul((a << 16) | (b << 8) | c, 0x9e3779b1) >>> (32 - TABLE_BITS);
}
