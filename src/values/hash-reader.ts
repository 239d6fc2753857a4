/**
 * Reading hashes pair by pair: all of them, those between two cursors of a scan, random ones. Pairs
 * go from where they lie into the reply.
 */
import { globMatch } from '../protocol/glob.ts';
import type { Reply } from '../protocol/reply.ts';
import * as listpack from '../structures/listpack.ts';
import type { PackedTable } from '../structures/packed-table.ts';
import type { Cell } from './cell.ts';
import { HASH_TABLE } from './hash.ts';
import { PackedPairs } from './packed-pairs.ts';

/** What of a pair is answered; all flags. */
export const FIELDS = 1;
export const VALUES = 2;
/** Each pair is an array of its own. */
export const NESTED = 4;

/** Buckets that a scan visits per field asked for, so that an empty table does not hold it up. */
const BUCKETS_PER_FIELD_MAX = 10;

const STAR = 0x2a;

/** See the file's comment. One per keyspace serves all hashes. */
export class HashReader {
  /** The pair that `each` has come to. */
  fieldBytes!: Buffer;
  fieldStart = 0;
  fieldLength = 0;
  valueBytes!: Buffer;
  valueStart = 0;
  valueLength = 0;
  readonly #table: PackedTable;
  readonly #pairs = new PackedPairs();

  /** `table` has the operations on hashes that are tables. */
  constructor(table: PackedTable) {
    this.#table = table;
  }

  // --- All

  /** Answers with `parts` of all pairs. */
  writeAll(cell: Cell, parts: number, reply: Reply): void {
    if (cell.encoding === HASH_TABLE) {
      this.writeScanned(cell, 0, 0, null, parts, reply);
      return;
    }
    const { bytes, view, start } = cell;
    const pairs = this.#pairs;
    for (let more = pairs.first(bytes, view, start); more; more = pairs.next(bytes, view, start)) {
      this.#writePacked(bytes, view, parts, reply);
    }
  }

  /** Calls back with each pair in turn, which the fields of this object then say. */
  each(cell: Cell, visit: () => void): void {
    if (cell.encoding === HASH_TABLE) {
      this.#eachOfTable(cell, visit);
      return;
    }
    const { bytes, view, start } = cell;
    const pairs = this.#pairs;
    const { field, value } = pairs;
    for (let more = pairs.first(bytes, view, start); more; more = pairs.next(bytes, view, start)) {
      this.fieldBytes = field.textBytes(bytes);
      this.fieldStart = field.textStart;
      this.fieldLength = field.textLength;
      this.valueBytes = value.textBytes(bytes);
      this.valueStart = value.textStart;
      this.valueLength = value.textLength;
      visit();
    }
  }

  // --- Scanning

  /**
   * The cursor after a scan from `cursor` that visits about `fieldsMax` fields, 0 when it reaches
   * the end. A cursor is a place in the order of the fields' hashes, below 2^32, which stays what
   * it is while the table grows and shrinks. A packed hash is visited as a whole.
   */
  scanEnd(cell: Cell, cursor: number, fieldsMax: number): number {
    if (cell.encoding !== HASH_TABLE) return 0;
    const table = this.#table;
    const { root } = cell;
    let position = cursor;
    let fields = 0;
    let buckets = 0;
    do {
      fields += table.scanBucket(root, position);
      position = table.nextPosition;
      buckets++;
    } while (position !== 0 && fields < fieldsMax && buckets < fieldsMax * BUCKETS_PER_FIELD_MAX);
    return position;
  }

  /**
   * Answers with `parts` of the pairs from one cursor to another, where 0 is the end too, whose
   * fields match the glob, null for any. Returns their number.
   */
  writeScanned(
    cell: Cell,
    from: number,
    to: number,
    glob: Uint8Array | null,
    parts: number,
    reply: Reply,
  ): number {
    // The glob matcher, as Redis's, takes an empty text for a match of nothing but the empty glob.
    const pattern = glob?.length === 1 && glob[0] === STAR ? null : glob;
    if (cell.encoding !== HASH_TABLE) return this.#scanPacked(cell, pattern, parts, reply);
    const table = this.#table;
    const { root } = cell;
    let written = 0;
    let position = from;
    do {
      const found = table.scanBucket(root, position);
      position = table.nextPosition;
      for (let i = 0; i < found; i++) {
        table.entry(i);
        if (pattern !== null) {
          const { memberBytes, memberStart, memberLength } = table;
          if (!matches(pattern, memberBytes, memberStart, memberLength)) continue;
        }
        this.#writeEntry(parts, reply);
        written++;
      }
    } while (position !== to && position !== 0);
    return written;
  }

  // --- Random pairs

