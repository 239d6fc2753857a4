import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  filled,
  memberOf,
  PackedModel,
  plain,
  runPackedRound,
} from '../../test/support/packed-model.ts';
import { chosenSeed, SeededRandom } from '../../test/support/seeded-random.ts';
import { EXTENT_HUGE, EXTENT_SHIFT, NULL, type Ptr, UNIT_MASK } from '../memory/address.ts';
import { Heap, OutOfMemoryError } from '../memory/heap.ts';
import { checkHeap } from '../memory/heap-check.ts';
import { PackedBuckets } from './packed-buckets.ts';
import { PackedTable } from './packed-table.ts';
import { checkPackedTable } from './packed-table-check.ts';
import {
  BUCKET_ENTRIES_MAX,
  ROOT_BUCKETS,
  ROOT_COUNT,
  ROOT_FULLEST,
  ROOT_MASK,
  reverseBits,
} from './packed-table-layout.ts';
import { hashBytes, setHashKey } from './siphash.ts';

const seed = chosenSeed();
setHashKey(seed, ~seed);

function buckets(model: PackedModel): number {
  return model.heap.word(model.root, ROOT_BUCKETS);
}

/** Has the heap refuse all allocations but the first `allowed`. */
function limit(heap: Heap, allowed: number): void {
  const { alloc } = Heap.prototype;
  vi.spyOn(heap, 'alloc').mockImplementation((bytes) => {
    if (allowed-- > 0) return alloc.call(heap, bytes);
    throw new OutOfMemoryError('refused');
  });
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe(`against a Map, SEED=${seed}`, () => {
  for (let round = 0; round < 10; round++) {
    it(`does what a Map does, round ${round}`, () => {
      runPackedRound(new SeededRandom(seed + round), 8000);
    });
  }
});

describe('buckets by number', () => {
  it('hold every entry once', () => {
    const model = filled(3000, true);
    const { table, root } = model;
    const seen = new Set<string>();
    let met = 0;
    for (let bucket = 0; bucket < table.bucketCount(root); bucket++) {
      const found = table.openBucket(root, bucket);
      for (let i = 0; i < found; i++) {
        table.entry(i);
        seen.add(model.current());
        met++;
      }
    }
    expect([seen.size, met]).toEqual([3000, 3000]);
  });
});

describe('growth', () => {
  it.each([false, true])('is sound at every size, with values: %s', (hasValues) => {
    const model = new PackedModel(hasValues);
    for (let key = 0; key < 4000; key++) {
      model.put(memberOf(key), memberOf(key % 100));
      if (key < 80 || key % 197 === 0) model.check();
    }
    expect(buckets(model)).toBeGreaterThan(200);
    for (let key = 0; key < 4000; key++) {
      model.remove(memberOf(key));
      if (key > 3920 || key % 197 === 0) model.check();
    }
    expect(buckets(model)).toBe(1);
    expect(model.table.usedBytes(model.root)).toBeLessThanOrEqual(56);
  });

  it('never does more in one step than a few buckets', () => {
    const { table, root } = plain(0);
    const { heap } = table;
    const { alloc } = heap;
    let step = 0;
    let largest = 0;
    heap.alloc = (bytes) => {
      step += bytes;
      return alloc.call(heap, bytes);
    };
    const member = Buffer.from('element:000000000000');
    const view = new DataView(member.buffer, member.byteOffset, 20);
    for (let i = 0; i < 100_000; i++) {
      view.setUint32(16, i);
      step = 0;
      table.add(root, hashBytes(view, 0, 20), member, view, 0, 20);
      largest = Math.max(largest, step);
    }
    for (let i = 0; i < 100_000; i++) {
      view.setUint32(16, i);
      step = 0;
      table.remove(root, hashBytes(view, 0, 20), member, view, 0, 20);
      largest = Math.max(largest, step);
    }
    expect(largest).toBeLessThan(6000);
    expect(largest).toBeGreaterThan(1024);
  });

  it('keeps apart members of the same hash', () => {
    setHashKey(1, 2);
    const byHash = new Map<number, string>();
    const pairs: [string, string][] = [];
    const bytes = Buffer.alloc(8);
    const view = new DataView(bytes.buffer, bytes.byteOffset, 8);
    for (let i = 0; i < 300_000; i++) {
      view.setUint32(2, i);
      const hash = hashBytes(view, 0, 8);
      const text = bytes.toString('latin1');
      const other = byHash.get(hash);
      if (other !== undefined) pairs.push([other, text]);
      byHash.set(hash, text);
    }
    expect(pairs.length).toBeGreaterThan(2);
    const model = filled(500, true);
    for (const [a] of pairs) model.put(a, 'first');
    for (const [a, b] of pairs) {
      model.expectFound(b);
      model.put(b, 'second');
      model.expectFound(a);
    }
    model.check();
    for (const [a, b] of pairs) {
      model.remove(a);
      model.expectFound(a);
      model.expectFound(b);
    }
    setHashKey(seed, ~seed);
  });

  it('copes with members in the order in which a large table is scanned', () => {
    const { table, root } = plain(300_000);
    const order: Buffer[] = [];
    let position = 0;
    do {
      const found = table.scanBucket(root, position);
      position = table.nextPosition;
      for (let i = 0; i < found; i++) {
        table.entry(i);
        const { memberBytes, memberStart, memberLength } = table;
        order.push(Buffer.from(memberBytes.subarray(memberStart, memberStart + memberLength)));
      }
    } while (position !== 0);
    const heap = new Heap();
    const other = new PackedTable(heap);
    const copy = other.create(false);
    for (const [i, bytes] of order.entries()) {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      const hash = hashBytes(view, 0, bytes.length);
      expect(other.add(copy, hash, bytes, view, 0, bytes.length)).toBe(true);
      if (i === 5000) expect(other.remove(copy, hash, bytes, view, 0, bytes.length)).toBe(true);
      if (i === 5000) checkHeap(heap, checkPackedTable(heap, copy));
    }
    expect(other.count(copy)).toBe(order.length - 1);
    checkHeap(heap, checkPackedTable(heap, copy));
    // What the crowd has cost is gone.
    expect(heap.usedBytes).toBeLessThan(table.usedBytes(root) * 1.02);
  });

  it('refuses a bucket more entries than it can count', () => {
    const heap = new Heap();
    const packed = new PackedBuckets(heap);
    let block: Ptr = NULL;
    for (let i = 0; i < BUCKET_ENTRIES_MAX; i++) {
      block = packed.withRoom(block, 1, 120);
      packed.append(block, i & 255, 120);
    }
    expect(packed.count(block)).toBe(1023);
    expect(packed.entryStart(block, 0)).toBe(packed.firstByte(block) + 1022 * 120);
    expect(() => packed.withRoom(block, 1, 120)).toThrow('the same hash');
    expect(packed.withRoom(block, 0, 0)).toBe(block);
  });
});

describe('memory', () => {
  it.each([200_000, 1_000_000])('is at most 28 bytes per member of 20, among %i', (count) => {
    const { table, root } = plain(count);
    expect(table.count(root)).toBe(count);
    expect(table.usedBytes(root)).toBe(table.heap.usedBytes);
    expect(table.heap.usedBytes / count).toBeLessThan(27.5);
    checkHeap(table.heap, checkPackedTable(table.heap, root));
  });

  it.each([200_000, 1_000_000])('is at most 33 bytes per field with 3, among %i', (count) => {
    const { table, root } = plain(count, 'xxx');
    expect(table.count(root)).toBe(count);
    expect(table.usedBytes(root)).toBe(table.heap.usedBytes);
    expect(table.heap.usedBytes / count).toBeLessThan(32.5);
  });

  it('of a table of two members is little', () => {
    const model = new PackedModel(false);
    model.put('a member of a set', '');
    model.put('x'.repeat(112), '');
    expect(model.table.usedBytes(model.root)).toBeLessThan(260);
  });

  it('running out leaves the table as it was', () => {
    for (let allowed = 0; allowed < 5; allowed++) {
      for (const [member, value] of [
        ['short', 'v'],
        ['long'.repeat(50), 'v'],
        ['short', 'long'.repeat(50)],
        ['long'.repeat(50), 'long'.repeat(50)],
      ] as const) {
        const model = filled(300, true);
        const before = model.heap.usedBytes;
        limit(model.heap, allowed);
        const put = () => model.put(member, value);
        if (allowed === 0 && member + value !== 'shortv') {
          expect(put).toThrow(OutOfMemoryError);
          expect(model.heap.usedBytes).toBe(before);
        } else {
          try {
            put();
          } catch (problem) {
            expect(problem).toBeInstanceOf(OutOfMemoryError);
            expect(model.heap.usedBytes).toBe(before);
          }
        }
        vi.restoreAllMocks();
        model.expectFound(member);
        model.check();
      }
    }
  });
});

describe('values', () => {
  it('of the same length are replaced where they are', () => {
    const model = filled(1000, true, '12345');
    limit(model.heap, 0);
    const block = vi.spyOn(model.heap, 'free');
    for (let key = 0; key < 1000; key++) model.put(memberOf(key), '67890');
    expect(block).not.toHaveBeenCalled();
    vi.restoreAllMocks();
    model.check();
  });

  it('may be of any length, and change it', () => {
    const model = filled(100, true, '');
    for (const length of [1, 126, 127, 300, 301, 8, 0, 70_000, 40 * 2 ** 20, 5, 113, 114, 112, 0]) {
      for (const key of [0, 1, 7, 14, 70, 99]) {
        if (length < 2 ** 20 || key === 7) model.put(memberOf(key), 'v'.repeat(length));
      }
      model.check();
    }
  });

  it('give their room back when they become shorter', () => {
    const model = filled(40, true, 'v'.repeat(90));
    const short = filled(40, true, '');
    for (let key = 0; key < 40; key++) model.put(memberOf(key), '');
    const bytes = model.table.usedBytes(model.root);
    expect(bytes).toBeLessThan(short.table.usedBytes(short.root) * 1.5);
  });

  it('of far members are found and go with them', () => {
    const model = new PackedModel(true);
    for (const length of [113, 1000, 20_000, 40 * 2 ** 20]) {
      model.put('m'.repeat(length), 'v'.repeat(length));
    }
    model.check();
    for (const length of [112, 113, 114, 20_000]) model.expectFound('m'.repeat(length));
    model.removeFound('m'.repeat(20_000));
    model.remove(`${'m'.repeat(999)}n`);
    model.remove('m'.repeat(40 * 2 ** 20));
    model.check();
    expect(model.entries.size).toBe(2);
  });
});

describe('scanning', () => {
  it('meets each bucket once', () => {
    const model = filled(10_000);
    expect(model.scan(() => undefined)).toBe(buckets(model));
  });

  it('returns all that stays, once, while the table grows', () => {
    const model = filled(2000);
    let next = 2000;
    model.scan(() => {
      for (let i = 0; i < 40 && next < 40_000; i++) model.put(memberOf(next++), '');
    });
    expect(buckets(model)).toBeGreaterThan(1500);
  });

  it('returns all that stays, once, while the table shrinks', () => {
    const model = filled(40_000);
    let next = 40_000;
    model.scan(() => {
      for (let i = 0; i < 100 && next > 2000; i++) model.remove(memberOf(--next));
    });
    expect(buckets(model)).toBeLessThan(300);
  });

  it('knows positions of buckets that are gone', () => {
    const model = filled(5000);
    const all = new Set<string>();
    for (let position = 1; position < 2 ** 32; position += 12_345_677) {
      const count = model.table.scanBucket(model.root, position);
      for (let i = 0; i < count; i++) {
        model.table.entry(i);
        const { memberView, memberStart, memberLength } = model.table;
        const hash = hashBytes(memberView, memberStart, memberLength);
        expect(reverseBits(hash)).toBeGreaterThanOrEqual(position);
        all.add(model.current());
      }
    }
    expect(all.size).toBeGreaterThan(1000);
  });
});

describe('whole tables', () => {
  it('are freed in slices', () => {
    const model = filled(20_000, true, 'v'.repeat(130));
    let calls = 0;
    let before = model.heap.usedBytes;
    const blocks = () => checkPackedTableBlocks(model);
    let left = blocks();
    while (!model.table.release(model.root, 100)) {
      calls++;
      const now = blocks();
      // Buckets without entries count for a block too.
      expect(left - now).toBeGreaterThan(80);
      expect(left - now).toBeLessThan(200);
      left = now;
      expect(model.heap.usedBytes).toBeLessThan(before);
      before = model.heap.usedBytes;
    }
    expect(calls).toBeGreaterThan(100);
    expect(model.heap.usedBytes).toBe(0);
    checkHeap(model.heap, []);
  });

  it('are copied', () => {
    for (const hasValues of [false, true]) {
      const model = filled(3000, hasValues, 'v'.repeat(200));
      const original = model.root;
      const copy = model.table.copy(original);
      for (let key = 0; key < 3000; key += 2) model.remove(memberOf(key));
      checkHeap(model.heap, [
        ...checkPackedTable(model.heap, original),
        ...checkPackedTable(model.heap, copy),
      ]);
      const full = filled(3000, hasValues, 'v'.repeat(200));
      expect(model.table.count(copy)).toBe(full.entries.size);
      model.entries.clear();
      for (const [member, value] of full.entries) model.entries.set(member, value);
      model.root = copy;
      for (let key = 0; key < 3100; key++) model.expectFound(memberOf(key));
    }
  });

  it('are not copied in part', () => {
    const model = filled(120, true, 'v'.repeat(130));
    const before = model.heap.usedBytes;
    let refusals = 0;
    for (let allowed = 0; ; allowed++) {
      limit(model.heap, allowed);
      try {
        model.table.copy(model.root);
        break;
      } catch (problem) {
        expect(problem).toBeInstanceOf(OutOfMemoryError);
        refusals++;
      } finally {
        vi.restoreAllMocks();
      }
      expect(model.heap.usedBytes).toBe(before);
      model.check();
    }
    expect(refusals).toBeGreaterThan(140);
  });

  it('leave evacuated pages', () => {
    const model = filled(20_000, true, 'v'.repeat(130));
    const { pages } = model.heap;
    const evacuated = [...pages.pagesInUse()];
    for (const page of evacuated) pages.evacuate(page);
    model.relocate();
    for (const page of evacuated) expect(pages.flags[page]! & 1).toBe(0);
    model.check();
  });
});

function checkPackedTableBlocks(model: PackedModel): number {
  const blocks: Ptr[] = [];
  model.table.visitBlocks(model.root, (block) => blocks.push(block));
  checkHeap(model.heap, blocks);
  return blocks.length;
}

describe('addresses', () => {
  it('may be beyond 2^31', () => {
    const heap = new Heap();
    // As if there were that many values that have an extent each.
    heap.extentKind.fill(EXTENT_HUGE, 0, 300);
    const model = new PackedModel(true, heap);
    const { table, root } = model;
    expect(root).toBeGreaterThan(2 ** 31);
    for (let key = 0; key < 3000; key++) model.put(memberOf(key), 'v'.repeat(key % 150));
    for (let key = 0; key < 3000; key += 2) model.put(memberOf(key), 'w'.repeat(key % 151));
    for (let key = 0; key < 3000; key += 3) {
      if (model.expectFound(memberOf(key))) model.removeFound(memberOf(key));
    }
    for (let i = 0; i < 300; i++) {
      table.random(root, Math.random);
      model.removeFound(model.current());
    }
    model.scan(() => undefined);
    model.root = table.copy(root);
    while (!table.release(root, 100));
    checkPackedTable(heap, model.root);
    for (let key = 0; key < 3000; key++) model.expectFound(memberOf(key));
    for (const member of [...model.entries.keys()]) model.remove(member);
    expect(table.usedBytes(model.root)).toBe(heap.usedBytes);
  });
});

describe('the check', () => {
  const broken: readonly [string, (model: PackedModel, block: Ptr) => void][] = [
    ['entries', ({ heap, root }) => heap.setWord(root, ROOT_COUNT, 7)],
    ['mask', ({ heap, root }) => heap.setWord(root, ROOT_MASK, 1)],
    ['weighs', ({ heap, root }) => heap.setWord(root, ROOT_FULLEST, 1)],
    ['bytes used', ({ heap, root }) => heap.setWord(root, 9, 1)],
    ['bytes of entries', ({ heap, root }) => heap.setWord(root, 7, 1)],
    ['tag', ({ heap }, block) => heap.setWord(block, 1, heap.word(block, 1) ^ 1)],
    ['packed table', ({ heap }, block) => heap.setWord(block, 1, heap.word(block, 1) ^ 0x100)],
    ['packed table', ({ heap }, block) => heap.setWord(block, 0, heap.word(block, 0) - 1)],
    [
      'packed table',
      ({ heap }, block) => {
        const end = ((block & UNIT_MASK) << 3) + heap.capacity(block);
        heap.bytes[block >>> EXTENT_SHIFT]![end - 1]! ^= 1;
      },
    ],
  ];

  it.each(broken)('finds what is broken: %s', (problem, breakIt) => {
    const model = new PackedModel(false);
    for (let key = 0; key < 500; key++) model.put(`member ${key}`, '');
    const blocks = checkPackedTable(model.heap, model.root);
    breakIt(model, blocks.at(-1)!);
    expect(() => checkPackedTable(model.heap, model.root)).toThrow(problem);
  });
});
