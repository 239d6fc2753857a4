/** Id trees against a sorted array. */
import { NULL, type Ptr } from '../../src/memory/address.ts';
import { Heap } from '../../src/memory/heap.ts';
import { checkHeap } from '../../src/memory/heap-check.ts';
import { IdTree } from '../../src/structures/id-tree.ts';
import { checkIdTree } from '../../src/structures/id-tree-check.ts';
import { IdCursor } from '../../src/structures/id-tree-cursor.ts';
import { ENTRIES_MAX, TREE_ROOT_BYTES } from '../../src/structures/id-tree-node.ts';
import { StreamId } from '../../src/structures/stream-id.ts';
import type { SeededRandom } from './seeded-random.ts';

/** An id whose 128 bits are this number. */
export function idOf(bits: bigint): StreamId {
  const id = new StreamId();
  const word = (shift: bigint) => Number((bits >> shift) & 0xffffffffn);
  id.set(word(96n), word(64n), word(32n), word(0n));
  return id;
}

/** The text of an id of these 128 bits. */
export function idText(bits: bigint): string {
  return `${bits >> 64n}-${bits & (2n ** 64n - 1n)}`;
}

/** A tree under test and what must be in it. */
export class IdTreeModel {
  readonly heap: Heap = new Heap();
  readonly tree: IdTree = new IdTree(this.heap);
  readonly root: Ptr;
  /** In ascending order. */
  ids: bigint[] = [];
  /** Of each of them. */
  values: number[] = [];
  readonly #cursor: IdCursor;
  #nextValue = 1;

  constructor() {
    this.root = this.#newRoot();
    this.#cursor = new IdCursor(this.tree.nodes);
  }

  append(bits: bigint): void {
    this.tree.append(this.root, idOf(bits), this.#remember(bits, this.ids.length));
  }

  insert(bits: bigint): void {
    const index = this.#indexOf(bits);
    const isNew = this.ids[index] !== bits;
    if (this.tree.insert(this.root, idOf(bits), this.#nextValue as Ptr) !== isNew) {
      throw new Error(`${idText(bits)} is ${isNew ? 'not' : ''} there`);
    }
    if (isNew) this.#remember(bits, index);
  }

  remove(bits: bigint): void {
    const index = this.#indexOf(bits);
    const value = this.ids[index] === bits ? this.values[index]! : NULL;
    const removed = this.tree.remove(this.root, idOf(bits));
    if (removed !== value) throw new Error(`removed ${removed}, not ${value}`);
    if (value === NULL) return;
    this.ids.splice(index, 1);
    this.values.splice(index, 1);
  }

  /** Cuts off all leaves before the one of an id, or all. */
  cut(bits: bigint | null): void {
    const { tree, heap } = this;
    const cursor = this.#cursor;
    if (bits === null) cursor.place(NULL, 0);
    else tree.seek(this.root, cursor, idOf(bits));
    const first = new StreamId();
    if (cursor.leaf !== NULL) tree.nodes.readId(cursor.leaf, 0, first);
    const kept = cursor.leaf === NULL ? this.ids.length : this.#indexOfText(first.toString());
    const detached = this.#newRoot();
    tree.cutBefore(this.root, cursor, detached);
    if (tree.count(detached) !== kept) throw new Error(`cut ${tree.count(detached)}, not ${kept}`);
    this.ids.splice(0, kept);
    this.#expectDrained(detached, this.values.splice(0, kept));
    heap.free(detached);
  }

  /** Looks around an id. */
  look(bits: bigint): void {
    const { tree, root } = this;
    const cursor = this.#cursor;
    const id = idOf(bits);
    const index = this.#indexOf(bits);
    const isThere = this.ids[index] === bits;
    const found = tree.find(root, id);
    if (found !== (isThere ? this.values[index] : NULL)) throw new Error(`${id} has ${found}`);
    this.#expectAt(tree.seek(root, cursor, id), index);
    if (cursor.leaf !== NULL) this.#expectAt(cursor.next(), index + 1);
    const before = isThere ? index : index - 1;
    this.#expectAt(tree.seekBack(root, cursor, id), before);
    if (cursor.leaf !== NULL) this.#expectAt(cursor.previous(), before - 1);
  }

  check(): void {
    const { tree, root } = this;
    const entries = checkIdTree(tree, root);
    const expected = this.ids.map((id, i) => `${idText(id)}=${this.values[i]}`).join();
    const actual = entries.map(({ id, value }) => `${id}=${value}`).join();
    if (actual !== expected) throw new Error(`${actual}\nnot\n${expected}`);
    const owned = [root];
    tree.visitBlocks(root, (block) => owned.push(block));
    checkHeap(this.heap, owned);
  }

  /** Takes the tree apart, with a look at its blocks on the way. */
  finish(): void {
    this.#expectDrained(this.root, this.values);
    checkHeap(this.heap, [this.root]);
  }

  #expectDrained(root: Ptr, expected: readonly number[]): void {
    const batch = new Uint32Array(ENTRIES_MAX);
    const drained: number[] = [];
    for (let count = this.tree.drain(root, batch); count >= 0; ) {
      drained.push(...batch.subarray(0, count));
      this.tree.visitBlocks(root, (block) => this.heap.capacity(block));
      count = this.tree.drain(root, batch);
    }
    const ascending = (a: number, b: number) => a - b;
    if (drained.sort(ascending).join() !== [...expected].sort(ascending).join()) {
      throw new Error(`drained ${drained.length} values, not these ${expected.length}`);
    }
  }

  #expectAt(isAt: boolean, index: number): void {
    const cursor = this.#cursor;
    const expected = this.ids[index];
    if (isAt !== (expected !== undefined)) throw new Error(`at an entry: ${isAt}`);
    if (expected === undefined) return;
    const id = new StreamId();
    cursor.readId(id);
    if (id.toString() !== idText(expected)) throw new Error(`at ${id}, not ${idText(expected)}`);
    if (cursor.value !== this.values[index]) throw new Error(`${id} has ${cursor.value}`);
  }

