/**
 * Loads very many keys and watches from outside whether the server ever stands still: a table that
 * doubles, or a garbage collector that looks at all it holds, would show as gaps in its answers to
 * PING. An idle redis-server is watched by the same process at the same time, as the measure of
 * what the machine itself does.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runCommand } from './command-line.ts';
import { Control } from './control.ts';
import { residentBytes, stolenMillis } from './cpu.ts';
import { type Cause, causeOf, findGaps, type Gap, type Sample } from './latency-probe.ts';
import type { LoadOrder, LoadReport } from './load-process.ts';
import { commonOptions, optionalCount, subjectOf } from './options.ts';
import type { ProbeReport, Watched } from './probe-process.ts';
import { Progress } from './progress.ts';
import { redisCommand, type Server, startServers } from './servers.ts';
import { bucketCounts, percentiles } from './statistics.ts';
import { formatTable } from './table.ts';

const HELP = `Usage: npm run bench:bigload -- [options]

Gaps in a server's answers while many keys are loaded into it.

  --keys N            keys to load (20000000)
  --value-bytes N     bytes per value (16)
  --node PATH         the node binary that runs Redstart (default: the one running this)
  --subject 'CMD'     another server in Redstart's place
  --help              this text
`;

const GAP_MS = 5;
const GAPS_SHOWN_MAX = 10;
const BUCKET_LIMITS_MS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100];

interface Findings {
  readonly subject: readonly Sample[];
  readonly control: readonly Sample[];
  readonly loads: readonly LoadReport[];
  readonly stolenMs: number;
}

async function measure(subject: Server, idle: Server, order: LoadOrder): Promise<Findings> {
  const watched: Watched[] = [subject, idle].map(({ port, pid }) => ({ port, pid }));
  const prober = child('probe-process.ts', watched);
  const reported = message<ProbeReport>(prober);
  const loader = child('load-process.ts', order);
  const progress = new Progress(order.keys);
  const loads: LoadReport[] = [];
  const stolenBefore = stolenMillis();
  try {
    progress.doing(`loading ${subject.name}`);
    loader.on('message', (report: LoadReport) => {
      progress.advance(report.keys - (loads.at(-1)?.keys ?? 0));
      loads.push(report);
    });
    // Only a failed prober reports before it is told to stop.
    await Promise.race([ended(loader), reported]);
    prober.send('stop');
    const [ofSubject, ofControl] = (await reported).samples;
    const stolenMs = stolenMillis() - stolenBefore;
    return { subject: ofSubject!, control: ofControl!, loads, stolenMs };
  } finally {
    progress.stop();
    prober.kill();
    loader.kill();
  }
}

/** A module of this folder as a child process, its one argument as JSON. */
function child(module: string, argument: unknown): ChildProcess {
  const path = fileURLToPath(new URL(module, import.meta.url));
  return fork(path, [JSON.stringify(argument)]);
}

function ended(process: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    process.once('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`the load process ended with ${code}`)),
    );
  });
}

function message<T>(process: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    process.once('message', (received: T) => resolve(received));
    process.once('exit', (code) => reject(new Error(`the probe process ended with ${code}`)));
  });
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      keys: { type: 'string' },
      'value-bytes': { type: 'string' },
      ...commonOptions,
    },
  });
  if (values.help) return console.log(HELP);
  const keys = optionalCount('keys', values.keys) ?? 20_000_000;
  const valueBytes = optionalCount('value-bytes', values['value-bytes']) ?? 16;

  const idleCommand = { ...redisCommand, name: 'idle Redis' };
  const servers = await startServers([subjectOf(values), idleCommand]);
  try {
    const [subject, idle] = [servers[0]!, servers[1]!];
    const found = await measure(subject, idle, { port: subject.port, keys, valueBytes });
    subject.assertRunning();
    report(subject.name, found);
    await reportSize(subject, keys, valueBytes);
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

function report(name: string, { subject, control, loads, stolenMs }: Findings): void {
  const both: [string, readonly Sample[]][] = [
    [name, subject],
    ['idle Redis', control],
  ];
  const gapsOf = (samples: readonly Sample[]) => findGaps(samples, GAP_MS);
  const [subjectGaps, controlGaps] = [gapsOf(subject), gapsOf(control)];

  const summary = both.map(([server, samples]) => {
    const latencies = samples.map(({ latencyMs }) => latencyMs);
    const figures = percentiles(latencies, [0.5, 0.99, 0.999, 1]);
    const gaps = gapsOf(samples).length;
    return [server, String(samples.length), ...figures.map((ms) => ms.toFixed(2)), String(gaps)];
  });
  const titles = ['pings', 'p50 ms', 'p99 ms', 'p99.9 ms', 'worst ms', `gaps > ${GAP_MS} ms`];
  console.log(formatTable([serverColumn, ...titles.map((title) => ({ title }))], summary));

  const limits = BUCKET_LIMITS_MS.map((limit) => ({ title: `<=${limit}` }));
  const histogram = both.map(([server, samples]) => [
    server,
    ...bucketCounts(
      samples.map(({ latencyMs }) => latencyMs),
      BUCKET_LIMITS_MS,
    ).map(String),
  ]);
  console.log('\nPings by latency in milliseconds:');
  console.log(formatTable([serverColumn, ...limits, { title: 'more' }], histogram));
  console.log(`\nThe hypervisor kept the CPUs to itself for ${stolenMs} ms meanwhile.`);
  reportGaps(name, subjectGaps, controlGaps, loads);
}

const serverColumn = { title: 'server', align: 'left' as const };

function reportGaps(
  name: string,
  gaps: readonly Gap[],
  controlGaps: readonly Gap[],
  loads: readonly LoadReport[],
): void {
  const caused = gaps.map((gap) => ({ gap, cause: causeOf(gap, controlGaps, GAP_MS) }));
  const count = (cause: Cause) => caused.filter((one) => one.cause === cause).length;
  console.log(
    `${name}: ${gaps.length} gaps > ${GAP_MS} ms: ${count('server')} its own, ` +
      `${count('machine')} at the same time as the idle server, ${count('starved')} for want of a CPU.`,
  );
  if (gaps.length === 0) return;
  const longest = caused.sort((a, b) => b.gap.lengthMs - a.gap.lengthMs).slice(0, GAPS_SHOWN_MAX);
  const rows = longest.map(({ gap, cause }) => [
    gap.lengthMs.toFixed(2),
    gap.starvedMs.toFixed(2),
    String(loads.findLast(({ atMs }) => atMs <= gap.fromMs)?.keys ?? 0),
    cause,
  ]);
  const columns = [{ title: 'gap ms' }, { title: 'without CPU ms' }, { title: 'keys held' }];
  console.log(formatTable([...columns, { title: 'cause', align: 'left' }], rows));
}

/** What it came to, as a check that all keys are really there. */
async function reportSize(server: Server, keys: number, valueBytes: number): Promise<void> {
  const control = await Control.connect(server.port);
  const held = await control.call('DBSIZE');
  const used = await control.usedMemory();
  control.close();
  if (held !== keys) throw new Error(`${server.name} holds ${held} keys instead of ${keys}`);
  const perKey = (bytes: number) => `${(bytes / keys).toFixed(1)} B per key`;
  console.log(
    `\n${keys} keys of 16 B with values of ${valueBytes} B: ` +
      `used_memory ${used === undefined ? 'unknown' : perKey(used)}, ` +
      `resident ${perKey(residentBytes(server.pid))}.`,
  );
}

runCommand(main);
