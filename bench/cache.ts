/**
 * The hit ratio of every eviction policy, Redstart beside redis-server, on synthetic traces or on
 * one from a file. Both have the same memory for data: a share of what the whole data set takes in
 * redis-server, beyond what each of them uses when it is empty.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type CacheChartPart, cacheChart } from './cache-chart.ts';
import { CacheClient } from './cache-replay.ts';
import { syntheticTraces, type Trace, traceFromFile } from './cache-traces.ts';
import { runCommand } from './command-line.ts';
import { Control } from './control.ts';
import { commonOptions, optionalCount, subjectOf } from './options.ts';
import { Progress } from './progress.ts';
import { redisCommand, type Server, startServers } from './servers.ts';
import { formatTable } from './table.ts';

const HELP = `Usage: npm run bench:cache -- [options]

Hit ratio of every eviction policy at the same memory for data.

  --quick             fewer keys and requests, and of the volatile policies only some
  --keys N            keys of the data set (100000; 20000 with --quick)
  --requests N        requests of a trace (600000; 150000 with --quick)
  --percent N         cache size in percent of the data set, as redis-server holds it (10)
  --bytes N           bytes of a value (64)
  --only NAMES        policies, separated by commas
  --trace FILE        a trace of yours in place of the synthetic ones: one key in each line
  --seed N            of the synthetic traces (1)
  --node PATH         the node binary that runs Redstart (default: the one running this)
  --subject 'CMD'     another server in Redstart's place
  --help              this text
`;

const ALL_POLICIES = [
  'allkeys-lru',
  'allkeys-lfu',
  'allkeys-random',
  'allkeys-s3fifo',
  'volatile-lru',
  'volatile-lfu',
  'volatile-random',
  'volatile-ttl',
  'volatile-s3fifo',
];
const QUICK_POLICIES = ALL_POLICIES.slice(0, 4);
const CHART = fileURLToPath(new URL('results/cache.svg', import.meta.url));

/** Of all keys under a volatile policy, so that the one that falls due next is the oldest one. */
const EXPIRY_SECONDS = 3600;

interface Settings {
  readonly traces: readonly Trace[];
  readonly policies: readonly string[];
  readonly percent: number;
  readonly valueBytes: number;
}

interface Figure {
  readonly trace: string;
  readonly server: string;
  readonly policy: string;
  readonly ratio: number;
  readonly keysHeld: number;
}

/** Bytes that the keys of a trace take in redis-server when all are there. */
async function dataSetBytes(redis: Server, trace: Trace, valueBytes: number): Promise<number> {
  const control = await Control.connect(redis.port);
  const client = await CacheClient.connect(redis.port);
  try {
    await control.call('CONFIG', 'SET', 'maxmemory', '0');
    await control.empty();
    const before = (await control.usedMemory())!;
    const requests = Uint32Array.from(trace.keys, (_, i) => i);
    const options = { valueBytes, expirySeconds: undefined, warmUp: 0 };
    await client.hitRatio({ ...trace, requests }, options);
    return (await control.usedMemory())! - before;
  } finally {
    client.close();
    control.close();
  }
}

async function measure(
  server: Server,
  trace: Trace,
  policy: string,
  roomBytes: number,
  valueBytes: number,
): Promise<Figure> {
  const control = await Control.connect(server.port);
  const client = await CacheClient.connect(server.port);
  try {
    await control.call('CONFIG', 'SET', 'maxmemory', '0');
    await control.empty();
    await control.call('CONFIG', 'SET', 'maxmemory-policy', policy);
    const emptyBytes = (await control.usedMemory())!;
    const limit = String(Math.floor(emptyBytes + roomBytes));
    await control.call('CONFIG', 'SET', 'maxmemory', limit);
    const expirySeconds = policy.startsWith('volatile-') ? EXPIRY_SECONDS : undefined;
    const warmUp = Math.floor(trace.requests.length / 3);
    const ratio = await client.hitRatio(trace, { valueBytes, expirySeconds, warmUp });
    const keysHeld = Number(await control.call('DBSIZE'));
    return { trace: trace.name, server: server.name, policy, ratio, keysHeld };
  } finally {
    client.close();
    control.close();
  }
}

async function run(subject: Server, redis: Server, settings: Settings): Promise<Figure[]> {
  const { traces, policies, percent, valueBytes } = settings;
  const figures: Figure[] = [];
  const progress = new Progress(traces.length * policies.length * 2);
  for (const trace of traces) {
    const allBytes = await dataSetBytes(redis, baseOf(trace), valueBytes);
    const roomBytes = (allBytes * percent) / 100;
    for (const policy of policies) {
      for (const server of [redis, subject]) {
        const step = `${trace.name}, ${policy}, ${server.name}`;
        progress.doing(step);
        if (server !== redis || !policy.endsWith('-s3fifo')) {
          const figure = await measure(server, trace, policy, roomBytes, valueBytes);
          figures.push(figure);
          progress.done(`${step}: ${(figure.ratio * 100).toFixed(1)} %, ${figure.keysHeld} keys`);
        }
        progress.advance();
      }
    }
  }
  progress.stop();
  return figures;
}

