/**
 * One block of a stream: entries in a listpack, byte for byte as Redis holds and stores them. The
 * key of a block is the id of the entry that began it, and lies beside it in the stream's tree; ids
 * within are told as differences to that, both parts modulo 2^64.
 *
 *   listpack   | live | deleted | n | field 1 ... field n | 0 | entry | entry | ... |
 *   entry      | flags | ms | sequence | value 1 ... value n | elements |             SAME_FIELDS
 *              | flags | ms | sequence | n | field 1 | value 1 ... field n | value n | elements |
 *
 * `live` and `deleted` count entries; the fields at the beginning are those of the entry that began
 * the block, and an entry with the same ones only says so. `elements` counts those of the entry
 * before it, for walking backward. A deleted entry stays as a tombstone until all of its block are.
 *
 * Positions are byte offsets within `bytes`. Rejected: blocks of a format of our own, which would
 * have to be converted whenever one is saved, loaded, or sent to a replica.
 */
import { moveBytes } from '../memory/move-bytes.ts';
import type { Args } from '../protocol/args.ts';
import { Int64 } from './int64.ts';
import {
  END,
  equalsText,
  integerEntryBytes,
  readInteger,
  sizeAt,
  writeEntry,
  writeIntegerEntry,
} from './listpack-entry.ts';

/** Flags of an entry. */
export const DELETED = 1;
export const SAME_FIELDS = 2;

/** Position of the first element, `live`, from the start of the listpack. */
const LIVE_OFFSET = 6;
const ELEMENTS_OFFSET = 4;
const ELEMENTS_UNKNOWN = 0xffff;

/** Room that `addToCounts` may need. */
export const COUNTS_SLACK = 8;
/** What a block has beside its fields, at most: header and end, `live` to `n`, and the 0. */
export const BLOCK_OVERHEAD = 19;
/** What an entry has beside its fields and values, at most, and `live` may grow by. */
const ENTRY_OVERHEAD = 36;
/** What a text takes as an element beside its bytes, at most: head and backlen. */
const SHORT_TEXT_OVERHEAD = 2;
const TEXT_OVERHEAD = 10;
const SHORT_TEXT_MAX = 63;

const scratch = new Int64();

/**
 * Bytes that an entry takes at most, whose fields and values are so many and have `textBytes`
 * together.
 */
export function entryRoom(texts: number, textBytes: number): number {
  const overhead = textBytes > SHORT_TEXT_MAX ? TEXT_OVERHEAD : SHORT_TEXT_OVERHEAD;
  return ENTRY_OVERHEAD + textBytes + texts * overhead;
}

/** Writes a block without entries; fields and values are the arguments from `first` on. */
export function writeBlock(
  bytes: Buffer,
  view: DataView,
  start: number,
  args: Args,
  first: number,
): void {
  const fields = (args.count - first) >> 1;
  let at = writeSmall(bytes, view, start + LIVE_OFFSET, 0);
  at = writeSmall(bytes, view, at, 0);
  at = writeSmall(bytes, view, at, fields);
  for (let i = first; i < args.count; i += 2) at = writeArgument(bytes, view, at, args, i);
  at = writeSmall(bytes, view, at, 0);
  bytes[at] = END;
  view.setUint32(start, at + 1 - start, true);
  view.setUint16(start + ELEMENTS_OFFSET, Math.min(fields + 4, ELEMENTS_UNKNOWN), true);
}

/**
 * Adds an entry, whose id is told as differences to the block's key. REQUIRES: `entryRoom` more.
 */
export function appendEntry(
  bytes: Buffer,
  view: DataView,
  start: number,
  ms: Int64,
  sequence: Int64,
  args: Args,
  first: number,
): void {
  const isSame = hasFields(bytes, view, start, args, first);
  // The count is one byte, and stays one.
  if (bytes[start + LIVE_OFFSET]! < 127) bytes[start + LIVE_OFFSET]! += 1;
  else addToCounts(bytes, view, start, 1, 0);
  let at = start + view.getUint32(start, true) - 1;
  bytes[at] = isSame ? SAME_FIELDS : 0;
  bytes[at + 1] = 1;
  at = writeIntegerEntry(bytes, view, at + 2, ms);
  at = writeIntegerEntry(bytes, view, at, sequence);
  const fields = (args.count - first) >> 1;
  if (!isSame) at = writeSmall(bytes, view, at, fields);
  const step = isSame ? 2 : 1;
  for (let i = first + step - 1; i < args.count; i += step) {
    at = writeArgument(bytes, view, at, args, i);
  }
  const elements = isSame ? fields + 3 : fields * 2 + 4;
  at = writeSmall(bytes, view, at, elements);
  bytes[at] = END;
  view.setUint32(start, at + 1 - start, true);
  const known = view.getUint16(start + ELEMENTS_OFFSET, true);
  if (known === ELEMENTS_UNKNOWN) return;
  const all = Math.min(known + elements + 1, ELEMENTS_UNKNOWN);
  view.setUint16(start + ELEMENTS_OFFSET, all, true);
}

