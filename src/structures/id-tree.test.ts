import { describe, expect, it } from 'vitest';
import { IdTreeModel, idOf, runIdTreeRound } from '../../test/support/id-tree-model.ts';
import { chosenSeed, SeededRandom } from '../../test/support/seeded-random.ts';
import type { Ptr } from '../memory/address.ts';
import { OutOfMemoryError } from '../memory/heap.ts';
import { TREE_TOP } from './id-tree-node.ts';

const seed = chosenSeed();

describe(`against a sorted array, SEED=${seed}`, () => {
  for (let round = 0; round < 12; round++) {
    it(`does what it does, round ${round}`, () => {
      runIdTreeRound(new SeededRandom(seed + round), 20_000);
    });
  }
});

describe('growth', () => {
  it('is sound at every size, in either direction', () => {
    const ascending = new IdTreeModel();
    const descending = new IdTreeModel();
    for (let i = 0n; i < 9000n; i++) {
      ascending.append(i << 64n);
      descending.insert((100_000n - i) << 64n);
      if (i === 4n || i === 15n || i === 63n || i % 1499n === 0n) {
        ascending.check();
        descending.check();
      }
    }
    for (let i = 0n; i < 9000n; i++) {
      ascending.remove(i << 64n);
      descending.remove((100_000n - i) << 64n);
      if (i === 8998n || i % 1499n === 0n) {
        ascending.check();
        descending.check();
      }
    }
  });

  it('fills nodes when ids ascend, and takes little for few', () => {
    const model = new IdTreeModel();
    const before = model.heap.usedBytes;
    for (let i = 1n; i <= 4n; i++) model.append(i);
    expect(model.heap.usedBytes - before).toBe(96);
    for (let i = 5n; i <= 63_000n; i++) model.append(i);
    expect((model.heap.usedBytes - before) / 63_000).toBeLessThan(20.8);
  });

  it('keeps neighbours that have become empty from staying apart', () => {
    const model = new IdTreeModel();
    const before = model.heap.usedBytes;
    for (let i = 0n; i < 20_000n; i++) model.append(i);
    for (let i = 0n; i < 20_000n; i++) if (i % 50n !== 0n) model.remove(i);
    model.check();
    expect((model.heap.usedBytes - before) / 400).toBeLessThan(1280 / 20);
  });

  it('is left as it was when there is no memory', () => {
    const model = new IdTreeModel();
    for (let i = 0n; i < 63n * 63n; i++) model.append(i * 2n);
    model.check();
    const { heap, tree, root } = model;
    const alloc = heap.alloc.bind(heap);
    for (const [id, needed] of [
      [9000n, 3],
      [777n, 2],
    ] as const) {
      for (let allowed = 0; allowed < needed; allowed++) {
        let left = allowed;
        heap.alloc = (bytes) => {
          if (left-- === 0) throw new OutOfMemoryError('as asked');
          return alloc(bytes);
        };
        const add = () =>
          id === 9000n
            ? tree.append(root, idOf(id), 1 as Ptr)
            : tree.insert(root, idOf(id), 1 as Ptr);
        expect(add).toThrow(OutOfMemoryError);
        model.check();
      }
      heap.alloc = alloc;
      if (id === 9000n) model.append(id);
      else model.insert(id);
      model.check();
    }
    expect(tree.nodes.level(heap.word(root, TREE_TOP) as Ptr)).toBe(2);
  });
});
