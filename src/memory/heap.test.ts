import { describe, expect, it } from 'vitest';
import { type HeapModel, runHeapRound } from '../../test/support/heap-model.ts';
import { chosenSeed, SeededRandom } from '../../test/support/seeded-random.ts';
import { EXTENT_BYTES, EXTENT_SHIFT, NULL, type Ptr, UNIT_MASK } from './address.ts';
import { Heap, OutOfMemoryError } from './heap.ts';
import { checkHeap } from './heap-check.ts';
import { CLASS_BYTES, SLAB_BYTES_MAX } from './size-classes.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const seed = chosenSeed();

function extentCount(heap: Heap): number {
  return heap.extentKind.filter((kind) => kind !== 0).length;
}

function many(count: number, make: () => Ptr): Ptr[] {
  return Array.from({ length: count }, make);
}

describe(`random allocation, SEED=${seed}`, () => {
  for (let round = 0; round < 6; round++) {
    it(`keeps contents and accounts exactly, round ${round}`, () => {
      const model: HeapModel = runHeapRound(new SeededRandom(seed + round), 8_000);
      expect(model.heap.usedBytes).toBe(0);
      // What may stay: an extent of pages and one of runs as a reserve.
      expect(model.extentCount()).toBeLessThanOrEqual(2);
    });
  }
});

describe('sizes', () => {
  it('gives the class of every size up to 16 KiB', () => {
    const heap = new Heap();
    const blocks: Ptr[] = [];
    for (let bytes = 1; bytes <= SLAB_BYTES_MAX; bytes += bytes < 300 ? 1 : 37) {
      const ptr = heap.alloc(bytes);
      blocks.push(ptr);
      const capacity = heap.capacity(ptr);
      expect(CLASS_BYTES).toContain(capacity);
      expect(capacity).toBeGreaterThanOrEqual(bytes);
      expect(heap.fits(capacity, bytes)).toBe(true);
    }
    checkHeap(heap, blocks);
  });

  it.each([
    [SLAB_BYTES_MAX, 16 * KIB],
    [SLAB_BYTES_MAX + 1, 20 * KIB],
    [100 * KIB, 100 * KIB],
    [100 * KIB + 1, 104 * KIB],
    [32 * MIB, 32 * MIB],
    [32 * MIB + 1, 32 * MIB + 4 * KIB],
  ])('a block of %i bytes holds %i', (bytes, capacity) => {
    const heap = new Heap();
    const ptr = heap.alloc(bytes);
    expect(heap.capacity(ptr)).toBe(capacity);
    expect(heap.usedBytes).toBe(capacity);
    expect(heap.fits(capacity, bytes)).toBe(true);
    checkHeap(heap, [ptr]);
    heap.free(ptr);
    expect(heap.usedBytes).toBe(0);
    checkHeap(heap, []);
  });

  it.each([8, 20 * KIB, 33 * MIB])(
    'the first block of a heap has an address, %i bytes',
    (bytes) => {
      const heap = new Heap();
      const ptr = heap.alloc(bytes);
      expect(ptr).not.toBe(NULL);
      checkHeap(heap, [ptr]);
    },
  );
});

describe('extents', () => {
  it('of huge blocks are given back at once', () => {
    const heap = new Heap();
    const blocks = [33 * MIB, 40 * MIB, 64 * MIB].map((bytes) => heap.alloc(bytes));
    expect(extentCount(heap)).toBe(3);
    expect(heap.heldBytes).toBe(137 * MIB);
    for (const ptr of blocks) heap.bytes[ptr >>> EXTENT_SHIFT]!.write('end', 32 * MIB);
    for (const ptr of blocks) heap.free(ptr);
    expect(extentCount(heap)).toBe(0);
    expect(heap.heldBytes).toBe(0);
    checkHeap(heap, []);
  });

  it('of pages are given back when empty, but for one', () => {
    const heap = new Heap();
    const blocks = many((3 * EXTENT_BYTES) / (16 * KIB), () => heap.alloc(16 * KIB));
    expect(extentCount(heap)).toBe(4);
    for (const ptr of blocks) heap.free(ptr);
    expect(extentCount(heap)).toBe(1);
    checkHeap(heap, []);
  });

  it('of pages take new pages from the fullest, and drain to nothing when asked', () => {
    const heap = new Heap();
    const perExtent = EXTENT_BYTES / (16 * KIB);
    const blocks = many(2 * perExtent - 8, () => heap.alloc(16 * KIB));
    const [first, second] = [blocks.slice(0, 200), blocks.slice(-100)];
    for (const ptr of blocks.slice(200, -100)) heap.free(ptr);
    const sparse = second[0]! >>> EXTENT_SHIFT;
    expect(sparse).not.toBe(first[0]! >>> EXTENT_SHIFT);
    heap.pages.drain(sparse);
    for (const page of [...heap.pages.pagesInUse()]) {
      if (page >>> (EXTENT_SHIFT - 13) === sparse) heap.pages.evacuate(page);
    }
    const moved = second.map((ptr) => {
      expect(heap.isEvacuating(ptr)).toBe(true);
      const to = heap.alloc(16 * KIB);
      expect(to >>> EXTENT_SHIFT).not.toBe(sparse);
      heap.free(ptr);
      return to;
    });
    expect(heap.extentKind[sparse]).toBe(0);
    heap.pages.endDraining();
    checkHeap(heap, [...first, ...moved]);
  });

  it('of runs drain to nothing when asked', () => {
    const heap = new Heap();
    const blocks = many(1500, () => heap.alloc(64 * KIB));
    const kept = blocks.filter((_, i) => i % 10 === 0);
    for (const ptr of blocks) if (!kept.includes(ptr)) heap.free(ptr);
    expect(extentCount(heap)).toBe(2);
    const sparse = kept.at(-1)! >>> EXTENT_SHIFT;
    heap.runs.drain(sparse);
    const moved = kept.map((ptr) => {
      if (!heap.isEvacuating(ptr)) return ptr;
      const to = heap.alloc(64 * KIB);
      heap.free(ptr);
      return to;
    });
    expect(heap.extentKind[sparse]).toBe(0);
    heap.runs.keep(sparse);
    checkHeap(heap, moved);
  });

  it('whose memory the system refuses leave nothing changed', () => {
    const heap = new Heap();
    const small = heap.alloc(100);
    heap.addExtent = () => {
      throw new OutOfMemoryError('refused');
    };
    expect(() => heap.alloc(20 * KIB)).toThrow(OutOfMemoryError);
    expect(() => heap.alloc(50 * MIB)).toThrow(OutOfMemoryError);
    checkHeap(heap, [small]);
  });

  it('are limited in number', () => {
    const heap = new Heap();
    heap.extentKind.fill(3, 0);
    expect(() => heap.alloc(8)).toThrow(OutOfMemoryError);
    expect(() => heap.alloc(50 * MIB)).toThrow('the arena is full (512 extents)');
  });
});

