import { describe, expect, it } from 'vitest';
import { chosenSeed, SeededRandom } from '../../test/support/seeded-random.ts';
import { HASHES, mix, runTableRound, TableModel } from '../../test/support/table-model.ts';
import { NULL, type Ptr } from '../memory/address.ts';
import { OutOfMemoryError } from '../memory/heap.ts';
import { checkTable } from './hash-table-check.ts';
import {
  BUCKET_SLOTS,
  ROOT_DEPTH,
  ROOT_DIRECTORY,
  SEGMENT_CHUNKS,
  SEGMENT_COUNT,
} from './hash-table-layout.ts';

const seed = chosenSeed();

function filled(count: number, hash = mix): TableModel {
  const model = new TableModel(hash);
  for (let key = 0; key < count; key++) model.insert(key);
  return model;
}

function depthOf(model: TableModel): number {
  return model.heap.word(model.root, ROOT_DEPTH);
}

/** Bytes of the table beside its records. */
function indexBytes(model: TableModel): number {
  let bytes = 0;
  model.table.visitBlocks(model.root, (block) => {
    bytes += model.heap.capacity(block);
  });
  return bytes;
}

describe(`against a Map, SEED=${seed}`, () => {
  for (let round = 0; round < 10; round++) {
    it(`does what a Map does, round ${round}`, () => {
      runTableRound(new SeededRandom(seed + round), 20_000);
    });
  }

  it.each(Object.entries(HASHES))('finds every key under the hash function: %s', (_, mean) => {
    const model = filled(Math.min(mean.keysMax, 20_000), mean.hash);
    for (let key = -10; key < model.records.size + 10; key++) model.expectFound(key);
    model.check();
    const half = [...model.records.keys()].filter((key) => key % 2 === 0);
    for (const key of half) model.remove(key);
    for (let key = 0; key < model.records.size * 2; key++) model.expectFound(key);
    model.check();
  });
});

describe('growth', () => {
  it('is sound at every size', () => {
    const model = new TableModel(mix);
    for (let key = 0; key < 3000; key++) {
      model.insert(key);
      expect(model.table.count(model.root)).toBe(key + 1);
      if (key < 80 || key % 197 === 0) model.check();
    }
    for (let key = 0; key < 3000; key++) {
      model.remove(key);
      if (key > 2920 || key % 197 === 0) model.check();
    }
  });

  it('costs less than 9 bytes a record', () => {
    for (const count of [50_000, 70_000, 100_000]) {
      const model = filled(count);
      expect(depthOf(model)).toBeGreaterThanOrEqual(6);
      expect(indexBytes(model) / count).toBeLessThan(9);
    }
  });

  it('divides a segment all of whose records go to one side', () => {
    const left = filled(5000, (key) => mix(key) >>> 5);
    expect(depthOf(left)).toBeGreaterThan(5);
    left.check();
    const right = filled(5000, (key) => mix(key) | 0xf8000000);
    right.check();
    for (let key = 0; key < 5000; key++) right.expectFound(key);
  });

  it('ends with an error, and a sound table, when more than a segment share one hash', () => {
    const model = filled(1120, () => 0x12345678);
    model.check();
    const record = model.table.record(5000);
    expect(() => model.table.insert(model.root, 0x12345678, record)).toThrow('the same hash');
    model.heap.free(record);
    model.check();
    for (let key = 0; key < 1120; key++) model.remove(key);
    model.check();
  });

  it('without memory leaves the table as it was, wherever memory ends', () => {
    let refusals = 0;
    for (let allowed = 0; allowed < 4; allowed++) {
      const model = new TableModel((key) => mix(key) >>> 1);
      const { heap, table } = model;
      for (let key = 0; key < 3000; key++) {
        const record = table.record(key);
        const alloc = heap.alloc;
        let left = allowed;
        heap.alloc = (bytes) => {
          if (left-- > 0) return alloc.call(heap, bytes);
          throw new OutOfMemoryError('refused');
        };
        try {
          table.insert(model.root, table.hashOf(record), record);
          model.records.set(key, record);
        } catch (problem) {
          expect(problem).toBeInstanceOf(OutOfMemoryError);
          heap.alloc = alloc;
          heap.free(record);
          model.check();
          model.insert(key);
          refusals++;
        } finally {
          heap.alloc = alloc;
        }
      }
      model.check();
    }
    expect(refusals).toBeGreaterThan(10);
  });
});