/** Entries that are not deleted. */
export function liveCount(bytes: Buffer, view: DataView, start: number): number {
  return readSmall(bytes, view, start + LIVE_OFFSET);
}

/** All entries, tombstones too. */
export function entryCount(bytes: Buffer, view: DataView, start: number): number {
  const at = start + LIVE_OFFSET;
  const live = bytes[at]!;
  const deleted = bytes[at + 2]!;
  if (live < 128 && deleted < 128) return live + deleted;
  return readSmall(bytes, view, at) + readSmall(bytes, view, at + sizeAt(bytes, view, at));
}

/**
 * Changes both counts. Returns by how many bytes all that is behind them has moved. REQUIRES: room
 * for COUNTS_SLACK more.
 */
export function addToCounts(
  bytes: Buffer,
  view: DataView,
  start: number,
  live: number,
  deleted: number,
): number {
  const at = start + LIVE_OFFSET;
  let moved = 0;
  if (live !== 0) moved += replaceSmall(bytes, view, start, at, readSmall(bytes, view, at) + live);
  if (deleted !== 0) {
    const behind = at + sizeAt(bytes, view, at);
    const count = readSmall(bytes, view, behind) + deleted;
    moved += replaceSmall(bytes, view, start, behind, count);
  }
  return moved;
}

/** The value of an element that is an integer, and a safe one. */
export function readSmall(bytes: Buffer, view: DataView, at: number): number {
  const head = bytes[at]!;
  if (head < 128) return head;
  readInteger(bytes, view, at, scratch);
  return scratch.toNumber();
}

/** Whether the block began with the fields of these arguments. */
function hasFields(
  bytes: Buffer,
  view: DataView,
  start: number,
  args: Args,
  first: number,
): boolean {
  let at = fieldCountAt(bytes, view, start);
  if (readSmall(bytes, view, at) !== (args.count - first) >> 1) return false;
  at += sizeAt(bytes, view, at);
  for (let i = first; i < args.count; i += 2) {
    if (!equalsText(bytes, view, at, args.bytes, args.view, args.start(i), args.length(i))) {
      return false;
    }
    at += sizeAt(bytes, view, at);
  }
  return true;
}

/** Position of the number of fields that the block began with. */
export function fieldCountAt(bytes: Buffer, view: DataView, start: number): number {
  let at = start + LIVE_OFFSET;
  if (bytes[at]! < 128 && bytes[at + 2]! < 128) return at + 4;
  at += sizeAt(bytes, view, at);
  return at + sizeAt(bytes, view, at);
}

function writeArgument(bytes: Buffer, view: DataView, at: number, args: Args, i: number): number {
  return writeEntry(bytes, view, at, args.bytes, args.view, args.start(i), args.length(i));
}

/** Writes a count as an element. */
function writeSmall(bytes: Buffer, view: DataView, at: number, value: number): number {
  if (value < 128) {
    bytes[at] = value;
    bytes[at + 1] = 1;
    return at + 2;
  }
  scratch.setNumber(value);
  return writeIntegerEntry(bytes, view, at, scratch);
}

/** Gives an element another value; returns by how many bytes what follows has moved. */
function replaceSmall(
  bytes: Buffer,
  view: DataView,
  start: number,
  at: number,
  value: number,
): number {
  if (value < 128 && bytes[at]! < 128) {
    bytes[at] = value;
    return 0;
  }
  scratch.setNumber(value);
  const total = view.getUint32(start, true);
  const before = sizeAt(bytes, view, at);
  const moved = integerEntryBytes(scratch) - before;
  if (moved !== 0) {
    const behind = at + before;
    moveBytes(bytes, view, behind + moved, behind, start + total - behind);
    view.setUint32(start, total + moved, true);
  }
  writeIntegerEntry(bytes, view, at, scratch);
  return moved;
}
