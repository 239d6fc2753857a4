import { describe, expect, it } from 'vitest';
import { runKeyspaceRound } from '../../test/support/keyspace-model.ts';
import { chosenSeed, SeededRandom } from '../../test/support/seeded-random.ts';
import { EXTENT_RUNS, EXTENT_SHIFT, type Ptr } from '../memory/address.ts';
import { type Heap, OutOfMemoryError } from '../memory/heap.ts';
import { Args } from '../protocol/args.ts';
import { NO_EXPIRY } from './database.ts';
import { Defragmenter } from './defragmenter.ts';
import { TYPE_STREAM, TYPE_STRING } from './entry.ts';
import { Keyspace } from './keyspace.ts';
import { checkKeyspace } from './keyspace-check.ts';

const START_MS = 1_704_067_200_000;
const MIB = 1024 * 1024;
const seed = chosenSeed();

/**
 * A keyspace of so many keys, a third of which expire. The length of a value says which key it is
 * of.
 */
function filled(count: number, lengthOf: (i: number) => number): Keyspace {
  const keyspace = new Keyspace(2, START_MS);
  for (let i = 0; i < count; i++) {
    const database = keyspace.databases[i % 10 === 0 ? 1 : 0]!;
    const expiry = i % 3 === 0 ? START_MS + 1_000_000 + i : NO_EXPIRY;
    database.put(keyOf(i), 0, TYPE_STRING, 0, lengthOf(i), expiry);
  }
  return keyspace;
}

function keyOf(i: number): Args {
  return Args.of(Buffer.from(`key:${i}`));
}

/** Removes keys by chance; returns those that stay. */
function thinOut(keyspace: Keyspace, count: number, share: number): number[] {
  const random = new SeededRandom(seed);
  const kept: number[] = [];
  for (let i = 0; i < count; i++) {
    if (random.fraction() >= share) kept.push(i);
    else keyspace.databases[i % 10 === 0 ? 1 : 0]!.remove(keyOf(i), 0);
  }
  return kept;
}

function expectKept(keyspace: Keyspace, kept: number[], lengthOf: (i: number) => number): void {
  expect(keyspace.keyCount()).toBe(kept.length);
  for (const i of kept) {
    const entry = keyspace.databases[i % 10 === 0 ? 1 : 0]!.find(keyOf(i), 0);
    expect(keyspace.entries.valueLength(entry)).toBe(lengthOf(i));
  }
}

function run(defragmenter: Defragmenter): number {
  const startMs = performance.now();
  while (defragmenter.step(0.5));
  return performance.now() - startMs;
}

function extentCount(heap: Heap): number {
  return heap.extentKind.filter((kind) => kind !== 0).length;
}

function report(what: string, heap: Heap): string {
  const mib = (bytes: number) => `${(bytes / MIB).toFixed(1)} MiB`;
  const ratio = (heap.heldBytes / heap.usedBytes).toFixed(3);
  const held = `${mib(heap.heldBytes)} held (${ratio})`;
  return `${what}: ${mib(heap.usedBytes)} used, ${held}, ${extentCount(heap)} extents`;
}

describe(`among other operations, SEED=${seed}`, () => {
  for (let round = 0; round < 8; round++) {
    it(`changes nothing that can be seen, round ${round}`, () => {
      runKeyspaceRound(new SeededRandom(seed + round), 6000);
    });
  }
});

