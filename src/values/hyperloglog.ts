/**
 * HyperLogLogs: strings that estimate how many distinct elements they were given, within 0.81 % on
 * average, in 12 KiB or less. A string of Redis is one here, and the reverse.
 *
 *   | H Y L L | encoding 1 | 0 3 | count 8, little endian | registers |
 *
 *   encoding 0   dense: see hyperloglog-registers.ts; the string is 12304 bytes long
 *   encoding 1   sparse: see hyperloglog-sparse.ts
 *
 * The count is the last estimate; its highest bit says that registers have changed since. Sparse
 * ones become dense when they grow beyond a threshold, and never go back.
 */
import { estimateCount } from './hyperloglog-estimate.ts';
import {
  countDense,
  DENSE_BYTES,
  getDense,
  packRegisters,
  REGISTER_BITS,
  REGISTER_COUNT,
  raiseToDense,
  setDense,
} from './hyperloglog-registers.ts';
import {
  CORRUPT,
  countSparse,
  describeRuns,
  type GrowingBytes,
  isSound,
  RAISED,
  type RunPlace,
  raiseSparse,
  raiseToSparse,
  TOO_SMALL,
  UNCHANGED,
  writeZeroRuns,
} from './hyperloglog-sparse.ts';

/** Bytes before the registers. */
const HEADER_BYTES = 16;
/** Bytes of one without elements. */
export const EMPTY_BYTES = 18;
const DENSE_TOTAL_BYTES = HEADER_BYTES + DENSE_BYTES;

const MAGIC = Buffer.from('HYLL', 'latin1');
const ENCODING_OFFSET = 4;
const COUNT_OFFSET = 8;
const COUNT_TOP_OFFSET = 15;
const COUNT_IS_OLD = 0x80;

const DENSE = 0;
const SPARSE = 1;

/** Estimates from here on do not fit the count. */
const COUNT_END = 2 ** 63;

/** Values of a register: 6 bits. */
const histogram = new Int32Array(64);
/** All registers of one that is about to become dense. */
const unpacked = new Uint8Array(REGISTER_COUNT);
/** Where the next search among runs begins. */
const place: RunPlace = { offset: HEADER_BYTES, register: 0 };

/** Whether a string has the form of a HyperLogLog; the runs of a sparse one may still be wrong. */
export function isHyperLogLog(bytes: Buffer, start: number, length: number): boolean {
  if (length < HEADER_BYTES) return false;
  for (let i = 0; i < MAGIC.length; i++) if (bytes[start + i] !== MAGIC[i]) return false;
  const encoding = bytes[start + ENCODING_OFFSET]!;
  return encoding === DENSE ? length === DENSE_TOTAL_BYTES : encoding === SPARSE;
}

/** Whether the registers of a HyperLogLog can be read: what all but `addElement` requires. */
export function hasSoundRegisters({ bytes, start, length }: GrowingBytes): boolean {
  return !isSparse(bytes, start) || isSound(bytes, start + HEADER_BYTES, start + length);
}

/** Whether a HyperLogLog has the sparse encoding. */
export function isSparse(bytes: Buffer, start: number): boolean {
  return bytes[start + ENCODING_OFFSET] === SPARSE;
}

/** Writes a HyperLogLog without elements to the EMPTY_BYTES at `start`. */
export function writeEmpty(bytes: Buffer, start: number): void {
  bytes.fill(0, start, start + HEADER_BYTES);
  MAGIC.copy(bytes, start);
  bytes[start + ENCODING_OFFSET] = SPARSE;
  writeZeroRuns(bytes, start + HEADER_BYTES);
}

/**
 * Adds the element of this mark (see hyperloglog-hash.ts): UNCHANGED, RAISED or, with nothing
 * changed, CORRUPT. That cannot be when the registers are sound.
 */
export function addElement(value: GrowingBytes, mark: number, sparseBytesMax: number): number {
  return raiseRegister(value, mark & (REGISTER_COUNT - 1), mark >>> REGISTER_BITS, sparseBytesMax);
}

/** Raises registers to those of a HyperLogLog, where these are higher. */
export function raiseTo(registers: Uint8Array, { bytes, start, length }: GrowingBytes): void {
  if (isSparse(bytes, start)) {
    raiseToSparse(registers, bytes, start + HEADER_BYTES, start + length);
  } else {
    raiseToDense(registers, bytes, start + HEADER_BYTES);
  }
}

