import { expect, test } from 'vitest';
import { DIRECTORY, DurableEngine, turn } from '../../test/support/durable-engine.ts';
import { randomValue, VALUE_KINDS } from '../../test/support/random-values.ts';
import { chosenSeed, SeededRandom } from '../../test/support/seeded-random.ts';
import { SimulatedDisk } from '../../test/support/simulated-disk.ts';
import { checkAof } from './check-aof.ts';

const FILES = `${DIRECTORY}/appendonlydir`;
const INCREMENT = `${FILES}/appendonly.aof.1.incr.aof`;
const seed = chosenSeed();

async function started(disk: SimulatedDisk, nowMs = 0): Promise<DurableEngine> {
  const engine = new DurableEngine(disk, 'always');
  if (nowMs > 0) {
    engine.nowMs = nowMs;
    engine.engine.tick();
  }
  await engine.data.load();
  return engine;
}

/** A copy of a disk, with one file changed. */
function copyOf(disk: SimulatedDisk, path: string, content: Buffer): SimulatedDisk {
  const copy = new SimulatedDisk(seed);
  for (const each of disk.paths) copy.put(each, disk.contentOf(each)!);
  copy.put(path, content);
  return copy;
}

function randomChange(random: SeededRandom, engine: DurableEngine): void {
  const key = random.pick(['a', 'b', 'c', 'd']);
  const number = (): string => String(random.integer(1, 5));
  const changes: readonly (() => readonly string[])[] = [
    () => ['SET', key, 'v', 'EX', number()],
    () => ['GETEX', key, 'PX', String(random.integer(1, 3000))],
    () => ['PEXPIRE', key, String(random.integer(-5, 3000)), 'NX'],
    () => ['PERSIST', key],
    () => ['INCRBYFLOAT', 'float', '0.1'],
    () => ['HINCRBYFLOAT', 'hash', number(), '1.7'],
    () => ['SADD', 'set', number(), `m${number()}`],
    () => ['SPOP', 'set'],
    () => ['SPOP', 'set', number()],
    () => ['XADD', 'stream', '*', 'f', 'v'],
    () => ['XADD', 'stream', 'MAXLEN', '~', '3', '*', 'f', 'v'],
    () => ['XTRIM', 'stream', 'MINID', '~', String(engine.nowMs - 1000)],
    () => ['XGROUP', 'CREATE', 'stream', 'group', '0', 'MKSTREAM'],
    () => ['XREADGROUP', 'GROUP', 'group', number(), 'COUNT', '2', 'STREAMS', 'stream', '>'],
    () => ['XREADGROUP', 'GROUP', 'group', number(), 'NOACK', 'STREAMS', 'stream', '>'],
    () => ['XREADGROUP', 'GROUP', 'group', number(), 'STREAMS', 'stream', '0'],
    () => ['XAUTOCLAIM', 'stream', 'group', number(), '0', '0', 'COUNT', '2'],
    () => ['LMPOP', '2', 'list', key, 'LEFT', 'COUNT', '2'],
    () => ['RPUSH', 'list', number(), number()],
    () => ['BLPOP', 'list', 'none', '0.01'],
    () => ['ZADD', 'zset', 'INCR', '0.1', number()],
    () => ['ZMPOP', '1', 'zset', 'MAX'],
    () => ['COPY', key, 'copy', 'REPLACE'],
    () => ['MOVE', key, '1'],
    () => ['SELECT', String(random.integer(0, 1))],
    () => ['DEL', key],
    () => randomValue(random, random.pick(VALUE_KINDS), `new ${random.integer(0, 30)}`)[0]!,
    () => ['FLUSHDB'],
  ];
  const isRare = random.fraction() < 0.01;
  engine.text(...(isRare ? changes.at(-1)! : random.pick(changes.slice(0, -1)))());
}

