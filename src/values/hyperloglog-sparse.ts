/**
 * The sparse encoding: the registers in order, as runs of equal ones.
 *
 *   00nnnnnn            n + 1 registers (1..64) that are 0
 *   01nnnnnn nnnnnnnn   n + 1 registers (1..16384) that are 0, the high bits first
 *   1vvvvvnn            n + 1 registers (1..4) that are v + 1 (1..32)
 *
 * Invariant: the runs cover all registers, no more and no less. A client may have written anything,
 * so it holds only after `isSound`; whatever changes runs asks for that first.
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

/** What `raiseSparse` answers. */
export const UNCHANGED = 0;
export const RAISED = 1;
/** Nothing is changed: the dense encoding has to take over. */
export const TOO_SMALL = 2;

/** A run to begin a search at: its offset in the value, and its first register. */
export interface RunPlace {
  offset: number;
  register: number;
}

// --- Reading runs

/** Writes runs for registers that are all 0; returns the offset behind them. */
export function writeZeroRuns(bytes: Uint8Array, at: number): number {
  return writeRun(bytes, at, 0, REGISTER_COUNT);
}

/** Bytes of the run that begins with this byte. */
export function runBytes(head: number): number {
  return (head & (VALUE_MARK | LONG_ZEROS_MARK)) === LONG_ZEROS_MARK ? 2 : 1;
}

/** Registers of the run at `at`. REQUIRES: all its bytes are there. */
export function runLength(bytes: Uint8Array, at: number): number {
  const head = bytes[at]!;
  if ((head & VALUE_MARK) !== 0) return (head & 3) + 1;
  if ((head & LONG_ZEROS_MARK) === 0) return (head & 63) + 1;
  return (((head & 63) << 8) | bytes[at + 1]!) + 1;
}

/** Value of the registers of the run that begins with this byte. */
export function runValue(head: number): number {
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

/**
 * Raises one register, if it is lower, of the sound runs that end the value and begin `header` bytes
 * behind its start; the value may become `bytesMax` bytes long. The search begins at `from`, and
 * that is moved to where the next one for a later register may begin.
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
  const { bytes, start } = value;
  let { offset, register: first } = from;
  let before = -1;
  let beforeFirst = 0;
  let length = runLength(bytes, start + offset);
  // What comes before the run to change has to be known, unless that is the first one.
  if (register < first + length && offset !== header) {
    offset = header;
    first = 0;
    length = runLength(bytes, start + offset);
  }
  while (register >= first + length) {
    before = offset;
    beforeFirst = first;
    offset += runBytes(bytes[start + offset]!);
    first += length;
    length = runLength(bytes, start + offset);
  }
  from.offset = before < 0 ? offset : before;
  from.register = before < 0 ? first : beforeFirst;

  const head = bytes[start + offset]!;
  const old = runValue(head);
  if (old >= rank) return UNCHANGED;
  let size = writeRun(pieces, 0, old, register - first);
  size = writeRun(pieces, size, rank, 1);
  size = writeRun(pieces, size, old, first + length - register - 1);
  const growth = size - runBytes(head);
  if (growth > 0 && value.length + growth > bytesMax) return TOO_SMALL;
  replaceRun(value, offset, runBytes(head), size);
  joinRuns(value, from.offset);
  return RAISED;
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
