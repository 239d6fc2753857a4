/** A hash table against a Map. */
import { EXTENT_SHIFT, NULL, type Ptr, UNIT_MASK } from '../../src/memory/address.ts';
import { Heap, OutOfMemoryError } from '../../src/memory/heap.ts';
import { checkHeap } from '../../src/memory/heap-check.ts';
import { HashTable, PREFETCH_MAX, type RecordMover } from '../../src/structures/hash-table.ts';
import { checkTable } from '../../src/structures/hash-table-check.ts';
import type { SeededRandom } from './seeded-random.ts';

/** The hash of a key that is a number. */
export type NumberHash = (key: number) => number;

const RECORD_BYTES = 16;

/** Mixes all bits of a number (the finalizer of murmur3). */
export function mix(key: number): number {
  let hash = Math.imul(key ^ (key >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

/**
 * Hash functions from kind to mean, and how many keys each can bear before the directory is huge.
 */
export const HASHES: Readonly<Record<string, { hash: NumberHash; keysMax: number }>> = {
  random: { hash: mix, keysMax: 60_000 },
  ascending: { hash: (key) => Math.imul(key, 40_503), keysMax: 60_000 },
  'few tags': { hash: (key) => (mix(key) & 0xfff00000) | (mix(~key) & 0xfff), keysMax: 60_000 },
  'one prefix of 12 bits': { hash: (key) => 0xabc00000 | (mix(key) & 0xfffff), keysMax: 20_000 },
  'one prefix of 17 bits': { hash: (key) => 0x5a5a8000 | (mix(key) & 0x7fff), keysMax: 5000 },
  'two by two': { hash: (key) => mix(key >>> 1), keysMax: 60_000 },
  'both ends': { hash: (key) => (key & 1 ? 0xffffc000 : 0) | (mix(key) & 0x3fff), keysMax: 3000 },
};

/** Records are: hash, key, two spare words. */
export class NumberTable extends HashTable implements RecordMover {
  readonly hashOfKey: NumberHash;
  readonly #bytes = Buffer.alloc(4);
  readonly #view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset, 4);
  /** Told of records that `moveRecord` has moved. */
  onMoved: (from: Ptr, to: Ptr) => void = () => undefined;

  constructor(heap: Heap, hashOfKey: NumberHash) {
    super(heap);
    this.hashOfKey = hashOfKey;
  }

  protected override matches(record: Ptr, _: Buffer, view: DataView, offset: number): boolean {
    return this.keyOf(record) === view.getUint32(offset, true);
  }

  override hashOf(record: Ptr): number {
    return this.heap.word(record, 0) | 0;
  }

  keyOf(record: Ptr): number {
    return this.heap.word(record, 1);
  }

  record(key: number): Ptr {
    const record = this.heap.alloc(RECORD_BYTES);
    this.heap.setWord(record, 0, this.hashOfKey(key));
    this.heap.setWord(record, 1, key);
    return record;
  }

  findKey(root: Ptr, key: number): Ptr {
    this.#view.setUint32(0, key, true);
    return this.find(root, this.hashOfKey(key) | 0, this.#bytes, this.#view, 0, 4);
  }

  insertKey(root: Ptr, key: number): Ptr {
    const record = this.record(key);
    this.insert(root, this.hashOfKey(key) | 0, record);
    return record;
  }

  moveRecord(record: Ptr): Ptr {
    if (!this.heap.isEvacuating(record)) return record;
    const moved = this.heap.relocate(record);
    this.onMoved(record, moved);
    return moved;
  }
}

/** A table under test and what must be in it. */
export class TableModel {
  readonly heap: Heap = new Heap();
  readonly table: NumberTable;
  readonly records = new Map<number, Ptr>();
  root: Ptr;

  constructor(hash: NumberHash) {
    this.table = new NumberTable(this.heap, hash);
    this.root = this.table.create();
  }

  insert(key: number): void {
    this.records.set(key, this.table.insertKey(this.root, key));
  }

  remove(key: number): void {
    this.expectFound(key);
    this.table.remove(this.root);
    this.heap.free(this.records.get(key)!);
    this.records.delete(key);
  }

  /** Gives a key a new record, as a change of its size does. */
  replace(key: number): void {
    const old = this.records.get(key)!;
    const moved = this.table.record(key);
    if (!this.table.locate(this.root, this.table.hashOf(old), old)) throw new Error(`${key} lost`);
    this.table.replace(moved);
    this.heap.free(old);
    this.records.set(key, moved);
  }

  expectFound(key: number): void {
    const expected = this.records.get(key) ?? NULL;
    const found = this.table.findKey(this.root, key);
    if (found !== expected) throw new Error(`key ${key} is at ${found}, not at ${expected}`);
  }

  /** Every key present from beginning to end is returned, whatever `between` does to others. */
  scan(between: () => void): number {
    const present = new Set(this.records.keys());
    const seen = new Set<number>();
    let position = 0;
    let calls = 0;
    do {
      const count = this.table.scanBucket(this.root, position);
      for (let i = 0; i < count; i++) seen.add(this.table.keyOf(this.table.batch[i]! as Ptr));
      const next = this.table.nextPosition;
      if (next !== 0 && next <= position) throw new Error(`from ${position} to ${next}`);
      position = next;
      calls++;
      between();
    } while (position !== 0);
    for (const key of present) {
      if (this.records.has(key) && !seen.has(key)) throw new Error(`the scan missed ${key}`);
    }
    return calls;
  }

  /** Moves all that lies on evacuated pages. */
  relocate(): void {
    this.table.onMoved = (_, to) => this.records.set(this.table.keyOf(to), to);
    this.root = this.table.relocateRoot(this.root);
    let position = 0;
    do {
      this.table.relocateBucket(this.root, position, this.table);
      position = this.table.nextPosition;
    } while (position !== 0);
  }

  prefetch(keys: readonly number[]): void {
    const hashes = Int32Array.from(keys.slice(0, PREFETCH_MAX), (key) => this.table.hashOfKey(key));
    this.table.prefetch(this.root, hashes, hashes.length);
  }

  /** Takes the table apart. */
  drain(): void {
    const left = new Set(this.records.values());
    for (;;) {
      const count = this.table.drainSegment(this.root);
      if (count < 0) break;
      for (const record of this.table.batch.subarray(0, count)) {
        if (!left.delete(record as Ptr)) throw new Error(`${record} was not in the table`);
        this.heap.free(record as Ptr);
      }
      const rest = checkTable(this.table, this.root);
      if (rest.length !== left.size) throw new Error(`${rest.length} left, not ${left.size}`);
      this.#checkHeap(rest);
    }
    if (left.size > 0) throw new Error(`${left.size} records were never returned`);
    checkHeap(this.heap, []);
  }

  /** The whole table, its blocks and its records. */
  check(): void {
    const { table, root, records } = this;
    const found = checkTable(table, root);
    if (found.length !== records.size) throw new Error(`${found.length}, not ${records.size}`);
    for (const record of found) {
      if (records.get(table.keyOf(record)) !== record) throw new Error(`${record} is not the one`);
    }
    this.#checkHeap(found);
  }

  #checkHeap(records: readonly Ptr[]): void {
    const blocks = [...records];
    this.table.visitBlocks(this.root, (block) => blocks.push(block));
    checkHeap(this.heap, blocks);
  }
}

/** One round of random operations; ends by taking the table apart. */
export function runTableRound(random: SeededRandom, steps: number): void {
  const { hash, keysMax } = random.pick(Object.values(HASHES));
  const model = new TableModel(hash);
  const keys = Math.min(keysMax, random.pick([10, 200, 3000, 20_000, 60_000]));
  let growing = 0.9;
  for (let step = 0; step < steps; step++) {
    if (step % 4096 === 0) growing = random.pick([1, 0.9, 0.5, 0.1, 0]);
    const key = random.integer(0, keys);
    const chosen = random.fraction();
    if (chosen < 0.1) model.expectFound(key);
    else if (chosen < 0.2 && model.records.has(key)) model.replace(key);
    else if (chosen < 0.3) model.prefetch([key, key + 1, key - 1]);
    else if (chosen < 0.3001) scanAmidChanges(model, random, keys);
    else if (chosen < 0.3002) evacuateSome(model, random);
    else if (chosen < 0.305) changeWithoutMemory(model, key);
    else if (chosen < 0.31) insertReserved(model, random, key);
    else changeKey(model, key, random.fraction() < growing);
    if (step % 8192 === 0) model.check();
  }
  model.check();
  if (random.fraction() < 0.5) model.drain();
  else removeAll(model);
}

function changeKey(model: TableModel, key: number, grows: boolean): void {
  if (model.records.has(key)) {
    if (!grows) model.remove(key);
  } else if (grows) model.insert(key);
}

function scanAmidChanges(model: TableModel, random: SeededRandom, keys: number): void {
  const grows = random.fraction() < 0.5;
  model.scan(() => {
    for (let i = random.integer(0, 12); i > 0; i--) {
      changeKey(model, random.integer(0, keys), grows);
    }
  });
}

function evacuateSome(model: TableModel, random: SeededRandom): void {
  const { pages } = model.heap;
  for (const page of [...pages.pagesInUse()]) if (random.fraction() < 0.5) pages.evacuate(page);
  model.relocate();
  for (const page of pages.pagesInUse()) {
    if (pages.flags[page]! & 1) throw new Error(`page ${page} was evacuated and is not empty`);
  }
  model.check();
}

/** Without memory an insertion fails and changes nothing, and a removal succeeds. */
function changeWithoutMemory(model: TableModel, key: number): void {
  const { heap, table, records } = model;
  const record = records.has(key) ? NULL : table.record(key);
  const alloc = heap.alloc;
  heap.alloc = () => {
    throw new OutOfMemoryError('refused');
  };
  try {
    if (record === NULL) {
      model.remove(key);
      return;
    }
    table.insert(model.root, table.hashOf(record), record);
    records.set(key, record);
  } catch (problem) {
    if (!(problem instanceof OutOfMemoryError)) throw problem;
    heap.free(record);
  } finally {
    heap.alloc = alloc;
  }
  model.expectFound(key);
}

/** After `reserve` an insertion needs no memory, even if others were removed in between. */
function insertReserved(model: TableModel, random: SeededRandom, key: number): void {
  const { heap, table, root, records } = model;
  if (records.has(key)) return;
  const record = table.record(key);
  table.reserve(root, table.hashOf(record));
  for (const other of [...records.keys()].slice(0, random.integer(0, 20))) model.remove(other);
  const alloc = heap.alloc;
  heap.alloc = () => {
    throw new OutOfMemoryError('refused');
  };
  table.insert(root, table.hashOf(record), record);
  heap.alloc = alloc;
  records.set(key, record);
  model.expectFound(key);
}

function removeAll(model: TableModel): void {
  for (const key of [...model.records.keys()]) model.remove(key);
  model.check();
  const { heap, table, root } = model;
  let bytes = 0;
  table.visitBlocks(root, (block) => {
    bytes += heap.capacity(block);
  });
  // What is left of a table that was emptied key by key: a few segments, of 4 KiB each.
  if (bytes > 64 * 1024) throw new Error(`an empty table holds ${bytes} bytes`);
  const start = (root & UNIT_MASK) * 8;
  const rootBytes = heap.bytes[root >>> EXTENT_SHIFT]!.subarray(start, start + 4);
  if (!rootBytes.equals(Buffer.alloc(4))) throw new Error('an empty table counts records');
}