/** A client that waits sends nothing until its time is over. */
async function untilServed(engine: DurableEngine): Promise<void> {
  while (engine.client.waiting !== null) {
    engine.tick(20);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** What DEBUG DIGEST does not see: groups, and times to the millisecond. */
function details(engine: DurableEngine): string {
  const parts = [engine.digest()];
  for (const database of ['0', '1']) {
    engine.text('SELECT', database);
    parts.push(engine.text('XINFO', 'GROUPS', 'stream'));
    for (const key of ['a', 'b', 'c', 'd']) parts.push(engine.text('PEXPIRETIME', key));
    parts.push(engine.text('XPENDING', 'stream', 'group', '-', '+', '1000'));
  }
  return parts.join('\n');
}

test(`a replay of random commands gives the same data (SEED=${seed})`, async () => {
  for (let round = 0; round < 8; round++) {
    const random = new SeededRandom(seed + round);
    const disk = new SimulatedDisk(seed);
    const engine = await started(disk);
    for (let i = 0; i < 400; i++) {
      const inTransaction = random.fraction() < 0.1;
      if (inTransaction) engine.text('MULTI');
      for (let left = random.integer(1, 3); left > 0; left--) {
        randomChange(random, engine);
        await untilServed(engine);
      }
      if (inTransaction) engine.text('EXEC');
      engine.tick(random.integer(0, 200));
      if (random.fraction() < 0.01) engine.text('BGREWRITEAOF');
      if (i % 10 === 0) await turn();
    }
    await engine.data.end();
    const after = await started(disk, engine.nowMs);
    expect(details(after), `seed ${seed + round}`).toBe(details(engine));
    await after.data.end();
  }
}, 180_000);

test('check-aof fixes what is cut off', async () => {
  const disk = new SimulatedDisk(seed);
  const engine = await started(disk);
  engine.text('SET', 'a', '1');
  for (const line of [['MULTI'], ['INCR', 'a'], ['INCR', 'b'], ['EXEC']]) engine.text(...line);
  await engine.data.end();
  const whole = disk.contentOf(INCREMENT)!;
  const cut = copyOf(disk, INCREMENT, whole.subarray(0, -5));
  const manifest = `${FILES}/appendonly.aof.manifest`;
  const lines: string[] = [];
  expect(checkAof([manifest], (line) => lines.push(line), cut)).toBe(1);
  expect(lines.at(-1)).toBe('It can be fixed with --fix.');
  expect(checkAof(['--fix', manifest], () => undefined, cut)).toBe(0);
  expect(cut.contentOf(INCREMENT)!.length).toBe(whole.indexOf('*1\r\n$5\r\nMULTI'));
  expect(checkAof([manifest], () => undefined, cut)).toBe(0);
});

test('a file from before there were manifests is taken over', async () => {
  const disk = new SimulatedDisk(seed);
  disk.put(`${DIRECTORY}/appendonly.aof`, Buffer.from('*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n1\r\n'));
  const engine = await started(disk);
  expect(engine.text('GET', 'a')).toBe('"1"');
  engine.text('INCR', 'a');
  await engine.data.end();
  expect(disk.paths).toEqual([
    `${FILES}/appendonly.aof`,
    INCREMENT,
    `${FILES}/appendonly.aof.manifest`,
  ]);
  const after = await started(disk);
  expect(after.text('GET', 'a')).toBe('"2"');
});

test('writes are refused while the disk is full, reads go on, and it recovers', async () => {
  const disk = new SimulatedDisk(seed);
  const engine = await started(disk);
  engine.text('SET', 'a', '1');
  for (let turns = 0; turns < 10; turns++) await turn();
  disk.faultAt = (_, name) => (name.startsWith('write') ? 'ENOSPC' : null);
  engine.text('SET', 'b', '2');
  for (let turns = 0; turns < 10; turns++) await turn();
  expect(engine.isAcknowledged).toBe(false);
  expect(engine.text('SET', 'c', '3')).toMatch(
    /^\(error\) MISCONF Errors writing to the AOF file: /,
  );
  expect(engine.text('GET', 'a')).toBe('"1"');
  disk.faultAt = () => null;
  engine.tick(1000);
  for (let turns = 0; turns < 10; turns++) await turn();
  expect(engine.isAcknowledged).toBe(true);
  expect(engine.text('SET', 'c', '3')).toBe('OK');
});
