import { describe, expect, test } from 'vitest';
import { TestEngine } from '../../test/support/engine.ts';
import { chosenSeed, SeededRandom } from '../../test/support/seeded-random.ts';
import {
  addLarge,
  addLargeSets,
  begin,
  checkAll,
  loadedState,
  snapshotRound,
  stateOf,
} from '../../test/support/snapshot-round.ts';

const seed = chosenSeed();
const COLLECTIONS = [
  ['hash', seed],
  ['set', seed],
  ['zset', seed],
] as const;
type Collection = (typeof COLLECTIONS)[number][0];
const REMOVERS: Readonly<Record<Collection, string>> = { hash: 'HDEL', set: 'SREM', zset: 'ZREM' };

/** Adds members to a collection, or gives those that are there another value. */
function add(
  engine: TestEngine,
  type: Collection,
  key: string,
  names: readonly string[],
  value: string,
): void {
  if (type === 'hash') engine.run('HSET', key, ...names.flatMap((name) => [name, value]));
  else if (type === 'set') engine.run('SADD', key, ...names);
  else
    engine.run('ZADD', key, ...names.flatMap((name) => [String(name.length + value.length), name]));
}

describe('a walk', { timeout: 120_000 }, () => {
  test(`writes the state of its moment, whatever changes meanwhile (SEED=${seed})`, () => {
    const random = new SeededRandom(seed);
    for (let round = 0; round < 5; round++) snapshotRound(random);
  });

  test.each(COLLECTIONS)(
    'a large %s that changes is written bit by bit (SEED=%i)',
    (type, seed) => {
      const random = new SeededRandom(seed);
      for (const stepsBefore of [0, 3, 10, 20]) {
        const engine = new TestEngine();
        const names = Array.from({ length: 20_000 }, (_, i) => `member ${i}`);
        for (let i = 0; i < names.length; i += 100) {
          for (const key of ['one', 'two']) add(engine, type, key, names.slice(i, i + 100), 'old');
        }
        engine.run('SET', 'a', '1');
        const before = stateOf(engine.keyspace);
        const run = begin(engine.keyspace, 1000, false);
        for (let i = 0; i < stepsBefore; i++) run.walk.step();
        let most = 0;
        for (let i = 0; i < 600; i++) {
          const bytes = run.bytes() + run.walk.usedBytes;
          const name = `member ${random.integer(0, 30_000)}`;
          if (random.fraction() < 0.5)
            add(engine, type, random.pick(['one', 'two']), [name], 'new');
          else engine.run(REMOVERS[type], random.pick(['one', 'two']), name);
          engine.run('SET', 'a', '2');
          most = Math.max(most, run.bytes() + run.walk.usedBytes - bytes);
          if (i % 100 === 0) run.walk.step();
        }
        // Nobody has waited for more than a few steps.
        expect(most).toBeLessThan(150_000);
        engine.run('UNLINK', 'one', 'two');
        expect(run.walk.step()).toBe(false);
        while (!run.walk.step());
        expect(loadedState(run, engine.keyspace.nowMs)).toEqual(before);
        checkAll(engine.keyspace);
      }
    },
  );

  test('of large collections that is given up while nobody else has them leaves nothing', () => {
    const engine = new TestEngine();
    addLarge(engine, 'hash', 20_000);
    addLargeSets(engine, 'set', 'sorted', 20_000);
    const run = begin(engine.keyspace, 1000);
    for (let i = 0; i < 5; i++) run.walk.step();
    engine.run('HSET', 'hash', 'field 1', 'changed');
    engine.run('UNLINK', 'hash', 'set', 'sorted');
    run.walk.abandon();
    checkAll(engine.keyspace);
    expect(engine.keyspace.hashes.table.witness).toBeNull();
    expect(engine.keyspace.sortedSets.large.witness).toBeNull();
  });

  test.each([0, 3, 40])(
    'writes large lists, streams, strings down if they change (%i)',
    (steps) => {
      const engine = new TestEngine();
      addLarge(engine, 'large', 30_000);
      for (let i = 0; i < 1000; i++) {
        engine.run('RPUSH', 'list', `${i}`.padEnd(1000, 'x'));
        engine.run('XADD', 'stream', `${i + 1}-1`, 'field', `${i}`.padEnd(1000, 'x'));
      }
      engine.run('XGROUP', 'CREATE', 'stream', 'group', '0');
      engine.run('XREADGROUP', 'GROUP', 'group', 'Cleo', 'COUNT', '500', 'STREAMS', 'stream', '>');
      engine.run('SETRANGE', 'string', '1000000', 'x');
      const before = stateOf(engine.keyspace);
      const run = begin(engine.keyspace, 1000);
      for (let i = 0; i < steps; i++) run.walk.step();
      const bytes = run.bytes();
      engine.run('RPUSH', 'list', 'new');
      engine.run('XACK', 'stream', 'group', '1-1');
      engine.run('XADD', 'stream', '*', 'new', 'new');
      engine.run('SETBIT', 'string', '0', '1');
      if (steps === 0) {
        expect(run.bytes() - bytes).toBeLessThan(300_000);
        expect(run.walk.usedBytes).toBeGreaterThan(2_000_000);
      }
      // Whoever changes anything helps to bring it to the file.
      for (let i = 0; i < 300; i++) engine.run('SET', `key ${i}`, 'x');
      expect(run.walk.usedBytes).toBeLessThan(1_000_000);
      while (!run.walk.step());
      expect(loadedState(run, engine.keyspace.nowMs)).toEqual(before);
      checkAll(engine.keyspace);
    },
  );

  test('holds little at the side while a large value is being written', () => {
    const engine = new TestEngine();
    addLarge(engine, 'large', 300_000);
    const text = 'x'.repeat(10_000);
    for (let i = 0; i < 500; i++) engine.run('SET', `key ${i}`, `${text}${i}`);
    const run = begin(engine.keyspace, 64 * 1024, false);
    for (let i = 0; i < 500 && run.bytes() < 500_000; i++) run.walk.step();
    let most = 0;
    for (let i = 0; i < 500; i++) {
      engine.run('SET', `key ${i}`, 'y');
      most = Math.max(most, run.walk.usedBytes);
    }
    expect(most).toBeLessThan(5 * 1024 * 1024);
    while (!run.walk.step());
    expect(run.walk.keys).toBe(501);
  });

  test('keeps the table of a database that is flushed, and gives it back', () => {
    const engine = new TestEngine();
    for (let i = 0; i < 3000; i++) engine.run('SET', `key ${i}`, `value ${i}`);
    const before = stateOf(engine.keyspace);
    const run = begin(engine.keyspace, 1000);
    run.walk.step();
    engine.run('FLUSHALL');
    engine.run('SET', 'key 1', 'new');
    engine.run('FLUSHALL');
    engine.run('SET', 'key 2', 'new');
    while (!run.walk.step());
    expect(loadedState(run, engine.keyspace.nowMs)).toEqual(before);
    checkAll(engine.keyspace);
  });

  test('that is given up leaves nothing', () => {
    const engine = new TestEngine();
    addLarge(engine, 'large', 20_000);
    const run = begin(engine.keyspace, 1000);
    for (let i = 0; i < 5; i++) run.walk.step();
    engine.run('FLUSHALL');
    run.walk.abandon();
    expect(engine.keyspace.witness).toBeNull();
    expect(run.walk.step()).toBe(true);
    checkAll(engine.keyspace);
    expect(() => begin(engine.keyspace, 100)).not.toThrow();
    expect(() => begin(engine.keyspace, 100)).toThrow('another snapshot');
  });
});
