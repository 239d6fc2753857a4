/**
 * What it costs the server to wake a client that waits in BLPOP: CPU time per client served, which
 * takes in its BLPOP, the RPUSH that ends its wait, and both replies. The servers take turns,
 * several rounds, medians.
 *
 * The next elements are pushed once all of the last ones have arrived, and more clients wait than
 * are pushed together, so that each of them wakes somebody. That they are woken in the order in
 * which they wait is checked where the replies arrive.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { reportOf } from './child-reports.ts';
import { runCommand } from './command-line.ts';
import { cpuMicrosBetween, readCpu } from './cpu.ts';
import { commonOptions, optionalCount, subjectOf } from './options.ts';
import { Progress } from './progress.ts';
import { encodeCommand } from './requests.ts';
import { redisCommand, type Server, startServers } from './servers.ts';
import { median } from './statistics.ts';
import { formatTable } from './table.ts';
import type { Expectation, WaiterReport, WaitOrder } from './waiter-process.ts';

const HELP = `Usage: npm run bench:wakeups -- [options]

CPU time of the server per client that BLPOP has made wait and RPUSH wakes.

  --waiters N         clients that wait, at least 200 (10000)
  --wakeups N         clients woken per round (20000)
  --rounds N          rounds per server and case (5)
  --node PATH         the node binary that runs Redstart (default: the one running this)
  --subject 'CMD'     another server in Redstart's place
  --help              this text
`;

/** All wait for one list or each for his own; so many elements are pushed together. */
interface Case {
  readonly title: string;
  readonly sharesList: boolean;
  readonly together: number;
}

const CASES: readonly Case[] = [
  { title: 'one list, one by one', sharesList: true, together: 1 },
  { title: 'one list, 100 at once', sharesList: true, together: 100 },
  { title: 'a list each, 100 at once', sharesList: false, together: 100 },
];

/** Clients woken before the first round that counts: as long as the compilers change something. */
const WARMUP_WAKEUPS = 120_000;
/** The same one by one, where the server waits for the others most of the time. */
const WARMUP_WAKEUPS_ONE = 20_000;

/** A server with clients that wait, and one that pushes. */
class Queue {
  readonly server: Server;
  readonly #lists: readonly string[];
  readonly #child: ChildProcess;
  readonly #pusher: Socket;
  #nextList = 0;
  #nextElement = 0;

  private constructor(
    server: Server,
    lists: readonly string[],
    child: ChildProcess,
    pusher: Socket,
  ) {
    this.server = server;
    this.#lists = lists;
    this.#child = child;
    this.#pusher = pusher;
  }

  static async gather(
    server: Server,
    lists: readonly string[],
    waiters: number,
    together: number,
  ): Promise<Queue> {
    const order: WaitOrder = { port: server.port, lists, waiters, disorderMax: together * 2 };
    const module = fileURLToPath(new URL('waiter-process.ts', import.meta.url));
    const child = fork(module, [JSON.stringify(order)]);
    const pusher = connect({ port: server.port, host: '127.0.0.1', noDelay: true });
    await Promise.all([reportOf<WaiterReport>(child, 'waiting'), once(pusher, 'connect')]);
    const queue = new Queue(server, lists, child, pusher);
    await queue.#untilAllWait(waiters);
    return queue;
  }

