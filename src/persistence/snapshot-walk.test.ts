import { describe, expect, test } from 'vitest';
import { TestEngine } from '../../test/support/engine.ts';
import { chosenSeed, SeededRandom } from '../../test/support/seeded-random.ts';
import {
  addLarge,
  begin,
  checkAll,
  loadedState,
  snapshotRound,
  stateOf,
} from '../../test/support/snapshot-round.ts';

describe('a walk', () => {
  const seed = chosenSeed();

  test(`writes the state of its moment, whatever changes meanwhile (SEED=${seed})`, () => {
    const random = new SeededRandom(seed);
    for (let round = 0; round < 8; round++) snapshotRound(random);
  });

  test('goes on while a large value is written, and writes it at once if it changes', () => {
    const engine = new TestEngine();
    addLarge(engine, 'large', 30_000);
    engine.run('SET', 'a', '1');
    const before = stateOf(engine.keyspace);
    const run = begin(engine.keyspace, 1000);
    for (let i = 0; i < 10; i++) run.walk.step();
    const steps = run.bytes();
    engine.run('SET', 'a', '2');
    engine.run('SET', 'b', '2');
    expect(run.bytes() - steps).toBeLessThan(50_000);
    engine.run('HSET', 'large', 'field 1', 'changed');
    expect(run.bytes()).toBeGreaterThan(600_000);
    while (!run.walk.step());
    expect(loadedState(run, engine.keyspace.nowMs)).toEqual(before);
  });

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
