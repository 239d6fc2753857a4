import { describe, expect, test } from 'vitest';
import { DIRECTORY, DurableEngine, turn } from '../../test/support/durable-engine.ts';
import { chosenSeed } from '../../test/support/seeded-random.ts';
import { type Fault, PowerLoss, SimulatedDisk } from '../../test/support/simulated-disk.ts';
import type { SyncPolicy } from './aof-writer.ts';
import { BackgroundSnapshots } from './background-snapshot.ts';

const FILES = `${DIRECTORY}/appendonlydir`;
const MANIFEST = `${FILES}/appendonly.aof.manifest`;
const seed = chosenSeed();

/** An engine on a disk, with its data loaded. */
async function started(
  disk: SimulatedDisk,
  policy: SyncPolicy = 'always',
  settings: Readonly<Record<string, string>> = {},
): Promise<DurableEngine> {
  const engine = new DurableEngine(disk, policy);
  for (const [name, value] of Object.entries(settings)) engine.config.assign(name as 'dir', value);
  await engine.data.load();
  return engine;
}

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await turn();
}

/** Lets time pass until nothing is written anew any more. */
async function settled(engine: DurableEngine): Promise<void> {
  const { appendOnly } = engine.data;
  do {
    engine.tick(1000);
    await turns(10);
  } while (appendOnly.isRewriting || appendOnly.isRewriteScheduled || appendOnly.isUnfinished);
}

/** What is left when the power goes now. */
async function afterPowerLoss(disk: SimulatedDisk, engine: DurableEngine): Promise<DurableEngine> {
  disk.faultAt = () => 'crash';
  expect(() => disk.begin('end')).toThrow(PowerLoss);
  await turns(5);
  disk.restart();
  const after = new DurableEngine(disk, 'always');
  after.nowMs = engine.nowMs;
  await after.data.load();
  return after;
}

describe(`turning the append-only file on and off (SEED=${seed})`, () => {
  test.each([0, 1, 2, 5])('off and on again, %i turns of the disk between', async (between) => {
    const disk = new SimulatedDisk(seed);
    const engine = await started(disk);
    engine.text('SET', 'before', '1');
    engine.text('BGREWRITEAOF');
    await turns(between);
    engine.text('SET', 'between', '1');
    engine.config.assign('appendonly', 'no');
    await turns(between);
    engine.config.assign('appendonly', 'yes');
    engine.text('SET', 'after', '1');
    engine.config.assign('appendonly', 'no');
    engine.config.assign('appendonly', 'yes');
    engine.text('SET', 'last', '1');
    await settled(engine);
    expect(engine.isAcknowledged).toBe(true);
    const digest = engine.digest();
    expect((await afterPowerLoss(disk, engine)).digest()).toBe(digest);
  });

  test('what was done before it is turned off is answered when it is on the disk', async () => {
    const disk = new SimulatedDisk(seed);
    const engine = await started(disk);
    engine.text('SET', 'a', '1');
    engine.config.assign('appendonly', 'no');
    expect(engine.isAcknowledged).toBe(false);
    await turns(5);
    expect(engine.isAcknowledged).toBe(true);
    expect((await afterPowerLoss(disk, engine)).text('GET', 'a')).toBe('"1"');
  });

  test('turned on during a snapshot it begins behind that', async () => {
    const disk = new SimulatedDisk(seed);
    const engine = await started(disk, 'always', { appendonly: 'no' });
    for (let i = 0; i < 100; i++) engine.text('SET', `key ${i}`, 'v');
    expect(engine.text('BGSAVE')).toBe('Background saving started');
    engine.config.assign('appendonly', 'yes');
    engine.text('SET', 'later', '1');
    expect(engine.data.saveAtShutdown({ save: 'nosave', now: false, force: false })).toMatch(
      /Errors trying to SHUTDOWN/,
    );
    await settled(engine);
    expect(
      engine.data.saveAtShutdown({ save: 'nosave', now: false, force: false }),
    ).toBeUndefined();
    const digest = engine.digest();
    expect((await afterPowerLoss(disk, engine)).digest()).toBe(digest);
  });

  test('turned on where there are files it replaces them, which stay until then', async () => {
    const disk = new SimulatedDisk(seed);
    const first = await started(disk);
    first.text('SET', 'old', '1');
    await first.data.end();
    const second = await started(disk, 'always', { appendonly: 'no' });
    second.text('SET', 'new', '1');
    second.config.assign('appendonly', 'yes');
    // The power goes before the first base is there: what was there is there.
    const third = await afterPowerLoss(disk, second);
    expect(third.text('MGET', 'old', 'new')).toBe('["1", (nil)]');
    await third.data.end();
    const fourth = await started(disk, 'always', { appendonly: 'no' });
    fourth.text('SET', 'new', '1');
    fourth.config.assign('appendonly', 'yes');
    await settled(fourth);
    expect((await afterPowerLoss(disk, fourth)).text('MGET', 'old', 'new')).toBe('[(nil), "1"]');
  });

  test('it stays where it was begun when `dir` changes, until it is begun anew', async () => {
    const disk = new SimulatedDisk(seed);
    const engine = await started(disk);
    engine.text('SET', 'a', '1');
    engine.config.assign('dir', '/tmp');
    engine.text('BGREWRITEAOF');
    await settled(engine);
    engine.text('SET', 'b', '1');
    await turns(5);
    expect(disk.paths.filter((path) => path.startsWith('/tmp'))).toEqual([]);
    engine.config.assign('appendonly', 'no');
    engine.config.assign('appendonly', 'yes');
    await settled(engine);
    expect(disk.paths).toContain('/tmp/appendonlydir/appendonly.aof.manifest');
    await engine.data.end();
    const after = await started(disk, 'always', { dir: '/tmp' });
    expect(after.text('MGET', 'a', 'b')).toBe('["1", "1"]');
  });

  test('a rewrite that has to wait is done while it is off, too', async () => {
    const disk = new SimulatedDisk(seed);
    const engine = await started(disk, 'always', { appendonly: 'no' });
    engine.text('SET', 'a', '1');
    engine.text('BGSAVE');
    expect(engine.text('BGREWRITEAOF')).toBe('Background append only file rewriting scheduled');
    await turns(5);
    await settled(engine);
    expect(engine.data.appendOnly.isRewriteScheduled).toBe(false);
    expect(engine.data.appendOnly.rewrites).toBe(1);
    expect((await started(disk)).text('GET', 'a')).toBe('"1"');
  });

  test('BGREWRITEAOF in a transaction is put off', async () => {
    const engine = await started(new SimulatedDisk(seed));
    engine.text('MULTI');
    engine.text('BGREWRITEAOF');
    expect(engine.text('EXEC')).toBe('[Background append only file rewriting scheduled]');
    expect(engine.data.appendOnly.isRewriteScheduled).toBe(true);
    await settled(engine);
    expect(engine.data.appendOnly.rewrites).toBe(1);
  });
});

