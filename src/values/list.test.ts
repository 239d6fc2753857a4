import { beforeEach, describe, expect, it } from 'vitest';
import { BlockCell } from '../../test/support/block-cell.ts';
import { encodeListpack } from '../../test/support/listpack-format.ts';
import { randomText } from '../../test/support/listpack-model.ts';
import { chosenSeed, SeededRandom } from '../../test/support/seeded-random.ts';
import type { Ptr } from '../memory/address.ts';
import { OutOfMemoryError } from '../memory/heap.ts';
import { checkHeap } from '../memory/heap-check.ts';
import { Args } from '../protocol/args.ts';
import * as listpack from '../structures/listpack.ts';
import { isValidListpack } from '../structures/listpack-validate.ts';
import { checkQuicklist } from '../structures/quicklist-check.ts';
import { ROOT_BYTES } from './cell.ts';
import { LIST_LISTPACK, LIST_QUICKLIST, Lists } from './list.ts';

const seed = chosenSeed();
const SIZES = [-1, -2, 0, 1, 2, 3, 5, 17, 128];

/** A list under test and what must be in it. */
class ListModel {
  readonly random: SeededRandom;
  readonly cell: BlockCell = new BlockCell();
  readonly lists: Lists;
  texts: Buffer[] = [];

  constructor(random: SeededRandom) {
    this.random = random;
    this.lists = new Lists(this.cell.heap, (root) => {
      this.lists.quicklists.release(root, Number.POSITIVE_INFINITY);
    });
  }

  /** Gives the cell a new list of these elements. */
  create(texts: readonly Buffer[], atFront: boolean): void {
    const { cell, lists } = this;
    const args = Args.of(...texts);
    const bytes = lists.packedBytes(args, 0);
    if (bytes > 0) {
      cell.resize(bytes);
      cell.encoding = LIST_LISTPACK;
      lists.fill(cell, args, 0, atFront);
    } else {
      const root = lists.build(args, 0, atFront);
      cell.resize(ROOT_BYTES);
      cell.encoding = LIST_QUICKLIST;
      cell.root = root;
    }
    this.texts = atFront ? texts.toReversed() : [...texts];
  }

  push(texts: readonly Buffer[], atFront: boolean): void {
    const mustGrow = this.#exceedsWith(texts);
    const length = this.lists.push(this.cell, Args.of(...texts), 0, atFront);
    if (atFront) this.texts.unshift(...texts.toReversed());
    else this.texts.push(...texts);
    expect(length).toBe(this.texts.length);
    if (mustGrow) expect(this.cell.encoding).toBe(LIST_QUICKLIST);
  }

  insert(index: number, isBehind: boolean, text: Buffer): void {
    const { cell, lists } = this;
    const mustGrow = this.#exceedsWith([text]);
    lists.prepareGrowth(cell, 1, text.length);
    lists.enter(cell, index);
    lists.insert(cell, isBehind, Args.of(text), 0);
    this.texts.splice(isBehind ? index + 1 : index, 0, text);
    if (mustGrow) expect(cell.encoding).toBe(LIST_QUICKLIST);
  }

  replace(index: number, text: Buffer): void {
    const { cell, lists } = this;
    lists.prepareGrowth(cell, 1, text.length);
    lists.enter(cell, index);
    lists.replace(cell, Args.of(text), 0);
    this.texts[index] = text;
    this.#settle();
  }

  remove(elements: number, atFront: boolean): void {
    this.lists.remove(this.cell, elements, atFront);
    this.texts.splice(atFront ? 0 : this.texts.length - elements, elements);
    this.#settle();
  }

  removeMatches(text: Buffer, most: number, fromEnd: boolean): void {
    const { bytes, view } = Args.of(text);
    this.lists.matcher.set(bytes, view, 0, text.length);
    const matches = this.texts.flatMap((each, index) => (each.equals(text) ? [index] : []));
    const gone = new Set(fromEnd ? matches.slice(-most) : matches.slice(0, most));
    expect(this.lists.removeMatches(this.cell, most, fromEnd)).toBe(gone.size);
    this.texts = this.texts.filter((_, index) => !gone.has(index));
    if (this.texts.length > 0) this.#settle();
  }

  find(text: Buffer): void {
    const { bytes, view } = Args.of(text);
    const { lists, cell, texts } = this;
    lists.matcher.set(bytes, view, 0, text.length);
    const index = texts.findIndex((each) => each.equals(text));
    expect(lists.find(cell)).toBe(index >= 0);
    if (index < 0) return;
    const held = lists.hold();
    expect(held.copy(0)).toEqual(text);
    // It is the first of its kind: what lies before is something else.
    for (let i = index; i > 0; i--) expect(lists.cursor.previous()).toBe(true);
    expect(lists.cursor.previous()).toBe(false);
  }

  check(): void {
    const { cell, lists, texts } = this;
    const blocks: Ptr[] = [cell.block];
    if (cell.encoding === LIST_QUICKLIST) {
      checkQuicklist(lists.quicklists, cell.root);
      lists.quicklists.visitBlocks(cell.root, (block) => blocks.push(block));
    } else {
      const { bytes, view, start, length } = cell;
      expect(isValidListpack(bytes, view, start, length)).toBe(true);
    }
    checkHeap(cell.heap, blocks);
    expect(lists.length(cell)).toBe(texts.length);
    if (texts.length === 0) return;
    const walked: Buffer[] = [];
    const cursor = lists.enter(cell, 0);
    do {
      cursor.read();
      const { textBytes, textStart, textLength } = cursor;
      walked.push(Buffer.from(textBytes.subarray(textStart, textStart + textLength)));
    } while (cursor.next());
    expect(walked).toEqual(texts);
  }

