/** A packed table against a Map. */
import { NULL, type Ptr } from '../../src/memory/address.ts';
import { Heap, OutOfMemoryError } from '../../src/memory/heap.ts';
import { checkHeap } from '../../src/memory/heap-check.ts';
import { PACKED_PREFETCH_MAX } from '../../src/structures/packed-ahead.ts';
import { PackedTable } from '../../src/structures/packed-table.ts';
import { checkPackedTable } from '../../src/structures/packed-table-check.ts';
import { hashBytes, setHashKey } from '../../src/structures/siphash.ts';
import type { SeededRandom } from './seeded-random.ts';

/** Bytes with their view, as commands pass them. */
class Range {
  readonly bytes: Buffer;
  readonly view: DataView;

  constructor(text: string) {
    this.bytes = Buffer.from(text, 'latin1');
    this.view = new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.length);
  }

  get length(): number {
    return this.bytes.length;
  }

  get hash(): number {
    return hashBytes(this.view, 0, this.length);
  }
}

/** A table under test and what must be in it. */
export class PackedModel {
  readonly heap: Heap;
  readonly table: PackedTable;
  readonly entries = new Map<string, string>();
  readonly hasValues: boolean;
  root: Ptr;

  constructor(hasValues: boolean, heap: Heap = new Heap()) {
    this.heap = heap;
    this.table = new PackedTable(heap);
    this.hasValues = hasValues;
    this.root = this.table.create(hasValues);
  }

  /** Adds a member, or puts a field, whether it is there or not. */
  put(member: string, value: string): void {
    const { table, root } = this;
    const m = new Range(member);
    const v = new Range(value);
    const isNew = this.hasValues
      ? table.put(root, m.hash, m.bytes, m.view, 0, m.length, v.bytes, v.view, 0, v.length)
      : table.add(root, m.hash, m.bytes, m.view, 0, m.length);
    if (isNew === this.entries.has(member)) throw new Error(`'${member}' is new: ${isNew}`);
    this.entries.set(member, this.hasValues ? value : '');
  }

  remove(member: string): void {
    const m = new Range(member);
    const removed = this.table.remove(this.root, m.hash, m.bytes, m.view, 0, m.length);
    if (removed !== this.entries.delete(member)) throw new Error(`'${member}' went: ${removed}`);
  }

  /** Finds a member; gives it its value anew, or takes it out, where it was found. */
  expectFound(member: string): boolean {
    const m = new Range(member);
    const found = this.table.find(this.root, m.hash, m.bytes, m.view, 0, m.length);
    if (found !== this.entries.has(member)) throw new Error(`'${member}' is found: ${found}`);
    if (found && this.hasValues) this.#expectValue(member);
    return found;
  }

  replaceFound(member: string, value: string): void {
    const v = new Range(value);
    this.table.replaceValue(this.root, v.bytes, v.view, 0, v.length);
    this.entries.set(member, value);
  }

  removeFound(member: string): void {
    this.table.removeFound(this.root);
    this.entries.delete(member);
  }

  /** The member that the table's fields say, after its value was compared. */
  current(): string {
    const { memberBytes, memberStart, memberLength } = this.table;
    const member = memberBytes.toString('latin1', memberStart, memberStart + memberLength);
    if (!this.entries.has(member)) throw new Error(`'${member}' is in the table`);
    if (this.hasValues) this.#expectValue(member);
    return member;
  }

  /**
   * Every member that is there all the time is returned once and no other more than once, whatever
   * `between` does. Returns the number of buckets that were met.
   */
  scan(between: () => void): number {
    const stayed = new Set(this.entries.keys());
    const seen = new Set<string>();
    let position = 0;
    let buckets = 0;
    do {
      const count = this.table.scanBucket(this.root, position);
      const next = this.table.nextPosition;
      for (let i = 0; i < count; i++) {
        this.table.entry(i);
        const member = this.current();
        if (seen.has(member)) throw new Error(`the scan returned '${member}' again`);
        seen.add(member);
      }
      if (next !== 0 && next <= position) throw new Error(`from ${position} to ${next}`);
      position = next;
      buckets++;
      between();
      for (const member of stayed) if (!this.entries.has(member)) stayed.delete(member);
    } while (position !== 0);
    for (const member of stayed) {
      if (!seen.has(member)) throw new Error(`the scan missed '${member}'`);
    }
    return buckets;
  }

  /** Moves all that lies on evacuated pages. */
  relocate(): void {
    this.root = this.table.relocateRoot(this.root);
    let position = 0;
    do position = this.table.relocate(this.root, position);
    while (position !== 0);
  }

