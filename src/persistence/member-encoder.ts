/**
 * Writing hashes, sets and sorted sets.
 *
 *   packed       | the bytes of the listpack or intset, as a string |
 *   hash         | fields | field | value | ...            lengths and strings
 *   set          | members | member | ...
 *   sorted set   | members | member | score f64 | ...      the greatest first
 */
import type { Ptr } from '../memory/address.ts';
import { totalBytes as intsetBytes } from '../structures/intset.ts';
import { count, totalBytes } from '../structures/listpack.ts';
import { ListpackCursor } from '../structures/listpack-cursor.ts';
import type { PackedTable } from '../structures/packed-table.ts';
import { ScoreCursor } from '../structures/score-tree-cursor.ts';
import type { SortedSet } from '../structures/sorted-set.ts';
import type { Cell } from '../values/cell.ts';
import { type RdbWriter, STEP_BYTES } from './rdb-writer.ts';
import type { Steps } from './steps.ts';
import type { Structures } from './structures.ts';

/** See the file's comment. */
export class MemberEncoder {
  readonly #hashes: PackedTable;
  readonly #sets: PackedTable;
  readonly #sortedSets: SortedSet;
  readonly #writer: RdbWriter;
  readonly #cursor: ScoreCursor;
  readonly #element = new ListpackCursor();

  constructor({ heap, hashes, sets, sortedSets }: Structures, writer: RdbWriter) {
    this.#hashes = hashes.table;
    this.#sets = sets.table;
    this.#sortedSets = sortedSets.large;
    this.#writer = writer;
    this.#cursor = new ScoreCursor(heap);
  }

  /** Writes a listpack; its cell may have room behind it. */
  listpack({ bytes, view, start }: Cell): void {
    this.#writer.string(bytes, view, start, totalBytes(view, start));
  }

  /** Writes an intset; its cell may have room behind it. */
  intset({ bytes, view, start }: Cell): void {
    this.#writer.string(bytes, view, start, intsetBytes(view, start));
  }

  /** Writes a large hash. */
  hash(root: Ptr): Steps {
    return this.#table(this.#hashes, root, true);
  }

  /** Writes a large set. */
  set(root: Ptr): Steps {
    return this.#table(this.#sets, root, false);
  }

  /** Writes the elements of a listpack one by one, as a set that is not packed. */
  elements({ bytes, view, start }: Cell): void {
    const writer = this.#writer;
    const element = this.#element;
    writer.length(count(bytes, view, start));
    for (let more = element.first(bytes, view, start); more; more = element.next(bytes, view)) {
      element.spell();
      const { textStart, textLength } = element;
      writer.string(element.textBytes(bytes), element.textView(view), textStart, textLength);
    }
  }

  /** Writes a large sorted set. */
  *sortedSet(root: Ptr): Steps {
    const writer = this.#writer;
    const { members, tree, heap } = this.#sortedSets;
    const cursor = this.#cursor;
    const size = tree.count(root);
    writer.length(size);
    let pause = writer.written + STEP_BYTES;
    let more = tree.seekRank(root, cursor, size - 1);
    for (; more; more = cursor.previous()) {
      const { record } = cursor;
      const extent = members.extent(record);
      const start = members.start(record);
      writer.string(heap.bytes[extent]!, heap.views[extent]!, start, members.length(record));
      writer.double(members.score(record));
      if (writer.written < pause) continue;
      yield;
      pause = writer.written + STEP_BYTES;
    }
  }

  /** Writes a table bucket by bucket: who fills another in this order fills it evenly. */
  *#table(table: PackedTable, root: Ptr, hasValues: boolean): Steps {
    const writer = this.#writer;
    writer.length(table.count(root));
    const buckets = table.bucketCount(root);
    let pause = writer.written + STEP_BYTES;
    for (let bucket = 0; bucket < buckets; bucket++) {
      const found = table.openBucket(root, bucket);
      for (let i = 0; i < found; i++) {
        table.entry(i);
        const { memberBytes, memberView, memberStart, memberLength } = table;
        writer.string(memberBytes, memberView, memberStart, memberLength);
        if (!hasValues) continue;
        const { valueBytes, valueView, valueStart, valueLength } = table;
        writer.string(valueBytes, valueView, valueStart, valueLength);
      }
      if (writer.written < pause) continue;
      yield;
      pause = writer.written + STEP_BYTES;
    }
  }
}
