/**
 * Hashes: a listpack of fields, each followed by its value, in the record, or a packed table when
 * there are more fields than hash-max-listpack-entries or one longer than hash-max-listpack-value;
 * see structures/packed-table.ts. As in Redis a hash never becomes a listpack again.
 */
import type { Ptr } from '../memory/address.ts';
import { type Heap, OutOfMemoryError } from '../memory/heap.ts';
import type { Args } from '../protocol/args.ts';
import * as listpack from '../structures/listpack.ts';
import { ListpackCursor } from '../structures/listpack-cursor.ts';
import { PackedTable } from '../structures/packed-table.ts';
import { hashBytes } from '../structures/siphash.ts';
import type { Cell } from './cell.ts';
import { MemberAhead, memberHash } from './member-ahead.ts';
import { PackedLimits } from './packed-limits.ts';
import { PackedPairs } from './packed-pairs.ts';

export const HASH_LISTPACK = 0;
export const HASH_TABLE = 1;

/** Room that a packed hash asks for behind it, as a part of its length: 1 in 8. */
const SLACK_SHIFT = 3;

/** Values whose places are noted when several fields are set; others are looked for twice. */
const VALUES_NOTED_MAX = 64;

/** Operations on hashes. One per keyspace serves all of them. */
export class Hashes {
  readonly table: PackedTable;
  readonly limits: PackedLimits = new PackedLimits(512, 64);
  /** The value of the field that `find` found; see `valueText`. */
  valueBytes!: Buffer;
  valueView!: DataView;
  valueStart = 0;
  valueLength = 0;
  /** Pairs that the `setAll` that failed last had set before. */
  pairsSet = 0;
  /** Where values are that are about to be replaced. */
  readonly #values = new Int32Array(VALUES_NOTED_MAX);
  readonly #ahead = new MemberAhead();
  readonly #pairs = new PackedPairs();
  readonly #value = new ListpackCursor();

  constructor(heap: Heap) {
    this.table = new PackedTable(heap);
  }

  /** Number of fields. */
  length(cell: Cell): number {
    if (cell.encoding === HASH_TABLE) return this.table.count(cell.root);
    return packedLength(cell);
  }

  // --- New hashes

  /** Whether the pairs of arguments from `first` on make a packed hash. */
  fitsPacked(args: Args, first: number): boolean {
    return this.#fits(listpack.EMPTY_BYTES, args, first);
  }

  /** Bytes of a packed hash of the pairs of arguments from `first` on, at most. */
  packedBytes(args: Args, first: number): number {
    return listpack.EMPTY_BYTES + sumOfEntries(args, first);
  }