  prefetch(members: readonly string[]): void {
    const some = members.slice(0, PACKED_PREFETCH_MAX);
    const hashes = Int32Array.from(some, (member) => new Range(member).hash);
    this.table.prefetch(this.root, hashes, hashes.length);
  }

  /** Finds so many different members at random. */
  sample(count: number, random: () => number): Set<string> {
    const chosen = new Set<string>();
    let calls = 0;
    this.table.randomMany(this.root, count, random, () => {
      chosen.add(this.current());
      calls++;
    });
    if (calls !== chosen.size) throw new Error('the same was chosen twice');
    if (calls !== Math.min(count, this.entries.size)) throw new Error(`${calls} of ${count}`);
    return chosen;
  }

  /** A copy is equal, and stays so while this one is freed, in slices. */
  replaceByCopy(blocksMax: number): void {
    const original = this.root;
    this.root = this.table.copy(original);
    this.#checkWith(checkPackedTable(this.heap, original));
    while (!this.table.release(original, blocksMax)) {
      const rest: Ptr[] = [];
      this.table.visitBlocks(original, (block) => rest.push(block));
      this.#checkWith(rest);
      const bytes = rest.reduce((sum, block) => sum + this.heap.capacity(block), 0);
      if (bytes !== this.table.usedBytes(original)) throw new Error(`${bytes} bytes are left`);
    }
    this.check();
  }

  /** The whole table, its blocks, and each entry by scanning. */
  check(): void {
    this.#checkWith([]);
    let left = this.entries.size;
    this.scan(() => undefined);
    for (let position = 0; ; position = this.table.nextPosition) {
      left -= this.table.scanBucket(this.root, position);
      if (this.table.nextPosition === 0) break;
    }
    if (left !== 0) throw new Error(`${left} entries are not scanned`);
  }

  #checkWith(others: readonly Ptr[]): void {
    const { table, heap, root } = this;
    const blocks = checkPackedTable(heap, root);
    const visited: Ptr[] = [];
    table.visitBlocks(root, (block) => visited.push(block));
    if (visited.length !== blocks.length) throw new Error(`${visited.length} blocks are visited`);
    checkHeap(heap, [...visited, ...others]);
    if (table.count(root) !== this.entries.size)
      throw new Error(`${table.count(root)} are counted`);
  }

  #expectValue(member: string): void {
    const { valueBytes, valueStart, valueLength } = this.table;
    const value = valueBytes.toString('latin1', valueStart, valueStart + valueLength);
    if (value !== this.entries.get(member)) throw new Error(`'${member}' has '${value}'`);
  }
}

/** Around every border between near and far, and far beyond. */
const LENGTHS = [0, 1, 3, 4, 8, 96, 97, 111, 112, 113, 114, 118, 119, 126, 127, 128, 129, 1000];

/** Member number `key`: most are short, some long. */
export function memberOf(key: number): string {
  const name = `m${key}`;
  if (key % 7 !== 0) return name.padEnd(key % 30, '.');
  const length = LENGTHS[(key / 7) % LENGTHS.length]!;
  return length < name.length && key > 0 ? name : key === 0 ? '' : name.padEnd(length, '-');
}

/** A table of members number 0 to count - 1, which all have the same value. */
export function filled(count: number, hasValues = false, value = 'v'): PackedModel {
  const model = new PackedModel(hasValues);
  for (let key = 0; key < count; key++) model.put(memberOf(key), value);
  return model;
}

/** A set or hash of so many members of 20 bytes. */
export function plain(
  count: number,
  value: string | null = null,
): { table: PackedTable; root: Ptr } {
  const table = new PackedTable(new Heap());
  const root = table.create(value !== null);
  const member = Buffer.from('element:000000000000');
  const view = new DataView(member.buffer, member.byteOffset, 20);
  const v = Buffer.from(value ?? '');
  const vView = new DataView(v.buffer, v.byteOffset, v.length);
  for (let i = 0; i < count; i++) {
    view.setUint32(16, i);
    const hash = hashBytes(view, 0, 20);
    if (value === null) table.add(root, hash, member, view, 0, 20);
    else table.put(root, hash, member, view, 0, 20, v, vView, 0, v.length);
  }
  return { table, root };
}

/** A value, mostly short. */
export function randomValue(random: SeededRandom): string {
  const length = random.fraction() < 0.7 ? random.integer(0, 12) : random.pick(LENGTHS);
  return String.fromCharCode(random.integer(0, 255)).repeat(length);
}

