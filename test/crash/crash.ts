/**
 * `npm run test:crash [-- --rounds N --policy everysec]`: a server under load is killed at a random
 * moment, started again, and compared with what its clients were told.
 *
 * Clients change keys of all types, in transactions, scripts and one by one, with several steps on
 * their way; see worker.ts and queue.ts. With `always` everything that was answered must be there,
 * with `everysec` all but two seconds, and nothing else. Kills come under load, while a snapshot is
 * written, while the append-only file is rewritten, and again and again while the server starts.
 * Every other one takes with it what was not synchronised, as a loss of power does; see
 * page-cache.mjs. First of all it is seen that a disk that lies is found out.
 */
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { checkRdb } from '../../src/persistence/check-rdb.ts';
import { show } from '../support/engine.ts';
import { startInProcess } from '../support/in-process.ts';
import { RespClient } from '../support/resp-client.ts';
import { chosenSeed, SeededRandom } from '../support/seeded-random.ts';
import { freePort } from '../support/server.ts';
import { Queue } from './queue.ts';
import { NotReadyError, sleep, Victim } from './victim.ts';
import { type Verdict, Worker } from './worker.ts';

const CLIENTS = 5;
/** With `everysec` long enough for some of it to be older than what may be lost. */
const LOAD_MS_MAX: Readonly<Record<string, number>> = { always: 900, everysec: 4500 };
/** Keys that nobody changes, so that snapshots and starts take their time. */
const BALLAST_KEYS = 60_000;
const BALLAST_DATABASE = '3';
/** What `everysec` may lose, and what the machine may be late. */
const LOST_MS_MAX = 2000 + 500;
/** How long what was to live for a moment is waited for. */
const SHORT_MS_MAX = 100;
const LIED_ROUNDS_MAX = 10;
const LIES = [
  ['always', 'sync'],
  ['always', 'write'],
  ['everysec', 'sync'],
] as const;
const MOMENTS = ['load', 'snapshot', 'rewrite', 'start'] as const;
type Moment = (typeof MOMENTS)[number];

/** What a round has seen. */
interface Round {
  readonly problems: readonly string[];
  readonly line: string;
  /** Whether the kill came where it was meant to. */
  readonly isHit: boolean;
}

