/**
 * Small sorted sets: a listpack of members, each followed by its score as the text that Redis
 * prints, ascending by (score, member).
 *
 * An element is named by the offset of its member in the listpack, as entries are: 0 is none. -0
 * becomes 0 here, as in Redis.
 */
import { OutOfMemoryError } from '../memory/heap.ts';
import { DOUBLE_LENGTH_MAX, parseDouble, writeDouble } from '../protocol/numbers.ts';
import { Int64 } from '../structures/int64.ts';
import * as listpack from '../structures/listpack.ts';
import {
  END,
  isString,
  readInteger,
  sizeAt,
  stringLength,
  stringStart,
} from '../structures/listpack-entry.ts';
import type { Cell } from './cell.ts';

/** Room that a packed sorted set asks for behind it, as a part of its length: 1 in 8. */
const SLACK_SHIFT = 3;

const integer = new Int64();
/** The text of the score that is written. */
const scoreText = Buffer.alloc(DOUBLE_LENGTH_MAX);
const scoreView = new DataView(scoreText.buffer, scoreText.byteOffset, DOUBLE_LENGTH_MAX);
const otherScore = new Float64Array(1);

/** Number of elements. */
export function count({ bytes, view, start }: Cell): number {
  return listpack.count(bytes, view, start) >>> 1;
}

/** Bytes of the entries of an element; its score is `score[0]`. */
export function elementBytes(
  score: Float64Array,
  bytes: Buffer,
  offset: number,
  length: number,
): number {
  const scoreLength = spellScore(score);
  const memberBytes = listpack.entryBytes(bytes, offset, length);
  return memberBytes + listpack.entryBytes(scoreText, 0, scoreLength);
}

/** Puts the score in the entry at a position, as elsewhere not an offset, in `into`. */
export function readScoreAt(bytes: Buffer, view: DataView, at: number, into: Float64Array): void {
  if (isString(bytes[at]!)) {
    const from = stringStart(bytes, at);
    into[0] = parseDouble(bytes, from, from + stringLength(bytes, view, at));
  } else {
    readInteger(bytes, view, at, integer);
    into[0] = integer.toNumber();
  }
}

/** The element with this member, 0 for none. */
export function find(
  cell: Cell,
  bytes: Buffer,
  view: DataView,
  offset: number,
  length: number,
): number {
  const { bytes: own, view: ownView, start } = cell;
  const from = listpack.first(own, start);
  return listpack.find(own, ownView, start, from, 2, bytes, view, offset, length);
}

/** Puts an element's score in `into`. */
export function readScore(cell: Cell, element: number, into: Float64Array): void {
  const { bytes, view, start } = cell;
  const at = start + element;
  readScoreAt(bytes, view, at + sizeAt(bytes, view, at), into);
}

/** Elements before this one. */
export function rankOf({ bytes, start }: Cell, element: number): number {
  let entries = 0;
  let offset = listpack.previous(bytes, start, element);
  while (offset !== 0) {
    entries++;
    offset = listpack.previous(bytes, start, offset);
  }
  return entries >>> 1;
}

/** Elements at the start with a lower score than `bound[0]`, or with one that is not higher. */
export function rankOfScore(cell: Cell, bound: Float64Array, orEqual: boolean): number {
  const { bytes, view, start } = cell;
  const score = bound[0]!;
  let rank = 0;
  let at = start + listpack.first(bytes, start);
  if (at === start) return 0;
  for (; bytes[at] !== END; rank++) {
    at += sizeAt(bytes, view, at);
    readScoreAt(bytes, view, at, otherScore);
    const other = otherScore[0]!;
    if (other > score || (other === score && !orEqual)) return rank;
    at += sizeAt(bytes, view, at);
  }
  return rank;
}

/** Elements from rank `from` on whose members are before these bytes, or not after them. */
export function countMembers(
  cell: Cell,
  from: number,
  text: Buffer,
  textOffset: number,
  textLength: number,
  orEqual: boolean,
): number {
  const { bytes, view, start } = cell;
  const bound = orEqual ? 1 : 0;
  let passed = 0;
  let offset = listpack.atIndex(bytes, view, start, from * 2);
  while (offset !== 0) {
    const order = listpack.compare(bytes, view, start, offset, text, textOffset, textLength);
    if (order >= bound) break;
    passed++;
    offset = listpack.next(bytes, view, start, listpack.behind(bytes, view, start, offset));
  }
  return passed;
}