describe(`of a small arena, SEED=${seed}`, () => {
  const lengthOf = () => 100;

  it('gives back what is beyond a quarter of what is used, also of the only extent', () => {
    const keyspace = filled(300_000, lengthOf);
    const { heap } = keyspace;
    const kept = thinOut(keyspace, 300_000, 0.5);
    expect(extentCount(heap)).toBe(1);
    expect(heap.committedBytes() / heap.usedBytes).toBeGreaterThan(1.5);
    run(new Defragmenter(keyspace));
    expect(heap.committedBytes() / heap.usedBytes).toBeLessThan(1.25);
    expectKept(keyspace, kept, lengthOf);
    checkKeyspace(keyspace);
  });

  it('gives everything back when nothing is left', () => {
    const keyspace = filled(200_000, (i) => (i % 100 === 0 ? 40_000 : 100));
    const { heap } = keyspace;
    thinOut(keyspace, 200_000, 1);
    expect(heap.committedBytes()).toBeGreaterThan(30 * MIB);
    run(new Defragmenter(keyspace));
    expect(heap.committedBytes()).toBeLessThan(2 * MIB);
    checkKeyspace(keyspace);
  });

  it('does not try again at once to empty an extent in which something must stay', () => {
    const keyspace = filled(100_000, lengthOf);
    const { heap } = keyspace;
    const unmovable = heap.alloc(24);
    for (let i = 100_000; i < 300_000; i++) {
      keyspace.databases[0]!.put(keyOf(i), 0, TYPE_STRING, 0, 100, NO_EXPIRY);
    }
    const extent = unmovable >>> EXTENT_SHIFT;
    for (let i = 0; i < 270_000; i++) {
      keyspace.databases[i < 100_000 && i % 10 === 0 ? 1 : 0]!.remove(keyOf(i), 0);
    }
    expect(heap.pages.isStuck(extent)).toBe(false);
    run(new Defragmenter(keyspace));
    expect(heap.pages.isStuck(extent)).toBe(true);
    expect(heap.capacity(unmovable)).toBe(24);
    const extents = extentCount(heap);
    const defragmenter = new Defragmenter(keyspace);
    run(defragmenter);
    expect(defragmenter.cycles).toBeGreaterThan(0);
    expect(extentCount(heap)).toBeLessThanOrEqual(extents);
    expect(keyspace.keyCount()).toBe(30_000);
  });
});

describe(`after deletion of nine keys in ten, SEED=${seed}`, () => {
  it('leaves less than a quarter more than is used, and gives extents back', () => {
    const lengthOf = (i: number) => (i * 37) % 400;
    const keyspace = filled(400_000, lengthOf);
    const { heap } = keyspace;
    const kept = thinOut(keyspace, 400_000, 0.9);
    const before = report('before', heap);
    expect(heap.heldBytes / heap.usedBytes).toBeGreaterThan(5);
    expect(extentCount(heap)).toBe(2);
    const defragmenter = new Defragmenter(keyspace);
    const ms = run(defragmenter);
    console.log(
      `${before}\n${report('after', heap)}, ${defragmenter.moved} moved, ${ms.toFixed(0)} ms`,
    );
    expect(heap.heldBytes / heap.usedBytes).toBeLessThan(1.25);
    expect(extentCount(heap)).toBe(1);
    expect(ms).toBeLessThan(20_000);
    expect(defragmenter.step(0.5)).toBe(false);
    expectKept(keyspace, kept, lengthOf);
    checkKeyspace(keyspace);
    keyspace.setTime(START_MS + 10_000_000);
    keyspace.removeExpired(1e9);
    expect(keyspace.keyCount()).toBe(kept.filter((i) => i % 3 !== 0).length);
    checkKeyspace(keyspace);
  });

  it('gives back the extents of values of some 100 KiB', () => {
    const lengthOf = (i: number) => 40_000 + (i % 50) * 2000;
    const keyspace = filled(3000, lengthOf);
    const { heap } = keyspace;
    const runExtents = () => heap.extentKind.filter((kind) => kind === EXTENT_RUNS).length;
    expect(runExtents()).toBeGreaterThan(3);
    const kept = thinOut(keyspace, 3000, 0.9);
    const before = report('before', heap);
    const ms = run(new Defragmenter(keyspace));
    console.log(`${before}\n${report('after', heap)}, ${ms.toFixed(0)} ms`);
    expect(runExtents()).toBe(1);
    expectKept(keyspace, kept, lengthOf);
    checkKeyspace(keyspace);
  });
});

