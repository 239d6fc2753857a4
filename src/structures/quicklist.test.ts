import { beforeEach, describe, expect, it } from 'vitest';
import { rangeOf } from '../../test/support/listpack-format.ts';
import { QuicklistModel, runQuicklistRound } from '../../test/support/quicklist-model.ts';
import { chosenSeed, SeededRandom } from '../../test/support/seeded-random.ts';
import { NULL, type Ptr } from '../memory/address.ts';
import { OutOfMemoryError } from '../memory/heap.ts';
import { checkHeap } from '../memory/heap-check.ts';
import { ELEMENTS_MAX, ROOT_ELEMENTS } from './quicklist-layout.ts';

const seed = chosenSeed();

let model: QuicklistModel;

beforeEach(() => {
  model = new QuicklistModel(new SeededRandom(seed));
});

function fill(count: number, textOf: (i: number) => string = (i) => `${i}`): void {
  for (let i = 0; i < count; i++) model.pushLast(Buffer.from(textOf(i)));
}

function nodesOf(): Ptr[] {
  const { nodes } = model.lists;
  const found: Ptr[] = [];
  for (let node = nodes.first(model.root); node !== NULL; node = nodes.next(node)) found.push(node);
  return found;
}

function refuseMemory(): void {
  model.heap.alloc = () => {
    throw new OutOfMemoryError('refused');
  };
}

describe(`against an array, SEED=${seed}`, () => {
  for (let round = 0; round < 16; round++) {
    it(`is sound and holds what it should, round ${round}`, () => {
      runQuicklistRound(new SeededRandom(seed + round), 600);
    });
  }
});

describe('memory', () => {
  it.each([
    ['xxx', 5],
    ['7', 2],
    ['x'.repeat(64), 67],
    ['x'.repeat(3000), 3004],
  ])('of large lists is little more than that of their listpacks', (text, entryBytes) => {
    const { heap, lists, root } = model;
    const { bytes, view } = rangeOf(Buffer.from(text));
    const count = 200_000 / entryBytes;
    for (let i = 0; i < count; i++) lists.pushFirst(root, bytes, view, 0, bytes.length);
    for (let i = 0; i < count; i++) lists.pushLast(root, bytes, view, 0, bytes.length);
    const perElement = lists.usedBytes(root) / lists.count(root);
    expect(perElement).toBeLessThan(entryBytes * 1.06 + 0.1);
    expect(lists.usedBytes(root)).toBe(heap.usedBytes);
  });

  it('of a node that elements run through stays what it is', () => {
    fill(100);
    const { lists, root } = model;
    const before = lists.usedBytes(root);
    for (let i = 0; i < 20_000; i++) {
      model.pushLast(Buffer.from(`${i % 100}`));
      model.removeFirst(1);
    }
    expect(lists.usedBytes(root)).toBe(before);
    model.check();
  });

  it('is not moved for each element that is added at alternating ends', () => {
    let allocations = 0;
    const { heap } = model;
    const alloc = heap.alloc;
    heap.alloc = (bytes) => {
      allocations++;
      return alloc.call(heap, bytes);
    };
    for (let i = 0; i < 1000; i++) {
      model.pushFirst(Buffer.from(`first ${i}`));
      model.pushLast(Buffer.from(`last ${i}`));
    }
    expect(allocations).toBeLessThan(30);
    model.check();
  });

  it('comes back when most elements are removed here and there', () => {
    fill(20_000, (i) => (i % 8 === 0 ? `kept ${i}` : 'element'));
    const { lists, root } = model;
    const before = lists.usedBytes(root);
    model.removeMatches(Buffer.from('element'), Number.POSITIVE_INFINITY, false);
    expect(lists.count(root)).toBe(2500);
    expect(lists.usedBytes(root)).toBeLessThan(before / 2.5);
    model.check();
  });
});

