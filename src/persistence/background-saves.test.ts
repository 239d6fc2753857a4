import { beforeEach, describe, expect, test } from 'vitest';
import { START_MS, TestEngine } from '../../test/support/engine.ts';
import { MemoryFiles } from '../../test/support/memory-files.ts';
import type { Log } from '../engine/log.ts';
import { checkKeyspace } from '../keyspace/keyspace-check.ts';
import type { SnapshotSettings } from './snapshot-settings.ts';

const PATH = 'dir/dump.rdb';
const MISCONF = /^\(error\) MISCONF Redis is configured to save RDB snapshots, but it's currently/;
const POINTS = [
  { seconds: 3600, changes: 1 },
  { seconds: 60, changes: 3 },
];

describe('saving in the background', () => {
  let files: MemoryFiles;
  let logged: string[];
  let log: Log;
  let monotonicMs: number;
  beforeEach(() => {
    files = new MemoryFiles();
    logged = [];
    monotonicMs = 0;
    const note = (message: string): void => {
      logged.push(message);
    };
    log = { debug: note, verbose: note, notice: note, warning: note };
  });

  test('BGSAVE answers at once and saves what there was', async () => {
    const engine = start();
    engine.run('MSET', 'a', '1', 'b', '2');
    expect(engine.text('BGSAVE')).toBe('Background saving started');
    expect(engine.text('BGSAVE')).toBe('(error) ERR Background save already in progress');
    expect(engine.text('BGSAVE', 'SCHEDULE')).toBe(
      '(error) ERR Background save already in progress',
    );
    expect(engine.text('SAVE')).toBe('(error) ERR Background save already in progress');
    expect(engine.text('BGSAVE', 'NOW')).toBe('(error) ERR syntax error');
    engine.run('SET', 'a', 'changed');
    engine.run('DEL', 'b');
    engine.run('SET', 'c', 'new');
    const info = infoOf(engine);
    expect(info.get('rdb_bgsave_in_progress')).toBe('1');
    expect(info.get('rdb_current_bgsave_time_sec')).toBe('0');
    expect(info.get('current_save_keys_total')).toBe('2');
    expect(Number(info.get('current_cow_size'))).toBeGreaterThan(0);
    engine.sleep(5000);
    await ended(engine);
    expect(infoOf(engine).get('rdb_bgsave_in_progress')).toBe('0');
    expect(infoOf(engine).get('rdb_last_bgsave_status')).toBe('ok');
    expect(infoOf(engine).get('rdb_changes_since_last_save')).toBe('3');
    expect(infoOf(engine).get('rdb_saves')).toBe('1');
    expect(Number(infoOf(engine).get('rdb_last_cow_size'))).toBeGreaterThan(0);
    expect(engine.text('LASTSAVE')).toBe(`(integer) ${START_MS / 1000 + 5}`);
    const other = start();
    await other.snapshots.load();
    expect(other.text('MGET', 'a', 'b', 'c')).toBe('["1", "2", (nil)]');
    expect([...files.files.keys()]).toEqual([PATH]);
  });

  test('the file is complete and on the disk before it gets its name', async () => {
    const engine = start();
    engine.run('SET', 'a', '1');
    engine.run('BGSAVE');
    await ended(engine);
    const calls = files.calls.map((call) => call.replace(/temp-bg-\d+/, 'temp'));
    expect(calls.slice(-5)).toEqual([
      'write dir/temp.rdb',
      'sync dir/temp.rdb',
      'close dir/temp.rdb',
      `rename dir/temp.rdb ${PATH}`,
      'sync dir',
    ]);
  });

  test.each(['create', 'write', 'sync dir/temp', 'close', 'rename', 'sync dir'])(
    'when "%s" fails, writes are refused until it has succeeded',
    async (call) => {
      const engine = start({ savePoints: POINTS });
      engine.run('SET', 'a', '1');
      const old = Buffer.from('what there was');
      files.files.set(PATH, old);
      files.beforeCall = (made) => {
        if (made.startsWith(call)) throw Object.assign(new Error('EIO'), { code: 'EIO' });
      };
      expect(engine.text('BGSAVE')).toBe('Background saving started');
      await ended(engine);
      expect(infoOf(engine).get('rdb_last_bgsave_status')).toBe('err');
      expect(engine.text('SET', 'a', '2')).toMatch(MISCONF);
      expect(engine.text('PING')).toMatch(MISCONF);
      expect(engine.text('GET', 'a')).toBe('"1"');
      // With its name, the file is whole: only that name was not known to be on the disk.
      if (call !== 'sync dir') expect(files.files.get(PATH)).toEqual(old);
      expect([...files.files.keys()]).toEqual([PATH]);
      // It is tried again, not at once, and then it works.
      files.beforeCall = () => undefined;
      engine.sleep(3_700_000);
      monotonicMs += 4000;
      engine.snapshots.tick();
      expect(engine.snapshots.background.isRunning).toBe(false);
      monotonicMs += 2000;
      engine.snapshots.tick();
      await ended(engine);
      expect(infoOf(engine).get('rdb_last_bgsave_status')).toBe('ok');
      expect(engine.text('SET', 'a', '2')).toBe('OK');
    },
  );

  test('a failure stops no writes where that is not wanted, nor without save points', async () => {
    for (const settings of [{ savePoints: [] }, { savePoints: POINTS, stopsWrites: false }]) {
      const engine = start(settings);
      files.beforeCall = () => {
        throw new Error('EROFS');
      };
      engine.run('BGSAVE');
      await ended(engine);
      expect(infoOf(engine).get('rdb_last_bgsave_status')).toBe('err');
      expect(engine.text('SET', 'a', '2')).toBe('OK');
    }
  });

  test('SAVE too ends the refusal', async () => {
    const engine = start({ savePoints: POINTS });
    files.beforeCall = () => {
      throw new Error('EROFS');
    };
    engine.run('BGSAVE');
    await ended(engine);
    expect(engine.text('INCR', 'a')).toMatch(MISCONF);
    files.beforeCall = () => undefined;
    expect(engine.text('SAVE')).toBe('OK');
    expect(engine.text('INCR', 'a')).toBe('(integer) 1');
  });

  test('saves by itself when enough has changed for long enough', async () => {
    const engine = start({ savePoints: POINTS });
    engine.run('SET', 'a', '1');
    engine.sleep(61_000);
    engine.snapshots.tick();
    expect(engine.snapshots.background.isRunning).toBe(false);
    engine.run('MSET', 'a', '1', 'b', '2');
    engine.snapshots.tick();
    expect(logged.slice(-2)).toEqual([
      '3 changes in 60 seconds. Saving...',
      'Background saving started',
    ]);
    await ended(engine);
    expect(engine.snapshots.changesSinceSave).toBe(0);
    engine.run('SET', 'a', '1');
    engine.sleep(3_599_000);
    engine.snapshots.tick();
    expect(engine.snapshots.background.isRunning).toBe(false);
    engine.sleep(2000);
    engine.snapshots.tick();
    expect(engine.snapshots.background.isRunning).toBe(true);
    await ended(engine);
  });

  test('FLUSHALL gives up what is being saved, and saves that there is nothing', async () => {
    const engine = start({ savePoints: POINTS });
    for (let i = 0; i < 20_000; i += 100) {
      engine.run('MSET', ...Array.from({ length: 200 }, (_, k) => `key ${i + (k >> 1)}`));
    }
    engine.run('BGSAVE');
    await new Promise((resolve) => setImmediate(resolve));
    engine.run('FLUSHALL');
    expect(engine.snapshots.background.isRunning).toBe(false);
    expect(engine.keyspace.witness).toBeNull();
    expect(engine.snapshots.changesSinceSave).toBe(0);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect([...files.files.keys()]).toEqual([PATH]);
    expect(infoOf(engine).get('rdb_last_bgsave_status')).toBe('ok');
    const other = start();
    await other.snapshots.load();
    expect(other.text('DBSIZE')).toBe('(integer) 0');
    while (engine.keyspace.hasGarbage) engine.keyspace.freeGarbage();
    checkKeyspace(engine.keyspace);
  });

  test('in a transaction it begins when that is done', async () => {
    const engine = start();
    engine.client.deniesBlocking = true;
    expect(engine.text('BGSAVE')).toBe('Background saving scheduled');
    engine.client.deniesBlocking = false;
    expect(engine.snapshots.background.isRunning).toBe(false);
    engine.snapshots.tick();
    expect(engine.snapshots.background.isRunning).toBe(true);
    await ended(engine);
  });

  test('can be slowed down, for tests', async () => {
    const engine = start({ keyDelayMicroseconds: 25_000 });
    engine.run('MSET', 'a', '1', 'b', '2');
    const startMs = performance.now();
    engine.run('BGSAVE');
    await ended(engine);
    expect(performance.now() - startMs).toBeGreaterThan(45);
  });

  test('FLUSHALL saves nothing without save points', () => {
    const engine = start();
    engine.run('SET', 'a', '1');
    engine.run('FLUSHALL');
    expect(files.files.size).toBe(0);
  });

  test('a snapshot to another end comes first', async () => {
    const engine = start();
    engine.run('SET', 'a', '1');
    const { background } = engine.snapshots;
    let isOver = false;
    engine.background.start({
      path: 'dir/other',
      writing: { compresses: true, version: 11, sums: true, syncsIncrementally: false },
      facts: { aux: [], libraries: [], use: 'none' },
      onEnd: (failure) => {
        expect(failure).toBeNull();
        isOver = true;
      },
    });
    expect(infoOf(engine).get('rdb_bgsave_in_progress')).toBe('0');
    expect(infoOf(engine).get('current_save_keys_total')).toBe('1');
    expect(engine.text('BGSAVE')).toMatch(
      /^\(error\) ERR Another child process is active \(AOF\?\)/,
    );
    expect(engine.text('BGSAVE', 'SCHEDULE')).toBe('Background saving scheduled');
    engine.snapshots.tick();
    expect(background.isRunning).toBe(false);
    while (!isOver) await new Promise((resolve) => setTimeout(resolve, 1));
    engine.snapshots.tick();
    expect(background.isRunning).toBe(true);
    await ended(engine);
    expect([...files.files.keys()].sort()).toEqual([PATH, 'dir/other']);
  });

  function start(settings: Partial<SnapshotSettings> = {}): TestEngine {
    let engine: TestEngine | null = null;
    const wallMs = (): number => engine?.keyspace.nowMs ?? START_MS;
    engine = new TestEngine({
      services: { lifecycle: { loading: false } as never },
      disk: {
        files,
        log,
        settings,
        clock: { wallMs, monotonicMs: () => monotonicMs },
      },
    });
    return engine;
  }
});

function infoOf(engine: TestEngine): Map<string, string> {
  const reply = engine.run('INFO', 'persistence');
  const text = reply.type === 'bulk' ? reply.bytes.toString() : '';
  return new Map(text.split('\r\n').map((line) => line.split(':') as [string, string]));
}

/** Waits until nothing is being saved any more. */
async function ended(engine: TestEngine): Promise<void> {
  while (engine.snapshots.background.isRunning) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
