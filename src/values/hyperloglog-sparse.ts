/**
 * The sparse encoding: the registers in order, as runs of equal ones.
 *
 *   00nnnnnn            n + 1 registers (1..64) that are 0
 *   01nnnnnn nnnnnnnn   n + 1 registers (1..16384) that are 0, the high bits first
 *   1vvvvvnn            n + 1 registers (1..4) that are v + 1 (1..32)
 *
 * Invariant: the runs cover all registers, no more and no less. A client may have written anything,
 * so it holds only after `isSound`. What relies on it says so; `raiseSparse` does not.
 *
 * Redis's bytes are the contract, not just its registers: how a run is split and which neighbours
 * are joined afterwards is what it does, so that the same commands leave the same string.
 */
import { REGISTER_COUNT, raise } from './hyperloglog-registers.ts';

/** Where a value lies and how it grows: a Cell, or what a test has instead. */
export interface GrowingBytes {
  readonly bytes: Buffer;
  readonly start: number;
  readonly length: number;
  resize(length: number, slackBytes?: number): void;
}

const VALUE_MARK = 0x80;
const LONG_ZEROS_MARK = 0x40;

const SHORT_ZEROS_MAX = 64;
const VALUE_RUN_MAX = 4;
/** The highest register that a run can tell of. */
const RUN_VALUE_MAX = 32;

/** Runs looked at after a change, from the one before it on, for neighbours to join. */
const RUNS_JOINED_MAX = 5;
/** Most bytes that take the place of one run: XZERO, VAL, XZERO. */
const PIECES_BYTES_MAX = 5;
/** Room asked for beyond a value that grows, as long as it is short. */
const SLACK_BYTES_MAX = 300;

/** What `raiseSparse` answers: the register was high enough already. */
export const UNCHANGED = 0;
export const RAISED = 1;
/** Nothing is changed: the dense encoding has to take over. */
export const TOO_SMALL = 2;
/** Nothing is changed: the runs do not cover the register. */
export const CORRUPT = 3;

/** A run to begin a search at: its offset in the value, and its first register. */
export interface RunPlace {
  offset: number;
  register: number;
}

// --- Reading runs

// The kinds of runs follow each other as chance will have it, and a wrong guess of the processor
// costs more than looking a byte up: that made walks twice as fast.

/** Bytes of a run by its first. */
const RUN_BYTES = new Uint8Array(256).fill(1).fill(2, LONG_ZEROS_MARK, VALUE_MARK);
/** Registers of a run by its first byte, and for a long one if the second byte is 0. */
const RUN_LENGTH = Uint16Array.from(RUN_BYTES, (bytes, head) => {
  if (head >= VALUE_MARK) return (head & 3) + 1;
  return bytes === 1 ? head + 1 : (head & 63) * 256 + 1;
});

/** Writes runs for registers that are all 0; returns the offset behind them. */
export function writeZeroRuns(bytes: Uint8Array, at: number): number {
  return writeRun(bytes, at, 0, REGISTER_COUNT);
}

/** Bytes of the run that begins with this byte. */
function runBytes(head: number): number {
  return RUN_BYTES[head]!;
}

/** Registers of the run at `at`. REQUIRES: all its bytes are there. */
function runLength(bytes: Uint8Array, at: number): number {
  const head = bytes[at]!;
  const length = RUN_LENGTH[head]!;
  return RUN_BYTES[head] === 1 ? length : length + bytes[at + 1]!;
}

/** Value of the registers of the run that begins with this byte. */
function runValue(head: number): number {
  return (head & VALUE_MARK) === 0 ? 0 : ((head >>> 2) & 31) + 1;
}

/** Whether the runs in bytes[start..end) cover all registers. */
export function isSound(bytes: Uint8Array, start: number, end: number): boolean {
  let register = 0;
  let at = start;
  while (at < end && register < REGISTER_COUNT) {
    const size = runBytes(bytes[at]!);
    if (at + size > end) return false;
    register += runLength(bytes, at);
    at += size;
  }
  return at === end && register === REGISTER_COUNT;
}

/** Raises registers to those of sound runs, where these are higher. */
export function raiseToSparse(
  registers: Uint8Array,
  bytes: Uint8Array,
  start: number,
  end: number,
): void {
  let register = 0;
  for (let at = start; at < end; at += runBytes(bytes[at]!)) {
    const value = runValue(bytes[at]!);
    const behind = register + runLength(bytes, at);
    if (value > 0) for (let i = register; i < behind; i++) raise(registers, i, value);
    register = behind;
  }
}

/** Counts, for each value, the registers of sound runs that have it. */
export function countSparse(
  histogram: Int32Array,
  bytes: Uint8Array,
  start: number,
  end: number,
): void {
  for (let at = start; at < end; at += runBytes(bytes[at]!)) {
    histogram[runValue(bytes[at]!)]! += runLength(bytes, at);
  }
}

/**
 * The runs in bytes[start..end), which need not be sound, as PFDEBUG DECODE prints them: `z:64` and
 * `Z:16384` for zeros, `v:3,2` for two registers that are 3. A byte that is missing counts as 0.
 */
