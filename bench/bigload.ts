/**
 * Loads very many keys and watches from outside whether the server ever stands still: a table that
 * doubles, or a garbage collector that looks at all it holds, would show as gaps in its answers to
 * PING. What the machine itself does is watched at the same time: see gap-watch.ts.
 */
import { parseArgs } from 'node:util';
import { runCommand } from './command-line.ts';
import { Control } from './control.ts';
import { residentBytes } from './cpu.ts';
import {
  causedGaps,
  childModule,
  ended,
  GAP_MS,
  howCausesWereTold,
  type Watch,
  watchDuring,
} from './gap-watch.ts';
import { type Cause, type CausedGap, findGaps } from './gaps.ts';
import type { Sample } from './latency-probe.ts';
import type { LoadOrder, LoadReport } from './load-process.ts';
import { commonOptions, optionalCount, subjectOf } from './options.ts';
import { Progress } from './progress.ts';
import { INDEX } from './requests.ts';
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

const GAPS_SHOWN_MAX = 10;
const BUCKET_LIMITS_MS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100];

interface Findings {
  readonly watch: Watch;
  readonly loads: readonly LoadReport[];
}

async function measure(subject: Server, idle: Server, order: LoadOrder): Promise<Findings> {
  const progress = new Progress(order.count);
  const loads: LoadReport[] = [];
  progress.doing(`loading ${subject.name}`);
  try {
    const watch = await watchDuring(subject, idle, async () => {
      const loader = childModule('load-process.ts', order);
      loader.on('message', (report: LoadReport) => {
        progress.advance(report.done - (loads.at(-1)?.done ?? 0));
        loads.push(report);
      });
      await ended(loader);
    });
    return { watch, loads };
  } finally {
    progress.stop();
  }
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
    const command = ['SET', `key:${INDEX}`, 'x'.repeat(valueBytes)];
    const found = await measure(subject, idle, { port: subject.port, command, count: keys });
    subject.assertRunning();
    report(subject.name, found);
    await reportSize(subject, keys, valueBytes);
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

function report(name: string, { watch, loads }: Findings): void {
  const { subject, control } = watch;
  const both: [string, readonly Sample[]][] = [
    [name, subject],
    ['idle Redis', control],
  ];

  const summary = both.map(([server, samples]) => {
    const latencies = samples.map(({ latencyMs }) => latencyMs);
    const figures = percentiles(latencies, [0.5, 0.99, 0.999, 1]);
    const gaps = findGaps(samples, GAP_MS).length;
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
  console.log(`\n${howCausesWereTold(watch)}`);
  reportGaps(name, causedGaps(watch), loads);
}

const serverColumn = { title: 'server', align: 'left' as const };

function reportGaps(
  name: string,
  caused: readonly CausedGap[],
  loads: readonly LoadReport[],
): void {
  const count = (cause: Cause) => caused.filter((one) => one.cause === cause).length;
  console.log(
    `${name}: ${caused.length} gaps > ${GAP_MS} ms: ${count('server')} its own, ` +
      `${count('machine')} on a CPU that stood still, ${count('starved')} while others had it.`,
  );
  if (caused.length === 0) return;
  const longest = caused
    .toSorted((a, b) => b.ownMs - a.ownMs || b.gap.longest.latencyMs - a.gap.longest.latencyMs)
    .slice(0, GAPS_SHOWN_MAX);
  const rows = longest.map(({ gap, cause, starvedMs, absentMs, ownMs }) => {
    const { latencyMs, before, after } = gap.longest;
    const ranMs = after.ranMs - before.ranMs;
    const helpersMs = after.helpersRanMs - before.helpersRanMs;
    const parts = [latencyMs, starvedMs, absentMs, ownMs, ranMs, helpersMs];
    const held = loads.findLast(({ atMs }) => atMs <= gap.fromMs)?.done ?? 0;
    return [...parts.map((ms) => ms.toFixed(2)), String(held), cause];
  });
  const parts = ['gap ms', 'others ran', 'CPU still', 'own ms', 'main ran', 'helpers ran'];
  const titles = [...parts, 'keys held'];
  const cause = { title: 'cause', align: 'left' as const };
  console.log(formatTable([...titles.map((title) => ({ title })), cause], rows));
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
