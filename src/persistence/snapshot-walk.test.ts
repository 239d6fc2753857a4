import { describe, expect, test } from 'vitest';
import { TestEngine } from '../../test/support/engine.ts';
import { randomChange } from '../../test/support/random-changes.ts';
import { randomValue, VALUE_KINDS } from '../../test/support/random-values.ts';
import { chosenSeed, SeededRandom } from '../../test/support/seeded-random.ts';
import { digestOf } from '../commands/digest.ts';
import type { Database } from '../keyspace/database.ts';
import { type Entry, TYPE_STREAM } from '../keyspace/entry.ts';
import type { Keyspace } from '../keyspace/keyspace.ts';
import { checkKeyspace } from '../keyspace/keyspace-check.ts';
import { DumpPayloads } from './dump-payload.ts';
import { KeyspaceReader } from './keyspace-reader.ts';
import { RdbReader } from './rdb-reader.ts';
import { DEFAULT_WRITING } from './rdb-writer.ts';
import { SnapshotWalk } from './snapshot-walk.ts';
import { runSteps } from './steps.ts';

const FACTS = { aux: [], libraries: [], use: 'none' } as const;

describe('a walk', () => {
  const seed = chosenSeed();

  test(`writes the state of its moment, whatever changes meanwhile (SEED=${seed})`, () => {
    const random = new SeededRandom(seed);
    for (let round = 0; round < 8; round++) {
      const engine = new TestEngine();
      const keys = random.pick([3, 30, 120]);
      fill(engine, random, keys, random.pick([0, 0, 4000]));
      const before = stateOf(engine.keyspace);
      const run = begin(engine.keyspace, random.pick([64, 1000, 100_000]));
      const pace = random.pick([1, 5, 40]);
      do {
        for (let i = random.integer(0, pace); i > 0; i--) disturb(engine, random, keys);
      } while (!run.walk.step());
      expect(loaded(run, engine.keyspace.nowMs), `round ${round}`).toEqual(before);
      expect(run.walk.keys).toBe(run.walk.keysTotal);
      checkAll(engine.keyspace);
    }
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
    expect(loaded(run, engine.keyspace.nowMs)).toEqual(before);
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
    expect(loaded(run, engine.keyspace.nowMs)).toEqual(before);
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

interface Run {
  readonly walk: SnapshotWalk;
  readonly chunks: Buffer[];
  bytes(): number;
}

function begin(keyspace: Keyspace, chunkBytes: number, compresses = true): Run {
  const chunks: Buffer[] = [];
  const sink = {
    take(chunk: Buffer, length: number): Buffer {
      chunks.push(Buffer.from(chunk.subarray(0, length)));
      return chunk;
    },
  };
  const writing = { ...DEFAULT_WRITING, compresses };
  const walk = new SnapshotWalk(keyspace, sink, Buffer.alloc(chunkBytes), writing, FACTS);
  return { walk, chunks, bytes: () => chunks.reduce((sum, chunk) => sum + chunk.length, 0) };
}

/** The state that a walk has written. */
function loaded({ chunks }: Run, nowMs: number): string[] {
  const { keyspace } = new TestEngine();
  keyspace.setTime(nowMs);
  const reading = { checks: true, isDeep: true, dropsExpired: false, replaces: false };
  const reader = new KeyspaceReader(keyspace, reading);
  let bytes = Buffer.concat([...chunks, Buffer.alloc(8)]);
  const source = {
    size: bytes.length,
    read(into: Buffer, at: number, length: number): number {
      const part = bytes.subarray(0, length);
      part.copy(into, at);
      bytes = bytes.subarray(part.length);
      return part.length;
    },
  };
  runSteps(reader.read(RdbReader.ofSource(source, true)));
  return stateOf(keyspace);
}

/** All that a snapshot tells, keys that are due included. */
function stateOf(keyspace: Keyspace): string[] {
  const { nowMs } = keyspace;
  const payloads = new DumpPayloads(keyspace, DEFAULT_WRITING);
  const state: string[] = [];
  for (const database of keyspace.databases) {
    visitAll(database, (entry) => {
      const { entries } = keyspace;
      const start = entries.keyStart(entry);
      const name = entries.bytes(entry).toString('latin1', start, start + entries.keyLength(entry));
      const isStream = entries.type(entry) === TYPE_STREAM;
      const payload = Buffer.from(isStream ? payloads.dump(database, entry) : []);
      const expiry = database.expiryMs(entry);
      state.push(`${database.id} ${name} ${expiry} ${payload.toString('base64')}`);
    });
  }
  // The digest leaves out what is due.
  keyspace.setTime(0);
  state.push(String(digestOf(keyspace)));
  keyspace.setTime(nowMs);
  return state.sort();
}

function visitAll(database: Database, visit: (entry: Entry) => void): void {
  const { table } = database.keyspace;
  let position = 0;
  do {
    const count = table.scanBucket(database.root, position);
    position = table.nextPosition;
    for (let i = 0; i < count; i++) visit(table.batch[i]! as Entry);
  } while (position !== 0);
}

function fill(engine: TestEngine, random: SeededRandom, keys: number, largeFields: number): void {
  for (let i = 0; i < keys; i++) {
    engine.run('SELECT', random.pick(['0', '0', '1', '9']));
    for (const line of randomValue(random, random.pick(VALUE_KINDS), `key ${i}`)) {
      engine.run(...line);
    }
    if (random.fraction() < 0.3) engine.run('PEXPIRE', `key ${i}`, String(random.integer(1, 2000)));
  }
  if (largeFields === 0) return;
  addLarge(engine, 'key 1', largeFields);
  engine.run('SET', 'key 2', `${random.fraction()}`.repeat(10_000));
}

function addLarge(engine: TestEngine, key: string, fields: number): void {
  engine.run('DEL', key);
  for (let i = 0; i < fields; i += 100) {
    const pairs = Array.from(
      { length: 200 },
      (_, k) => `field ${i + (k >>> 1)} ${'abc'.repeat(k % 9)}`,
    );
    engine.run('HSET', key, ...pairs);
  }
}

/** Something that happens while a snapshot is taken. */
function disturb(engine: TestEngine, random: SeededRandom, keys: number): void {
  const what = random.fraction();
  if (what < 0.02) engine.run(random.pick(['FLUSHDB', 'FLUSHDB', 'FLUSHALL']));
  else if (what < 0.1) {
    engine.sleep(random.integer(0, 60));
    engine.keyspace.removeExpired(20);
  } else if (what < 0.15) {
    // Growth, or shrinking.
    const names = Array.from({ length: 50 }, (_, i) => `many ${i}`);
    if (random.fraction() < 0.5) engine.run('DEL', ...names);
    else engine.run('MSET', ...names.flatMap((name) => [name, 'x']));
  } else {
    for (const line of randomChange(random, keys + 10)) engine.run(...line);
  }
}

function checkAll(keyspace: Keyspace): void {
  while (keyspace.hasGarbage) keyspace.freeGarbage();
  checkKeyspace(keyspace);
}
