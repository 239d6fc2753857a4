import { beforeEach, describe, expect, test } from 'vitest';
import { TestEngine } from '../../test/support/engine.ts';
import { MemoryFiles } from '../../test/support/memory-files.ts';
import { randomValue, VALUE_KINDS } from '../../test/support/random-values.ts';
import { sealFile } from '../../test/support/rdb-bytes.ts';
import { chosenSeed, SeededRandom } from '../../test/support/seeded-random.ts';
import { digestOf } from '../commands/digest.ts';
import type { Entry } from '../keyspace/entry.ts';
import { Keyspace } from '../keyspace/keyspace.ts';
import { checkKeyspace } from '../keyspace/keyspace-check.ts';
import { KeyspaceReader, type RdbReading } from './keyspace-reader.ts';
import type { SnapshotFacts } from './keyspace-writer.ts';
import { RdbError } from './rdb-error.ts';
import { RdbReader } from './rdb-reader.ts';
import { checkSnapshot } from './snapshot-check.ts';
import { FileSource, type SnapshotWriting, saveSnapshot } from './snapshot-file.ts';
import { runSteps } from './steps.ts';

const WRITING: SnapshotWriting = {
  compresses: true,
  version: 11,
  sums: true,
  syncsIncrementally: false,
};
const READING: RdbReading = { checks: true, isDeep: true, dropsExpired: true, replaces: false };
const FACTS: SnapshotFacts = {
  aux: [['redis-ver', '7.2.4']],
  libraries: [Buffer.from('#!lua name=one')],
  use: 'none',
};

describe('a snapshot', () => {
  const seed = chosenSeed();
  let random: SeededRandom;
  let engine: TestEngine;
  let files: MemoryFiles;

  beforeEach(() => {
    random = new SeededRandom(seed);
    engine = new TestEngine();
    files = new MemoryFiles();
  });

  test.each([10, 11])(`of version %i gives back everything (SEED=${seed})`, (version) => {
    fill(engine, random, 60);
    save({ ...WRITING, version });
    const { other, reader } = load();
    expect(String(digestOf(other.keyspace))).toBe(String(digestOf(engine.keyspace)));
    expect(expiries(other)).toEqual(expiries(engine));
    expect(reader.loaded).toBe(engine.keyspace.keyCount());
    expect(reader.facts.get('redis-ver')).toBe('7.2.4');
    expect(reader.libraries.map(String)).toEqual(['#!lua name=one']);
    checkKeyspace(other.keyspace);
  });

  test(`is found whole by the check (SEED=${seed})`, () => {
    fill(engine, random, 30);
    save(WRITING);
    const findings = checkSnapshot(files.openToRead('dir/dump.rdb'), engine.keyspace.nowMs);
    expect(findings.damage).toBeNull();
    expect(findings.version).toBe(11);
    expect(findings.read).toBe(findings.bytes);
    const keys = [...findings.databases.values()].reduce((sum, { keys }) => sum + keys, 0);
    expect(keys).toBe(engine.keyspace.keyCount());
  });

  test('leaves out keys that are due meanwhile', () => {
    engine.run('SET', 'a', '1', 'PX', '1000');
    engine.run('SET', 'b', '2', 'PX', '5000');
    engine.run('SET', 'c', '3', 'PXAT', '9223372036854775807');
    save(WRITING);
    engine.sleep(2000);
    const { other, reader } = load();
    expect(other.text('KEYS', '*').length).toBeGreaterThan(0);
    expect(other.text('EXISTS', 'a', 'b', 'c')).toBe('(integer) 2');
    expect(other.text('PEXPIRETIME', 'c')).toBe('(integer) 9223372036854775807');
    expect(reader.expired).toBe(1);
  });

  test('tells when keys were used, or how often', () => {
    engine.run('SET', 'a', '1');
    engine.sleep(100_000);
    save(WRITING, { ...FACTS, use: 'idle' });
    expect(load().other.text('OBJECT', 'IDLETIME', 'a')).toBe('(integer) 100');
    engine.keyspace.access.counting = true;
    engine.run('SET', 'a', '1');
    save(WRITING, { ...FACTS, use: 'frequency' });
    const { other } = load((keyspace) => {
      keyspace.access.counting = true;
    });
    expect(other.keyspace.access.frequency(clockOf(other))).toBe(
      engine.keyspace.access.frequency(clockOf(engine)),
    );
  });

  test('is written bit by bit, however little is taken at once', () => {
    fill(engine, random, 10);
    save(WRITING);
    const whole = files.files.get('dir/dump.rdb')!;
    files.writeMax = 7;
    save(WRITING);
    expect(files.files.get('dir/dump.rdb')!.equals(whole)).toBe(true);
  });

  test('takes its place when it is on the disk, and not before', () => {
    save(WRITING);
    const steps = files.calls.map((call) => call.replaceAll(/dir\/temp-\d+\.rdb/g, 'temporary'));
    expect(steps.filter((step) => !step.startsWith('write'))).toEqual([
      'create temporary',
      'sync temporary',
      'close temporary',
      'rename temporary dir/dump.rdb',
      'sync dir',
    ]);
  });

  test('leaves the old one as it is when any step fails', () => {
    fill(engine, random, 5);
    save(WRITING);
    const old = files.files.get('dir/dump.rdb')!;
    const steps = files.calls.length;
    for (let failing = 0; failing < steps; failing++) {
      const before = files.calls.length;
      files.beforeCall = (call) => {
        if (files.calls.length - before === failing + 1) throw new Error(`${call} fails`);
      };
      expect(() => save(WRITING)).toThrow(/fails/);
      expect(files.files.get('dir/dump.rdb')!.equals(old)).toBe(true);
      expect([...files.files.keys()]).toEqual(['dir/dump.rdb']);
    }
  });

  test(`cut anywhere is refused (SEED=${seed})`, () => {
    fill(engine, random, 8);
    save(WRITING);
    const whole = files.files.get('dir/dump.rdb')!;
    const keyspace = new Keyspace(16, nowMs());
    for (let round = 0; round < 60; round++) {
      clear(keyspace);
      const cut = whole.subarray(0, random.integer(0, whole.length - 1));
      files.files.set('dir/dump.rdb', cut);
      expect(() => loadInto(keyspace)).toThrow(RdbError);
    }
    checkKeyspace(keyspace);
  });

  test(`damaged anywhere is refused or sound (SEED=${seed})`, () => {
    fill(engine, random, 12);
    save(WRITING);
    const whole = files.files.get('dir/dump.rdb')!;
    const keyspace = new Keyspace(16, nowMs());
    for (let round = 0; round < 120; round++) {
      clear(keyspace);
      const damaged = Buffer.from(whole.subarray(0, -8));
      const at = random.integer(0, damaged.length - 1);
      damaged[at] = random.integer(0, 255);
      const changed = damaged[at] !== whole[at];
      files.files.set('dir/dump.rdb', Buffer.concat([damaged, whole.subarray(-8)]));
      if (changed) expect(() => loadInto(keyspace)).toThrow(RdbError);
      files.files.set('dir/dump.rdb', sealFile(damaged));
      clear(keyspace);
      expectLoadOrError(keyspace, round % 25 === 0);
    }
  });

  function save(writing: SnapshotWriting, facts: SnapshotFacts = FACTS): void {
    saveSnapshot(files, 'dir', 'dump.rdb', engine.keyspace, writing, facts);
  }

  function load(prepare: (keyspace: Keyspace) => void = () => undefined): {
    other: TestEngine;
    reader: KeyspaceReader;
  } {
    const other = new TestEngine();
    other.setTime(nowMs());
    prepare(other.keyspace);
    return { other, reader: loadInto(other.keyspace) };
  }

  function loadInto(keyspace: Keyspace): KeyspaceReader {
    const reader = new KeyspaceReader(keyspace, READING);
    const source = new FileSource(files.openToRead('dir/dump.rdb'));
    runSteps(reader.read(RdbReader.ofSource(source, true)));
    return reader;
  }

  /** The file loads or is refused, as the check says; either way what is loaded is sound. */
  function expectLoadOrError(keyspace: Keyspace, checksToo: boolean): void {
    let problem: unknown = null;
    try {
      loadInto(keyspace);
    } catch (caught) {
      problem = caught;
    }
    if (problem !== null) expect(problem).toBeInstanceOf(RdbError);
    checkKeyspace(keyspace);
    if (!checksToo) return;
    const { damage } = checkSnapshot(files.openToRead('dir/dump.rdb'), nowMs());
    if (damage !== null) expect(problem).not.toBeNull();
  }

  function nowMs(): number {
    return engine.keyspace.nowMs;
  }
});

