import { expect, test } from 'vitest';
import { DIRECTORY, DurableEngine, turn } from '../../test/support/durable-engine.ts';
import { randomValue, VALUE_KINDS } from '../../test/support/random-values.ts';
import { chosenSeed, SeededRandom } from '../../test/support/seeded-random.ts';
import { SimulatedDisk } from '../../test/support/simulated-disk.ts';
import { checkAof } from './check-aof.ts';

const FILES = `${DIRECTORY}/appendonlydir`;
const seed = chosenSeed();

async function started(disk: SimulatedDisk, usesSnapshots = false): Promise<DurableEngine> {
  const engine = new DurableEngine(disk, 'always', usesSnapshots);
  await engine.data.load();
  return engine;
}

/** Rewrites, with `meanwhile` done again and again until that has ended. */
async function rewrite(engine: DurableEngine, meanwhile = (): void => undefined): Promise<void> {
  const { appendOnly } = engine.data;
  const before = appendOnly.rewrites;
  expect(engine.text('BGREWRITEAOF')).toMatch(/started/);
  do {
    meanwhile();
    engine.tick();
    await turn();
  } while (appendOnly.rewrites === before || appendOnly.isRewriting);
  expect(appendOnly.lastRewriteFailed).toBe(false);
}

function bases(disk: SimulatedDisk): string[] {
  return disk.paths
    .filter((path) => path.includes('.base.'))
    .map((path) => path.slice(FILES.length + 1));
}

test('a base is what aof-use-rdb-preamble says when it is written', async () => {
  const disk = new SimulatedDisk(seed);
  const engine = await started(disk);
  expect(bases(disk)).toEqual(['appendonly.aof.1.base.aof']);
  engine.text('SET', 'a', '1');
  await rewrite(engine);
  expect(bases(disk)).toEqual(['appendonly.aof.2.base.aof']);
  expect(disk.contentOf(`${FILES}/appendonly.aof.2.base.aof`)!.toString('latin1')).toBe(
    '*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n1\r\n',
  );
  expect(disk.contentOf(`${FILES}/appendonly.aof.manifest`)!.toString('latin1')).toBe(
    'file appendonly.aof.2.base.aof seq 2 type b\nfile appendonly.aof.2.incr.aof seq 2 type i\n',
  );
  engine.config.assign('aof-use-rdb-preamble', 'yes');
  await rewrite(engine);
  expect(bases(disk)).toEqual(['appendonly.aof.3.base.rdb']);
  engine.config.assign('aof-use-rdb-preamble', 'no');
  await rewrite(engine);
  expect(bases(disk)).toEqual(['appendonly.aof.4.base.aof']);
  const again = await started(disk, true);
  expect(again.digest()).toBe(engine.digest());
});

test('the base begins with the time, where that is noted', async () => {
  const disk = new SimulatedDisk(seed);
  const engine = await started(disk);
  engine.config.assign('aof-timestamp-enabled', 'yes');
  engine.text('SET', 'a', '1');
  await rewrite(engine);
  const base = disk.contentOf(`${FILES}/appendonly.aof.2.base.aof`)!.toString('latin1');
  expect(base).toMatch(/^#TS:\d{10}\r\n\*2\r\n/);
  expect((await started(disk)).digest()).toBe(engine.digest());
});

test(`what changes while commands are written is as after a snapshot (SEED=${seed})`, async () => {
  const random = new SeededRandom(seed);
  const disk = new SimulatedDisk(seed);
  let engine = await started(disk);
  for (let round = 0; round < 6; round++) {
    const change = (): void => {
      const [first, ...more] = randomValue(
        random,
        random.pick(VALUE_KINDS),
        `key ${random.integer(0, 200)}`,
      );
      for (const line of [first!, ...more]) engine.text(...line);
    };
    for (let i = 0; i < 150; i++) change();
    await rewrite(engine, change);
    change();
    while (!engine.isAcknowledged) {
      engine.tick();
      await turn();
    }
    const digest = engine.digest();
    const said: string[] = [];
    const status = checkAof([`${FILES}/appendonly.aof.manifest`], (line) => said.push(line), disk);
    expect(status, said.join('\n')).toBe(0);
    engine = await started(disk, random.fraction() < 0.3);
    expect(engine.digest()).toBe(digest);
  }
});

test('propagation-error-behavior panic: a command that is refused stops the start', async () => {
  const disk = new SimulatedDisk(seed);
  const path = `${FILES}/appendonly.aof.1.incr.aof`;
  const engine = await started(disk);
  engine.text('SET', 'text', 'abc');
  while (!engine.isAcknowledged) {
    engine.tick();
    await turn();
  }
  const refused = '*2\r\n$4\r\nINCR\r\n$4\r\ntext\r\n';
  const content = disk.contentOf(path)!;
  disk.put(path, Buffer.concat([content, Buffer.from(refused)]));
  const lenient = await started(disk);
  expect(lenient.text('GET', 'text')).toBe('"abc"');
  for (const [behavior, stops] of [
    ['panic-on-replicas', false],
    ['panic', true],
  ] as const) {
    const strict = new DurableEngine(disk, 'always', false);
    strict.config.assign('propagation-error-behavior', behavior);
    const loading = strict.data.load();
    if (!stops) await loading;
    else {
      await expect(loading).rejects.toMatchObject({
        path,
        offset: content.length,
        reason: 'value is not an integer or out of range',
      });
    }
  }
});
