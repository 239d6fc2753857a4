/** Quicklists against plain arrays of buffers. */
import { NULL, type Ptr } from '../../src/memory/address.ts';
import { Heap, OutOfMemoryError } from '../../src/memory/heap.ts';
import { checkHeap } from '../../src/memory/heap-check.ts';
import { EntryMatcher } from '../../src/structures/listpack-match.ts';
import { Quicklists } from '../../src/structures/quicklist.ts';
import { checkQuicklist } from '../../src/structures/quicklist-check.ts';
import { QuicklistCursor } from '../../src/structures/quicklist-cursor.ts';
import { NodeLimits } from '../../src/structures/quicklist-limits.ts';
import { encodeListpack, rangeOf } from './listpack-format.ts';
import { randomText } from './listpack-model.ts';
import type { SeededRandom } from './seeded-random.ts';

/** What list-max-listpack-size may say. */
const SIZES = [-5, -4, -3, -2, -1, 0, 1, 2, 3, 5, 17, 128, 1_000_000];
/** From how many bytes on elements are plain; 0 for those alone that do not fit. */
const PLAIN_BYTES = [1, 3, 30, 300, 0];

/** A list under test and what must be in it. */
export class QuicklistModel {
  readonly random: SeededRandom;
  readonly heap: Heap = new Heap();
  readonly limits: NodeLimits = new NodeLimits();
  readonly lists: Quicklists = new Quicklists(this.heap, this.limits);
  readonly cursor: QuicklistCursor = new QuicklistCursor();
  readonly #matcher = new EntryMatcher();
  root: Ptr;
  texts: Buffer[] = [];

  constructor(random: SeededRandom) {
    this.random = random;
    this.root = this.lists.create();
  }

  pushFirst(text: Buffer): void {
    const { bytes, view } = rangeOf(text);
    this.lists.pushFirst(this.root, bytes, view, 0, text.length);
    this.texts.unshift(text);
  }

  pushLast(text: Buffer): void {
    const { bytes, view } = rangeOf(text);
    this.lists.pushLast(this.root, bytes, view, 0, text.length);
    this.texts.push(text);
  }

  appendListpack(texts: readonly Buffer[]): void {
    const { bytes, view } = rangeOf(encodeListpack(texts));
    this.lists.appendListpack(this.root, bytes, view, 0);
    this.texts.push(...texts);
  }

  removeFirst(elements: number): void {
    this.#releaseSlowly(this.lists.removeFirst(this.root, elements));
    this.texts.splice(0, elements);
  }

  removeLast(elements: number): void {
    this.#releaseSlowly(this.lists.removeLast(this.root, elements));
    this.texts.splice(this.texts.length - elements);
  }

  insert(index: number, isBehind: boolean, text: Buffer): void {
    const { cursor } = this;
    const { bytes, view } = rangeOf(text);
    cursor.enter(this.lists, this.root, index);
    const { node, offset } = cursor;
    this.lists.insert(this.root, node, offset, isBehind, bytes, view, 0, text.length);
    this.texts.splice(isBehind ? index + 1 : index, 0, text);
  }

  replace(index: number, text: Buffer): void {
    const { cursor } = this;
    const { bytes, view } = rangeOf(text);
    cursor.enter(this.lists, this.root, index);
    this.lists.replace(this.root, cursor.node, cursor.offset, bytes, view, 0, text.length);
    this.texts[index] = text;
  }