  #remember(bits: bigint, index: number): Ptr {
    this.ids.splice(index, 0, bits);
    this.values.splice(index, 0, this.#nextValue);
    return this.#nextValue++ as Ptr;
  }

  /** Index of the first id that is not less. */
  #indexOf(bits: bigint): number {
    let low = 0;
    let high = this.ids.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.ids[middle]! < bits) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #indexOfText(text: string): number {
    return this.ids.findIndex((id) => idText(id) === text);
  }

  #newRoot(): Ptr {
    const root = this.heap.alloc(TREE_ROOT_BYTES);
    for (let word = 0; word < TREE_ROOT_BYTES / 4; word++) this.heap.setWord(root, word, 0);
    return root;
  }
}

/** Ids close together in some word, or anywhere. */
export function randomId(random: SeededRandom, spread: number): bigint {
  const shift = random.pick([0n, 0n, 0n, 31n, 32n, 63n, 64n, 95n, 96n]);
  const bits = BigInt(random.integer(0, spread)) << shift;
  const top = 2n ** 128n - 1n;
  return random.fraction() < 0.1 ? top - bits : bits & top;
}

/** One round: a tree grows and shrinks at its ends and in the middle. */
export function runIdTreeRound(random: SeededRandom, steps: number): void {
  const model = new IdTreeModel();
  const spread = random.pick([30, 1000, 100_000]);
  let growth = 0.7;
  for (let step = 0; step < steps; step++) {
    if (step % 997 === 0) growth = random.pick([0.2, 0.45, 0.7, 0.9]);
    const some = model.ids[random.integer(0, Math.max(0, model.ids.length - 1))];
    const chosen = random.fraction();
    const last = model.ids.at(-1) ?? 0n;
    if (chosen < 0.1) model.look(random.fraction() < 0.5 && some ? some : randomId(random, spread));
    else if (chosen < 0.1005) model.cut(random.fraction() < 0.1 || !some ? null : some);
    else if (random.fraction() > growth) model.remove(some ?? randomId(random, spread));
    else if (chosen < 0.6 || last + 1000n >= 2n ** 128n) model.insert(randomId(random, spread));
    else model.append(last + BigInt(random.integer(1, 3)));
    if (step % 1000 === 0) model.check();
  }
  model.check();
  model.finish();
}
