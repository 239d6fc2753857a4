/**
 * Bytes per key at a million keys of 16 bytes, and bytes per member of collections: what INFO's
 * used_memory and the resident set of the process grow by, against the same server empty. Every
 * case gets a fresh process, so that no case finds memory that another one left behind.
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

Bytes per key of Redstart and of redis-server, and per member of collections.

  --keys N            keys, or members, to load (1000000)
  --node PATH         the node binary that runs Redstart (default: the one running this)
  --subject 'CMD'     another server in Redstart's place
  --help              this text
`;

interface MemoryCase {
  readonly name: string;
  readonly command: readonly string[];
  /** What the commands fill: a key each by default. */
  readonly into?: 'one key';
  /** What one command adds: one key or member by default. */
  readonly each?: number;
  /** Bytes that the subject may take; Redis's when there is none. */
  readonly target?: number;
}

const key = `key:${INDEX}`;
const element = `element:${INDEX}`;
const tenFields = Array.from({ length: 10 }, (_, i) => [`field:${i}`, 'xxx']).flat();
const cases: readonly MemoryCase[] = [
  { name: 'string of 3 B', command: ['SET', key, 'xxx'], target: 42 },
  { name: 'string of 64 B', command: ['SET', key, 'x'.repeat(64)], target: 108 },
  { name: '64 B with TTL', command: ['SET', key, 'x'.repeat(64), 'EX', '100000'], target: 120 },
  { name: 'hash field', command: ['HSET', 'h', element, 'xxx'], into: 'one key', target: 46 },
  { name: 'set member', command: ['SADD', 's', element], into: 'one key', target: 28 },
  { name: 'zset member', command: ['ZADD', 'z', INDEX, element], into: 'one key', target: 56 },
  { name: 'list element', command: ['RPUSH', 'l', 'xxx'], into: 'one key' },
  { name: 'stream entry', command: ['XADD', 'x', '*', 'f', 'xxx'], into: 'one key' },
  { name: 'field of hashes of 10', command: ['HSET', key, ...tenFields], each: 10 },
];

interface Footprint {
  /** Undefined when the server's INFO does not tell. */
  readonly used: number | undefined;
  readonly resident: number;
}

async function measure(how: ServerCommand, { command, into, each }: MemoryCase, items: number) {
  const count = Math.ceil(items / (each ?? 1));
  const keys = into === 'one key' ? 1 : count;
  const server = await Server.start(how);
  try {
    const control = await Control.connect(server.port);
    const empty = await footprint(server, control);
    await fill(server, control, { name: 'the case', command, count, keys });
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
  const value = { title: 'what', align: 'left' as const };
  const verdicts = [{ title: 'used' }, { title: 'resident' }];
  console.log(formatTable([value, ...columns, { title: 'target' }, ...verdicts], rows));
  console.log(`\nBytes each at ${keys} of them, empty server subtracted; keys are of 16 bytes.`);
  console.log('used: used_memory of INFO. resident: VmRSS. The target of keys is for both.');
}

function row(
  { name, target, into, each: perCommand }: MemoryCase,
  subject: Footprint,
  reference: Footprint,
  items: number,
) {
  const ofKeys = into === undefined && perCommand === undefined;
  const each = (bytes: number | undefined) =>
    bytes === undefined ? 'unknown' : (bytes / items).toFixed(1);
  return [
    name,
    each(subject.used),
    each(reference.used),
    each(subject.resident),
    each(reference.resident),
    target === undefined ? "Redis's" : String(target),
    verdictOn(subject.used, target ?? reference.used, items, target === undefined),
    // A warm server takes some MB more than a cold one: much, beside a million small members.
    ofKeys ? verdictOn(subject.resident, target, items, false) : '-',
  ];
}

/** Compares the bytes of all items with a limit for each, or with another server's total. */
function verdictOn(
  bytes: number | undefined,
  limit: number | undefined,
  items: number,
  isTotal: boolean,
): string {
  if (bytes === undefined || limit === undefined) return 'unknown';
  return bytes <= (isTotal ? limit : limit * items) ? 'pass' : 'MISS';
}

runCommand(main);
