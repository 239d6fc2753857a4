/**
 * Collections of very many members: each kind is built, scanned, copied, expired and deleted while
 * the server is watched for gaps in its answers to others (see gap-watch.ts).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { runCommand } from './command-line.ts';
import { Control } from './control.ts';
import {
  causedGaps,
  childModule,
  ended,
  GAP_MS,
  howCausesWereTold,
  type Watch,
  watchDuring,
} from './gap-watch.ts';
import { nowMs } from './latency-probe.ts';
import type { LoadOrder } from './load-process.ts';
import { commonOptions, optionalCount, subjectOf } from './options.ts';
import { Progress } from './progress.ts';
import { INDEX } from './requests.ts';
import { redisCommand, type Server, startServers } from './servers.ts';
import { formatTable } from './table.ts';

const HELP = `Usage: npm run bench:bigcollections -- [options]

Gaps in a server's answers while one large collection of each kind is built, scanned, copied,
expired and deleted. Copying takes time in proportion to the members by definition.

  --members N         members of each (10000000)
  --only KINDS        of hash, set, zset, list, stream, separated by commas
  --node PATH         the node binary that runs Redstart (default: the one running this)
  --subject 'CMD'     another server in Redstart's place
  --help              this text
`;

const KEY = 'large';
const COPY = 'copied';
/** Members asked for at a time. */
const SCAN_COUNT = 500;
/** used_memory that is not given back while nothing happens is what the server keeps. */
const SETTLED_MS = 400;

interface Kind {
  readonly name: string;
  /** Adds one member. */
  readonly command: readonly string[];
  readonly length: string;
  /** Reads all members in pieces. */
  readonly scan: (control: Control, members: number) => Promise<number>;
}

const element = `element:${INDEX}`;
const kinds: readonly Kind[] = [
  {
    name: 'hash',
    command: ['HSET', KEY, element, 'xxx'],
    length: 'HLEN',
    scan: byCursor('HSCAN', 2),
  },
  { name: 'set', command: ['SADD', KEY, element], length: 'SCARD', scan: byCursor('SSCAN', 1) },
  {
    name: 'zset',
    command: ['ZADD', KEY, INDEX, element],
    length: 'ZCARD',
    scan: byCursor('ZSCAN', 2),
  },
  { name: 'list', command: ['RPUSH', KEY, element], length: 'LLEN', scan: byIndex },
  { name: 'stream', command: ['XADD', KEY, '*', 'f', element], length: 'XLEN', scan: byId },
];

/** HSCAN and its like; an element of the reply stands for `1 / perMember` members. */
function byCursor(command: string, perMember: number): Kind['scan'] {
  return async (control) => {
    let cursor = '0';
    let found = 0;
    do {
      const reply = (await control.call(command, KEY, cursor, 'COUNT', String(SCAN_COUNT))) as [
        string,
        unknown[],
      ];
      cursor = reply[0];
      found += reply[1].length / perMember;
    } while (cursor !== '0');
    return found;
  };
}

async function byIndex(control: Control, members: number): Promise<number> {
  let found = 0;
  for (let from = 0; from < members; from += SCAN_COUNT) {
    const last = String(from + SCAN_COUNT - 1);
    found += ((await control.call('LRANGE', KEY, String(from), last)) as unknown[]).length;
  }
  return found;
}

async function byId(control: Control): Promise<number> {
  let found = 0;
  let from = '-';
  for (;;) {
    const reply = (await control.call('XRANGE', KEY, from, '+', 'COUNT', String(SCAN_COUNT))) as [
      string,
      unknown,
    ][];
    found += reply.length;
    if (reply.length < SCAN_COUNT) return found;
    from = `(${reply.at(-1)![0]}`;
  }
}

interface Phase {
  readonly kind: string;
  readonly name: string;
  readonly fromMs: number;
  readonly toMs: number;
}

class Run {
  readonly phases: Phase[] = [];
  readonly #subject: Server;
  readonly #control: Control;
  readonly #members: number;
  readonly #progress: Progress;

  constructor(subject: Server, control: Control, members: number, progress: Progress) {
    this.#subject = subject;
    this.#control = control;
    this.#members = members;
    this.#progress = progress;
  }