function clear(keyspace: Keyspace): void {
  for (const database of keyspace.databases) database.flush();
  while (keyspace.hasGarbage) keyspace.freeGarbage();
}

/** Values of all kinds in two databases, some of which expire. */
function fill(engine: TestEngine, random: SeededRandom, keys: number): void {
  for (let i = 0; i < keys; i++) {
    const kind = VALUE_KINDS[i % VALUE_KINDS.length]!;
    engine.run('SELECT', i % 3 === 0 ? '9' : '0');
    for (const line of randomValue(random, kind, `key ${i}`)) engine.run(...line);
    if (random.fraction() < 0.3) engine.run('PEXPIRE', `key ${i}`, String(random.integer(1, 1e9)));
  }
  engine.run('SELECT', '0');
}

/** When each key expires. */
function expiries({ keyspace }: TestEngine): string[] {
  const found: string[] = [];
  for (const database of keyspace.databases) {
    let position = 0;
    do {
      const count = keyspace.table.scanBucket(database.root, position);
      position = keyspace.table.nextPosition;
      for (let i = 0; i < count; i++) {
        const entry = keyspace.table.batch[i]! as Entry;
        found.push(
          `${database.id} ${keyspace.entries.keyLength(entry)} ${database.expiryMs(entry)}`,
        );
      }
    } while (position !== 0);
  }
  return found.sort();
}

function clockOf({ client }: TestEngine): number {
  const { database } = client;
  const { table, entries } = database.keyspace;
  let position = 0;
  for (;;) {
    const count = table.scanBucket(database.root, position);
    if (count > 0) return entries.clock(table.batch[0]! as Entry);
    position = table.nextPosition;
  }
}