  /** Whether a listpack must become a quicklist before these are added, reckoned once more. */
  #exceedsWith(texts: readonly Buffer[]): boolean {
    const { size } = this.lists.limits;
    const bytes = encodeListpack(this.texts).length + Buffer.concat(texts).length;
    const count = this.texts.length + texts.length;
    if (size < 0) return bytes > (size === -1 ? 4096 : 8192);
    return bytes > 8192 || count > Math.max(size, 1);
  }

  #settle(): void {
    const { cell, lists } = this;
    const before = cell.encoding;
    lists.settle(cell);
    if (before === LIST_LISTPACK) return;
    const isPacked = cell.encoding === LIST_LISTPACK;
    const isLone = isPacked || lists.quicklists.lonePackedNode(cell.root) !== 0;
    const { size } = lists.limits;
    const bytes = encodeListpack(this.texts).length;
    const isSmall =
      size < 0
        ? bytes <= (size === -1 ? 2048 : 4096)
        : this.texts.length <= Math.floor(Math.max(size, 1) / 2);
    expect(isPacked).toBe(isLone && isSmall);
  }
}

function runRound(random: SeededRandom, operations: number): void {
  const model = new ListModel(random);
  const few = Array.from({ length: 4 }, () => randomText(random));
  const text = () => (random.fraction() < 0.6 ? random.pick(few) : randomText(random));
  const several = () => Array.from({ length: random.integer(1, 5) }, text);
  const flip = () => random.integer(0, 1) === 0;
  const lengthMax = random.pick([10, 200]);
  model.lists.limits.setSize(random.pick(SIZES));
  model.create(several(), flip());
  for (let done = 0; done < operations; done++) {
    const { length } = model.texts;
    const index = random.integer(0, Math.max(length - 1, 0));
    const kind = random.integer(0, 12);
    if (length > 1 && (length > lengthMax || kind < 3)) {
      model.remove(random.integer(1, flip() ? 1 : length - 1), flip());
    } else if (kind < 7 || length === 0) model.push(several(), flip());
    else if (kind < 9) model.insert(index, flip(), text());
    else if (kind < 11) model.replace(index, text());
    else if (kind < 12) model.removeMatches(random.pick(few), random.integer(1, 4), flip());
    else model.find(text());
    if (random.fraction() < 0.05) model.check();
  }
  model.check();
}

describe(`against an array, SEED=${seed}`, () => {
  for (let round = 0; round < 20; round++) {
    it(`is what it should be in either encoding, round ${round}`, () => {
      runRound(new SeededRandom(seed + round), 250);
    });
  }
});

describe('without memory', () => {
  let model: ListModel;

  beforeEach(() => {
    model = new ListModel(new SeededRandom(seed));
    const { lists, cell } = model;
    lists.limits.setSize(4);
    const { alloc } = cell.heap;
    model.create([Buffer.from('a'), Buffer.from('b'), Buffer.from('c')], false);
    restore = () => {
      cell.heap.alloc = alloc;
    };
    allow = (allocations) => {
      let left = allocations;
      cell.heap.alloc = (bytes) => {
        if (left-- === 0) throw new OutOfMemoryError('refused');
        return alloc.call(cell.heap, bytes);
      };
    };
  });

  let restore: () => void;
  let allow: (allocations: number) => void;

  it('a push leaves the list as it was, wherever it fails', () => {
    const large = Array.from({ length: 40 }, (_, i) => Buffer.from(`new ${i}`));
    const { lists, cell } = model;
    for (let allowed = 0; allowed < 12; allowed++) {
      allow(allowed);
      expect(() => lists.push(cell, Args.of(...large), 0, allowed % 2 === 0)).toThrow(
        OutOfMemoryError,
      );
      restore();
      model.check();
    }
  });

  it('a new large list leaves nothing behind', () => {
    const large = Args.of(...Array.from({ length: 40 }, (_, i) => Buffer.from(`new ${i}`)));
    for (let allowed = 0; allowed < 12; allowed++) {
      allow(allowed);
      expect(() => model.lists.build(large, 0, true)).toThrow(OutOfMemoryError);
      restore();
      model.check();
    }
  });

  it('elements go, and become shorter, all the same', () => {
    const { lists, cell } = model;
    lists.limits.setSize(8);
    model.push([Buffer.from('a longer text')], false);
    allow(0);
    model.replace(3, Buffer.from('short'));
    allow(0);
    model.remove(1, true);
    allow(0);
    model.removeMatches(Buffer.from('short'), 1, false);
    restore();
    expect(listpack.count(cell.bytes, cell.view, cell.start)).toBe(2);
    // What it has too much it gives back when it can.
    lists.remove(cell, 1, true);
    model.texts = [Buffer.from('c')];
    model.check();
  });

  it('a list that has become small stays a quicklist', () => {
    const { lists, cell } = model;
    model.push([Buffer.from('d'), Buffer.from('e'), Buffer.from('f')], false);
    lists.remove(cell, 4, false);
    model.texts = model.texts.slice(0, 2);
    allow(0);
    lists.settle(cell);
    expect(cell.encoding).toBe(LIST_QUICKLIST);
    restore();
    model.check();
    lists.settle(cell);
    expect(cell.encoding).toBe(LIST_LISTPACK);
    model.check();
  });
});

describe('an element that is held', () => {
  it.each([0, 3, 4096, 4097, 300_000])('outlives its list, of %i bytes too', (length) => {
    const model = new ListModel(new SeededRandom(seed));
    const text = Buffer.alloc(length, 'xyz');
    model.create([text, Buffer.from('other')], false);
    model.lists.enter(model.cell, 0);
    const held = model.lists.hold();
    model.replace(0, Buffer.alloc(length, 'a'));
    expect(held.count).toBe(1);
    expect(held.copy(0)).toEqual(text);
  });
});
