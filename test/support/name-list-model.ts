/** Lists of names against a sorted array. */
import { EXTENT_SHIFT, NULL, type Ptr } from '../../src/memory/address.ts';
import { Heap } from '../../src/memory/heap.ts';
import { checkHeap } from '../../src/memory/heap-check.ts';
import { NAME_LENGTH, NameList } from '../../src/structures/name-list.ts';
import type { SeededRandom } from './seeded-random.ts';

const NAME_OFFSET = 12;

interface Named {
  readonly name: Buffer;
  readonly record: Ptr;
}

/** A list under test and what must be in it. */
export class NameListModel {
  readonly heap: Heap = new Heap();
  readonly list: NameList = new NameList(this.heap, NAME_OFFSET);
  readonly root: Ptr = this.heap.alloc(8);
  /** In the order of their names. */
  readonly named: Named[] = [];

  constructor() {
    this.heap.setWord(this.root, 0, 0);
    this.heap.setWord(this.root, 1, 0);
  }

  /** Adds a record of this name, unless there is one. */
  insert(name: Buffer): void {
    const index = this.#indexOf(name);
    const isThere = this.named[index]?.name.equals(name) ?? false;
    const found = this.find(name);
    if (found !== (isThere ? this.named[index]!.record : NULL)) throw new Error(`found ${found}`);
    if (isThere) return;
    const record = this.#newRecord(name);
    this.list.insert(this.root, record);
    this.named.splice(index, 0, { name, record });
  }

  find(name: Buffer): Ptr {
    return this.list.find(this.root, name, 0, name.length);
  }

  remove(index: number): void {
    const [{ record }] = this.named.splice(index, 1) as [Named];
    this.list.remove(this.root, record);
    this.heap.free(record);
  }

  pop(): void {
    const last = this.named.pop();
    const popped = this.list.pop(this.root);
    if (popped !== (last?.record ?? NULL)) throw new Error(`popped ${popped}`);
    if (popped !== NULL) this.heap.free(popped);
  }

  check(): void {
    const { list, root } = this;
    if (list.count(root) !== this.named.length) throw new Error(`${list.count(root)} records`);
    let record = list.first(root);
    for (const expected of this.named) {
      if (record !== expected.record) throw new Error(`${record} is not ${expected.name}`);
      record = list.next(root, record);
    }
    if (record !== NULL) throw new Error(`${record} is too many`);
    const owned = [root, ...this.named.map((one) => one.record)];
    list.visitBlocks(root, (block) => owned.push(block));
    checkHeap(this.heap, owned);
  }

  #newRecord(name: Buffer): Ptr {
    const record = this.heap.alloc(NAME_OFFSET + name.length);
    this.heap.setWord(record, NAME_LENGTH, name.length);
    name.copy(this.heap.bytes[record >>> EXTENT_SHIFT]!, this.list.nameStart(record));
    return record;
  }

  /** Index of the first name that is not before this one. */
  #indexOf(name: Buffer): number {
    let low = 0;
    let high = this.named.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.named[middle]!.name.compare(name) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** A name that shares much with others, may be empty, and has any bytes. */
export function randomName(random: SeededRandom, spread: number): Buffer {
  const kind = random.fraction();
  if (kind < 0.1) return Buffer.from(random.text('\0a\xff', 0, 3), 'latin1');
  const long = kind < 0.2 ? random.text('a', 30, 34) + random.text('ab', 0, 5) : '';
  return Buffer.from(`${long}${random.integer(0, spread)}`);
}

/** One round: a list grows and shrinks. */
export function runNameListRound(random: SeededRandom, steps: number): void {
  const model = new NameListModel();
  const spread = random.pick([10, 300, 100_000]);
  let growth = 0.7;
  for (let step = 0; step < steps; step++) {
    if (step % 997 === 0) growth = random.pick([0.2, 0.7, 0.9]);
    const count = model.named.length;
    if (random.fraction() < growth) model.insert(randomName(random, spread));
    else if (random.fraction() < 0.1) model.pop();
    else if (count > 0) model.remove(random.integer(0, count - 1));
    if (step % 1000 === 0) model.check();
  }
  model.check();
  while (model.named.length > 0) model.pop();
  model.pop();
  model.check();
}