  /** Microseconds of the server's CPU per client woken. */
  async measure(wakeups: number, together: number): Promise<number> {
    const before = readCpu(this.server.pid);
    for (let woken = 0; woken < wakeups; woken += together) {
      const served = reportOf<WaiterReport>(this.#child, 'served');
      this.#child.send({ served: together } satisfies Expectation);
      this.#pusher.write(this.#pushes(together));
      await Promise.all([this.#untilAnswered(together), served]);
    }
    return cpuMicrosBetween(before, readCpu(this.server.pid)) / wakeups;
  }

  disperse(): void {
    this.#pusher.destroy();
    this.#child.kill();
  }

  #pushes(count: number): Buffer {
    const pushes: Buffer[] = [];
    for (let i = 0; i < count; i++) {
      const element = `element-${this.#nextElement++}`;
      pushes.push(encodeCommand(['RPUSH', this.#lists[this.#nextList]!, element]));
      this.#nextList = (this.#nextList + 1) % this.#lists.length;
    }
    return Buffer.concat(pushes);
  }

  /** Every push is answered with 1: its element goes to somebody who waits. */
  async #untilAnswered(pushes: number): Promise<void> {
    const expected = ':1\r\n'.repeat(pushes);
    let answers = '';
    while (answers.length < expected.length) {
      const [data] = (await once(this.#pusher, 'data')) as [Buffer];
      answers += data.toString('latin1');
    }
    if (answers !== expected) throw new Error(`${this.server.name}: somebody did not wait`);
  }

  async #untilAllWait(waiters: number): Promise<void> {
    for (let blocked = 0; blocked < waiters; ) {
      this.#pusher.write(encodeCommand(['INFO', 'clients']));
      const [data] = (await once(this.#pusher, 'data')) as [Buffer];
      blocked = Number(/blocked_clients:(\d+)/.exec(data.toString('latin1'))?.[1]);
    }
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      waiters: { type: 'string' },
      wakeups: { type: 'string' },
      rounds: { type: 'string' },
      ...commonOptions,
    },
  });
  if (values.help) return console.log(HELP);
  const waiters = optionalCount('waiters', values.waiters) ?? 10_000;
  if (waiters < 200) throw new Error('more clients are to wait than are woken together');
  const wakeups = optionalCount('wakeups', values.wakeups) ?? 20_000;
  const rounds = optionalCount('rounds', values.rounds) ?? 5;

  const flags = ['--maxclients', String(waiters + 100)];
  const commands = [subjectOf(values), redisCommand];
  const servers = await startServers(
    commands.map(({ name, command }) => ({ name, command: [...command, ...flags] })),
  );
  const progress = new Progress(servers.length * CASES.length * (rounds + 1));
  const found: number[][] = servers.map(() => []);
  try {
    for (const each of CASES) {
      const medians = await measureCase(servers, each, { waiters, wakeups, rounds }, progress);
      for (const [i, micros] of medians.entries()) found[i]!.push(micros);
    }
    progress.stop();
    report(servers, found);
    console.log(`\n${waiters} clients wait; each is woken by an element of its own.`);
  } finally {
    progress.stop();
    await Promise.all(servers.map((server) => server.stop()));
  }
}

interface Extent {
  readonly waiters: number;
  readonly wakeups: number;
  readonly rounds: number;
}

/** The median of each server. */
async function measureCase(
  servers: readonly Server[],
  { title, sharesList, together }: Case,
  { waiters, wakeups, rounds }: Extent,
  progress: Progress,
): Promise<number[]> {
  const lists = Array.from({ length: sharesList ? 1 : waiters }, (_, i) => `list:${i}`);
  const queues: Queue[] = [];
  try {
    for (const server of servers) queues.push(await Queue.gather(server, lists, waiters, together));
    const micros: number[][] = queues.map(() => []);
    // Round 0 is for the compilers and the caches.
    for (let round = 0; round <= rounds; round++) {
      const warmup = together === 1 ? WARMUP_WAKEUPS_ONE : WARMUP_WAKEUPS;
      for (const [i, queue] of queues.entries()) {
        progress.doing(`${title}, round ${round}, ${queue.server.name}`);
        const found = await queue.measure(round === 0 ? warmup : wakeups, together);
        if (round > 0) micros[i]!.push(found);
        progress.advance();
      }
    }
    return micros.map(median);
  } finally {
    for (const queue of queues) queue.disperse();
  }
}

function report(servers: readonly Server[], found: readonly (readonly number[])[]): void {
  const columns = [
    { title: 'us of CPU per client woken', align: 'left' as const },
    ...CASES.map(({ title }) => ({ title })),
  ];
  const rows = servers.map(({ name }, i) => [
    name,
    ...found[i]!.map((micros) => micros.toFixed(2)),
  ]);
  const [subject, redis] = found;
  rows.push(['ratio', ...subject!.map((micros, i) => (micros / redis![i]!).toFixed(2))]);
  console.log(formatTable(columns, rows));
}

runCommand(main);