export function describeRuns(bytes: Buffer, start: number, end: number): string {
  const runs = Buffer.alloc(end - start + 1);
  bytes.copy(runs, 0, start, end);
  const words: string[] = [];
  for (let at = 0; at < end - start; at += runBytes(runs[at]!)) {
    const value = runValue(runs[at]!);
    const length = runLength(runs, at);
    if (value > 0) words.push(`v:${value},${length}`);
    else words.push(runBytes(runs[at]!) === 1 ? `z:${length}` : `Z:${length}`);
  }
  return words.join(' ');
}

// --- Changing runs

const pieces = Buffer.alloc(PIECES_BYTES_MAX);
const found: RunPlace = { offset: 0, register: 0 };

/**
 * Raises one register, if it is lower, of the runs that begin `header` bytes behind the start of a
 * value and go to its end; it may become `bytesMax` bytes long. The search begins at `from`, the
 * first run or where a search for an earlier register has moved it: to where the next may begin.
 */
export function raiseSparse(
  value: GrowingBytes,
  header: number,
  register: number,
  rank: number,
  bytesMax: number,
  from: RunPlace,
): number {
  if (rank > RUN_VALUE_MAX) return TOO_SMALL;
  if (!findRun(value, header, register, from)) return CORRUPT;
  const { bytes, start } = value;
  const { offset, register: first } = found;
  const head = bytes[start + offset]!;
  const old = runValue(head);
  if (old >= rank) return UNCHANGED;
  let size = writeRun(pieces, 0, old, register - first);
  size = writeRun(pieces, size, rank, 1);
  size = writeRun(pieces, size, old, first + runLength(bytes, start + offset) - register - 1);
  const growth = size - runBytes(head);
  if (growth > 0 && value.length + growth > bytesMax) return TOO_SMALL;
  replaceRun(value, offset, runBytes(head), size);
  joinRuns(value, from.offset);
  return RAISED;
}

/**
 * Sets `found` to the run of a register, and `from` to the run before it, or to the run itself if
 * it is the first one; false, if the runs end before that.
 */
function findRun(
  { bytes, start, length }: GrowingBytes,
  header: number,
  register: number,
  from: RunPlace,
): boolean {
  const end = start + length;
  let at = start + from.offset;
  let first = from.register;
  // What comes before the run has to be known, unless that is the first one.
  if (from.offset > header && register < first + runLength(bytes, at)) {
    at = start + header;
    first = 0;
  }
  let before = at;
  let beforeFirst = first;
  for (;;) {
    if (at >= end) return false;
    const size = runBytes(bytes[at]!);
    if (at + size > end) return false;
    const behind = first + runLength(bytes, at);
    if (register < behind) break;
    before = at;
    beforeFirst = first;
    at += size;
    first = behind;
  }
  from.offset = before - start;
  from.register = beforeFirst;
  found.offset = at - start;
  found.register = first;
  return true;
}

/** Puts the first `size` bytes of `pieces` in the place of a run. */
function replaceRun(value: GrowingBytes, offset: number, oldSize: number, size: number): void {
  const growth = size - oldSize;
  const { length } = value;
  if (growth > 0) {
    value.resize(length + growth, Math.min(length, SLACK_BYTES_MAX));
  }
  const { bytes, start } = value;
  const at = start + offset;
  if (growth !== 0) bytes.copyWithin(at + size, at + oldSize, start + length);
  pieces.copy(bytes, at, 0, size);
  if (growth < 0) value.resize(length + growth);
}

/** Joins runs of the same value that follow each other, as far as Redis looks for them. */
function joinRuns(value: GrowingBytes, offset: number): void {
  const { bytes, start } = value;
  let end = start + value.length;
  let at = start + offset;
  for (let left = RUNS_JOINED_MAX; left > 0 && at < end; left--) {
    const head = bytes[at]!;
    const next = at + 1 < end ? bytes[at + 1]! : 0;
    const together = (head & 3) + (next & 3) + 2;
    if ((head & VALUE_MARK) === 0) {
      at += runBytes(head);
    } else if (next >>> 2 === head >>> 2 && together <= VALUE_RUN_MAX) {
      bytes[at] = (head & ~3) | (together - 1);
      bytes.copyWithin(at + 1, at + 2, end);
      end--;
    } else {
      at++;
    }
  }
  if (end - start < value.length) value.resize(end - start);
}

/** Writes a run of `length` registers, none for 0, and returns the offset behind it. */
function writeRun(bytes: Uint8Array, at: number, value: number, length: number): number {
  if (length === 0) return at;
  if (value > 0) {
    bytes[at] = VALUE_MARK | ((value - 1) << 2) | (length - 1);
    return at + 1;
  }
  if (length <= SHORT_ZEROS_MAX) {
    bytes[at] = length - 1;
    return at + 1;
  }
  bytes[at] = LONG_ZEROS_MARK | ((length - 1) >>> 8);
  bytes[at + 1] = length - 1;
  return at + 2;
}
