/**
 * How much memory a server gives back after mass deletions, how soon, and who notices: half of the
 * keys, or of the members of one large collection, are deleted at random, then all that is left.
 * Each case has a fresh server, so that none finds memory that another one left behind.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { runCommand } from './command-line.ts';
import { Control } from './control.ts';
import { cpuMicrosBetween, readCpu, residentBytes } from './cpu.ts';
import { LatencyProbe } from './latency-probe.ts';
import { runLoad } from './load.ts';
import { commonOptions, optionalCount, subjectOf } from './options.ts';
import { Progress } from './progress.ts';
import {
  type BatchSource,
  CommandTemplate,
  encodeCommand,
  INDEX,
  templateBatches,
} from './requests.ts';
import { Server, type ServerCommand } from './servers.ts';
import { percentile } from './statistics.ts';
import { formatTable } from './table.ts';
import { seededRandom } from './zipf.ts';

const HELP = `Usage: npm run bench:giveback -- [options]

What a server holds beyond what it uses after half of everything was deleted at random, how long
it takes to give that back, what that costs and who notices; then the same after FLUSHALL.

  --items N           keys of 3 bytes, or members; fewer where they are large (2000000)
  --only CASES        those whose names contain one of these words, separated by commas
  --seed N            seed of what is deleted (default: the SEED variable, or 1)
  --node PATH         the node binary that runs Redstart (default: the one running this)
  --subject 'CMD'     another server in Redstart's place
  --help              this text
`;

/** Held may be so many times what is used. */
const RATIO_MAX = 1.25;
const WAIT_MS_MAX = 30_000;
/** Who has given nothing back for so long gives nothing more. */
const SETTLED_MS = 1500;
const LOOK_EVERY_MS = 50;
const PIPELINE = 64;
const MIB = 1024 * 1024;

interface Case {
  readonly name: string;
  /** Makes one of `items / per` keys or members. */
  readonly add: readonly string[];
  readonly remove: readonly string[];
  readonly per: number;
}

const key = `key:${INDEX}`;
const element = `element:${INDEX}`;

function keys(name: string, add: readonly string[], per: number): Case {
  return { name, add, remove: ['DEL', key], per };
}

function members(name: string, add: readonly string[], remove: readonly string[]): Case {
  return { name, add, remove, per: 1 };
}

function series<T>(count: number, one: (i: number) => readonly T[]): T[] {
  return Array.from({ length: count }, (_, i) => one(i)).flat();
}

/** `count` keys of a type that takes elements after one another, and pairs. */
function ofMany(count: number): Case[] {
  const names = series(count, (i) => [`element:${i}`]);
  const pairs = series(count, (i) => [`field:${i}`, 'xxx']);
  const scores = series(count, (i) => [String(i), `element:${i}`]);
  return [
    keys(`hashes of ${count}`, ['HSET', key, ...pairs], count),
    keys(`sets of ${count}`, ['SADD', key, ...names], count),
    keys(`zsets of ${count}`, ['ZADD', key, ...scores], count),
    keys(`lists of ${count}`, ['RPUSH', key, ...names], count),
    keys(`streams with ${count} fields`, ['XADD', key, '*', ...pairs], count),
  ];
}

const cases: readonly Case[] = [
  keys('strings of 3 B', ['SET', key, 'xxx'], 1),
  keys('strings of 64 B, TTL', ['SET', key, 'x'.repeat(64), 'EX', '100000'], 1),
  keys('strings of 2 KiB', ['SET', key, 'x'.repeat(2048)], 10),
  keys('strings of 40 KiB', ['SET', key, 'x'.repeat(40 * 1024)], 200),
  ...ofMany(10),
  ...ofMany(1000),
  members('one hash', ['HSET', 'h', element, 'xxx'], ['HDEL', 'h', element]),
  members('one set', ['SADD', 's', element], ['SREM', 's', element]),
  members('one zset', ['ZADD', 'z', INDEX, element], ['ZREM', 'z', element]),
  members('one list', ['RPUSH', 'l', element], ['LPOP', 'l']),
  members('one stream', ['XADD', 's', `${INDEX}-1`, 'f', element], ['XDEL', 's', `${INDEX}-1`]),
];

/** A command for each second index below `count`, chosen at random. */
function halfOf(args: readonly string[], count: number, seed: number): BatchSource {
  const template = new CommandTemplate(args);
  const random = seededRandom(seed);
  let next = 0;
  return () => {
    const bytes = Buffer.allocUnsafe(template.length * PIPELINE);
    let commands = 0;
    for (; next < count && commands < PIPELINE; next++) {
      if (random() < 0.5) template.write(bytes, commands++ * template.length, next);
    }
    if (commands === 0) return undefined;
    return { bytes: bytes.subarray(0, commands * template.length), commands };
  };
}

interface Footprint {
  readonly used: number;
  readonly held: number;
  /** Whether the server says that it is at work on it. */
  readonly isAtWork: boolean;
}