/** One round of random operations; ends by freeing the table. */
export function runPackedRound(random: SeededRandom, steps: number): void {
  setHashKey(random.integer(-(2 ** 31), 2 ** 31 - 1), random.integer(-(2 ** 31), 2 ** 31 - 1));
  const model = new PackedModel(random.fraction() < 0.6);
  const keys = random.pick([10, 200, 3000, 20_000]);
  let growing = 0.9;
  for (let step = 0; step < steps; step++) {
    if (step % 4096 === 0) growing = random.pick([1, 0.9, 0.5, 0.1, 0]);
    runStep(model, random, keys, growing);
    if (step % 8192 === 0) model.check();
  }
  model.check();
  if (random.fraction() < 0.5) removeAll(model, random);
  while (!model.table.release(model.root, random.integer(1, 50)));
  checkHeap(model.heap, []);
}

function runStep(model: PackedModel, random: SeededRandom, keys: number, growing: number): void {
  const key = random.integer(0, keys);
  const member = memberOf(key);
  const chosen = random.fraction();
  if (chosen < 0.1) model.expectFound(member);
  else if (chosen < 0.2) changeFound(model, random, member, growing);
  else if (chosen < 0.3) model.prefetch([member, memberOf(key + 1)]);
  else if (chosen < 0.3005) scanAmidChanges(model, random, keys);
  else if (chosen < 0.301) evacuateSome(model, random);
  else if (chosen < 0.3012) model.sample(random.integer(0, 60), () => random.fraction());
  else if (chosen < 0.3013) model.replaceByCopy(random.integer(1, 2000));
  else if (chosen < 0.32) expectRandom(model, random);
  else if (chosen < 0.34) withLittleMemory(model, random, key, growing);
  else change(model, random, member, growing);
}

function change(model: PackedModel, random: SeededRandom, member: string, growing: number): void {
  if (random.fraction() < growing) model.put(member, randomValue(random));
  else model.remove(member);
}

function changeFound(
  model: PackedModel,
  random: SeededRandom,
  member: string,
  growing: number,
): void {
  if (!model.expectFound(member)) return;
  if (random.fraction() < growing && model.hasValues) {
    model.replaceFound(member, randomValue(random));
  } else model.removeFound(member);
}

function expectRandom(model: PackedModel, random: SeededRandom): void {
  const found = model.table.random(model.root, () => random.fraction());
  if (found !== model.entries.size > 0) throw new Error(`a random entry is found: ${found}`);
  if (!found) return;
  const member = model.current();
  if (random.fraction() < 0.5) model.removeFound(member);
}

function scanAmidChanges(model: PackedModel, random: SeededRandom, keys: number): void {
  const growing = random.pick([0, 0.1, 0.9, 1]);
  model.scan(() => {
    for (let i = random.integer(0, 30); i > 0; i--) {
      change(model, random, memberOf(random.integer(0, keys)), growing);
    }
  });
}

function evacuateSome(model: PackedModel, random: SeededRandom): void {
  const { pages } = model.heap;
  for (const page of [...pages.pagesInUse()]) if (random.fraction() < 0.5) pages.evacuate(page);
  model.relocate();
  for (const page of pages.pagesInUse()) {
    if (pages.flags[page]! & 1) throw new Error(`page ${page} was evacuated and is not empty`);
  }
  model.check();
}

/** Memory runs out soon: a change is made whole or not at all, and a removal always. */
function withLittleMemory(
  model: PackedModel,
  random: SeededRandom,
  key: number,
  growing: number,
): void {
  const { heap } = model;
  const alloc = heap.alloc;
  let allowed = random.integer(0, 4);
  heap.alloc = (sizeBytes) => {
    if (allowed-- <= 0) throw new OutOfMemoryError('refused');
    return alloc.call(heap, sizeBytes);
  };
  const before = model.table.usedBytes(model.root);
  const used = heap.usedBytes;
  try {
    for (let i = 0; i < 4; i++) model.remove(memberOf(key + i));
    const copy = random.fraction() < 0.05 ? model.table.copy(model.root) : NULL;
    if (copy !== NULL) while (!model.table.release(copy, 10));
    for (let i = 0; i < 4; i++) change(model, random, memberOf(key + i), growing);
  } catch (problem) {
    if (!(problem instanceof OutOfMemoryError)) throw problem;
  } finally {
    heap.alloc = alloc;
  }
  if (model.table.usedBytes(model.root) - before !== heap.usedBytes - used) {
    throw new Error('a refusal left blocks behind');
  }
  for (let i = 0; i < 4; i++) model.expectFound(memberOf(key + i));
}

function removeAll(model: PackedModel, random: SeededRandom): void {
  const members = [...model.entries.keys()];
  for (let i = members.length - 1; i > 0; i--) {
    const j = random.integer(0, i);
    const member = members[j]!;
    members[j] = members[i]!;
    members[i] = member;
  }
  for (const member of members) model.remove(member);
  model.check();
  const bytes = model.table.usedBytes(model.root);
  if (bytes > 200) throw new Error(`an empty table holds ${bytes} bytes`);
}
