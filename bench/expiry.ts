/**
 * Many keys due at the same moment: how long after it the last of them is gone, without anybody
 * asking for them, and what another client feels meanwhile. One server after the other, several
 * rounds, medians.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { runCommand } from './command-line.ts';
import { Control } from './control.ts';
import { fill } from './datasets.ts';
import { LatencyProbe, nowMs } from './latency-probe.ts';
import { commonOptions, optionalCount, subjectOf } from './options.ts';
import { Progress } from './progress.ts';
import { encodeCommand, INDEX } from './requests.ts';
import { redisCommand, type Server, startServers } from './servers.ts';
import { median, percentile } from './statistics.ts';
import { formatTable } from './table.ts';

const HELP = `Usage: npm run bench:expiry -- [options]

How fast keys that are due together go, and at whose expense.

  --keys N            keys due at the same moment (200000)
  --rounds N          rounds per server (3)
  --node PATH         the node binary that runs Redstart (default: the one running this)
  --subject 'CMD'     another server in Redstart's place
  --help              this text
`;

/** From the order to load until the keys are due; loading and a quiet second must fit in. */
const LEAD_SECONDS = 5;
const QUIET_MS = 1000;
/** The other client is watched for at least this long after the keys were due. */
const WATCHED_MS_MIN = 1000;
const GONE_MS_MAX = 60_000;

interface ExpiryRound {
  readonly goneMs: number;
  /** 99.9th percentile of the other client's latency before the keys were due, and after. */
  readonly quietMs: number;
  readonly busyMs: number;
  readonly worstMs: number;
}

async function measure(server: Server, control: Control, keys: number): Promise<ExpiryRound> {
  const dueSeconds = Math.ceil(Date.now() / 1000) + LEAD_SECONDS;
  const dueMs = dueSeconds * 1000;
  const command = ['SET', `key:${INDEX}`, 'xxx', 'EXAT', String(dueSeconds)];
  await fill(server, control, { name: 'due keys', command, count: keys, keys });
  const spare = dueMs - QUIET_MS - nowMs();
  if (spare < 0) throw new Error(`${server.name} took too long to load ${keys} keys`);
  await sleep(spare);

  const probe = new LatencyProbe(server.port, encodeCommand(['GET', 'nothing']));
  probe.start();
  await sleep(dueMs - nowMs());
  const goneAt = await momentEmpty(server, control, dueMs + GONE_MS_MAX);
  await sleep(dueMs + WATCHED_MS_MIN - nowMs());
  const samples = await probe.stop();

  const until = Math.max(goneAt, dueMs + WATCHED_MS_MIN);
  const latencies = (from: number, to: number) =>
    samples.filter(({ sentMs }) => sentMs >= from && sentMs < to).map(({ latencyMs }) => latencyMs);
  const busy = latencies(dueMs, until);
  return {
    goneMs: goneAt - dueMs,
    quietMs: percentile(latencies(0, dueMs), 0.999),
    busyMs: percentile(busy, 0.999),
    worstMs: Math.max(...busy),
  };
}

/** When DBSIZE first answered 0, asked about every millisecond. */
async function momentEmpty(server: Server, control: Control, deadlineMs: number): Promise<number> {
  for (;;) {
    const size = await control.call('DBSIZE');
    const now = nowMs();
    if (size === 0) return now;
    if (now > deadlineMs) throw new Error(`${server.name} still holds ${size} keys that were due`);
    await sleep(1);
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      keys: { type: 'string' },
      rounds: { type: 'string' },
      ...commonOptions,
    },
  });
  if (values.help) return console.log(HELP);
  const keys = optionalCount('keys', values.keys) ?? 200_000;
  const rounds = optionalCount('rounds', values.rounds) ?? 3;
  const subject = subjectOf(values);

  const servers = await startServers([subject, redisCommand]);
  const progress = new Progress(2 * rounds);
  try {
    const found = new Map<Server, ExpiryRound[]>(servers.map((server) => [server, []]));
    const controls = await Promise.all(servers.map(({ port }) => Control.connect(port)));
    for (let round = 1; round <= rounds; round++) {
      for (const [i, server] of servers.entries()) {
        progress.doing(`round ${round}, ${server.name}`);
        found.get(server)!.push(await measure(server, controls[i]!, keys));
        progress.advance();
      }
    }
    for (const control of controls) control.close();
    progress.stop();
    report(found, keys);
  } finally {
    progress.stop();
    await Promise.all(servers.map((server) => server.stop()));
  }
}

function report(found: Map<Server, ExpiryRound[]>, keys: number): void {
  const columns = [
    { title: 'server', align: 'left' as const },
    { title: 'all gone after' },
    { title: 'p99.9 before' },
    { title: 'p99.9 during' },
    { title: 'worst' },
  ];
  const rows = [...found].map(([{ name }, rounds]) => {
    const of = (field: keyof ExpiryRound) => median(rounds.map((round) => round[field]));
    const figures = [of('goneMs'), of('quietMs'), of('busyMs'), of('worstMs')];
    return [name, ...figures.map((milliseconds) => milliseconds.toFixed(2))];
  });
  console.log(formatTable(columns, rows));
  console.log(`\nMilliseconds, medians of the rounds; ${keys} keys due at the same moment.`);
  console.log('The latencies are those of a client that asks for another key every millisecond.');
}

runCommand(main);