describe('free', () => {
  it('refuses what is no block of a run or a huge extent, or on no page', () => {
    const heap = new Heap();
    heap.alloc(100);
    const run = heap.alloc(64 * KIB);
    expect(() => heap.free((run + 512) as Ptr)).toThrow('not a block');
    expect(() => heap.free((run + 1) as Ptr)).toThrow('not a block');
    expect(() => heap.free(((100 << EXTENT_SHIFT) >>> 0) as Ptr)).toThrow('not a block');
    expect(() => heap.free((UNIT_MASK - 8) as Ptr)).toThrow('not a block');
  });
});

describe('checkHeap finds', () => {
  const setUp = () => {
    const heap = new Heap();
    const blocks = [100, 100, 100, 40 * KIB, 33 * MIB].map((bytes) => heap.alloc(bytes));
    return { heap, blocks, words: heap.words[0]!, first: (blocks[0]! & UNIT_MASK) << 1 };
  };

  it('a leak', () => {
    const { heap, blocks } = setUp();
    for (const ptr of blocks) {
      const others = blocks.filter((other) => other !== ptr);
      expect(() => checkHeap(heap, others)).toThrow('1 blocks have no owner');
    }
  });

  it('two owners', () => {
    const { heap, blocks } = setUp();
    for (const ptr of blocks) {
      expect(() => checkHeap(heap, [...blocks, ptr])).toThrow('has two owners');
    }
  });

  it('an owner of nothing', () => {
    const { heap, blocks } = setUp();
    const wrong: [number, string][] = [
      [blocks[0]! + 1, 'is owned and not the start of a block'],
      [blocks[2]! + 13, 'is owned and not the start of a block'],
      [blocks[3]! + 1, 'is owned and not allocated'],
      [400 << EXTENT_SHIFT, 'is owned and not allocated'],
    ];
    for (const [ptr, message] of wrong) {
      expect(() => checkHeap(heap, [...blocks, (ptr >>> 0) as Ptr])).toThrow(message);
    }
    heap.free(blocks[1]!);
    expect(() => checkHeap(heap, blocks)).toThrow('is owned and free');
  });

  it('a block that was freed twice', () => {
    const { heap, blocks } = setUp();
    heap.free(blocks[1]!);
    heap.free(blocks[1]!);
    expect(() => checkHeap(heap, [blocks[0]!, ...blocks.slice(2)])).toThrow('goes in circles');
  });

  it('a broken free list', () => {
    const { heap, blocks, words, first } = setUp();
    heap.free(blocks[0]!);
    words[first] = 5;
    expect(() => checkHeap(heap, blocks.slice(1))).toThrow('which is no block');
  });

  it('a miscount', () => {
    const { heap, blocks } = setUp();
    heap.usedBytes += 8;
    expect(() => checkHeap(heap, blocks)).toThrow('used: the heap says');
    heap.usedBytes -= 8;
    heap.heldBytes -= 8;
    expect(() => checkHeap(heap, blocks)).toThrow('held: the heap says');
    heap.heldBytes += 8;
    heap.pages.live[blocks[0]! >>> 13]!++;
    expect(() => checkHeap(heap, blocks)).toThrow('live blocks of page 1: the heap says 4');
  });

  it('a free run that was written to', () => {
    const { heap, blocks } = setUp();
    const run = heap.alloc(40 * KIB);
    heap.free(run);
    const words = heap.words[run >>> EXTENT_SHIFT]!;
    words[((run & UNIT_MASK) << 1) + 1] = 7;
    expect(() => checkHeap(heap, blocks)).toThrow('of the free runs is broken');
  });
});
