/**
 * One round of a snapshot that is written while everything changes: in the end it is the state with
 * which it began.
 */
import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { digestOf } from '../../src/commands/digest.ts';
import type { Database } from '../../src/keyspace/database.ts';
import { type Entry, TYPE_STREAM } from '../../src/keyspace/entry.ts';
import type { Keyspace } from '../../src/keyspace/keyspace.ts';
import { checkKeyspace } from '../../src/keyspace/keyspace-check.ts';
import { DumpPayloads } from '../../src/persistence/dump-payload.ts';
import { KeyspaceReader } from '../../src/persistence/keyspace-reader.ts';
import { RdbReader } from '../../src/persistence/rdb-reader.ts';
import { DEFAULT_WRITING } from '../../src/persistence/rdb-writer.ts';
import { SnapshotWalk } from '../../src/persistence/snapshot-walk.ts';
import { runSteps } from '../../src/persistence/steps.ts';
import { TestEngine } from './engine.ts';
import { randomChange } from './random-changes.ts';
import { randomValue, VALUE_KINDS } from './random-values.ts';
import type { SeededRandom } from './seeded-random.ts';

const FACTS = { aux: [], libraries: [], use: 'none' } as const;

/** See the file's comment. Throws where it is not. */
export function snapshotRound(random: SeededRandom): void {
  const engine = new TestEngine();
  const keys = random.pick([3, 30, 120]);
  fill(engine, random, keys, random.pick([0, 0, 4000]));
  const before = stateOf(engine.keyspace);
  const run = begin(engine.keyspace, random.pick([64, 1000, 100_000]));
  const pace = random.pick([1, 5, 40]);
  do {
    for (let i = random.integer(0, pace); i > 0; i--) disturb(engine, random, keys);
  } while (!run.walk.step());
  deepStrictEqual(loadedState(run, engine.keyspace.nowMs), before);
  strictEqual(run.walk.keys, run.walk.keysTotal);
  checkAll(engine.keyspace);
}

/** A walk, and what it has written so far. */
export interface Run {
  readonly walk: SnapshotWalk;
  readonly chunks: Buffer[];
  bytes(): number;
}

/** Begins a walk that hands over chunks of a size. */
export function begin(keyspace: Keyspace, chunkBytes: number, compresses = true): Run {
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
export function loadedState({ chunks }: Run, nowMs: number): string[] {
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
export function stateOf(keyspace: Keyspace): string[] {
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
  engine.run('SELECT', random.pick(['0', '1']));
  addLarge(engine, 'key 1', largeFields);
  addLargeSets(engine, 'key 3', 'key 4', largeFields);
  engine.run('SET', 'key 2', `${random.fraction()}`.repeat(10_000));
}

/** Gives a key a large hash. */
export function addLarge(engine: TestEngine, key: string, fields: number): void {
  engine.run('DEL', key);
  for (let i = 0; i < fields; i += 100) {
    const pairs = Array.from(
      { length: 200 },
      (_, k) => `field ${i + (k >>> 1)} ${'abc'.repeat(k % 9)}`,
    );
    engine.run('HSET', key, ...pairs);
  }
}

/** Gives one key a large set, and one a large sorted set. */
export function addLargeSets(
  engine: TestEngine,
  set: string,
  sorted: string,
  members: number,
): void {
  engine.run('DEL', set, sorted);
  for (let i = 0; i < members; i += 100) {
    const names = Array.from({ length: 100 }, (_, k) => `member ${i + k}`);
    engine.run('SADD', set, ...names);
    engine.run('ZADD', sorted, ...names.flatMap((name, k) => [String((i + k) % 977), name]));
  }
}

/** A change of a few members of a large collection, or of many. */
function largeChange(random: SeededRandom): readonly string[] {
  const member = (): string => `member ${random.integer(0, 5000)}`;
  const field = (): string => `field ${random.integer(0, 5000)}`;
  const many = (): string[] => Array.from({ length: random.integer(1, 400) }, member);
  const rank = random.integer(0, 4000);
  return random.pick<() => readonly string[]>([
    () => ['HSET', 'key 1', field(), 'x'.repeat(random.integer(0, 300))],
    () => ['HSET', 'key 1', ...many().flatMap((name) => [name, 'new'])],
    () => ['HDEL', 'key 1', field(), field(), ...many()],
    () => ['HINCRBY', 'key 1', `count ${random.integer(0, 50)}`, '1'],
    () => ['SADD', 'key 3', ...many()],
    () => ['SREM', 'key 3', ...many()],
    () => ['SPOP', 'key 3', String(random.integer(1, 1000))],
    () => ['SMOVE', 'key 3', 'key 6', member()],
    () => ['SDIFFSTORE', 'key 3', 'key 3', 'key 6'],
    () => ['ZADD', 'key 4', String(random.fraction() * 1000), member()],
    () => ['ZINCRBY', 'key 4', '3', member()],
    () => ['ZREM', 'key 4', ...many()],
    () => ['ZADD', 'key 4', ...many().flatMap((name) => [String(random.integer(0, 9)), name])],
    () => ['ZREMRANGEBYRANK', 'key 4', String(rank), String(rank + random.integer(0, 900))],
    () => ['ZPOPMAX', 'key 4', String(random.integer(1, 100))],
    () => ['RENAME', random.pick(['key 1', 'key 3', 'key 4']), `key ${random.integer(1, 9)}`],
    () => ['UNLINK', random.pick(['key 1', 'key 3', 'key 4'])],
  ])();
}

/** Something that happens while a snapshot is taken. */
function disturb(engine: TestEngine, random: SeededRandom, keys: number): void {
  const what = random.fraction();
  if (random.fraction() < 0.3) engine.run(...largeChange(random));
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

/** Checks a keyspace once all that was to be freed is. */
export function checkAll(keyspace: Keyspace): void {
  while (keyspace.hasGarbage) keyspace.freeGarbage();
  checkKeyspace(keyspace);
}
