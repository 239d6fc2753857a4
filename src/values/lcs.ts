/**
 * The longest common subsequence of two byte strings, thirty cells of its table at a time.
 *
 *   L[i][j]        length for the first i bytes of `a` and the first j of `b`
 *   row i, bit j   0 where L[i][j+1] is one more than L[i][j], 1 where they are equal
 *
 * A whole row follows from the one above it by one long addition, whose carries run from each match
 * to the next place where the length may grow (Hyyrö 2004). With m the columns whose byte is a[i]:
 *
 *   row i+1 = (row i + (row i & m)) | (row i & ~m)
 *
 * Words hold 30 bits, so that sums and carries stay small integers. Rejected: the table itself, 32
 * times the memory and some 50 times the time, during which nobody else is served.
 */

const WORD_BITS = 30;
const WORD_MASK = 2 ** WORD_BITS - 1;

/** `length` bytes that are equal in both, from `a` on in one and from `b` on in the other. */
export interface CommonRun {
  readonly a: number;
  readonly b: number;
  readonly length: number;
}

/** Length of the longest common subsequence. */
export function lcsLength(a: Uint8Array, b: Uint8Array): number {
  const width = Math.ceil(b.length / WORD_BITS);
  const columns = new Columns(a, b, width);
  const row = new Int32Array(width).fill(WORD_MASK);
  for (const byte of a) columns.nextRow(row, 0, 0, byte);
  return countGrowth(row, b.length);
}

/**
 * The longest common subsequence as its unbroken runs, last one first. Of several equally long ones
 * it is the one that Redis finds: from the end it goes back in `b` while nothing is lost by that.
 */
export function lcsRuns(a: Uint8Array, b: Uint8Array): CommonRun[] {
  const width = Math.ceil(b.length / WORD_BITS);
  const columns = new Columns(a, b, width);
  const rows = new Int32Array((a.length + 1) * width).fill(WORD_MASK, 0, width);
  for (let i = 0; i < a.length; i++) columns.nextRow(rows, i * width, (i + 1) * width, a[i]!);

  const runs: CommonRun[] = [];
  let i = a.length;
  let j = b.length;
  let length = 0;
  while (i > 0 && j > 0) {
    if (a[i - 1] === b[j - 1]) {
      i--;
      j--;
      length++;
      continue;
    }
    if (length > 0) runs.push({ a: i, b: j, length });
    length = 0;
    const word = rows[i * width + Math.floor((j - 1) / WORD_BITS)]!;
    const grows = (word & (1 << ((j - 1) % WORD_BITS))) === 0;
    if (grows) i--;
    else j--;
  }
  if (length > 0) runs.push({ a: i, b: j, length });
  return runs;
}

/** For each byte value that is in `a`: which columns of the table have it. */
class Columns {
  readonly #width: number;
  /** Place in `#masks` of each byte value; those that are not in `a` need none. */
  readonly #starts = new Int32Array(256).fill(-1);
  readonly #masks: Int32Array;

  constructor(a: Uint8Array, b: Uint8Array, width: number) {
    this.#width = width;
    let size = 0;
    for (const byte of a) {
      if (this.#starts[byte] !== -1) continue;
      this.#starts[byte] = size;
      size += width;
    }
    this.#masks = new Int32Array(size);
    for (let j = 0; j < b.length; j++) {
      const start = this.#starts[b[j]!]!;
      if (start !== -1) this.#masks[start + Math.floor(j / WORD_BITS)]! |= 1 << (j % WORD_BITS);
    }
  }

  /** Makes rows[to...] the row below rows[from...], for a byte of `a`. They may be the same. */
  nextRow(rows: Int32Array, from: number, to: number, byte: number): void {
    const masks = this.#masks;
    const width = this.#width;
    const start = this.#starts[byte]!;
    let carry = 0;
    for (let i = 0; i < width; i++) {
      const row = rows[from + i]!;
      const mask = masks[start + i]!;
      const sum = (row + (row & mask) + carry) | 0;
      carry = sum >>> WORD_BITS;
      rows[to + i] = (sum & WORD_MASK) | (row & ~mask);
    }
  }
}

/** L at the end of a row: its clear bits. */
function countGrowth(row: Int32Array, columnCount: number): number {
  let count = 0;
  for (let j = 0; j < columnCount; j++) {
    if ((row[Math.floor(j / WORD_BITS)]! & (1 << (j % WORD_BITS))) === 0) count++;
  }
  return count;
}