describe('step', () => {
  it('has nothing to do in a keyspace that is small or dense', () => {
    expect(new Defragmenter(new Keyspace(2, START_MS)).step(0.5)).toBe(false);
    const dense = filled(50_000, () => 100);
    const defragmenter = new Defragmenter(dense);
    expect(defragmenter.step(0.5)).toBe(false);
    expect(defragmenter.cycles).toBe(0);
  });

  it('does little at a time, and goes on where it was', () => {
    const keyspace = filled(60_000, () => 100);
    thinOut(keyspace, 60_000, 0.8);
    const defragmenter = new Defragmenter(keyspace);
    let steps = 0;
    let most = 0;
    for (let moved = 0; defragmenter.step(0); steps++) {
      most = Math.max(most, defragmenter.moved - moved);
      moved = defragmenter.moved;
    }
    expect(steps).toBeGreaterThan(500);
    expect(most).toBeLessThan(80);
    // So small a keyspace has a partly filled page of each size for every three full ones.
    expect(keyspace.heap.heldBytes / keyspace.heap.usedBytes).toBeLessThan(1.4);
    checkKeyspace(keyspace);
  });

  it('ends a cycle when there is no memory to move to', () => {
    const keyspace = filled(60_000, () => 100);
    const kept = thinOut(keyspace, 60_000, 0.8);
    const defragmenter = new Defragmenter(keyspace);
    for (let i = 0; i < 100; i++) expect(defragmenter.step(0)).toBe(true);
    const { heap } = keyspace;
    const alloc = heap.alloc;
    heap.alloc = () => {
      throw new OutOfMemoryError('refused');
    };
    run(defragmenter);
    expect(defragmenter.isRunning).toBe(false);
    heap.alloc = alloc;
    expectKept(keyspace, kept, () => 100);
    checkKeyspace(keyspace);
  });
});

describe('stop', () => {
  it('leaves no page evacuated', () => {
    const keyspace = filled(60_000, () => 100);
    thinOut(keyspace, 60_000, 0.8);
    const defragmenter = new Defragmenter(keyspace);
    for (let i = 0; i < 100; i++) defragmenter.step(0);
    const evacuated = () => keyspace.heap.pages.flags.filter((flags) => (flags & 1) !== 0).length;
    expect(evacuated()).toBeGreaterThan(0);
    defragmenter.stop();
    expect(evacuated()).toBe(0);
    expect(defragmenter.isRunning).toBe(false);
    checkKeyspace(keyspace);
  });
});

describe('blocks that cannot be moved', () => {
  it('keep their pages, and do not keep the defragmenter busy', () => {
    const keyspace = new Keyspace(1, START_MS);
    const { heap, entries, databases } = keyspace;
    keyspace.collections.declare(TYPE_STREAM, 1, {
      release: (root) => {
        heap.free(root);
        return true;
      },
      copy: () => heap.alloc(200),
      usedBytes: () => 200,
      visitBlocks: (root, visit) => visit(root),
    });
    for (let i = 0; i < 60_000; i++) {
      const entry = databases[0]!.put(keyOf(i), 0, TYPE_STREAM, 1, 4, NO_EXPIRY);
      const root: Ptr = heap.alloc(200);
      entries.view(entry).setUint32(entries.valueStart(entry), root, true);
    }
    for (let i = 0; i < 60_000; i++) if (i % 10 !== 0) databases[0]!.remove(keyOf(i), 0);
    const defragmenter = new Defragmenter(keyspace);
    run(defragmenter);
    expect(defragmenter.cycles).toBeLessThan(5);
    expect(defragmenter.step(0.5)).toBe(false);
    expect(heap.pages.flags.some((flags) => (flags & 1) !== 0)).toBe(false);
    checkKeyspace(keyspace);
  });
});
