import { describe, expect, test } from 'vitest';
import { DurableEngine, turn } from '../../test/support/durable-engine.ts';
import { chosenSeed } from '../../test/support/seeded-random.ts';
import { SimulatedDisk } from '../../test/support/simulated-disk.ts';
import { OutOfMemoryError } from '../memory/heap.ts';

const seed = chosenSeed();
const NAMES = Array.from({ length: 700 }, (_, i) => `member ${i}`);
const NEW = Array.from({ length: 40 }, (_, i) => `another member, ${i}`);

/** Runs a command of which allocation number `nth` and all later ones are refused. */
function runRefused(engine: DurableEngine, nth: number, words: readonly string[]): string {
  const { heap } = engine.keyspace;
  let left = nth;
  const { alloc } = heap;
  heap.alloc = (bytes) => {
    if (left-- <= 0) throw new OutOfMemoryError('refused');
    return alloc.call(heap, bytes);
  };
  try {
    return engine.text(...words);
  } finally {
    heap.alloc = alloc;
  }
}

describe('of a command for which memory did not last', () => {
  test.each([
    ['HSET', NAMES.flatMap((name) => [name, 'v']), NEW.flatMap((name) => [name, 'v'.repeat(80)])],
    ['ZADD', NAMES.flatMap((name) => ['1', name]), ['CH', ...NEW.flatMap((name) => ['2', name])]],
    ['SADD', NAMES, NEW],
    ['RPUSH', NAMES, NEW.map((name) => name.repeat(200))],
    ['LPUSH', NAMES, NEW.map((name) => name.repeat(200))],
    ['PFADD', NAMES, NEW],
  ])('%s is written what was done', async (name, first, second) => {
    let partial = 0;
    for (let nth = 0; nth < 40; nth += 3) {
      const disk = new SimulatedDisk(seed);
      const engine = new DurableEngine(disk, 'always');
      await engine.data.load();
      engine.text(name, 'key', ...first);
      const before = engine.digest();
      const reply = runRefused(engine, nth, [name, 'key', ...second]);
      if (reply.startsWith('(error) OOM') && engine.digest() !== before) partial++;
      engine.text('SET', 'last', '1');
      for (let turns = 0; turns < 5; turns++) await turn();
      const digest = engine.digest();
      await engine.data.end();
      const after = new DurableEngine(disk, 'always');
      await after.data.load();
      expect(after.digest(), `allocation ${nth}`).toBe(digest);
      await after.data.end();
    }
    // The others take back what they have begun.
    if (name === 'HSET' || name === 'ZADD') expect(partial).toBeGreaterThan(2);
    else expect(partial).toBe(0);
  });
});
