/**
 * How well a memory limit holds: writers put ten times as much into a server as it may keep. What
 * it uses at most, what the process takes at most, and what another client waits for its answers.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { runCommand } from './command-line.ts';
import { Control } from './control.ts';
import { watchDuring } from './gap-watch.ts';
import { starvedMs } from './latency-probe.ts';
import { type CostOrder, measureCosts } from './memory-limit-cost.ts';
import { commonOptions, optionalCount, subjectOf } from './options.ts';
import { overcommit } from './overcommit.ts';
import { redisCommand, type Server, type ServerCommand, startServers } from './servers.ts';
import { percentile } from './statistics.ts';
import { formatTable } from './table.ts';

const HELP = `Usage: npm run bench:memory-limit -- [options]

  --megabytes N       the limit (64)
  --times N           how often it is written in all (10)
  --writers N         clients that write (8)
  --policy NAME       maxmemory-policy (allkeys-lru)
  --seed N            of the sizes of values (1)
  --cost              in place of this: the CPU that a SET takes at the limit, under each policy
  --requests N        of each of its measurements (200000)
  --rounds N          of each (3)
  --node PATH         the node binary that runs Redstart (default: the one running this)
  --subject 'CMD'     another server in Redstart's place
  --help              this text
`;

/** What the server may keep while it warms up, and how long it may take to give that back. */
const WARM_LIMIT_BYTES = 2 * 1024 * 1024;
const WARM_MS = 1000;

interface Order {
  readonly limitBytes: number;
  readonly times: number;
  readonly writers: number;
  readonly policy: string;
  readonly seed: number;
}

/** Cells of the table for one server. */
async function measure(server: Server, idle: Server, order: Order): Promise<string[]> {
  const { limitBytes, times, writers, policy, seed } = order;
  const control = await Control.connect(server.port);
  await control.call('CONFIG', 'SET', 'maxmemory-policy', policy);
  await warmUp(server, control, order);
  const emptyBytes = residentBytes(server.pid);
  await control.call('CONFIG', 'SET', 'maxmemory', String(limitBytes));
  let usedMax = 0;
  let residentMax = 0;
  const look = async () => {
    usedMax = Math.max(usedMax, (await control.usedMemory())!);
    residentMax = Math.max(residentMax, residentBytes(server.pid));
  };
  const bytes = limitBytes * times;
  const { subject } = await watchDuring(server, idle, () => {
    return overcommit({ port: server.port, writers, bytes, seed, look });
  });
  const evicted = (await control.info('stats')).get('evicted_keys')!;
  control.close();
  const latencies = subject.map(({ latencyMs }) => latencyMs);
  const busy = subject.map((one) => Math.max(0, one.latencyMs - starvedMs(one)));
  return [
    server.name,
    ((usedMax / limitBytes) * 100).toFixed(2),
    ((residentMax - emptyBytes) / limitBytes).toFixed(2),
    percentile(latencies, 0.999).toFixed(2),
    percentile(busy, 0.999).toFixed(2),
    Math.max(...busy).toFixed(2),
    evicted,
  ];
}

/** Leaves the server empty, but with what it takes to have served the writers. */
async function warmUp(server: Server, control: Control, order: Order): Promise<void> {
  const { limitBytes, writers, seed } = order;
  await control.call('CONFIG', 'SET', 'maxmemory', String(WARM_LIMIT_BYTES));
  const look = () => Promise.resolve();
  await overcommit({ port: server.port, writers, bytes: limitBytes, seed, look });
  await control.call('CONFIG', 'SET', 'maxmemory', '0');
  await control.empty();
  await sleep(WARM_MS);
}

/** What the system says that a process takes. */
function residentBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)![1]) * 1024;
}

async function compareCosts(subject: ServerCommand, order: CostOrder): Promise<void> {
  const servers = await startServers([subject, redisCommand]);
  try {
    console.log(await measureCosts(servers, order));
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      megabytes: { type: 'string' },
      times: { type: 'string' },
      writers: { type: 'string' },
      policy: { type: 'string', default: 'allkeys-lru' },
      seed: { type: 'string' },
      cost: { type: 'boolean', default: false },
      requests: { type: 'string' },
      rounds: { type: 'string' },
      ...commonOptions,
    },
  });
  if (values.help) return console.log(HELP);
  const order: Order = {
    limitBytes: (optionalCount('megabytes', values.megabytes) ?? 64) * 1024 * 1024,
    times: optionalCount('times', values.times) ?? 10,
    writers: optionalCount('writers', values.writers) ?? 8,
    policy: values.policy,
    seed: optionalCount('seed', values.seed) ?? 1,
  };
  if (values.cost) {
    await compareCosts(subjectOf(values), {
      limitBytes: order.limitBytes,
      requests: optionalCount('requests', values.requests) ?? 200_000,
      rounds: optionalCount('rounds', values.rounds) ?? 3,
    });
    return;
  }
  const servers = await startServers([subjectOf(values), redisCommand, redisCommand]);
  const [subject, redis, idle] = servers;
  try {
    const rows = [await measure(subject!, idle!, order), await measure(redis!, idle!, order)];
    const columns = [
      { title: 'server', align: 'left' as const },
      { title: 'used max, % of limit' },
      { title: 'RSS beyond empty / limit' },
      { title: 'p99.9 of PING, ms' },
      { title: 'had it a CPU' },
      { title: 'longest' },
      { title: 'evicted' },
    ];
    console.log(formatTable(columns, rows));
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

runCommand(main);