  async kind({ name, command, length, scan }: Kind): Promise<void> {
    const control = this.#control;
    await this.#phase(name, 'build', () => this.#build(command));
    await this.#expect(length, this.#members);
    await this.#phase(name, 'scan', async () => {
      const found = await scan(control, this.#members);
      if (found < this.#members) throw new Error(`scanning the ${name} found ${found} members`);
    });
    await this.#phase(name, 'copy', () => control.call('COPY', KEY, COPY));
    await this.#phase(name, 'expire', async () => {
      await control.call('PEXPIRE', COPY, '1');
      await this.#settle();
    });
    await this.#phase(name, 'delete', async () => {
      await control.call('DEL', KEY);
      await this.#settle();
    });
    await this.#expect('EXISTS', 0);
  }

  async #build(command: readonly string[]): Promise<void> {
    const order: LoadOrder = { port: this.#subject.port, command, count: this.#members };
    await ended(childModule('load-process.ts', order));
  }

  async #expect(command: string, wanted: number): Promise<void> {
    const found = await this.#control.call(command, KEY);
    if (found !== wanted) throw new Error(`${command} answers ${found} instead of ${wanted}`);
  }

  /** Waits until no more memory is given back. */
  async #settle(): Promise<void> {
    let before = Number.POSITIVE_INFINITY;
    for (;;) {
      await sleep(SETTLED_MS);
      const used = (await this.#control.usedMemory()) ?? 0;
      if (used >= before) return;
      before = used;
    }
  }

  async #phase(kind: string, name: string, work: () => Promise<unknown>): Promise<void> {
    this.#progress.doing(`${name} of the ${kind}`);
    const fromMs = nowMs();
    await work();
    this.phases.push({ kind, name, fromMs, toMs: nowMs() });
    this.#progress.advance();
  }
}

function report(watch: Watch, phases: readonly Phase[]): void {
  const rows = phases.map(({ kind, name, fromMs, toMs }) => {
    const samples = watch.subject.filter(({ sentMs }) => sentMs >= fromMs && sentMs < toMs);
    const worst = samples.reduce((max, { latencyMs }) => Math.max(max, latencyMs), 0);
    const gaps = causedGaps(watch, fromMs, toMs);
    const own = gaps.filter(({ cause }) => cause === 'server');
    const worstOwn = own.reduce((max, { gap }) => Math.max(max, gap.longest.latencyMs), 0);
    return [
      kind,
      name,
      ((toMs - fromMs) / 1000).toFixed(1),
      worst.toFixed(1),
      String(gaps.length),
      String(own.length),
      own.length === 0 ? '-' : worstOwn.toFixed(1),
    ];
  });
  const left = ['kind', 'phase'].map((title) => ({ title, align: 'left' as const }));
  const gaps = [`gaps > ${GAP_MS} ms`, 'its own', 'worst own ms'];
  const titles = ['seconds', 'worst ms', ...gaps].map((title) => ({ title }));
  console.log(formatTable([...left, ...titles], rows));
  console.log(`\n${howCausesWereTold(watch)}`);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { members: { type: 'string' }, only: { type: 'string' }, ...commonOptions },
  });
  if (values.help) return console.log(HELP);
  const members = optionalCount('members', values.members) ?? 10_000_000;
  const wanted = values.only?.split(',') ?? kinds.map(({ name }) => name);
  const chosen = kinds.filter(({ name }) => wanted.includes(name));

  const idleCommand = { ...redisCommand, name: 'idle Redis' };
  const servers = await startServers([subjectOf(values), idleCommand]);
  const [subject, idle] = [servers[0]!, servers[1]!];
  const progress = new Progress(chosen.length * 5);
  try {
    const control = await Control.connect(subject.port);
    const run = new Run(subject, control, members, progress);
    const watch = await watchDuring(subject, idle, async () => {
      for (const kind of chosen) await run.kind(kind);
    });
    control.close();
    progress.stop();
    report(watch, run.phases);
  } finally {
    progress.stop();
    await Promise.all(servers.map((server) => server.stop()));
  }
}

runCommand(main);
