/**
 * `npm run test:crash [-- --rounds N]`: a server under load is killed at a random moment, started
 * again, and compared with what its clients were told.
 *
 * Each client has keys of its own, which it changes together in transactions, and one by one, so
 * that it knows what they must hold: everything up to its last step that was answered, or a few
 * steps more that were on their way. With `everysec`, in every other round, two seconds may be
 * missing. Kills come in the middle of commands, rewrites, snapshots and starts.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { show } from '../support/engine.ts';
import { RespClient } from '../support/resp-client.ts';
import { chosenSeed, SeededRandom } from '../support/seeded-random.ts';
import { freePort } from '../support/server.ts';

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const CLIENTS = 6;
const LOAD_MS_MAX = 1500;
const START_MS_MAX = 20_000;
/** What `everysec` may lose, and what the machine may be late. */
const LOST_MS_MAX = 2000 + 500;

/** One client: what it has sent and what was answered, and when. */
class Worker {
  readonly name: string;
  sent: number;
  answeredMs: number[];
  /** Steps that are known to be done. */
  done: number;

  constructor(name: string, done: number) {
    this.name = name;
    this.sent = done;
    this.done = done;
    this.answeredMs = [];
  }

  /** Works until the connection ends. */
  async work(port: number, random: SeededRandom): Promise<void> {
    const client = await RespClient.connect(port);
    try {
      for (;;) {
        this.sent++;
        for (const line of this.#step(this.sent)) client.send(line);
        // MULTI and the commands that are queued, EXEC, and one command by itself.
        for (let left = 10; left > 0; left--) await client.read(30_000);
        this.done = this.sent;
        this.answeredMs.push(performance.now());
        if (this.name === 'c0' && random.fraction() < 0.02) {
          await client.call(random.pick(['BGREWRITEAOF', 'BGSAVE']));
        }
      }
    } catch {
      // The server is gone, or goes.
    } finally {
      client.close();
    }
  }

  #step(step: number): string[][] {
    const { name } = this;
    const n = String(step);
    return [
      ['MULTI'],
      ['INCR', `${name}:n`],
      ['RPUSH', `${name}:list`, n],
      ['HSET', `${name}:hash`, n, n],
      ['SADD', `${name}:set`, n],
      ['ZADD', `${name}:zset`, n, n],
      ['XADD', `${name}:stream`, `${n}-1`, 'f', n],
      ['SET', `${name}:string`, n, 'EX', '100000'],
      ['EXEC'],
      ['APPEND', `${name}:alone`, 'x'],
    ];
  }

  /** What is wrong with what the server has, or nothing. */
  async check(client: RespClient, mayLose: boolean, killedMs: number): Promise<string[]> {
    const { name } = this;
    const number = async (...line: string[]): Promise<number> => {
      const text = show(await client.call(...line));
      return Number(
        text
          .replace(/^\(integer\) |"/g, '')
          .replace('(nil)', '0')
          .replace('"', ''),
      );
    };
    const steps = await number('GET', `${name}:n`);
    const problems: string[] = [];
    const counts = {
      list: await number('LLEN', `${name}:list`),
      hash: await number('HLEN', `${name}:hash`),
      set: await number('SCARD', `${name}:set`),
      zset: await number('ZCARD', `${name}:zset`),
      stream: await number('XLEN', `${name}:stream`),
      string: await number('GET', `${name}:string`),
    };
    for (const [key, count] of Object.entries(counts)) {
      if (count !== steps) problems.push(`${name}: ${key} is of step ${count}, not ${steps}`);
    }
    const last = show(await client.call('LINDEX', `${name}:list`, '-1'));
    if (steps > 0 && last !== `"${steps}"`) problems.push(`${name}: the list ends with ${last}`);
    const alone = await number('STRLEN', `${name}:alone`);
    if (alone !== steps && alone !== steps - 1) problems.push(`${name}: ${alone} single steps`);
    const late = this.answeredMs.filter((ms) => ms > killedMs - LOST_MS_MAX).length;
    const least = mayLose ? this.done - late : this.done;
    if (Math.min(steps, alone) < least || steps > this.sent) {
      problems.push(`${name}: ${steps} steps, of which ${least} must be there, ${this.sent} may`);
    }
    // What is lost in the middle of a step is done again by nobody: bring both to the same.
    if (alone < steps) await client.call('APPEND', `${name}:alone`, 'x');
    this.sent = steps;
    this.done = steps;
    this.answeredMs = [];
    return problems;
  }
}

async function start(port: number, dir: string, policy: string): Promise<ChildProcess> {
  const flags = ['--port', String(port), '--dir', dir, '--save', '', '--appendonly', 'yes'];
  const child = spawn(process.execPath, [CLI, ...flags, '--appendfsync', policy], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child.stdout!.resume();
  return child;
}

async function ready(port: number, child: ChildProcess): Promise<RespClient> {
  const deadlineMs = performance.now() + START_MS_MAX;
  while (performance.now() < deadlineMs) {
    if (child.exitCode !== null) throw new Error(`the server ended with code ${child.exitCode}`);
    try {
      const client = await RespClient.connect(port);
      if (show(await client.call('PING')) === 'PONG') return client;
      client.close();
    } catch {
      // Not yet.
    }
    await sleep(20);
  }
  throw new Error('the server was not ready in time');
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

async function run(rounds: number, seed: number): Promise<number> {
  const random = new SeededRandom(seed);
  const dir = mkdtempSync(join(tmpdir(), 'redstart-crash-'));
  const port = await freePort();
  const workers = Array.from({ length: CLIENTS }, (_, i) => new Worker(`c${i}`, 0));
  let failures = 0;
  try {
    for (let round = 1; round <= rounds; round++) {
      const policy = round % 2 === 1 ? 'always' : 'everysec';
      let child = await start(port, dir, policy);
      (await ready(port, child)).close();
      const load = workers.map((worker) => worker.work(port, random));
      await sleep(random.integer(50, LOAD_MS_MAX));
      const killedMs = performance.now();
      await kill(child);
      await Promise.all(load);
      for (; random.fraction() < 0.4; await kill(child)) {
        child = await start(port, dir, policy);
        await sleep(random.integer(0, 300));
      }
      child = await start(port, dir, policy);
      const client = await ready(port, child);
      const problems: string[] = [];
      for (const worker of workers) {
        problems.push(...(await worker.check(client, policy === 'everysec', killedMs)));
      }
      client.close();
      await stop(child);
      failures += problems.length;
      const steps = workers.reduce((sum, { done }) => sum + done, 0);
      process.stdout.write(`round ${round}, ${policy}: ${steps} steps, ${problems.length} wrong\n`);
      for (const problem of problems) process.stdout.write(`  ${problem}\n`);
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
  return failures;
}

/** Ends a server in good order, so that the next round begins with what this one has seen. */
async function stop(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '50' } } });
const seed = chosenSeed();
process.stdout.write(`SEED=${seed}\n`);
const failures = await run(Number(values.rounds), seed);
process.stdout.write(failures === 0 ? 'Nothing was lost.\n' : `${failures} things are wrong.\n`);
process.exitCode = failures === 0 ? 0 : 1;
