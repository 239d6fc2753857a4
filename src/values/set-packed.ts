/**
 * Small sets: intsets and listpacks in a cell. Whatever needs memory takes it before the first
 * change.
 */
import { OutOfMemoryError } from '../memory/heap.ts';
import { Int64 } from '../structures/int64.ts';
import * as intset from '../structures/intset.ts';
import * as listpack from '../structures/listpack.ts';
import { FIRST_ENTRY, writeHeader } from '../structures/listpack-ends.ts';
import { END, integerEntryBytes, writeIntegerEntry } from '../structures/listpack-entry.ts';
import type { Cell } from './cell.ts';
import { SET_INTSET, SET_LISTPACK } from './set-encoding.ts';
import type { SetMember } from './set-member.ts';

/** Room that a packed set asks for behind it, as a part of its length: 1 in 8. */
const SLACK_SHIFT = 3;
/** Most room that is asked for because more members are to come. */
const SLACK_BYTES_MAX = 16 * 1024;
/** A listpack that says so has to be counted. */
const COUNT_UNKNOWN = 0xffff;

const integer = new Int64();

/** Number of members. */
export function packedCount({ encoding, bytes, view, start }: Cell): number {
  if (encoding === SET_INTSET) return intset.count(view, start);
  return listpack.count(bytes, view, start);
}

/** Whether a member is there. */
export function packedContains({ encoding, bytes, view, start }: Cell, member: SetMember): boolean {
  if (encoding === SET_INTSET) {
    return member.isInteger() && intset.find(view, start, member.integer) >= 0;
  }
  return entryOf(bytes, view, start, member) !== 0;
}

/**
 * Adds an integer that is not there to an intset; room is made for `more` others too. Throws
 * OutOfMemoryError, with nothing changed.
 */
export function addToIntset(cell: Cell, { integer }: SetMember, more: number): void {
  const total = intset.bytesWith(cell.view, cell.start, integer);
  grow(cell, total, more * cell.view.getUint32(cell.start, true));
  intset.add(cell.bytes, cell.view, cell.start, integer);
}

/** As `addToIntset`, a text to a listpack. */
export function addToListpack(cell: Cell, member: SetMember, more: number): void {
  member.spell();
  const { bytes, view, start, length } = member;
  const size = listpack.entryBytes(bytes, start, length);
  grow(cell, listpack.totalBytes(cell.view, cell.start) + size, more * size);
  listpack.append(cell.bytes, cell.view, cell.start, bytes, view, start, length);
}

/** Takes a member out; whether it was there. */
export function removePacked(cell: Cell, member: SetMember): boolean {
  const { bytes, view, start } = cell;
  if (cell.encoding === SET_INTSET) {
    if (!member.isInteger() || !intset.remove(bytes, view, start, member.integer)) return false;
  } else {
    const offset = entryOf(bytes, view, start, member);
    if (offset === 0) return false;
    listpack.remove(bytes, view, start, offset);
  }
  trimCell(cell);
  return true;
}

/** Makes a cell as long as its set. Without memory to move it stays longer. */
export function trimCell(cell: Cell): void {
  const { encoding, view, start } = cell;
  const measure = encoding === SET_INTSET ? intset.totalBytes : listpack.totalBytes;
  try {
    cell.resize(measure(view, start));
  } catch (problem) {
    if (!(problem instanceof OutOfMemoryError)) throw problem;
  }
}

/** Length of the longest text among an intset's members, 0 if there are none. */
export function longestText({ view, start }: Cell): number {
  const members = intset.count(view, start);
  if (members === 0) return 0;
  intset.read(view, start, 0, integer);
  const least = integer.textLength();
  intset.read(view, start, members - 1, integer);
  return Math.max(least, integer.textLength());
}

/** Turns an intset into a listpack. Throws OutOfMemoryError, with nothing changed. */
export function intsetToListpack(cell: Cell): void {
  const length = intset.totalBytes(cell.view, cell.start);
  const old = Buffer.from(cell.bytes.subarray(cell.start, cell.start + length));
  const oldView = new DataView(old.buffer, old.byteOffset, length);
  const members = intset.count(oldView, 0);
  let total = listpack.EMPTY_BYTES;
  for (let i = 0; i < members; i++) {
    intset.read(oldView, 0, i, integer);
    total += integerEntryBytes(integer);
  }
  cell.resize(total, total >>> SLACK_SHIFT);
  const { bytes, view, start } = cell;
  let at = start + FIRST_ENTRY;
  for (let i = 0; i < members; i++) {
    intset.read(oldView, 0, i, integer);
    at = writeIntegerEntry(bytes, view, at, integer);
  }
  bytes[at] = END;
  writeHeader(view, start, total, Math.min(members, COUNT_UNKNOWN));
  cell.encoding = SET_LISTPACK;
}

/**
 * Takes out the members, in the order in which they are held, whose `flags` are set, `count` of
 * them. REQUIRES: others stay.
 */
export function removeFlagged(cell: Cell, flags: Uint8Array, count: number): void {
  if (cell.encoding === SET_INTSET) intset.removeFlagged(cell.bytes, cell.view, cell.start, flags);
  else removeFlaggedEntries(cell, flags, count);
  trimCell(cell);
}

function removeFlaggedEntries({ bytes, view, start }: Cell, flags: Uint8Array, count: number) {
  const members = listpack.count(bytes, view, start);
  let from = FIRST_ENTRY;
  let to = from;
  for (let i = 0; i < members; i++) {
    const size = listpack.entryBytesAt(bytes, view, start, from);
    if (flags[i] === 0) {
      if (to !== from) bytes.copyWithin(start + to, start + from, start + from + size);
      to += size;
    }
    from += size;
  }
  bytes[start + to] = END;
  writeHeader(view, start, to + 1, Math.min(members - count, COUNT_UNKNOWN));
}

/** Where a listpack has the member, 0 if nowhere. */
function entryOf(bytes: Buffer, view: DataView, start: number, member: SetMember): number {
  member.spell();
  const first = listpack.first(bytes, start);
  const { bytes: text, view: textView, start: from, length } = member;
  return listpack.find(bytes, view, start, first, 1, text, textView, from, length);
}

/** Makes room for a set of so many bytes, and for so many that are to come. */
function grow(cell: Cell, total: number, moreBytes: number): void {
  cell.resize(total, Math.max(total >>> SLACK_SHIFT, Math.min(moreBytes, SLACK_BYTES_MAX)));
}
