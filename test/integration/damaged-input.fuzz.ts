/**
 * Damaged payloads are restored, and damaged snapshots loaded, by a running server: each is refused
 * or loads into something that can be read to its end, in bounded time and memory.
 * Run: npm run test:damaged   (SEED=n for the same, -- --payloads 1000 --files 50 for fewer)
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { damaged } from '../support/damaged-bytes.ts';
import { show } from '../support/engine.ts';
import { randomValue, VALUE_KINDS } from '../support/random-values.ts';
import { sealFile, sealPayload } from '../support/rdb-bytes.ts';
import { RespClient } from '../support/resp-client.ts';
import { chosenSeed, SeededRandom } from '../support/seeded-random.ts';
import { type RunningServer, startRedstart } from '../support/server.ts';

const FOOTER_BYTES = 10;
const CHECKSUM_BYTES = 8;
const DAMAGED_PER_VALUE = 25;
const DAMAGED_PER_FILE = 25;
/** Every so many files one is loaded by a server that starts with it. */
const STARTED_EVERY = 10;
const REPLY_MS_MAX = 10_000;
/** More than this above where it began, the server has believed a length. */
const RESIDENT_GROWTH_MAX = 256 * 1024 * 1024;
/** Commands that read a key of any type to its end. */
const READERS: readonly (readonly string[])[] = [
  ['LRANGE', 'b', '0', '-1'],
  ['HGETALL', 'b'],
  ['SMEMBERS', 'b'],
  ['ZRANGE', 'b', '0', '-1', 'WITHSCORES'],
  ['XRANGE', 'b', '-', '+'],
  ['XINFO', 'STREAM', 'b', 'FULL', 'COUNT', '0'],
  ['DUMP', 'b'],
  ['COPY', 'b', 'c', 'REPLACE'],
];

/** A server, and the most that it has taken. */
class Subject {
  readonly client: RespClient;
  readonly #server: RunningServer;
  readonly #residentBefore: number;
  residentMax = 0;

  constructor(server: RunningServer, client: RespClient) {
    this.#server = server;
    this.client = client;
    this.#residentBefore = this.#status('VmRSS');
  }

  async text(...words: readonly (string | Buffer)[]): Promise<string> {
    this.client.send(words);
    return show(await this.client.read(REPLY_MS_MAX));
  }

  /** Throws when it takes more memory than it may. */
  checkMemory(): void {
    this.residentMax = Math.max(this.residentMax, this.#status('VmHWM') - this.#residentBefore);
    if (this.residentMax <= RESIDENT_GROWTH_MAX) return;
    throw new Error(`the server has taken ${this.residentMax} bytes more`);
  }

  #status(field: string): number {
    const text = readFileSync(`/proc/${this.#server.process.pid}/status`, 'latin1');
    return Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(text)![1]) * 1024;
  }
}

async function fillKey(subject: Subject, random: SeededRandom, key: string): Promise<void> {
  for (const line of randomValue(random, random.pick(VALUE_KINDS), key)) {
    await subject.text(...line);
  }
}

/** Restores so many; how many of them were taken. */
async function restoreMany(subject: Subject, seed: number, count: number): Promise<number> {
  let taken = 0;
  let value = Buffer.alloc(0);
  for (let i = 0; i < count; i++) {
    const random = new SeededRandom(seed + i);
    if (i % DAMAGED_PER_VALUE === 0) {
      await subject.text('FLUSHALL');
      await fillKey(subject, random, 'a');
      const dumped = await subject.client.call('DUMP', 'a');
      if (dumped.type !== 'bulk') throw new Error(`${dumped.type} in place of a payload`);
      value = Buffer.from(dumped.bytes.subarray(0, -FOOTER_BYTES));
      subject.checkMemory();
    }
    const payload = sealPayload(damaged(random, value));
    const reply = await subject.text('RESTORE', 'b', '0', payload, 'REPLACE');
    if (reply === 'OK') {
      taken++;
      for (const line of READERS) subject.client.send(line);
      for (const _ of READERS) await subject.client.read(REPLY_MS_MAX);
    } else if (reply !== '(error) ERR Bad data format') {
      throw new Error(`SEED=${seed + i}: ${reply}`);
    }
  }
  await subject.text('FLUSHALL');
  return taken;
}

