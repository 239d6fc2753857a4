/**
 * Bytes per key at a million keys of 16 bytes: what INFO's used_memory and the resident set of the
 * process grow by, against the same server empty. Every case gets a fresh process, so that no case
 * finds memory that another one left behind.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { runCommand } from './command-line.ts';
import { Control } from './control.ts';
import { residentBytes } from './cpu.ts';
import { fill } from './datasets.ts';
import { commonOptions, optionalCount, subjectOf } from './options.ts';
import { Progress } from './progress.ts';
import { INDEX } from './requests.ts';
import { redisCommand, Server, type ServerCommand } from './servers.ts';
import { median } from './statistics.ts';
import { formatTable } from './table.ts';

const HELP = `Usage: npm run bench:memory -- [options]

Bytes per key of Redstart and of redis-server.

  --keys N            keys to load (1000000)
  --node PATH         the node binary that runs Redstart (default: the one running this)
  --subject 'CMD'     another server in Redstart's place
  --help              this text
`;

interface MemoryCase {
  readonly name: string;
  readonly command: readonly string[];
  /** Bytes per key by used_memory that the subject may take. */
  readonly target: number;
}

const key = `key:${INDEX}`;
const cases: readonly MemoryCase[] = [
  { name: '3 B', command: ['SET', key, 'xxx'], target: 42 },
  { name: '64 B', command: ['SET', key, 'x'.repeat(64)], target: 108 },
  { name: '64 B with TTL', command: ['SET', key, 'x'.repeat(64), 'EX', '100000'], target: 120 },
];

interface Footprint {
  /** Undefined when the server's INFO does not tell. */
  readonly used: number | undefined;
  readonly resident: number;
}

async function measure(how: ServerCommand, { command }: MemoryCase, keys: number) {
  const server = await Server.start(how);
  try {
    const control = await Control.connect(server.port);
    const empty = await footprint(server, control);
    await fill(server, control, { name: 'strings', command, count: keys, keys });
    const full = await footprint(server, control);
    control.close();
    const used =
      full.used === undefined || empty.used === undefined ? undefined : full.used - empty.used;
    return { used, resident: full.resident - empty.resident };
  } finally {
    await server.stop();
  }
}

/**
 * Medians over a second: a collection or a background release may be under way at any one moment.
 */
async function footprint(server: Server, control: Control): Promise<Footprint> {
  const readings: number[] = [];
  for (let i = 0; i < 5; i++) {
    await sleep(200);
    readings.push(residentBytes(server.pid));
  }
  return { used: await control.usedMemory(), resident: median(readings) };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      keys: { type: 'string' },
      ...commonOptions,
    },
  });
  if (values.help) return console.log(HELP);
  const keys = optionalCount('keys', values.keys) ?? 1_000_000;
  const subject = subjectOf(values);

  const progress = new Progress(cases.length * 2);
  const rows: string[][] = [];
  for (const one of cases) {
    const found: Footprint[] = [];
    for (const how of [subject, redisCommand]) {
      progress.doing(`${one.name} in ${how.name}`);
      found.push(await measure(how, one, keys));
      progress.advance();
    }
    rows.push(row(one, found[0]!, found[1]!, keys));
  }
  progress.stop();
  const columns = ['used', 'resident'].flatMap((kind) => [
    { title: `${subject.name} ${kind}` },
    { title: `${redisCommand.name} ${kind}` },
  ]);
  const value = { title: 'value', align: 'left' as const };
  const verdict = { title: 'verdict', align: 'left' as const };
  console.log(formatTable([value, ...columns, { title: 'target' }, verdict], rows));
  console.log(`\nBytes per key at ${keys} keys of 16 bytes, empty server subtracted.`);
  console.log('used: used_memory of INFO, compared with the target. resident: VmRSS.');
}

function row({ name, target }: MemoryCase, subject: Footprint, reference: Footprint, keys: number) {
  const perKey = (bytes: number | undefined) =>
    bytes === undefined ? 'unknown' : (bytes / keys).toFixed(1);
  const verdict =
    subject.used === undefined ? 'unknown' : subject.used / keys <= target ? 'pass' : 'MISS';
  return [
    name,
    perKey(subject.used),
    perKey(reference.used),
    perKey(subject.resident),
    perKey(reference.resident),
    String(target),
    verdict,
  ];
}

runCommand(main);