/** One directory, the servers that one after another work in it, and their clients. */
class CrashTest {
  readonly #policy: string;
  readonly #lie: string;
  readonly #random: SeededRandom;
  readonly #dir = mkdtempSync(join(tmpdir(), 'redstart-crash-'));
  readonly #port: number;
  readonly #reference: RespClient;
  readonly #workers: readonly Worker[];
  readonly #queue = new Queue();
  #victim: Victim;
  #losesPower = true;
  /** How long the last of these took: kills come somewhere in it. */
  readonly #durationsMs: Record<Moment, number> = {
    load: 0,
    snapshot: 150,
    rewrite: 150,
    start: 400,
  };

  constructor(options: {
    policy: string;
    lie: string;
    seed: number;
    port: number;
    reference: RespClient;
  }) {
    this.#policy = options.policy;
    this.#lie = options.lie;
    this.#random = new SeededRandom(options.seed);
    this.#port = options.port;
    this.#reference = options.reference;
    const name = options.policy + options.lie;
    this.#workers = Array.from(
      { length: CLIENTS },
      (_, i) => new Worker(`${name}${i}`, options.seed + i),
    );
    this.#victim = this.#start();
  }

  /** Gives the first server what nobody changes. */
  async begin(): Promise<void> {
    const client = await this.#victim.ready();
    await client.call('SELECT', BALLAST_DATABASE);
    for (let i = 0; i < BALLAST_KEYS; i += 500) {
      const pairs = Array.from({ length: 500 }, (_, k) => [`ballast ${i + k}`, `value ${i + k}`]);
      client.send(['MSET', ...pairs.flat()]);
      await client.read();
    }
    await client.call('WAITAOF', '1', '0', '0');
    await client.close();
  }

  async end(): Promise<void> {
    await this.#victim.kill();
    rmSync(this.#dir, { recursive: true, force: true });
  }

  /** What is in the directory. */
  get files(): readonly string[] {
    return [...readdirSync(this.#dir), ...readdirSync(join(this.#dir, 'appendonlydir'))];
  }

  /** Works, kills and checks. */
  async round(moment: Moment): Promise<Round> {
    const random = this.#random;
    const loads = this.#workers.map((worker) => worker.work(this.#port));
    loads.push(this.#queue.push(this.#port), this.#queue.take(this.#port));
    const control = await RespClient.connect(this.#port);
    await sleep(random.integer(50, LOAD_MS_MAX[this.#policy]!));
    let isHit = await this.#approach(control, moment);
    const killedMs = performance.now();
    await this.#victim.kill();
    await Promise.all([...loads, control.close()]);
    const power = this.#losesPower ? 'power lost' : 'killed';
    this.#losesPower = this.#lie !== '' || random.fraction() < 0.5;
    if (moment === 'start') isHit = await this.#killStarts(random.integer(1, 4));
    const startMs = performance.now();
    this.#victim = this.#start();
    const server = await this.#victim.ready();
    this.#durationsMs.start = performance.now() - startMs;
    const problems = await this.#check(server, killedMs);
    const what = `${moment}${isHit ? '' : ' (missed)'}, ${power}`;
    return { problems: problems.wrong, line: `${what}: ${problems.figures}`, isHit };
  }

  #start(): Victim {
    return new Victim({
      port: this.#port,
      dir: this.#dir,
      policy: this.#policy,
      losesPower: this.#losesPower,
      lie: this.#lie,
    });
  }

  /** Waits for the moment of a kill; whether it has come. */
  async #approach(control: RespClient, moment: Moment): Promise<boolean> {
    if (moment === 'load' || moment === 'start') return true;
    const [command, sign] =
      moment === 'snapshot'
        ? ['BGSAVE', 'rdb_bgsave_in_progress:1']
        : ['BGREWRITEAOF', 'aof_rewrite_in_progress:1'];
    const startMs = performance.now();
    await control.call(command);
    const isUnderWay = async () => show(await control.call('INFO', 'persistence')).includes(sign);
    const elapsed = () => performance.now() - startMs;
    const killMs = this.#random.fraction() * this.#durationsMs[moment];
    while (elapsed() < killMs) {
      if (!(await isUnderWay())) {
        this.#durationsMs[moment] = elapsed();
        return false;
      }
      await sleep(2);
    }
    // It was longer than the last: the next kill may come later.
    this.#durationsMs[moment] *= 1.3;
    return isUnderWay();
  }

  /** Starts servers and kills them before they are ready; whether that was so. */
  async #killStarts(times: number): Promise<boolean> {
    let isHit = false;
    for (let left = times; left > 0; left--) {
      const victim = this.#start();
      let isReady = false;
      const ready = victim.ready().then(
        (client) => {
          isReady = true;
          return client.close();
        },
        () => undefined,
      );
      await sleep(this.#random.fraction() * this.#durationsMs.start);
      isHit ||= !isReady;
      await victim.kill();
      await ready;
    }
    return isHit;
  }

  async #check(
    server: RespClient,
    killedMs: number,
  ): Promise<{ wrong: string[]; figures: string }> {
    await sleep(Math.max(0, SHORT_MS_MAX - (performance.now() - killedMs)));
    const promisedMs = this.#policy === 'always' ? performance.now() : killedMs - LOST_MS_MAX;
    const verdicts: Verdict[] = [];
    for (const worker of this.#workers) {
      verdicts.push(await worker.check(server, this.#reference, promisedMs, killedMs));
    }
    const wrong = verdicts.flatMap(({ problem }) => (problem === null ? [] : [problem]));
    const queueProblem = await this.#queue.check(server, promisedMs);
    if (queueProblem !== null) wrong.push(queueProblem);
    wrong.push(...(await this.#checkBallast(server)), ...this.#checkSnapshot());
    await server.close();
    const sum = (of: 'sent' | 'answered' | 'kept') =>
      verdicts.reduce((all, each) => all + each[of], 0);
    const lostMs = Math.max(...verdicts.map((verdict) => verdict.lostMs));
    const figures = `${sum('sent')} steps sent, ${sum('answered')} answered, ${sum('kept')} kept`;
    return { wrong, figures: `${figures}, the last ${lostMs.toFixed(0)} ms lost` };
  }

  async #checkBallast(server: RespClient): Promise<string[]> {
    await server.call('SELECT', BALLAST_DATABASE);
    const size = show(await server.call('DBSIZE'));
    const i = this.#random.integer(0, BALLAST_KEYS - 1);
    const value = show(await server.call('GET', `ballast ${i}`));
    await server.call('SELECT', '0');
    if (size === `(integer) ${BALLAST_KEYS}` && value === `"value ${i}"`) return [];
    return [`the keys that nobody has changed: ${size}, ballast ${i} is ${value}`];
  }

  /** A snapshot is whole or not there. */
  #checkSnapshot(): string[] {
    const path = join(this.#dir, 'dump.rdb');
    if (!existsSync(path)) return [];
    const lines: string[] = [];
    return checkRdb([path], (line) => lines.push(line)) === 0 ? [] : lines;
  }
}

/** Whether a disk that lies is found out. */
async function findsOut(
  policy: string,
  lie: string,
  seed: number,
  reference: RespClient,
): Promise<boolean> {
  const what = `${policy}, on a disk that lies about each ${lie}`;
  const test = new CrashTest({ policy, lie, seed, port: await freePort(), reference });
  try {
    await test.begin();
    for (let round = 1; round <= LIED_ROUNDS_MAX; round++) {
      const { problems } = await test.round('load');
      if (problems.length === 0) continue;
      print(`${what}: found out, ${problems[0]}`);
      return true;
    }
  } catch (problem) {
    // A file with a gap does not load at all.
    if (!(problem instanceof NotReadyError)) throw problem;
    print(`${what}: found out, ${problem.message}`);
    return true;
  } finally {
    await test.end();
  }
  print(`${what}: NOT found out`);
  return false;
}

/** So many rounds with one policy; how many things were wrong. */
async function run(policy: string, rounds: number, seed: number, reference: RespClient) {
  const port = await freePort();
  const test = new CrashTest({ policy, lie: '', seed, port, reference });
  let hits = 0;
  try {
    await test.begin();
    for (let round = 1; round <= rounds; round++) {
      const { problems, line, isHit } = await test.round(MOMENTS[round % MOMENTS.length]!);
      if (isHit) hits++;
      print(`${policy} ${round}: ${line}`);
      for (const problem of problems) print(`  WRONG: ${problem}`);
      if (problems.length > 0) return problems.length;
    }
    print(`${policy}: ${hits} of ${rounds} kills came where they were meant to`);
    print(`${policy}: left behind are ${test.files.join(', ')}`);
    return hits >= rounds / 2 ? 0 : 1;
  } finally {
    await test.end();
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '50' }, policy: { type: 'string' } },
});
const seed = chosenSeed();
print(`SEED=${seed}`);
const { db, port } = await startInProcess();
const reference = await RespClient.connect(port);
let failures = 0;
for (const [policy, lie] of LIES) {
  if (!(await findsOut(policy, lie, seed, reference))) failures++;
}
for (const policy of ['always', 'everysec']) {
  if (values.policy !== undefined && values.policy !== policy) continue;
  failures += await run(policy, Number(values.rounds), seed, reference);
}
await reference.close();
await db.close();
print(failures === 0 ? 'Nothing was lost.' : `${failures} things are wrong.`);
process.exitCode = failures === 0 ? 0 : 1;