/** Loads so many files, some of them at the start of a server; how many were taken. */
async function loadMany(subject: Subject, dir: string, seed: number, count: number) {
  const path = join(dir, 'dump.rdb');
  let taken = 0;
  let whole = Buffer.alloc(0);
  for (let i = 0; i < count; i++) {
    const random = new SeededRandom(seed + i);
    if (i % DAMAGED_PER_FILE === 0) {
      await subject.text('FLUSHALL');
      for (let key = 0; key < 12; key++) await fillKey(subject, random, `key ${key}`);
      await subject.text('EXPIRE', 'key 0', '10000');
      if ((await subject.text('SAVE')) !== 'OK') throw new Error('SAVE has failed');
      whole = readFileSync(path);
    }
    const isSealed = random.fraction() < 0.8;
    const bytes = isSealed
      ? sealFile(damaged(random, whole.subarray(0, -CHECKSUM_BYTES)))
      : damaged(random, whole);
    writeFileSync(path, bytes);
    const reply = await subject.text('DEBUG', 'RELOAD', 'NOSAVE');
    if (reply === 'OK') {
      taken++;
      await subject.text('DEBUG', 'DIGEST');
    } else if (!/Error trying to load the RDB dump/.test(reply)) {
      throw new Error(`SEED=${seed + i}: ${reply}`);
    }
    subject.checkMemory();
    if (i % STARTED_EVERY === 0) await startWith(dir, reply === 'OK', seed + i);
    if (!readFileSync(path).equals(bytes))
      throw new Error(`SEED=${seed + i}: the file was changed`);
  }
  return taken;
}

/** A server that starts with a file takes it, or says what is wrong with it and ends. */
async function startWith(dir: string, isSound: boolean, seed: number): Promise<void> {
  const started = await startRedstart(['--dir', dir]).catch((problem: Error) => problem);
  if (started instanceof Error) {
    const isRefused = /ended with code 1 .*/.test(started.message);
    const tells = /cannot be loaded/.test(started.message);
    if (isSound || !isRefused || !tells) throw new Error(`SEED=${seed}: ${started.message}`);
    return;
  }
  await started.stop();
  if (!isSound) throw new Error(`SEED=${seed}: a file that was refused was taken at the start`);
}

const { values } = parseArgs({
  options: {
    payloads: { type: 'string', default: '20000' },
    files: { type: 'string', default: '500' },
  },
});
const seed = chosenSeed();
console.log(`damaged input: SEED=${seed}`);
const dir = mkdtempSync(join(tmpdir(), 'redstart-damaged-'));
const server = await startRedstart(['--dir', dir, '--enable-debug-command', 'yes']);
try {
  const subject = new Subject(server, await RespClient.connect(server.port));
  const mib = () => `${(subject.residentMax / 2 ** 20).toFixed(0)} MiB more at most`;
  let startMs = performance.now();
  const seconds = () => `${((performance.now() - startMs) / 1000).toFixed(0)} s`;
  const restored = await restoreMany(subject, seed, Number(values.payloads));
  console.log(
    `${values.payloads} payloads: ${restored} taken, the others refused; ${mib()}, ${seconds()}`,
  );
  startMs = performance.now();
  const loaded = await loadMany(subject, dir, seed, Number(values.files));
  console.log(`${values.files} files: ${loaded} taken, the others refused; ${mib()}, ${seconds()}`);
  if ((await subject.text('PING')) !== 'PONG') throw new Error('the server does not answer');
  await subject.client.close();
} finally {
  await server.stop();
  rmSync(dir, { recursive: true, force: true });
}