/** The keys that the size of the cache is a share of: those of the scans are not. */
function baseOf(trace: Trace): Trace {
  if (!trace.name.endsWith('scans')) return trace;
  return { ...trace, keys: trace.keys.slice(0, trace.keys.length / 5) };
}

function report(figures: readonly Figure[], settings: Settings): string {
  const columns = [{ title: 'policy', align: 'left' as const }];
  const rows = settings.policies.map((policy) => {
    const cells = settings.traces.flatMap(({ name }) => {
      return ['Redis', 'Redstart', 'Subject']
        .map((server) => find(figures, name, server, policy))
        .filter((figure, i) => figure !== undefined || i === 0)
        .map((figure) => (figure === undefined ? '-' : (figure.ratio * 100).toFixed(1)));
    });
    return [policy, ...cells];
  });
  const titles = settings.traces.flatMap(({ name }) => [
    { title: `${name}: Redis` },
    { title: 'ours' },
  ]);
  return formatTable([...columns, ...titles], rows);
}

function find(figures: readonly Figure[], trace: string, server: string, policy: string) {
  return figures.find((figure) => {
    return figure.trace === trace && figure.server === server && figure.policy === policy;
  });
}

function chartParts(figures: readonly Figure[], traces: readonly Trace[]): CacheChartPart[] {
  return traces.map(({ name }) => ({
    title: name,
    bars: figures
      .filter(({ trace }) => trace === name)
      .toSorted((left, right) => right.ratio - left.ratio)
      .map(({ server, policy, ratio }) => ({
        label: `${server} ${policy}`,
        ratio,
        isSubject: server !== redisCommand.name,
      })),
  }));
}

/** What must hold of the figures, and whether it does. */
function verdicts(figures: readonly Figure[]): string[] {
  const lines: string[] = [];
  const ours = (trace: string, policy: string) =>
    figures.find((each) => {
      return each.trace === trace && each.policy === policy && each.server !== redisCommand.name;
    })?.ratio;
  const [mine, theirs] = [
    ours('zipf 0.99', 'allkeys-lru'),
    find(figures, 'zipf 0.99', redisCommand.name, 'allkeys-lru')?.ratio,
  ];
  if (mine !== undefined && theirs !== undefined) {
    const points = ((mine - theirs) * 100).toFixed(1);
    lines.push(`allkeys-lru on zipf 0.99: ${points} points more than Redis (must: 5)`);
  }
  for (const trace of ['zipf 0.7', 'zipf 0.99', 'zipf 0.99 with scans']) {
    const ratio = ours(trace, 'allkeys-s3fifo');
    const best = figures
      .filter((each) => each.trace === trace && each.server === redisCommand.name)
      .toSorted((left, right) => right.ratio - left.ratio)[0];
    if (ratio === undefined || best === undefined) continue;
    const points = ((ratio - best.ratio) * 100).toFixed(1);
    lines.push(
      `allkeys-s3fifo on ${trace}: ${points} points more than the best of Redis, ${best.policy}`,
    );
  }
  return lines;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      keys: { type: 'string' },
      requests: { type: 'string' },
      percent: { type: 'string' },
      bytes: { type: 'string' },
      only: { type: 'string' },
      trace: { type: 'string' },
      seed: { type: 'string' },
      ...commonOptions,
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const { quick } = values;
  const size = {
    keys: optionalCount('keys', values.keys) ?? (quick ? 20_000 : 100_000),
    requests: optionalCount('requests', values.requests) ?? (quick ? 150_000 : 600_000),
    seed: optionalCount('seed', values.seed) ?? 1,
  };
  const settings: Settings = {
    traces: values.trace === undefined ? syntheticTraces(size) : [traceFromFile(values.trace)],
    policies: values.only?.split(',') ?? (quick ? QUICK_POLICIES : ALL_POLICIES),
    percent: optionalCount('percent', values.percent) ?? 10,
    valueBytes: optionalCount('bytes', values.bytes) ?? 64,
  };
  const [subject, redis] = await startServers([subjectOf(values), redisCommand]);
  try {
    const figures = await run(subject!, redis!, settings);
    const { percent } = settings;
    const what = `${percent} % of the data set in memory, ${size.keys} keys, seed ${size.seed}`;
    process.stdout.write(`Hit ratio in percent; ${what}\n\n${report(figures, settings)}\n\n`);
    for (const line of verdicts(figures)) process.stdout.write(`${line}\n`);
    mkdirSync(fileURLToPath(new URL('results', import.meta.url)), { recursive: true });
    writeFileSync(CHART, cacheChart('Hit ratio', what, chartParts(figures, settings.traces)));
    process.stdout.write(`Chart: ${CHART}\n`);
  } finally {
    await Promise.all([subject!.stop(), redis!.stop()]);
  }
}

runCommand(main);