describe('shrinking', () => {
  it('halves the directory again and gives the memory back', () => {
    const model = filled(60_000);
    const full = indexBytes(model);
    const deep = depthOf(model);
    for (let key = 0; key < 54_000; key++) model.remove(key);
    expect(indexBytes(model)).toBeLessThan(full / 3);
    expect(depthOf(model)).toBeLessThan(deep);
    model.check();
    for (let key = 54_000; key < 60_000; key++) model.remove(key);
    expect(depthOf(model)).toBeLessThanOrEqual(2);
    model.check();
  });

  it('happens in whichever order keys go', () => {
    const model = filled(40_000);
    const inOrder = [...model.records.keys()].sort((a, b) => (mix(a) >>> 0) - (mix(b) >>> 0));
    for (const key of inOrder) model.remove(key);
    expect(indexBytes(model)).toBeLessThan(20_000);
    model.check();
  });
});

describe('removing', () => {
  it('finds records to remove from positions in the buckets where they lie', () => {
    const { table, root, heap } = filled(9000);
    const taken = new Uint32Array(BUCKET_SLOTS);
    let removed = 0;
    for (let position = 0; removed < 4000; position = table.nextPosition) {
      const count = table.takeBucket(root, position, taken, 0);
      const [record, other] = taken.subarray(0, count) as Iterable<number> as Iterable<Ptr>;
      if (record === undefined) continue;
      expect(table.locate(root, position | 0, record)).toBe(true);
      table.remove(root);
      heap.free(record);
      removed++;
      if (other !== undefined) expect(table.locate(root, table.hashOf(other), other)).toBe(true);
      expect(table.locate(root, position | 0, record)).toBe(false);
    }
    expect(checkTable(table, root)).toHaveLength(5000);
  });

  it('leaves no longer ways than there are in a new table', () => {
    const model = filled(9000);
    for (let key = 9000; key < 60_000; key++) {
      model.remove(key - 9000);
      model.insert(key);
    }
    // No bucket that has been passed has room.
    model.check();
  });
});

describe('scanBucket', () => {
  it('returns every record of a table at rest once', () => {
    for (const count of [0, 1, 5, 100, 1000, 30_000]) {
      const model = filled(count);
      let returned = 0;
      let position = 0;
      do {
        returned += model.table.scanBucket(model.root, position);
        position = model.table.nextPosition;
      } while (position !== 0);
      expect(returned).toBe(count);
    }
  });

  it('returns every record of a table at rest once by where it lies', () => {
    for (const count of [0, 1, 5, 100, 1000, 30_000]) {
      const { table, root } = filled(count);
      const taken = new Uint32Array(count + BUCKET_SLOTS);
      let returned = 0;
      let position = 0;
      do {
        returned += table.takeBucket(root, position, taken, returned);
        position = table.nextPosition;
      } while (position !== 0);
      expect(returned).toBe(count);
      expect(new Set(taken.subarray(0, returned)).size).toBe(count);
      for (const record of taken.subarray(0, returned)) {
        const tagged = table.collectTagged(root, table.hashOf(record as Ptr));
        expect(table.batch.subarray(0, tagged)).toContain(record);
        expect(tagged).toBeLessThan(4);
      }
    }
  });

  it('misses nothing that stays, while the table grows fifty times', () => {
    const model = filled(1000);
    let key = 1000;
    model.scan(() => {
      for (let i = 0; i < 200 && key < 50_000; i++) model.insert(key++);
    });
    expect(key).toBeGreaterThan(40_000);
    model.check();
  });

  it('misses nothing that stays, while the table shrinks to a fiftieth', () => {
    const model = filled(50_000);
    let key = 0;
    model.scan(() => {
      for (let i = 0; i < 20 && key < 49_000; i++) model.remove(key++);
    });
    expect(key).toBe(49_000);
    model.check();
  });

  it('ends in tables deeper than tags are long', () => {
    const model = filled(3000, (key) => 0x5a5a8000 | (mix(key) & 0x7fff));
    expect(depthOf(model)).toBeGreaterThan(17);
    expect(model.scan(() => undefined)).toBeLessThan(5000);
  });

  it('takes any place as a beginning', () => {
    const random = new SeededRandom(seed);
    const model = filled(5000);
    for (let i = 0; i < 30; i++) {
      const from = random.integer(0, 2 ** 32 - 1);
      const seen = new Set<number>();
      let position = from;
      do {
        const count = model.table.scanBucket(model.root, position);
        for (const record of model.table.batch.subarray(0, count)) seen.add(record);
        position = model.table.nextPosition;
      } while (position !== 0);
      for (const record of model.records.values()) {
        if (model.table.hashOf(record) >>> 0 >= from) expect(seen.has(record)).toBe(true);
      }
    }
  });
});