/** Adds an element that is not there. Throws OutOfMemoryError, with nothing changed. */
export function add(
  cell: Cell,
  score: Float64Array,
  bytes: Buffer,
  view: DataView,
  offset: number,
  length: number,
): void {
  const added = elementBytes(score, bytes, offset, length);
  grow(cell, added);
  const place = placeOf(cell, score, bytes, offset, length);
  insertAt(cell, place, score, bytes, view, offset, length);
}

/** As `add`, for the last element of all. REQUIRES: there is room for it in the cell. */
export function append(
  cell: Cell,
  score: Float64Array,
  bytes: Buffer,
  view: DataView,
  offset: number,
  length: number,
): void {
  insertAt(cell, listpack.end(cell.view, cell.start), score, bytes, view, offset, length);
}

/** Gives an element another score; its member is passed too, for it may have to move. */
export function setScore(
  cell: Cell,
  element: number,
  score: Float64Array,
  bytes: Buffer,
  view: DataView,
  offset: number,
  length: number,
): void {
  const scoreLength = spellScore(score);
  const old = listpack.behind(cell.bytes, cell.view, cell.start, element);
  const oldBytes = listpack.entryBytesAt(cell.bytes, cell.view, cell.start, old);
  const newBytes = listpack.entryBytes(scoreText, 0, scoreLength);
  if (newBytes > oldBytes) grow(cell, newBytes - oldBytes);
  const { bytes: own, view: ownView, start } = cell;
  const place = placeOf(cell, score, bytes, offset, length);
  if (place === element || place === old + oldBytes) {
    listpack.replace(own, ownView, start, old, scoreText, scoreView, 0, scoreLength);
  } else {
    const elementBytes = old + oldBytes - element;
    listpack.remove(own, ownView, start, element, 2);
    const moved = place > element ? place - elementBytes : place;
    insertAt(cell, moved, score, bytes, view, offset, length);
  }
  if (newBytes < oldBytes) shrink(cell);
}

/** Removes so many elements from a rank on. */
export function removeRanks(cell: Cell, rank: number, elements: number): void {
  const { bytes, view, start } = cell;
  remove(cell, listpack.atIndex(bytes, view, start, rank * 2), elements);
}

/** Removes so many elements from one on. */
export function remove(cell: Cell, element: number, elements: number): void {
  listpack.remove(cell.bytes, cell.view, cell.start, element, elements * 2);
  shrink(cell);
}

/** Prints a score to `scoreText`; returns the length. */
function spellScore(score: Float64Array): number {
  // Adding 0 makes 0 of -0.
  return writeDouble(scoreText, 0, score[0]! + 0);
}

/** Where an element belongs: before the first that comes after it, itself passed over. */
function placeOf(
  cell: Cell,
  score: Float64Array,
  text: Buffer,
  textOffset: number,
  textLength: number,
): number {
  const { bytes, view, start } = cell;
  const wanted = score[0]!;
  let at = start + listpack.first(bytes, start);
  if (at === start) return listpack.end(view, start);
  while (bytes[at] !== END) {
    const scoreAt = at + sizeAt(bytes, view, at);
    readScoreAt(bytes, view, scoreAt, otherScore);
    const other = otherScore[0]!;
    if (other > wanted) break;
    if (other === wanted) {
      const order = listpack.compare(bytes, view, start, at - start, text, textOffset, textLength);
      if (order >= 0) break;
    }
    at = scoreAt + sizeAt(bytes, view, scoreAt);
  }
  return at - start;
}

function insertAt(
  cell: Cell,
  place: number,
  score: Float64Array,
  bytes: Buffer,
  view: DataView,
  offset: number,
  length: number,
): void {
  const { bytes: own, view: ownView, start } = cell;
  const scoreLength = spellScore(score);
  listpack.insert(own, ownView, start, place, scoreText, scoreView, 0, scoreLength);
  listpack.insert(own, ownView, start, place, bytes, view, offset, length);
}

/** Makes the cell so many bytes longer than the listpack. */
function grow(cell: Cell, added: number): void {
  const length = listpack.totalBytes(cell.view, cell.start) + added;
  cell.resize(length, length >>> SLACK_SHIFT);
}

/** Makes the cell as long as the listpack. Without memory to move it there it keeps its room. */
function shrink(cell: Cell): void {
  try {
    cell.resize(listpack.totalBytes(cell.view, cell.start));
  } catch (problem) {
    if (!(problem instanceof OutOfMemoryError)) throw problem;
  }
}