describe('WAITAOF', () => {
  test.each(['no', 'everysec', 'always'] as const)('hears of the disk with %s', async (policy) => {
    const engine = await started(new SimulatedDisk(seed), policy);
    engine.text('SET', 'a', '1');
    const { appendOnly } = engine.data;
    expect(appendOnly.isSynced(engine.client)).toBe(false);
    engine.text('WAITAOF', '1', '0', '0');
    await turns(5);
    if (policy === 'everysec') {
      engine.tick(1100);
      await turns(5);
    }
    expect(appendOnly.isSynced(engine.client)).toBe(true);
  });

  test('hears of what came with it, where the disk has yet to have what was before', async () => {
    const engine = await started(new SimulatedDisk(seed), 'no');
    engine.text('SET', 'before', '1');
    await turns(5);
    engine.together(['SET', 'a', '1'], ['WAITAOF', '1', '0', '0']);
    await turns(5);
    expect(engine.data.appendOnly.isSynced(engine.client)).toBe(true);
  });

  test('is not satisfied by an increment without its base', async () => {
    const disk = new SimulatedDisk(seed);
    const engine = await started(disk, 'always', { appendonly: 'no' });
    disk.faultAt = (_, name) => (name.startsWith('write') && name.includes('base') ? 'EIO' : null);
    engine.config.assign('appendonly', 'yes');
    engine.text('SET', 'a', '1');
    await turns(20);
    expect(engine.data.appendOnly.isSynced(engine.client)).toBe(false);
    disk.faultAt = () => null;
    await settled(engine);
    expect(engine.data.appendOnly.isSynced(engine.client)).toBe(true);
  });
});