/**
 * Gives a HyperLogLog these registers, and the dense encoding if asked to or if they need it.
 * REQUIRES: no register is lower than before.
 */
export function setRegisters(
  value: GrowingBytes,
  registers: Uint8Array,
  dense: boolean,
  sparseBytesMax: number,
): void {
  if (!dense && isSparse(value.bytes, value.start)) {
    if (setSparse(value, registers, sparseBytesMax)) return;
  }
  setAllDense(value, registers);
}

/** Makes a sparse HyperLogLog dense. */
export function makeDense(value: GrowingBytes): void {
  unpacked.fill(0);
  raiseTo(unpacked, value);
  setAllDense(value, unpacked);
}

/** The runs of a sparse HyperLogLog as text; see `describeRuns`. */
export function describeSparse({ bytes, start, length }: GrowingBytes): string {
  return describeRuns(bytes, start + HEADER_BYTES, start + length);
}

// --- Counting

/** The estimate that the header keeps, or undefined when registers have changed since. */
export function keptCount(bytes: Buffer, start: number): bigint | undefined {
  if ((bytes[start + COUNT_TOP_OFFSET]! & COUNT_IS_OLD) !== 0) return undefined;
  return bytes.readBigUInt64LE(start + COUNT_OFFSET);
}

/** Estimates the number of elements, and keeps it in the header. */
export function recount({ bytes, start, length }: GrowingBytes): bigint {
  histogram.fill(0);
  if (isSparse(bytes, start)) {
    countSparse(histogram, bytes, start + HEADER_BYTES, start + length);
  } else {
    countDense(histogram, bytes, start + HEADER_BYTES);
  }
  const count = asCount(estimateCount(histogram));
  bytes.writeBigInt64LE(count, start + COUNT_OFFSET);
  return count;
}

/** Says that the kept estimate is of other registers. */
export function forgetCount(bytes: Buffer, start: number): void {
  bytes[start + COUNT_TOP_OFFSET]! |= COUNT_IS_OLD;
}

/** Estimates the number of elements that led to these registers. */
export function countRegisters(registers: Uint8Array): bigint {
  histogram.fill(0);
  for (let i = 0; i < registers.length; i++) histogram[registers[i]!]!++;
  return asCount(estimateCount(histogram));
}

/** An estimate as 64 bits: registers that no element led to may give any, infinity included. */
function asCount(estimate: number): bigint {
  return estimate < COUNT_END ? BigInt(estimate) : -(2n ** 63n);
}

// --- Registers

function raiseRegister(
  value: GrowingBytes,
  register: number,
  rank: number,
  sparseBytesMax: number,
): number {
  if (isSparse(value.bytes, value.start)) {
    beginSearch();
    const outcome = raiseSparse(value, HEADER_BYTES, register, rank, sparseBytesMax, place);
    if (outcome !== TOO_SMALL) return outcome;
    if (!hasSoundRegisters(value)) return CORRUPT;
    makeDense(value);
  }
  const registers = value.start + HEADER_BYTES;
  if (getDense(value.bytes, registers, register) >= rank) return UNCHANGED;
  setDense(value.bytes, registers, register, rank);
  return RAISED;
}

/** Gives a sparse HyperLogLog these registers; false, with some of them set, if it is too small. */
function setSparse(value: GrowingBytes, registers: Uint8Array, sparseBytesMax: number): boolean {
  beginSearch();
  for (let i = 0; i < registers.length; i++) {
    const rank = registers[i]!;
    if (rank === 0) continue;
    if (raiseSparse(value, HEADER_BYTES, i, rank, sparseBytesMax, place) === TOO_SMALL)
      return false;
  }
  return true;
}

function beginSearch(): void {
  place.offset = HEADER_BYTES;
  place.register = 0;
}

/** Makes a HyperLogLog dense, with these registers. */
function setAllDense(value: GrowingBytes, registers: Uint8Array): void {
  value.resize(DENSE_TOTAL_BYTES);
  const { bytes, start } = value;
  bytes[start + ENCODING_OFFSET] = DENSE;
  packRegisters(registers, bytes, start + HEADER_BYTES);
}