  /** Fills a new packed hash; returns its length. REQUIRES: the cell is `packedBytes` long. */
  fill(cell: Cell, args: Args, first: number): number {
    const { bytes, view, start, length } = cell;
    listpack.writeEmpty(bytes, view, start);
    if (args.count === first + 2) {
      appendPair(cell, args, first);
      return 1;
    }
    let fields = 0;
    for (let i = first; i < args.count; i += 2) if (this.#putPair(cell, args, i)) fields++;
    if (listpack.totalBytes(view, start) < length) fitPacked(cell);
    return fields;
  }

  /** Makes a table of the pairs of arguments from `first` on. Throws OutOfMemoryError. */
  build(args: Args, first: number): Ptr {
    const { table } = this;
    const root = table.create(true);
    try {
      this.#putAll(root, args, first);
    } catch (problem) {
      table.release(root, Number.POSITIVE_INFINITY);
      throw problem;
    }
    return root;
  }

  // --- Changing

  /**
   * Gives the field that is argument `i` a value, which lies outside of the hash; whether the field
   * is new. Throws OutOfMemoryError, with nothing changed.
   */
  set(
    cell: Cell,
    args: Args,
    i: number,
    vBytes: Buffer,
    vView: DataView,
    vStart: number,
    vLength: number,
  ): boolean {
    const { bytes, view } = args;
    const start = args.start(i);
    const length = args.length(i);
    if (cell.encoding === HASH_LISTPACK) {
      const max = this.limits.valueBytesMax;
      const total = cell.length + length + vLength;
      if (length <= max && vLength <= max && total <= listpack.BYTES_MAX) {
        return this.#setPacked(cell, args, i, vBytes, vView, vStart, vLength);
      }
      this.#convert(cell);
    }
    const hash = memberHash(args, i);
    const { table } = this;
    return table.put(cell.root, hash, bytes, view, start, length, vBytes, vView, vStart, vLength);
  }

  /**
   * Sets the fields that the pairs of arguments from `first` on say, and returns how many are new.
   * Throws OutOfMemoryError, with nothing changed in a packed hash; in a table the pairs before the
   * one that found no memory stay, and `pairsSet` says how many these are.
   */
  setAll(cell: Cell, args: Args, first: number): number {
    this.pairsSet = 0;
    if (cell.encoding === HASH_LISTPACK) {
      if (this.#fits(cell.length, args, first)) return this.#setAllPacked(cell, args, first);
      this.#convert(cell);
    }
    return this.#putAll(cell.root, args, first);
  }

  /**
   * Removes the fields that the arguments from `first` on name, and returns how many there were.
   * The hash may be empty then.
   */
  remove(cell: Cell, args: Args, first: number): number {
    if (cell.encoding === HASH_TABLE) return this.#removeFromTable(cell.root, args, first);
    let removed = 0;
    for (let i = first; i < args.count; i++) {
      const offset = findPacked(cell, args, i);
      if (offset === 0) continue;
      listpack.remove(cell.bytes, cell.view, cell.start, offset, 2);
      removed++;
    }
    if (removed > 0) fitPacked(cell);
    return removed;
  }

  // --- Reading

  /**
   * Finds the field that is argument `i`; whether it is there. `value...` then is its value, until
   * the hash changes.
   */
  find(cell: Cell, args: Args, i: number): boolean {
    if (cell.encoding === HASH_TABLE)
      return this.#findInTable(cell.root, memberHash(args, i), args, i);
    const offset = findPacked(cell, args, i);
    if (offset === 0) return false;
    const { bytes, view, start } = cell;
    const value = this.#value;
    value.seek(bytes, view, start, listpack.next(bytes, view, start, offset));
    value.spell();
    this.valueBytes = value.textBytes(bytes);
    this.valueView = value.textView(view);
    this.valueStart = value.textStart;
    this.valueLength = value.textLength;
    return true;
  }

  /** As `find`, for each of the arguments from `first` on in turn. */
  findNext(cell: Cell, args: Args, i: number, first: number): boolean {
    if (cell.encoding === HASH_LISTPACK) return this.find(cell, args, i);
    const { root } = cell;
    return this.#findInTable(root, this.#ahead.hash(this.table, root, args, i, first, 1), args, i);
  }

  // --- Parts

  #findInTable(root: Ptr, hash: number, args: Args, i: number): boolean {
    const { table } = this;
    if (!table.find(root, hash, args.bytes, args.view, args.start(i), args.length(i))) return false;
    this.valueBytes = table.valueBytes;
    this.valueView = table.valueView;
    this.valueStart = table.valueStart;
    this.valueLength = table.valueLength;
    return true;
  }

  #removeFromTable(root: Ptr, args: Args, first: number): number {
    const { table } = this;
    let removed = 0;
    for (let i = first; i < args.count && table.count(root) > 0; i++) {
      const hash = this.#ahead.hash(table, root, args, i, first, 1);
      if (table.remove(root, hash, args.bytes, args.view, args.start(i), args.length(i))) removed++;
    }
    return removed;
  }