describe('drainSegment', () => {
  it.each([0, 1, 9, 1200, 20_000])('returns %i records once and leaves no memory', (count) => {
    filled(count).drain();
  });
});

describe(`randomRecord, SEED=${seed}`, () => {
  /** Chi-square of choices that should be even, as standard deviations from what is expected. */
  function deviation(model: TableModel, choicesPerRecord: number): number {
    const random = new SeededRandom(seed);
    const counts = new Map<number, number>();
    const size = model.records.size;
    for (let i = 0; i < size * choicesPerRecord; i++) {
      const record = model.table.randomRecord(model.root, () => random.fraction());
      counts.set(record, (counts.get(record) ?? 0) + 1);
    }
    let square = 0;
    for (const record of model.records.values()) {
      square += ((counts.get(record) ?? 0) - choicesPerRecord) ** 2 / choicesPerRecord;
    }
    expect([...counts.values()].reduce((sum, count) => sum + count)).toBe(size * choicesPerRecord);
    return (square - size) / Math.sqrt(2 * size);
  }

  it.each([1, 2, 9, 300, 1200, 5000])('gives each of %i records the same chance', (count) => {
    expect(Math.abs(deviation(filled(count), 30))).toBeLessThan(5);
  });

  it('gives each the same chance after most were deleted', () => {
    const model = filled(20_000);
    for (let key = 0; key < 18_000; key++) model.remove(key);
    expect(Math.abs(deviation(model, 30))).toBeLessThan(5);
  });

  it('gives each the same chance when segments are of different depths', () => {
    const uneven = filled(4000, (key) => (key % 4 === 0 ? mix(key) : mix(key) >>> 3));
    expect(Math.abs(deviation(uneven, 30))).toBeLessThan(5);
  });

  it('needs few tries in small tables', () => {
    let tries = 0;
    const random = new SeededRandom(seed);
    const model = filled(1);
    for (let i = 0; i < 1000; i++) {
      model.table.randomRecord(model.root, () => {
        tries++;
        return random.fraction();
      });
    }
    expect(tries).toBeLessThan(50_000);
  });

  it('is NULL of an empty table', () => {
    const model = filled(0);
    expect(model.table.randomRecord(model.root, Math.random)).toBe(NULL);
  });
});

describe('locate', () => {
  it('finds the slot by address, and nothing else', () => {
    const model = filled(2000, HASHES['two by two']!.hash);
    const other = model.table.record(5);
    expect(model.table.locate(model.root, model.table.hashOf(other), other)).toBe(false);
    model.heap.free(other);
    for (let key = 0; key < 2000; key += 3) model.replace(key);
    for (let key = 0; key < 2000; key++) model.expectFound(key);
    model.check();
  });
});

describe('relocation', () => {
  it('empties every page that is evacuated', () => {
    const model = filled(30_000);
    const pages = [...model.heap.pages.pagesInUse()];
    for (const page of pages) model.heap.pages.evacuate(page);
    model.relocate();
    const left = new Set(model.heap.pages.pagesInUse());
    expect(pages.filter((page) => left.has(page) && model.heap.pages.flags[page]! & 1)).toEqual([]);
    model.check();
    for (let key = 0; key < 30_000; key++) model.expectFound(key);
  });
});

describe('checkTable finds', () => {
  const broken = (breakIt: (model: TableModel, segment: Ptr, bucket: Ptr) => void) => {
    const model = filled(3000);
    const { heap, root } = model;
    const segment = heap.word(heap.word(root, ROOT_DIRECTORY) as Ptr, 0) as Ptr;
    const chunk = heap.word(segment, SEGMENT_CHUNKS) as Ptr;
    breakIt(model, segment, chunk);
    return () => checkTable(model.table, root);
  };
  const add = (model: TableModel, block: Ptr, index: number, by: number) =>
    model.heap.setWord(block, index, model.heap.word(block, index) + by);

  it.each<[string, Parameters<typeof broken>[0]]>([
    ['the root counts', (model) => add(model, model.root, 0, 1)],
    ['deepest segments', (model) => add(model, model.root, 3, 1)],
    ['records, there are', (model, segment) => add(model, segment, SEGMENT_COUNT, 1)],
    ['has tag', (model, _, bucket) => add(model, bucket, 1, 1)],
    ['passed bucket 0', (model, _, bucket) => add(model, bucket, 0, 16)],
    [
      'does not belong',
      ({ heap, root }) => {
        const directory = heap.word(root, ROOT_DIRECTORY) as Ptr;
        heap.setWord(directory, 0, heap.word(directory, 3));
      },
    ],
  ])('%s', (message, breakIt) => {
    expect(broken(breakIt)).toThrow(message);
  });
});
