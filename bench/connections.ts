/**
 * What a connection costs a server that nobody asks anything: resident memory per idle connection,
 * and what is left of thousands that have come and gone.
 *
 * The figures are differences of the resident set of one process each: before the first
 * connections, with all of them idle, and after cycles of connecting, PING and disconnecting. A
 * server that collects its garbage when it wants to is given time to.
 */
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { runCommand } from './command-line.ts';
import { residentBytes } from './cpu.ts';
import { commonOptions, optionalCount, subjectOf } from './options.ts';
import { Progress } from './progress.ts';
import { encodeCommand } from './requests.ts';
import { redisCommand, Server, type ServerCommand } from './servers.ts';
import { formatTable } from './table.ts';

const HELP = `Usage: npm run bench:connections -- [options]

Memory of the server per idle connection, and its growth over many connections.

  --connections N     idle connections (10000)
  --cycles N          times that a client connects, sends PING and disconnects (5000)
  --node PATH         the node binary that runs Redstart (default: the one running this)
  --subject 'CMD'     another server in Redstart's place
  --help              this text
`;

/** Most an idle connection may take. */
const TARGET_BYTES = 20_000;
/** Connections that are opened at once. */
const TOGETHER = 50;
/** Connections that come and go at first, so that there is code for it. */
const WARMUP_CYCLES = 100;
const SETTLE_MS = 3_000;
/** Of both ends, and of the files that a process has open in any case. */
const OTHER_FILES = 200;

const PING = encodeCommand(['PING']);
const PONG = '+PONG\r\n';

interface Cost {
  readonly perConnection: number;
  /** When all are gone, and as many more as there are cycles, above what it was at first. */
  readonly left: number;
  /** What twice as many cycles have added to that. */
  readonly growth: number;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      connections: { type: 'string' },
      cycles: { type: 'string' },
      ...commonOptions,
    },
  });
  if (values.help) return console.log(HELP);
  const connections = optionalCount('connections', values.connections) ?? 10_000;
  const cycles = optionalCount('cycles', values.cycles) ?? 5_000;
  requireFiles(connections);
  const subjects = [subjectOf(values), redisCommand];
  const progress = new Progress(subjects.length * 4);
  const costs: (readonly [name: string, cost: Cost])[] = [];
  try {
    for (const subject of subjects) {
      costs.push([subject.name, await measure(subject, connections, cycles, progress)]);
    }
  } finally {
    progress.stop();
  }
  report(costs, connections, cycles);
}

async function measure(
  how: ServerCommand,
  connections: number,
  cycles: number,
  progress: Progress,
): Promise<Cost> {
  const flags = ['--maxclients', String(connections + 100)];
  const server = await Server.start({ ...how, command: [...how.command, ...flags] });
  try {
    progress.doing(`${how.name} is warming up`);
    await comeAndGo(server.port, WARMUP_CYCLES);
    const before = await settledBytes(server);
    progress.advance();

    progress.doing(`${how.name} with ${connections} connections`);
    const sockets = await open(server.port, connections);
    const full = await settledBytes(server);
    progress.advance();

    for (const socket of sockets) socket.destroy();
    progress.doing(`${how.name}, ${cycles} come and go`);
    await comeAndGo(server.port, cycles);
    const once = await settledBytes(server);
    progress.advance();

    await comeAndGo(server.port, 2 * cycles);
    const thrice = await settledBytes(server);
    progress.advance();
    return {
      perConnection: (full - before) / connections,
      left: once - before,
      growth: thrice - once,
    };
  } finally {
    await server.stop();
  }
}

/** Connections that have been answered once. */
async function open(port: number, count: number): Promise<Socket[]> {
  const sockets: Socket[] = [];
  while (sockets.length < count) {
    const some = Math.min(TOGETHER, count - sockets.length);
    sockets.push(...(await Promise.all(Array.from({ length: some }, () => openOne(port)))));
  }
  return sockets;
}

async function comeAndGo(port: number, count: number): Promise<void> {
  for (let left = count; left > 0; left -= TOGETHER) {
    for (const socket of await open(port, Math.min(TOGETHER, left))) socket.destroy();
  }
}

function openOne(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('error', reject);
    socket.once('connect', () => socket.write(PING));
    socket.once('data', (data) => {
      if (data.toString() === PONG) resolve(socket);
      else reject(new Error(`in place of PONG: ${data.toString().trim()}`));
    });
  });
}

/** The least that is resident while the server is left alone for a while. */
async function settledBytes({ pid }: Server): Promise<number> {
  let least = residentBytes(pid);
  for (let waitedMs = 0; waitedMs < SETTLE_MS; waitedMs += 100) {
    await sleep(100);
    least = Math.min(least, residentBytes(pid));
  }
  return least;
}

/** Throws when this process, or a server that it starts, may not open so many connections. */
function requireFiles(connections: number): void {
  const limits = readFileSync('/proc/self/limits', 'latin1');
  const filesMax = Number(/^Max open files +(\d+)/m.exec(limits)?.[1] ?? Number.POSITIVE_INFINITY);
  if (filesMax >= connections + OTHER_FILES) return;
  throw new Error(`this needs more open files than ${filesMax}: ulimit -n ${connections + 1000}`);
}

function report(
  costs: readonly (readonly [string, Cost])[],
  connections: number,
  cycles: number,
): void {
  const columns = [
    { title: `${connections} idle connections`, align: 'left' as const },
    { title: 'KB each' },
    { title: `MB left after ${cycles} more` },
    { title: `growth in ${2 * cycles} more` },
  ];
  const rows = costs.map(([name, { perConnection, left, growth }]) => [
    name,
    (perConnection / 1000).toFixed(1),
    (left / 1e6).toFixed(1),
    (growth / 1e6).toFixed(1),
  ]);
  console.log(formatTable(columns, rows));
  const [[name, { perConnection }]] = costs as [readonly [string, Cost]];
  const verdict = perConnection <= TARGET_BYTES ? 'within' : 'MISSES';
  console.log(`\n${name} ${verdict} the target of ${TARGET_BYTES / 1000} KB.`);
}

runCommand(main);