  #putAll(root: Ptr, args: Args, first: number): number {
    const { table } = this;
    const { bytes, view } = args;
    let added = 0;
    for (let i = first; i < args.count; i += 2) {
      const hash = this.#ahead.hash(table, root, args, i, first, 2);
      const start = args.start(i);
      const length = args.length(i);
      const vStart = args.start(i + 1);
      const vLength = args.length(i + 1);
      if (table.put(root, hash, bytes, view, start, length, bytes, view, vStart, vLength)) added++;
      this.pairsSet++;
    }
    return added;
  }

  #setPacked(
    cell: Cell,
    args: Args,
    i: number,
    vBytes: Buffer,
    vView: DataView,
    vStart: number,
    vLength: number,
  ): boolean {
    const offset = findPacked(cell, args, i);
    if (offset !== 0) {
      const value = listpack.next(cell.bytes, cell.view, cell.start, offset);
      replacePacked(cell, value, vBytes, vView, vStart, vLength);
    } else {
      const { bytes, view } = args;
      const fStart = args.start(i);
      const fLength = args.length(i);
      const added =
        listpack.entryBytes(bytes, fStart, fLength) + listpack.entryBytes(vBytes, vStart, vLength);
      growPacked(cell, added);
      listpack.append(cell.bytes, cell.view, cell.start, bytes, view, fStart, fLength);
      listpack.append(cell.bytes, cell.view, cell.start, vBytes, vView, vStart, vLength);
    }
    this.#settle(cell);
    return offset === 0;
  }

  #setAllPacked(cell: Cell, args: Args, first: number): number {
    // Room for all of it first: then nothing can fail on the way.
    growPacked(cell, this.#measure(cell, args, first));
    const { bytes, view, start } = cell;
    const values = this.#values;
    const total = listpack.totalBytes(view, start);
    let isMoved = false;
    let fields = 0;
    for (let i = first; i < args.count; i += 2) {
      const pair = (i - first) >>> 1;
      const value = pair < VALUES_NOTED_MAX ? values[pair]! : 0;
      // What was noted holds until a value of another length, or a new field, comes.
      if (value !== 0 && !isMoved) {
        const vStart = args.start(i + 1);
        const vLength = args.length(i + 1);
        listpack.replace(bytes, view, start, value, args.bytes, args.view, vStart, vLength);
      } else if (this.#putPair(cell, args, i)) {
        fields++;
      }
      isMoved ||= listpack.totalBytes(view, start) !== total;
    }
    fitPacked(cell);
    this.#settle(cell);
    return fields;
  }

  /**
   * By how many bytes a packed hash grows, at most, when these pairs are set. Notes where the
   * values of the first of them are, 0 for what is not there.
   */
  #measure(cell: Cell, args: Args, first: number): number {
    const { bytes, view, start } = cell;
    const values = this.#values;
    let added = 0;
    for (let i = first; i < args.count; i += 2) {
      const pair = (i - first) >>> 1;
      const offset = findPacked(cell, args, i);
      const valueBytes = listpack.entryBytes(args.bytes, args.start(i + 1), args.length(i + 1));
      let value = 0;
      if (offset === 0) {
        added += valueBytes + listpack.entryBytes(args.bytes, args.start(i), args.length(i));
      } else {
        value = listpack.next(bytes, view, start, offset);
        added += Math.max(valueBytes - listpack.entryBytesAt(bytes, view, start, value), 0);
      }
      if (pair < VALUES_NOTED_MAX) values[pair] = value;
    }
    return added;
  }

  /** Sets one pair in a packed hash that has the room; whether the field is new. */
  #putPair(cell: Cell, args: Args, i: number): boolean {
    const offset = findPacked(cell, args, i);
    if (offset === 0) {
      appendPair(cell, args, i);
      return true;
    }
    const { bytes, view, start } = cell;
    const value = listpack.next(bytes, view, start, offset);
    const vStart = args.start(i + 1);
    const vLength = args.length(i + 1);
    listpack.replace(bytes, view, start, value, args.bytes, args.view, vStart, vLength);
    return false;
  }

  /** Whether a listpack of so many bytes may take these pairs, were all of them new. */
  #fits(bytes: number, args: Args, first: number): boolean {
    const { entriesMax, valueBytesMax } = this.limits;
    if ((args.count - first) / 2 > entriesMax) return false;
    let total = bytes;
    for (let i = first; i < args.count; i++) {
      const length = args.length(i);
      if (length > valueBytesMax) return false;
      total += length;
    }
    return total <= listpack.BYTES_MAX;
  }

  /**
   * Turns a packed hash with too many fields into a table. Without memory to do so it stays what it
   * is.
   */
  #settle(cell: Cell): void {
    if (packedLength(cell) <= this.limits.entriesMax) return;
    try {
      this.#convert(cell);
    } catch (problem) {
      if (!(problem instanceof OutOfMemoryError)) throw problem;
    }
  }

  /** Turns a packed hash into a table. Throws OutOfMemoryError, with nothing changed. */
  #convert(cell: Cell): void {
    const { table } = this;
    const root = table.create(true);
    try {
      this.#putPacked(root, cell);
      cell.become(HASH_TABLE, root);
    } catch (problem) {
      table.release(root, Number.POSITIVE_INFINITY);
      throw problem;
    }
  }

  /** Puts the pairs of a packed hash into a table. */
  #putPacked(root: Ptr, { bytes, view, start }: Cell): void {
    const { table } = this;
    const pairs = this.#pairs;
    const { field, value } = pairs;
    for (let more = pairs.first(bytes, view, start); more; more = pairs.next(bytes, view, start)) {
      const fView = field.textView(view);
      table.put(
        root,
        hashBytes(fView, field.textStart, field.textLength),
        field.textBytes(bytes),
        fView,
        field.textStart,
        field.textLength,
        value.textBytes(bytes),
        value.textView(view),
        value.textStart,
        value.textLength,
      );
    }
  }
}

