import { expect, test } from 'vitest';
import { DIRECTORY, DurableEngine, turn } from '../../test/support/durable-engine.ts';
import { SILENT_TRANSPORT } from '../../test/support/engine.ts';
import { chosenSeed } from '../../test/support/seeded-random.ts';
import { SimulatedDisk } from '../../test/support/simulated-disk.ts';
import type { DirectiveName } from '../engine/config-table.ts';
import { Args } from '../protocol/args.ts';
import { RespWriter } from '../protocol/resp-writer.ts';
import { checkAof } from './check-aof.ts';

const FILES = `${DIRECTORY}/appendonlydir`;
const INCREMENT = `${FILES}/appendonly.aof.1.incr.aof`;
const seed = chosenSeed();

async function started(
  disk: SimulatedDisk,
  settings: Partial<Readonly<Record<DirectiveName, string>>>,
): Promise<DurableEngine> {
  const engine = new DurableEngine(disk, 'everysec');
  for (const [name, value] of Object.entries(settings)) {
    engine.config.assign(name as DirectiveName, value);
  }
  await engine.data.load();
  return engine;
}

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await turn();
}

test('aof-timestamp-enabled notes each second in which something changes', async () => {
  const disk = new SimulatedDisk(seed);
  const engine = await started(disk, { 'aof-timestamp-enabled': 'yes' });
  for (let i = 0; i < 6; i++) {
    engine.text('INCR', 'a');
    engine.tick(500);
    await turns(3);
  }
  engine.tick(1100);
  await turns(3);
  expect(engine.data.appendOnly.isSynced(engine.client)).toBe(true);
  await engine.data.end();
  const notes = disk
    .contentOf(INCREMENT)!
    .toString()
    .match(/#TS:\d+\r\n/g)!;
  expect(notes).toHaveLength(3);
  expect(new Set(notes).size).toBe(3);
  expect(checkAof([`${FILES}/appendonly.aof.manifest`], () => undefined, disk)).toBe(0);
  expect((await started(disk, {})).text('GET', 'a')).toBe('"6"');
});

test('a file that has doubled beyond the least size is rewritten by itself', async () => {
  const disk = new SimulatedDisk(seed);
  const engine = await started(disk, { 'auto-aof-rewrite-min-size': '3000' });
  const { appendOnly } = engine.data;
  const grow = async (): Promise<void> => {
    engine.text('SET', 'a', 'x'.repeat(100));
    engine.tick();
    await turns(5);
  };
  while (appendOnly.sizes!.currentBytes <= 2800) await grow();
  expect(appendOnly.rewrites).toBe(0);
  for (let i = 0; i < 4; i++) await grow();
  expect(appendOnly.rewrites).toBe(1);
  expect(appendOnly.sizes!.currentBytes).toBeLessThan(1000);
  engine.config.assign('auto-aof-rewrite-percentage', '0');
  for (let i = 0; i < 40; i++) await grow();
  expect(appendOnly.sizes!.currentBytes).toBeGreaterThan(3000);
  expect(appendOnly.rewrites).toBe(1);
});

test('no-appendfsync-on-rewrite lets the disk rest while a snapshot is written', async () => {
  for (const [isOn, syncsWanted] of [
    ['yes', 0],
    ['no', 1],
  ] as const) {
    const disk = new SimulatedDisk(seed);
    const engine = await started(disk, { 'no-appendfsync-on-rewrite': isOn });
    for (let i = 0; i < 500; i++) engine.text('SET', `key ${i}`, 'v');
    engine.tick(1500);
    await turns(5);
    engine.config.assign('rdb-key-save-delay', '1000');
    engine.text('BGSAVE');
    await turns(2);
    expect(engine.data.snapshots.background.isRunning).toBe(true);
    engine.text('SET', 'later', '1');
    await turns(3);
    const calls = disk.log.length;
    engine.tick(1500);
    await turns(3);
    const syncs = disk.log.slice(calls).filter((call) => call === `fsync ${INCREMENT}`);
    expect(syncs).toHaveLength(syncsWanted);
    engine.data.abandon();
    await engine.data.end();
  }
});

test('commands that write wait while the disk is two seconds behind, and reads go on', async () => {
  const { text, data, tick } = await heldClient();
  expect(text('SET', 'a', '1')).toBe('+OK');
  tick(1000);
  // The disk does nothing while nobody lets it.
  tick(1500);
  expect(text('GET', 'a')).toBe('$1');
  expect(text('SET', 'a', '2')).toBe('');
  expect(text('GET', 'a')).toBe('$1');
  await turns(10);
  tick(100);
  await turns(10);
  expect(text('SET', 'a', '3')).toBe('+OK');
  await data.end();
});

test('they go on behind the command that turns the file off: all share one writer', async () => {
  const { text, data, tick, config, resumed } = await heldClient();
  text('SET', 'a', '1');
  tick(1000);
  tick(1500);
  expect(text('SET', 'a', '2')).toBe('');
  config.assign('appendonly', 'no');
  expect(resumed()).toBe(0);
  await Promise.resolve();
  expect(resumed()).toBe(1);
  await data.end();
});

test('with everysec what gathers in memory counts as waiting for the disk', async () => {
  const engine = await started(new SimulatedDisk(seed), {});
  const waiting = () => engine.data.appendOnly.sizes!.bufferedBytes;
  expect(waiting()).toBe(0);
  engine.text('SET', 'key', 'value');
  expect(waiting()).toBe(
    '*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$5\r\nvalue\r\n'.length,
  );
  engine.tick();
  await turns(5);
  expect(waiting()).toBe(0);
  await engine.data.end();
});

/** An engine with a client that can be made to wait, as those within a process cannot. */
async function heldClient() {
  const durable = await started(new SimulatedDisk(seed), {});
  const { engine, data, config } = durable;
  let resumed = 0;
  const resume = () => void resumed++;
  const open = () => engine.openSession({ ...SILENT_TRANSPORT, kind: 'tcp', resume });
  const text = (...words: readonly string[]): string => {
    const writer = new RespWriter();
    engine.beginBatch();
    engine.executor.execute(open(), Args.of(...words.map((word) => Buffer.from(word))), writer);
    engine.endBatch();
    return writer.buffer.toString('latin1', 0, writer.length).split('\r\n')[0]!;
  };
  const tick = (milliseconds: number) => durable.tick(milliseconds);
  return { text, data, config, tick, resumed: () => resumed };
}