interface Settling {
  readonly atOnce: Footprint;
  readonly atLast: Footprint;
  /** Until held was at most RATIO_MAX times what was used; undefined when it never was. */
  readonly ms: number | undefined;
  readonly cpuMs: number;
  readonly latencies: readonly number[];
}

class Trial {
  readonly #server: Server;
  readonly #control: Control;

  constructor(server: Server, control: Control) {
    this.#server = server;
    this.#control = control;
  }

  async footprint(): Promise<Footprint> {
    const info = await this.#control.info('memory');
    const number = (name: string) => Number(info.get(name));
    return {
      used: number('allocator_allocated'),
      held: number('allocator_resident'),
      isAtWork: number('active_defrag_running') + number('lazyfree_pending_objects') > 0,
    };
  }

  /** Waits until nothing more is given back, and looks at what that takes. */
  async settle(): Promise<Settling> {
    const { pid, port } = this.#server;
    const probe = new LatencyProbe(port, encodeCommand(['PING']));
    const startMs = performance.now();
    const before = readCpu(pid);
    const atOnce = await this.footprint();
    probe.start();
    let atLast = atOnce;
    let ms = isGood(atOnce) ? 0 : undefined;
    for (let changedMs = startMs; performance.now() - changedMs < SETTLED_MS; ) {
      await sleep(LOOK_EVERY_MS);
      const now = await this.footprint();
      const passedMs = performance.now() - startMs;
      if (isGood(now)) ms ??= passedMs;
      const isChanging = now.held !== atLast.held || now.used !== atLast.used;
      if (isChanging || now.isAtWork) changedMs = performance.now();
      atLast = now;
      if (passedMs > WAIT_MS_MAX) break;
    }
    const cpuMs = cpuMicrosBetween(before, readCpu(pid)) / 1000;
    const samples = await probe.stop();
    return { atOnce, atLast, ms, cpuMs, latencies: samples.map(({ latencyMs }) => latencyMs) };
  }

  /** Over one connection: the ids of a stream have their order. */
  load(source: BatchSource): Promise<unknown> {
    return runLoad(source, { port: this.#server.port, connections: 1 });
  }
}

function isGood({ used, held }: Footprint): boolean {
  return held <= used * RATIO_MAX;
}

async function measure(how: ServerCommand, one: Case, items: number, seed: number) {
  const count = Math.ceil(items / one.per);
  const server = await Server.start(how);
  try {
    const control = await Control.connect(server.port);
    const trial = new Trial(server, control);
    const empty = await trial.footprint();
    const emptyBytes = residentBytes(server.pid);
    await trial.load(templateBatches(one.add, { from: 0, to: count }, PIPELINE));
    const full = await trial.footprint();
    await trial.load(halfOf(one.remove, count, seed));
    const half = await trial.settle();
    await control.call('FLUSHALL');
    const none = await trial.settle();
    const residentMib = (residentBytes(server.pid) - emptyBytes) / MIB;
    control.close();
    return [
      one.name,
      String(count),
      ((full.used - empty.used) / MIB).toFixed(0),
      ratio(half.atOnce),
      half.ms === undefined ? 'never' : (half.ms / 1000).toFixed(1),
      ratio(half.atLast),
      half.cpuMs.toFixed(0),
      percentile(half.latencies, 0.999).toFixed(1),
      Math.max(...half.latencies, ...none.latencies).toFixed(1),
      (none.atLast.held / MIB).toFixed(1),
      residentMib.toFixed(1),
    ];
  } finally {
    await server.stop();
  }
}

function ratio({ used, held }: Footprint): string {
  return (held / used).toFixed(2);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      items: { type: 'string' },
      only: { type: 'string' },
      seed: { type: 'string', default: process.env.SEED ?? '1' },
      ...commonOptions,
    },
  });
  if (values.help) return console.log(HELP);
  const items = optionalCount('items', values.items) ?? 2_000_000;
  const seed = optionalCount('seed', values.seed)!;
  const words = values.only?.split(',') ?? [''];
  const chosen = cases.filter(({ name }) => words.some((word) => name.includes(word)));
  const progress = new Progress(chosen.length);
  const rows: string[][] = [];
  for (const one of chosen) {
    progress.doing(one.name);
    rows.push(await measure(subjectOf(values), one, items, seed));
    progress.advance();
  }
  progress.stop();
  const left = [{ title: 'what', align: 'left' as const }];
  const titles = ['count', 'MiB', 'held/used', `s to ${RATIO_MAX}`, 'at last', 'CPU ms'];
  const others = ['p99.9 ms', 'worst ms', 'empty: held MiB', 'resident MiB'];
  console.log(formatTable([...left, ...[...titles, ...others].map((title) => ({ title }))], rows));
  console.log(
    `\nSeed ${seed}. Half was deleted at random, then everything. held: allocator_resident.`,
  );
  console.log('resident: what the process takes more than before it had any data.');
}

runCommand(main);