/** Number of fields of a packed hash. */
function packedLength(cell: Cell): number {
  return listpack.count(cell.bytes, cell.view, cell.start) >>> 1;
}

/** Offset of the field that is argument `i` in a packed hash, 0 if it is not there. */
function findPacked({ bytes, view, start }: Cell, args: Args, i: number): number {
  const from = listpack.first(bytes, start);
  const fStart = args.start(i);
  return listpack.find(bytes, view, start, from, 2, args.bytes, args.view, fStart, args.length(i));
}

/** Adds arguments `i` and `i + 1` as a field and its value. REQUIRES: there is room. */
function appendPair({ bytes, view, start }: Cell, args: Args, i: number): void {
  const { bytes: from, view: fromView } = args;
  listpack.append(bytes, view, start, from, fromView, args.start(i), args.length(i));
  listpack.append(bytes, view, start, from, fromView, args.start(i + 1), args.length(i + 1));
}

/** Gives the entry at an offset another text. Throws OutOfMemoryError, with nothing changed. */
function replacePacked(
  cell: Cell,
  offset: number,
  text: Buffer,
  textView: DataView,
  textStart: number,
  textLength: number,
): void {
  const old = listpack.entryBytesAt(cell.bytes, cell.view, cell.start, offset);
  const added = listpack.entryBytes(text, textStart, textLength) - old;
  if (added > 0) growPacked(cell, added);
  const { bytes, view, start } = cell;
  listpack.replace(bytes, view, start, offset, text, textView, textStart, textLength);
  if (added < 0) fitPacked(cell);
}

/** Makes a packed hash's cell so many bytes longer than the hash. */
function growPacked(cell: Cell, added: number): void {
  const length = listpack.totalBytes(cell.view, cell.start) + added;
  cell.resize(length, length >>> SLACK_SHIFT);
}

/**
 * Makes a packed hash's cell as long as the hash. Without memory to move it there it keeps its
 * room.
 */
function fitPacked(cell: Cell): void {
  try {
    cell.resize(listpack.totalBytes(cell.view, cell.start));
  } catch (problem) {
    if (!(problem instanceof OutOfMemoryError)) throw problem;
  }
}

function sumOfEntries(args: Args, first: number): number {
  let sum = 0;
  for (let i = first; i < args.count; i++) {
    sum += listpack.entryBytes(args.bytes, args.start(i), args.length(i));
  }
  return sum;
}
