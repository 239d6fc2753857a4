import { beforeEach, describe, expect, test } from 'vitest';
import { TestEngine } from '../../test/support/engine.ts';
import { MemoryFiles } from '../../test/support/memory-files.ts';
import { CommandError } from '../commands/errors.ts';
import type { LibraryStore } from '../commands/services/scripting.ts';
import type { Log } from '../engine/log.ts';
import { checkKeyspace } from '../keyspace/keyspace-check.ts';
import { type LoadingProgress, SnapshotLoadError, type Snapshots } from './snapshots.ts';

const PATH = 'dir/dump.rdb';

describe('snapshots', () => {
  let files: MemoryFiles;
  let logged: string[];
  let log: Log;
  beforeEach(() => {
    files = new MemoryFiles();
    logged = [];
    const note = (message: string): void => {
      logged.push(message);
    };
    log = { debug: note, verbose: note, notice: note, warning: note };
  });

  test('are saved, told of, and loaded by another server', async () => {
    const { engine, snapshots } = start();
    engine.run('SET', 'a', '1');
    engine.run('RPUSH', 'b', '1', '2');
    expect(snapshots.changesSinceSave).toBe(3);
    expect(engine.text('SAVE')).toBe('OK');
    expect(snapshots.changesSinceSave).toBe(0);
    expect(snapshots.saves).toBe(1);
    const saved = Math.floor(engine.keyspace.nowMs / 1000);
    engine.sleep(5000);
    expect(engine.text('LASTSAVE')).toBe(`(integer) ${saved}`);
    const other = start();
    await other.snapshots.load();
    expect(other.engine.text('GET', 'a')).toBe('"1"');
    expect(other.snapshots.keysLoaded).toBe(2);
    expect(other.snapshots.changesSinceSave).toBe(0);
  });

  test('that cannot be saved are an error, and told as one', () => {
    const { engine, snapshots } = start();
    engine.run('SET', 'a', '1');
    files.beforeCall = (call) => {
      if (call.startsWith('write')) throw new Error('no space left');
    };
    expect(engine.text('SAVE')).toBe('(error) ERR');
    expect(snapshots.changesSinceSave).toBe(1);
    expect(snapshots.saves).toBe(1);
    expect(logged).toEqual(['Error saving DB on disk']);
    expect(files.files.size).toBe(0);
  });

  test('are not needed to start', async () => {
    const { engine, snapshots } = start();
    await snapshots.load();
    expect(engine.text('DBSIZE')).toBe('(integer) 0');
    expect(logged).toEqual([]);
  });

  test('that are damaged are refused with place and reason, and left as they are', async () => {
    const { engine } = start();
    engine.run('SET', 'a', '1');
    engine.run('SAVE');
    const damaged = Buffer.from(files.files.get(PATH)!);
    damaged[damaged.length - 12] ^= 1;
    files.files.set(PATH, Buffer.from(damaged));
    const other = start();
    const problem = await other.snapshots.load().catch((caught: unknown) => caught);
    expect(problem).toBeInstanceOf(SnapshotLoadError);
    expect(problem).toMatchObject({ path: PATH, offset: damaged.length - 8 });
    expect(files.files.get(PATH)!.equals(damaged)).toBe(true);
    expect(other.snapshots.isLoading).toBe(false);
  });

  test('that cannot be read are refused', async () => {
    files.files.set(PATH, Buffer.from('REDIS0011'));
    files.beforeCall = () => {
      throw Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' });
    };
    await expect(start().snapshots.load()).rejects.toThrow(/dump.rdb cannot be loaded: EACCES/);
  });

  test('are loaded in slices, between which clients are told to wait', async () => {
    const { engine } = start();
    for (let i = 0; i < 3000; i++) engine.run('SET', `key ${i}`, 'x'.repeat(400) + Math.random());
    engine.run(
      'HSET',
      'large',
      ...Array.from({ length: 4000 }, (_, i) => `field ${i} ${'y'.repeat(i % 90)}`),
    );
    engine.run('SAVE');
    const other = start();
    const loading = other.snapshots.load();
    let waits = 0;
    while (other.snapshots.isLoading) {
      expect(other.engine.text('GET', 'key 1')).toBe(
        '(error) LOADING Redis is loading the dataset in memory',
      );
      expect(other.engine.text('LASTSAVE')).not.toMatch(/error/);
      waits++;
      await new Promise((resolve) => setImmediate(resolve));
    }
    await loading;
    expect(waits).toBeGreaterThan(1);
    expect(other.engine.text('HLEN', 'large')).toBe('(integer) 2000');
    expect(other.engine.text('DBSIZE')).toBe('(integer) 3001');
    checkKeyspace(other.engine.keyspace);
  });

  test('tell how far loading is', async () => {
    const { engine } = start();
    for (let i = 0; i < 9000; i++) engine.run('SET', `key ${i}`, `${Math.random()}`.repeat(20));
    engine.run('SAVE');
    const other = start();
    const loading = other.snapshots.load();
    await new Promise((resolve) => setImmediate(resolve));
    const figures = other.snapshots.loading!;
    expect(figures.totalBytes).toBe(files.files.get(PATH)!.length);
    expect(figures.loadedBytes).toBeGreaterThan(0);
    expect(figures.loadedBytes).toBeLessThan(figures.totalBytes);
    expect(figures.usedMemory).toBeGreaterThan(0);
    other.snapshots.abandon();
    await loading;
    expect(other.snapshots.isLoading).toBe(false);
    checkKeyspace(other.engine.keyspace);
  });

  test('show how far loading is, and that it is over', async () => {
    const { engine } = start();
    for (let i = 0; i < 500; i++) engine.run('SET', `key ${i}`, 'x');
    engine.run('SAVE');
    const shown: string[] = [];
    const progress: LoadingProgress = {
      advanced: (loaded, total, keys) => shown.push(`${loaded === total} ${keys}`),
      ended: () => shown.push('ended'),
    };
    const other = new TestEngine({ disk: { files, log, progress } });
    await other.snapshots.load();
    expect(shown.slice(-2)).toEqual(['true 500', 'ended']);
  });

  test('keep libraries of functions as they came, and name what is wrong with them', async () => {
    const { snapshots, engine } = start();
    const bytes = Buffer.concat([
      Buffer.from('REDIS0011'),
      Buffer.from([245, 3]),
      Buffer.from('lib'),
    ]);
    files.files.set(PATH, Buffer.concat([bytes, Buffer.of(255), Buffer.alloc(8)]));
    await snapshots.load();
    engine.run('SAVE');
    expect(files.files.get(PATH)!.includes(Buffer.from([245, 3, 0x6c, 0x69, 0x62]))).toBe(true);
    const libraries: LibraryStore = {
      codes: [],
      replace: () => {
        throw new CommandError('ERR Missing library metadata');
      },
    };
    files.files.set(PATH, Buffer.concat([bytes, Buffer.of(255), Buffer.alloc(8)]));
    const other = new TestEngine({ disk: { files, log, libraries } });
    await expect(other.snapshots.load()).rejects.toThrow(
      `${PATH} cannot be loaded from byte 14 on: a library of functions: ` +
        'ERR Missing library metadata',
    );
  });

  test('DEBUG RELOAD saves, empties and loads', () => {
    const { engine } = start();
    engine.run('SET', 'a', '1');
    expect(engine.text('DEBUG', 'RELOAD')).toBe('OK');
    expect(engine.text('GET', 'a')).toBe('"1"');
    engine.run('SET', 'b', '2');
    expect(engine.text('DEBUG', 'RELOAD', 'NOSAVE')).toBe('OK');
    expect(engine.text('EXISTS', 'a', 'b')).toBe('(integer) 1');
    engine.run('SET', 'c', '3');
    expect(engine.text('DEBUG', 'RELOAD', 'NOSAVE', 'NOFLUSH', 'MERGE')).toBe('OK');
    expect(engine.text('EXISTS', 'a', 'c')).toBe('(integer) 2');
    expect(engine.text('DEBUG', 'RELOAD', 'NOSAVE', 'NOFLUSH')).toMatch(/Error trying to load/);
    expect(engine.text('DEBUG', 'RELOAD', 'NO')).toMatch(/only supports the MERGE/);
    checkKeyspace(engine.keyspace);
  });

  function start(): { engine: TestEngine; snapshots: Snapshots } {
    const engine = new TestEngine({
      services: { debugging: { allowed: () => true } },
      disk: { files, log },
    });
    return { engine, snapshots: engine.snapshots };
  }
});