describe('nodes', () => {
  it.each([
    [-1, 4096],
    [-2, 8192],
    [-3, 16_384],
    [-4, 32_768],
    [-5, 65_536],
    [-9, 65_536],
  ])('of size %i are blocks of %i bytes, and nearly full', (size, blockBytes) => {
    model.limits.setSize(size);
    fill(40_000);
    const { heap, lists } = model;
    const capacities = nodesOf().map((node) => heap.capacity(node));
    expect(new Set(capacities.slice(0, -1))).toEqual(new Set([blockBytes]));
    const full = nodesOf().slice(0, -1);
    for (const node of full) expect(lists.nodes.totalBytes(node)).toBeGreaterThan(blockBytes - 32);
  });

  it.each([
    [0, 1],
    [1, 1],
    [5, 5],
    [1_000_000, 2042],
  ])('of size %i have no more than %i elements', (size, elements) => {
    model.limits.setSize(size);
    fill(3000, () => 'xx');
    const counts = nodesOf().map((node) => model.lists.nodes.count(node));
    expect(Math.max(...counts)).toBeLessThanOrEqual(elements);
    expect(Math.max(...counts)).toBeGreaterThan(elements * 0.85);
    model.check();
  });

  it('are plain for elements that do not fit, and for those beyond a threshold', () => {
    const plain = () => nodesOf().map((node) => model.lists.nodes.isPlain(node));
    model.pushLast(Buffer.alloc(8160));
    model.pushLast(Buffer.alloc(8170));
    model.pushFirst(Buffer.alloc(100_000));
    expect(plain()).toEqual([true, false, true]);
    model.limits.setPlainBytes(3);
    model.pushLast(Buffer.from('ab'));
    model.pushLast(Buffer.from('abc'));
    model.limits.setPlainBytes(0);
    model.pushLast(Buffer.from('abc'));
    expect(plain()).toEqual([true, false, true, false, true, false]);
    model.check();
  });

  it('are split where an element goes into a full one', () => {
    fill(10_000);
    const before = nodesOf().length;
    model.insert(4000, true, Buffer.from('new'));
    model.insert(4000, true, Buffer.from('newer'));
    expect(nodesOf()).toHaveLength(before + 1);
    model.check();
  });

  it('are split where an element goes that has a node to itself', () => {
    fill(10_000);
    const before = nodesOf().length;
    model.insert(4000, false, Buffer.alloc(9000));
    expect(nodesOf()).toHaveLength(before + 2);
    model.check();
  });

  it('take an element at their border without being split', () => {
    fill(3000);
    const counts = () => nodesOf().map((node) => model.lists.nodes.count(node));
    const [first, second] = counts();
    model.insert(first! - 1, true, Buffer.from('new'));
    model.insert(first! + 1, false, Buffer.from('newer'));
    expect(counts()).toEqual([first, second! + 2]);
    model.check();
  });

  it('keep to limits that have changed from then on', () => {
    fill(3000);
    model.limits.setSize(10);
    model.insert(100, true, Buffer.from('new'));
    model.pushLast(Buffer.from('last'));
    model.pushFirst(Buffer.from('first'));
    model.replace(50, Buffer.from('longer than it was'));
    model.check();
    expect(nodesOf().some((node) => model.lists.nodes.count(node) === 1)).toBe(true);
  });
});

describe('an index', () => {
  it('finds every element from either end', () => {
    fill(5000);
    for (let i = 0; i < 5000; i += 7) model.checkAt(i);
    model.checkAt(4999);
  });
});

describe('removing at an end', () => {
  it.each([true, false])('hands many nodes over to be freed bit by bit (front: %s)', (atFront) => {
    fill(20_000);
    const { heap, lists, root } = model;
    const before = heap.usedBytes;
    const detached = atFront ? lists.removeFirst(root, 19_950) : lists.removeLast(root, 19_950);
    model.texts = atFront ? model.texts.slice(19_950) : model.texts.slice(0, 50);
    expect(heap.usedBytes).toBe(before);
    let slices = 1;
    while (!lists.release(detached, 3)) slices++;
    expect(slices).toBeGreaterThan(2);
    expect(heap.usedBytes).toBeLessThan(before / 5);
    model.check();
  });

  it.each([1, 100, 5000, 10_000, 19_999])('of %i elements needs no memory', (elements) => {
    fill(20_000);
    const { alloc } = model.heap;
    refuseMemory();
    model.removeFirst(Math.ceil(elements / 2));
    model.removeLast(Math.floor(elements / 2));
    model.heap.alloc = alloc;
    model.check();
  });
});

describe('release', () => {
  it('frees a list in slices, and all of it', () => {
    fill(20_000);
    const { heap, lists, root } = model;
    const nodes = lists.nodeCount(root);
    let slices = 1;
    while (!lists.release(root, 2)) slices++;
    expect(slices).toBe(Math.ceil(nodes / 2));
    checkHeap(heap, []);
  });
});

describe('copy', () => {
  it('shares nothing', () => {
    fill(3000);
    model.pushLast(Buffer.alloc(20_000));
    const original = model.root;
    model.root = model.lists.copy(original);
    model.lists.release(original, Number.POSITIVE_INFINITY);
    model.check();
  });

  it('leaves nothing behind when there is no memory for all of it', () => {
    fill(3000);
    const { heap, lists, root } = model;
    const { alloc } = heap;
    for (let allowed = 0; allowed < 2; allowed++) {
      let left = allowed;
      heap.alloc = (bytes) => {
        if (left-- === 0) throw new OutOfMemoryError('refused');
        return alloc.call(heap, bytes);
      };
      expect(() => lists.copy(root)).toThrow(OutOfMemoryError);
    }
    heap.alloc = alloc;
    model.check();
  });
});

describe('a list of as many elements as can be counted', () => {
  it('takes no more, and stays what it is', () => {
    fill(2);
    const { heap, root } = model;
    heap.setWord(root, ROOT_ELEMENTS, ELEMENTS_MAX);
    expect(() => model.pushFirst(Buffer.from('a'))).toThrow(OutOfMemoryError);
    expect(() => model.pushLast(Buffer.alloc(9000))).toThrow(OutOfMemoryError);
    expect(() => model.insert(0, true, Buffer.from('a'))).toThrow(OutOfMemoryError);
    heap.setWord(root, ROOT_ELEMENTS, 2);
    model.check();
  });
});
