import { describe, expect, it } from 'vitest';
import { idOf } from '../../test/support/id-tree-model.ts';
import { chosenSeed, SeededRandom } from '../../test/support/seeded-random.ts';
import { runStreamRound, StreamModel } from '../../test/support/stream-model.ts';
import { OutOfMemoryError } from '../memory/heap.ts';
import { checkHeap } from '../memory/heap-check.ts';
import { StreamId } from '../structures/stream-id.ts';

const seed = chosenSeed();

function filled(count: number, entriesMax: number): StreamModel {
  const model = new StreamModel();
  model.streams.limits.set(4096, entriesMax);
  for (let i = 1; i <= count; i++) model.append(BigInt(i) << 64n, ['f', `${i}`]);
  return model;
}

/** Runs something with room for so many more blocks only; whether it was refused one. */
function withBlocks(model: StreamModel, blocks: number, run: () => void): boolean {
  const { heap } = model;
  const { alloc } = heap;
  let left = blocks;
  heap.alloc = (bytes) => {
    if (left-- === 0) throw new OutOfMemoryError('as asked');
    return alloc.call(heap, bytes);
  };
  try {
    run();
    return false;
  } catch (problem) {
    expect(problem).toBeInstanceOf(OutOfMemoryError);
    return true;
  } finally {
    heap.alloc = alloc;
  }
}

describe(`against a plain array, SEED=${seed}`, () => {
  for (let round = 0; round < 8; round++) {
    it(`does what it does, round ${round}`, () => {
      runStreamRound(new SeededRandom(seed + round), 3000);
    });
  }
});

describe('ids', () => {
  const next = (model: StreamModel, nowMs: number) => {
    const id = new StreamId();
    return model.streams.nextId(model.root, nowMs, id) ? String(id) : 'none';
  };

  it('follow the clock, and do not go back with it', () => {
    const model = new StreamModel();
    expect(next(model, 1000)).toBe('1000-0');
    expect(next(model, 0)).toBe('0-1');
    model.append(1000n << 64n, ['f', 'v']);
    expect(next(model, 1001)).toBe('1001-0');
    expect(next(model, 1000)).toBe('1000-1');
    expect(next(model, 999)).toBe('1000-1');
    model.append((1000n << 64n) + (1n << 32n) - 1n, ['f', 'v']);
    expect(next(model, 5)).toBe('1000-4294967296');
  });

  it('come to an end', () => {
    const model = new StreamModel();
    model.append((7n << 64n) + (1n << 64n) - 1n, ['f', 'v']);
    expect(next(model, 1)).toBe('8-0');
    expect(model.streams.completeId(model.root, idOf(7n << 64n))).toBe(false);
    model.append((1n << 128n) - 1n, ['f', 'v']);
    expect(model.streams.isExhausted(model.root)).toBe(true);
    expect(next(model, 1)).toBe('none');
  });
});

describe('memory', () => {
  it('is little for a small stream, and for entries with the same fields', () => {
    const small = filled(1, 100);
    expect(small.streams.usedBytes(small.root)).toBeLessThan(88 + 96 + 96);
    const model = new StreamModel();
    for (let i = 1; i <= 10_000; i++) model.append(BigInt(i) << 64n, ['temperature', '21']);
    expect(model.streams.usedBytes(model.root) / 10_000).toBeLessThan(14);
  });

  it('is refused without a change', () => {
    const model = filled(200, 3);
    for (let blocks = 0; withBlocks(model, blocks, () => model.append(1n << 80n, ['f', 'v'])); ) {
      model.check();
      blocks++;
    }
    for (let blocks = 0; withBlocks(model, blocks, () => model.copy()); blocks++) model.check();
    model.check();
  });

  it('is refused while trimming, which then has done a part', () => {
    const model = filled(3000, 10);
    for (let blocks = 0; blocks < 3; blocks++) {
      withBlocks(model, blocks, () => model.trim(1005, false, 0));
      const { length } = model.entries;
      model.entries.splice(0, length - model.streams.length(model.root));
      model.check();
    }
    expect(model.streams.length(model.root)).toBe(1005);
  });
});

describe('large streams', () => {
  it('are trimmed to any length without touching what goes', () => {
    for (const length of [19_999, 12_345, 630, 64, 1, 0]) {
      const model = filled(20_000, 1);
      const { heap } = model;
      let freed = 0;
      const { free } = heap;
      heap.free = (block) => {
        freed++;
        free.call(heap, block);
      };
      model.trim(length, false, 0);
      heap.free = free;
      // Blocks of one leaf, and the inner nodes.
      expect(freed).toBeLessThan(80);
      model.check();
    }
  });

  it('are trimmed to any id', () => {
    for (const id of [2n, 64n, 6_400n, 19_999n, 20_001n]) {
      const model = filled(20_000, 1);
      model.trim(id << 64n, true, 0);
      expect(model.entries.length).toBe(20_001 - Number(id) || 0);
      model.check();
    }
  });

  it('are trimmed by whole blocks, and by no more entries than asked for', () => {
    const model = filled(20_000, 100);
    expect(model.trim(15_050, true, 0)).toBe(4900);
    expect(model.trim(0, true, 10_000)).toBe(10_000);
    expect(model.trim(0, true, 99)).toBe(0);
    expect(model.trim(20_000n << 64n, true, 350)).toBe(300);
    model.check();
  });

  it('are freed in slices', () => {
    const model = filled(20_000, 1);
    expect(model.release(model.root, 1000)).toBeGreaterThan(19);
    checkHeap(model.heap, []);
  });
});

describe('a block of tombstones that trimming left', () => {
  it('is gone before the last id goes back', () => {
    const model = filled(6, 100);
    model.remove(6n << 64n);
    model.trim(6n << 64n, false, 0);
    expect(model.streams.log.blockCount(model.root)).toBe(1);
    model.streams.setLastId(model.root, new StreamId(), -1n, new StreamId());
    expect(model.streams.log.blockCount(model.root)).toBe(0);
    model.lastBits = 0n;
    model.append(1n << 64n, ['f', 'v']);
    model.check();
  });
});