  removeMatches(text: Buffer, most: number, fromEnd: boolean): void {
    const { bytes, view } = rangeOf(text);
    this.#matcher.set(bytes, view, 0, text.length);
    const removed = this.lists.removeMatches(this.root, this.#matcher, most, fromEnd);
    const matches = this.texts.flatMap((each, index) => (each.equals(text) ? [index] : []));
    const gone = new Set(fromEnd ? matches.slice(-most) : matches.slice(0, most));
    expectEqual('elements removed', removed, gone.size);
    this.texts = this.texts.filter((_, index) => !gone.has(index));
  }

  /** Goes on with a copy; the original is released in slices. */
  copy(): void {
    const copy = this.lists.copy(this.root);
    this.#releaseSlowly(this.root);
    this.root = copy;
  }

  /** Compares all elements, forward and backward, every figure, and every block of the heap. */
  check(): void {
    const { heap, lists, root, cursor, texts } = this;
    checkQuicklist(lists, root);
    const blocks: Ptr[] = [];
    lists.visitBlocks(root, (block) => blocks.push(block));
    checkHeap(heap, blocks);
    expectEqual('count', lists.count(root), texts.length);
    if (texts.length === 0) return;
    const forward: Buffer[] = [];
    cursor.enter(lists, root, 0);
    do forward.push(this.#cursorText());
    while (cursor.next());
    const backward: Buffer[] = [];
    cursor.enter(lists, root, texts.length - 1);
    do backward.unshift(this.#cursorText());
    while (cursor.previous());
    for (const walked of [forward, backward]) {
      expectEqual('elements walked', walked.map(hex).join(), texts.map(hex).join());
    }
  }

  /** Compares one element, found by its index, and some behind and before it, as they are sent. */
  checkAt(index: number): void {
    const { lists, root, cursor, texts, random } = this;
    cursor.enter(lists, root, index);
    expectEqual(`element ${index}`, hex(this.#cursorText()), hex(texts[index]!));
    const { bytes, view } = rangeOf(texts[random.integer(0, texts.length - 1)]!);
    this.#matcher.set(bytes, view, 0, bytes.length);
    expectEqual('a match', cursor.matches(this.#matcher), bytes.equals(texts[index]!));
    const written: Buffer[] = [];
    const sink = {
      bulk: (from: Buffer, _: DataView, start: number, length: number) =>
        written.push(Buffer.from(from.subarray(start, start + length))),
    };
    const count = random.integer(1, texts.length - index);
    cursor.writeForward(sink, count);
    expectEqual(
      'elements sent forward',
      written.splice(0).map(hex).join(),
      texts
        .slice(index, index + count)
        .map(hex)
        .join(),
    );
    const countBefore = random.integer(1, index + 1);
    cursor.enter(lists, root, index);
    cursor.writeBackward(sink, countBefore);
    expectEqual(
      'elements sent backward',
      written.map(hex).join(),
      texts
        .slice(index + 1 - countBefore, index + 1)
        .reverse()
        .map(hex)
        .join(),
    );
  }

  /** Does something for which the system refuses memory; the list must stay what it was. */
  refused(act: () => void): void {
    const { heap, texts } = this;
    const before = texts.slice();
    const alloc = heap.alloc;
    let left = this.random.integer(0, 2);
    heap.alloc = (bytes) => {
      if (left-- === 0) throw new OutOfMemoryError('refused');
      return alloc.call(heap, bytes);
    };
    try {
      act();
    } catch (problem) {
      if (!(problem instanceof OutOfMemoryError)) throw problem;
      this.texts = before;
    } finally {
      heap.alloc = alloc;
    }
  }

  #releaseSlowly(root: Ptr): void {
    if (root === NULL) return;
    while (!this.lists.release(root, this.random.integer(1, 5)));
  }

  #cursorText(): Buffer {
    const { cursor } = this;
    cursor.read();
    const { textBytes, textStart, textLength } = cursor;
    return Buffer.from(textBytes.subarray(textStart, textStart + textLength));
  }
}

/** A random program of so many operations. */
export function runQuicklistRound(random: SeededRandom, operations: number): void {
  const model = new QuicklistModel(random);
  const few = Array.from({ length: 4 }, () => randomText(random));
  const text = () => (random.fraction() < 0.5 ? random.pick(few) : randomText(random));
  const elementsMax = random.pick([10, 100, 1000]);
  const changing = random.fraction() < 0.3;
  model.limits.setSize(random.pick(SIZES));
  for (let done = 0; done < operations; done++) {
    if (changing && random.fraction() < 0.02) {
      model.limits.setSize(random.pick(SIZES));
      model.limits.setPlainBytes(random.pick(PLAIN_BYTES));
    }
    const act = randomOperation(model, elementsMax, text);
    if (random.fraction() < 0.05) model.refused(act);
    else act();
    if (model.texts.length > 0) model.checkAt(random.integer(0, model.texts.length - 1));
    if (random.fraction() < 0.05) model.check();
  }
  model.check();
}

function randomOperation(model: QuicklistModel, most: number, text: () => Buffer): () => void {
  const { random } = model;
  const { length } = model.texts;
  const index = random.integer(0, Math.max(length - 1, 0));
  const kind = random.integer(0, 17);
  if (length >= 2 && (length >= most || kind < 3)) {
    const elements = random.integer(1, random.fraction() < 0.3 ? length - 1 : 1);
    return random.integer(0, 1) === 0
      ? () => model.removeFirst(elements)
      : () => model.removeLast(elements);
  }
  if (length === 0 || kind < 10) {
    const element = text();
    return random.integer(0, 1) === 0
      ? () => model.pushFirst(element)
      : () => model.pushLast(element);
  }
  if (kind < 13) return () => model.insert(index, random.integer(0, 1) === 0, text());
  if (kind < 15) return () => model.replace(index, text());
  if (kind < 16) {
    const removed = random.pick(model.texts);
    const count = random.pick([1, 2, 10, Number.POSITIVE_INFINITY]);
    return () => model.removeMatches(removed, count, random.integer(0, 1) === 0);
  }
  if (kind < 17) return () => model.copy();
  return () => model.appendListpack(Array.from({ length: random.integer(0, 20) }, text));
}

function expectEqual(what: string, is: unknown, shouldBe: unknown): void {
  if (is !== shouldBe) throw new Error(`${what}\n  is        ${is}\n  should be ${shouldBe}`);
}

function hex(bytes: Buffer): string {
  return bytes.length > 60
    ? `${bytes.toString('hex', 0, 60)}~${bytes.length}`
    : bytes.toString('hex');
}