describe('what an interrupted change of files leaves', () => {
  test('an old file without a manifest is taken over wherever the power goes', async () => {
    const old = Buffer.from('*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n1\r\n');
    let losses = 0;
    for (let crashAt = 1; crashAt < 60; crashAt++) {
      const disk = new SimulatedDisk(seed + crashAt);
      disk.put(`${DIRECTORY}/appendonly.aof`, old);
      disk.faultAt = (call) => (call === crashAt ? 'crash' : null);
      const isLost = await started(disk).then(
        () => false,
        () => true,
      );
      if (isLost) losses++;
      await turns(5);
      disk.restart();
      const after = await started(disk);
      expect(after.text('GET', 'a'), `call ${crashAt}`).toBe('"1"');
      await after.data.end();
    }
    expect(losses).toBeGreaterThan(5);
  }, 120_000);

  test('a new directory is on the disk before anything is acknowledged', async () => {
    for (let round = 0; round < 10; round++) {
      const disk = new SimulatedDisk(seed + round);
      const engine = await started(disk);
      engine.text('SET', 'a', '1');
      await turns(5);
      expect(engine.isAcknowledged).toBe(true);
      expect((await afterPowerLoss(disk, engine)).text('GET', 'a')).toBe('"1"');
    }
  });

  test('a manifest that could not be synchronised may name one file more', async () => {
    const disk = new SimulatedDisk(seed);
    const engine = await started(disk);
    engine.text('SET', 'a', '1');
    engine.text('SET', 'b', '1');
    await engine.data.end();
    const increment = `${FILES}/appendonly.aof.1.incr.aof`;
    disk.put(increment, disk.contentOf(increment)!.subarray(0, -3));
    disk.put(`${FILES}/appendonly.aof.2.incr.aof`, Buffer.alloc(0));
    const more = 'file appendonly.aof.2.incr.aof seq 2 type i\n';
    disk.put(MANIFEST, Buffer.concat([disk.contentOf(MANIFEST)!, Buffer.from(more)]));
    expect((await started(disk)).text('MGET', 'a', 'b')).toBe('["1", (nil)]');
  });

  test('files without a manifest are not written over', async () => {
    const disk = new SimulatedDisk(seed);
    const engine = await started(disk);
    engine.text('SET', 'a', '1');
    await engine.data.end();
    const increment = `${FILES}/appendonly.aof.1.incr.aof`;
    const content = disk.contentOf(increment)!;
    disk.remove(MANIFEST);
    const after = await started(disk);
    expect(after.text('GET', 'a')).toBe('(nil)');
    expect(disk.contentOf(increment)).toEqual(content);
    expect(disk.paths).toContain(`${FILES}/appendonly.aof.2.incr.aof`);
  });

  test('a file that a manifest names twice would be removed while it counts', async () => {
    const disk = new SimulatedDisk(seed);
    const engine = await started(disk);
    await engine.data.end();
    const more = 'file appendonly.aof.1.base.rdb seq 1 type h\n';
    disk.put(MANIFEST, Buffer.concat([disk.contentOf(MANIFEST)!, Buffer.from(more)]));
    await expect(started(disk)).rejects.toThrow('line 3: the file is there twice');
  });
});

test('nothing is saved while the append-only file is loaded', async () => {
  const disk = new SimulatedDisk(seed);
  const engine = await started(disk);
  for (let i = 0; i < 5000; i++) engine.text('SET', `key ${i}`, 'v');
  await engine.data.end();
  const second = new DurableEngine(disk, 'always');
  second.config.assign('save', '1', '1');
  // A clock that goes on by itself, so that loading has more than one slice.
  let nowMs = engine.nowMs + 10_000;
  Object.defineProperty(second, 'nowMs', { get: () => ++nowMs, set: () => undefined });
  const loading = second.data.load();
  let slices = 0;
  for (; second.data.snapshots.isLoading && slices < 1000; slices++) {
    second.tick(2000);
    expect(second.data.snapshots.background.isRunning).toBe(false);
    await turn();
  }
  await loading;
  expect(slices).toBeGreaterThan(1);
  expect(disk.contentOf(`${DIRECTORY}/dump.rdb`)).toBeUndefined();
});

test('rewrites that growth asks for and that fail come less and less often', async () => {
  const disk = new SimulatedDisk(seed);
  const engine = await started(disk, 'always', { 'auto-aof-rewrite-min-size': '1' });
  disk.faultAt = (_, name): Fault | null => {
    return name.startsWith('write') && name.includes('base') ? 'ENOSPC' : null;
  };
  engine.text('SET', 'key', 'v'.repeat(1000));
  const { appendOnly } = engine.data;
  for (let i = 0; i < 600; i++) {
    engine.tick();
    await turns(3);
  }
  // Five seconds, ten, twenty, forty.
  expect(appendOnly.consecutiveFailures).toBe(4);
  disk.faultAt = () => null;
  engine.text('BGREWRITEAOF');
  await settled(engine);
  expect(appendOnly.consecutiveFailures).toBe(0);
});

test('who gives up a snapshot that is done leaves alone the one that came next', async () => {
  const disk = new SimulatedDisk(seed);
  const { keyspace } = await started(disk);
  const background = new BackgroundSnapshots(keyspace, disk);
  const writing = { compresses: true, version: 11, sums: true, syncsIncrementally: false };
  const facts = { aux: [], libraries: [], use: 'none' } as const;
  let ended = 0;
  const task = { path: '/data/one', writing, facts, onEnd: () => void ended++ };
  const first = background.start(task);
  while (background.current !== null) await turn();
  const second = background.start({ ...task, path: '/data/two' });
  background.abandon(first);
  expect(background.current).toBe(second);
  while (background.current !== null) await turn();
  expect(ended).toBe(2);
});