  /** Answers with a random pair, each with the same chance. REQUIRES: there is one. */
  writeRandom(cell: Cell, parts: number, reply: Reply): void {
    if (cell.encoding === HASH_TABLE) {
      this.#table.random(cell.root, Math.random);
      this.#writeEntry(parts, reply);
      return;
    }
    const { bytes, view, start } = cell;
    const fields = listpack.count(bytes, view, start) >>> 1;
    const index = Math.floor(Math.random() * fields);
    this.#pairs.seek(bytes, view, start, listpack.atIndex(bytes, view, start, index * 2));
    this.#writePacked(bytes, view, parts, reply);
  }

  /** As `writeRandom`, `times` times, one choice independent of the others. */
  writeRandomTimes(cell: Cell, times: number, parts: number, reply: Reply): void {
    if (cell.encoding === HASH_TABLE) {
      for (let i = 0; i < times; i++) this.writeRandom(cell, parts, reply);
      return;
    }
    const { bytes, view, start } = cell;
    const pairs = this.#pairs;
    const offsets = new Int32Array(listpack.count(bytes, view, start) >>> 1);
    let fields = 0;
    for (let more = pairs.first(bytes, view, start); more; more = pairs.next(bytes, view, start)) {
      offsets[fields++] = pairs.field.offset;
    }
    for (let i = 0; i < times; i++) {
      pairs.seek(bytes, view, start, offsets[Math.floor(Math.random() * fields)]!);
      this.#writePacked(bytes, view, parts, reply);
    }
  }

  /**
   * Answers with `count` different pairs, every choice with the same chance. REQUIRES: there are as
   * many.
   */
  writeSample(cell: Cell, count: number, parts: number, reply: Reply): void {
    if (cell.encoding === HASH_TABLE) {
      this.#table.randomMany(cell.root, count, Math.random, () => this.#writeEntry(parts, reply));
      return;
    }
    const { bytes, view, start } = cell;
    const pairs = this.#pairs;
    let left = listpack.count(bytes, view, start) >>> 1;
    let wanted = count;
    for (let more = pairs.first(bytes, view, start); more; more = pairs.next(bytes, view, start)) {
      if (Math.random() * left-- >= wanted) continue;
      wanted--;
      this.#writePacked(bytes, view, parts, reply);
    }
  }

  // --- Parts

  #eachOfTable({ root }: Cell, visit: () => void): void {
    const table = this.#table;
    let position = 0;
    do {
      const found = table.scanBucket(root, position);
      position = table.nextPosition;
      for (let i = 0; i < found; i++) {
        table.entry(i);
        this.fieldBytes = table.memberBytes;
        this.fieldStart = table.memberStart;
        this.fieldLength = table.memberLength;
        this.valueBytes = table.valueBytes;
        this.valueStart = table.valueStart;
        this.valueLength = table.valueLength;
        visit();
      }
    } while (position !== 0);
  }

  #scanPacked(cell: Cell, pattern: Uint8Array | null, parts: number, reply: Reply): number {
    const { bytes, view, start } = cell;
    const pairs = this.#pairs;
    const { field } = pairs;
    let written = 0;
    for (let more = pairs.first(bytes, view, start); more; more = pairs.next(bytes, view, start)) {
      const { textStart, textLength } = field;
      if (pattern !== null && !matches(pattern, field.textBytes(bytes), textStart, textLength)) {
        continue;
      }
      this.#writePacked(bytes, view, parts, reply);
      written++;
    }
    return written;
  }

  /** Answers with the pair that `#pairs` is at. */
  #writePacked(bytes: Buffer, view: DataView, parts: number, reply: Reply): void {
    const { field, value } = this.#pairs;
    if ((parts & NESTED) !== 0) reply.array(2);
    if ((parts & FIELDS) !== 0) {
      const { textStart, textLength } = field;
      reply.bulk(field.textBytes(bytes), field.textView(view), textStart, textLength);
    }
    if ((parts & VALUES) !== 0) {
      const { textStart, textLength } = value;
      reply.bulk(value.textBytes(bytes), value.textView(view), textStart, textLength);
    }
  }

  /** Answers with the pair that the table's fields say. */
  #writeEntry(parts: number, reply: Reply): void {
    const table = this.#table;
    if ((parts & NESTED) !== 0) reply.array(2);
    if ((parts & FIELDS) !== 0) {
      reply.bulk(table.memberBytes, table.memberView, table.memberStart, table.memberLength);
    }
    if ((parts & VALUES) !== 0) {
      reply.bulk(table.valueBytes, table.valueView, table.valueStart, table.valueLength);
    }
  }
}

function matches(pattern: Uint8Array, bytes: Buffer, start: number, length: number): boolean {
  return globMatch(pattern, 0, pattern.length, bytes, start, start + length, false);
}
