/** What PFSELFTEST runs: the parts of a HyperLogLog against what they should add up to. */
import { addElement, EMPTY_BYTES, makeDense, recount, writeEmpty } from './hyperloglog.ts';
import { markOf } from './hyperloglog-hash.ts';
import {
  DENSE_BYTES,
  getDense,
  packRegisters,
  REGISTER_COUNT,
  raiseToDense,
  setDense,
} from './hyperloglog-registers.ts';
import type { GrowingBytes } from './hyperloglog-sparse.ts';

/** Elements that are counted: enough to leave the sparse encoding and fill most registers. */
const ELEMENTS = 8_000;
const ELEMENT_BYTES = 8;
/** Counts are checked whenever there are this many times more. */
const CHECK_FACTOR = 1.5;
/** The standard error of the estimate, and how many times that is still taken for chance. */
const STANDARD_ERROR = 1.04 / Math.sqrt(REGISTER_COUNT);
const STANDARD_ERRORS_MAX = 6;

const SPARSE_BYTES_MAX = 3000;
const ROOM_BYTES = 16_384;

/** A value in memory of its own. */
class OwnBytes implements GrowingBytes {
  readonly bytes: Buffer = Buffer.alloc(ROOM_BYTES);
  readonly start = 0;
  length = EMPTY_BYTES;

  constructor() {
    writeEmpty(this.bytes, this.start);
  }

  resize(length: number): void {
    this.length = length;
  }
}

/** What is wrong, or undefined when nothing is. */
export function selfTest(): string | undefined {
  return testRegisters() ?? testCounts();
}

/** Packed registers keep what they are given, one by one and all at once. */
function testRegisters(): string | undefined {
  const expected = Uint8Array.from({ length: REGISTER_COUNT }, (_, i) => Math.imul(i, 37) & 63);
  const single = Buffer.alloc(DENSE_BYTES, 0xff);
  const packed = Buffer.alloc(DENSE_BYTES, 0xff);
  const read = new Uint8Array(REGISTER_COUNT);
  for (let i = 0; i < REGISTER_COUNT; i++) setDense(single, 0, i, expected[i]!);
  packRegisters(expected, packed, 0);
  raiseToDense(read, packed, 0);
  for (let i = 0; i < REGISTER_COUNT; i++) {
    const value = getDense(single, 0, i);
    if (value !== expected[i]) return `Register ${i} should be ${expected[i]} but is ${value}`;
    if (read[i] !== value) return `Register ${i} was packed as ${value} but read as ${read[i]}`;
  }
  return single.equals(packed) ? undefined : 'Registers packed at once differ from single ones';
}

/** Both encodings count the same, and close enough to the truth. */
function testCounts(): string | undefined {
  const sparse = new OwnBytes();
  const dense = new OwnBytes();
  makeDense(dense);
  const element = Buffer.alloc(ELEMENT_BYTES);
  const view = new DataView(element.buffer, element.byteOffset, ELEMENT_BYTES);
  let nextCheck = 1;
  for (let added = 1; added <= ELEMENTS; added++) {
    view.setUint32(0, added, true);
    const mark = markOf(element, view, 0, ELEMENT_BYTES);
    const outcome = addElement(sparse, mark, SPARSE_BYTES_MAX);
    if (addElement(dense, mark, SPARSE_BYTES_MAX) !== outcome) return 'dense/sparse disagree';
    if (added < nextCheck) continue;
    nextCheck = Math.ceil(added * CHECK_FACTOR);
    const count = Number(recount(dense));
    if (Number(recount(sparse)) !== count) return 'dense/sparse disagree';
    const error = Math.abs(count - added);
    const errorMax = Math.ceil(STANDARD_ERROR * STANDARD_ERRORS_MAX * added);
    if (error > errorMax) return `Too big error. card:${added} abserr:${error}`;
  }
  return undefined;
}
