// Runs random stream commands here and on a real redis-server, and compares every reply, all that
// XINFO tells of the key after each command, and from time to time the bytes that DUMP stores.
// Run: npx tsx src/commands/stream.fuzz.ts   (SEED=n repeats a run)

import { show, TestEngine } from '../../test/support/engine.ts';
import {
  expectSame,
  fuzzAgainstRedis,
  type Oracle,
  type SeededRandom,
} from '../../test/support/oracle-fuzz.ts';
import { toBytes } from '../../test/support/resp-client.ts';
import { dumpedBlocks, storedBlocks } from '../../test/support/stream-blocks.ts';

const COMMANDS = Number(process.env.COMMANDS ?? 30_000);
const BATCH = 250;

/** The last id of `f` lies in the future, so that `*` does not depend on the clock there. */
const FUTURE = '281474976710656';
const KEYS = ['a', 'b', 'f', 'string', 'missing'];
const GROUPS = ['g', 'h', 'none'];
const CONSUMERS = ['c', 'd', '', 'long-'.repeat(20)];
const MAX = '18446744073709551615';
const BORDER_IDS = [
  `${MAX}-${MAX}`,
  `${MAX}-0`,
  `0-${MAX}`,
  `9223372036854775807-9223372036854775808`,
  '9007199254740993-1',
  '0-0',
  '0-1',
];
const NO_IDS = ['', 'x', '1-', '-1', '1-x', '1-2-3', '18446744073709551616', '*', '1--1', '-', '+'];
/** Longer ago than any clock, and too long for anything delivered now. */
const LONG_MS = '1000000000000';
const INTEGERS = ['0', '-1', '1', '7', '9223372036854775807', '-9223372036854775808'];
const NO_INTEGERS = ['', 'x', '1.5', '+1', '9223372036854775808'];

async function compare({ client, random }: Oracle): Promise<number> {
  const engine = new TestEngine();
  await client.call('CONFIG', 'SET', 'rdbcompression', 'no');
  for (let done = 0; done < COMMANDS; done += BATCH) {
    await setLimits(client, engine, random);
    if (random.fraction() < 0.2) await startAnew(client, engine);
    const commands: string[][] = [['SET', 'string', 'x'], ...future(random)];
    for (let i = 0; i < BATCH; i++) commands.push(...randomCommands(random));
    await runBatch(client, engine, commands);
    for (const key of ['a', 'b', 'f']) await compareBytes(client, engine, key);
  }
  return COMMANDS;
}

async function runBatch(
  client: Oracle['client'],
  engine: TestEngine,
  commands: readonly string[][],
): Promise<void> {
  const looks = commands.map(lookAt);
  for (const [i, command] of commands.entries()) {
    client.send(command);
    client.send(looks[i]!);
  }
  for (const [i, command] of commands.entries()) {
    const about = describe(command);
    compareReplies(about, engine.text(...command), show(await client.read()));
    const look = looks[i]!;
    const then = `${about}, then ${describe(look)}`;
    compareReplies(then, engine.text(...look), show(await client.read()));
  }
}

/** Throws when the replies differ, with what is around the first difference. */
function compareReplies(about: string, ours: string, oracle: string): void {
  const [left, right] = [comparable(ours), comparable(oracle)];
  let at = 0;
  while (at < left.length && left[at] === right[at]) at++;
  const near = (text: string) =>
    `${text.slice(0, 260)} ..... ${text.slice(Math.max(0, at - 150), at + 250)}`;
  expectSame(`${about}, at ${at}`, near(left), near(right));
}

async function setLimits(
  client: Oracle['client'],
  engine: TestEngine,
  random: SeededRandom,
): Promise<void> {
  // With both limits low 7.0 loses a block now and then, when one moves to where another was.
  const isByBytes = random.fraction() < 0.5;
  const bytes = isByBytes ? random.pick([1, 100, 200, 1000]) : random.pick([0, 4096]);
  const entries = isByBytes ? 0 : random.pick([0, 1, 2, 5, 100, 200]);
  await client.call('CONFIG', 'SET', 'stream-node-max-bytes', `${bytes}`);
  await client.call('CONFIG', 'SET', 'stream-node-max-entries', `${entries}`);
  engine.keyspace.streams.limits.set(bytes, entries);
}

async function startAnew(client: Oracle['client'], engine: TestEngine): Promise<void> {
  await client.call('FLUSHALL');
  engine.run('FLUSHALL');
}

/** Whether the listpacks are the same, byte for byte. */
async function compareBytes(
  client: Oracle['client'],
  engine: TestEngine,
  key: string,
): Promise<void> {
  const dump = await client.call('DUMP', key);
  const dumped = dump.type === 'bulk' ? dumpedBlocks(dump.bytes) : [];
  expectSame(`the bytes of ${key}`, storedBlocks(engine, key).join('\n'), dumped.join('\n'));
}

function future(random: SeededRandom): string[][] {
  return [['XADD', 'f', `${FUTURE}-${random.integer(0, 9)}`, 'a', 'b']];
}

/** What shows the state of the command's key. */
function lookAt(command: readonly string[]): string[] {
  const streams = command.indexOf('STREAMS');
  const isSubcommand = /^X(INFO|GROUP)$/.test(command[0]!);
  const key = streams > 0 ? command[streams + 1] : command[isSubcommand ? 2 : 1];
  return ['XINFO', 'STREAM', key ?? 'missing', 'FULL', 'COUNT', '0'];
}

/** A reply without what depends on the clock, and without what 7.2 has added. */
function comparable(text: string): string {
  return text
    .replace(/"radix-tree-nodes"([:,]) \(integer\) \d+/, '"radix-tree-nodes"$1 <any>')
    .replace(/"seen-time"([:,]) \(integer\) \d+/g, '"seen-time"$1 <any>')
    .replace(/"idle"([:,]) \(integer\) \d+/g, '"idle"$1 <any>')
    .replace(/"active-time"[:,] \(integer\) -?\d+, /g, '')
    .replace(/, "inactive"[:,] \(integer\) -?\d+/g, '')
    .replace(/\(integer\) (\d+), \(integer\) (\d+)\]/g, (_, ms, count) => {
      const time = Number(ms) > 1e11 ? '<large>' : Number(ms) < 10_000 ? '<small>' : ms;
      return `${time}, ${count}]`;
    });
}

function describe(command: readonly string[]): string {
  const words = command.map((arg) => JSON.stringify(toBytes(arg).toString('latin1')));
  return words.map((word) => (word.length > 80 ? `${word.slice(0, 80)}...` : word)).join(' ');
}

/** One command, or several where 7.0 makes a consumer only when it has to. */
function randomCommands(random: SeededRandom): string[][] {
  const key = random.fraction() < 0.95 ? random.pick(['a', 'b', 'f']) : random.pick(KEYS);
  const group = random.pick(random.fraction() < 0.9 ? ['g', 'h'] : GROUPS);
  const draw = random.integer(0, 29);
  if (draw < 10) return [['XADD', key, ...trimOptions(random, key), ...fields(random)]];
  if (draw < 11) return [random.fraction() < 0.4 && key !== 'f' ? ['DEL', key] : ['XLEN', key]];
  if (draw < 13) return [[...range(random, key), ...count(random)]];
  if (draw < 15) return [['XDEL', key, ...ids(random, key)]];
  if (draw < 16) return [['XTRIM', key, ...trim(random, key)]];
  if (draw < 17) return key === 'f' ? [['XLEN', key]] : setId(random, key);
  if (draw < 18) return [['XREAD', ...count(random), ...streams(random, key, false)]];
  if (draw < 20) return [xgroup(random, key, group)];
  if (draw < 24) return xreadgroup(random, key, group);
  if (draw < 25) return [['XACK', key, group, ...ids(random, key)]];
  if (draw < 26) return [['XPENDING', key, group, ...pending(random, key)]];
  if (draw < 27) return [['XINFO', ...info(random, key, group)]];
  const consumer = random.pick(CONSUMERS);
  const create = ['XGROUP', 'CREATECONSUMER', key, group, consumer];
  const who = [key, group, consumer, random.pick(['0', '0', '-5', LONG_MS, 'x'])];
  if (draw < 29) return [create, ['XCLAIM', ...who, ...ids(random, key), ...claim(random, key)]];
  return [create, ['XAUTOCLAIM', ...who, bound(random, key), ...autoclaim(random)]];
}

function id(random: SeededRandom, key: string): string {
  const draw = random.fraction();
  if (draw < 0.03) return random.pick(NO_IDS);
  if (draw < 0.05) return random.pick(BORDER_IDS);
  const ms = key === 'f' ? FUTURE : `${random.integer(0, 40)}`;
  return draw < 0.2 ? ms : `${ms}-${random.integer(0, key === 'f' ? 60 : 5)}`;
}

function ids(random: SeededRandom, key: string): string[] {
  return Array.from({ length: random.pick([1, 1, 2, 6]) }, () => id(random, key));
}

function newId(random: SeededRandom, key: string): string {
  const draw = random.fraction();
  if (key === 'f' && draw < 0.7) return '*';
  if (draw < 0.02) return random.pick(BORDER_IDS);
  const ms = key === 'f' ? FUTURE : `${random.integer(0, 60)}`;
  const chosen = draw < 0.5 ? `${ms}-*` : id(random, key);
  return chosen === '*' ? '0-0' : chosen;
}

function bound(random: SeededRandom, key: string): string {
  if (random.fraction() < 0.3) return random.pick(['-', '+']);
  return `${random.fraction() < 0.2 ? '(' : ''}${id(random, key)}`;
}

function fields(random: SeededRandom): string[] {
  const names = random.pick([
    ['f'],
    ['f'],
    ['f', 'g'],
    ['1', '300', '-70000'],
    [random.text('ab', 0, 3)],
    Array.from({ length: random.integer(1, 20) }, (_, i) => `f${i}`),
  ]);
  const words = names.flatMap((name) => [name, value(random)]);
  return random.fraction() < 0.02 ? words.slice(1) : words;
}

function value(random: SeededRandom): string {
  const draw = random.integer(0, 9);
  if (draw < 4) return `${random.integer(-200, 200)}`;
  if (draw < 5) return random.pick(INTEGERS);
  if (draw < 9) return random.text('ab\0\xff\r\n', 0, 70);
  return random.text('ab', 0, random.pick([100, 100, 300]));
}

function trim(random: SeededRandom, key: string): string[] {
  const isLength = random.fraction() < 0.6;
  const operator = random.pick([[], ['='], ['~'], ['~']]);
  const threshold = isLength ? `${random.integer(-1, 40)}` : id(random, key);
  const limit = random.fraction() < 0.2 ? ['LIMIT', `${random.integer(-1, 12)}`] : [];
  return [isLength ? 'MAXLEN' : 'minid', ...operator, threshold, ...limit];
}

function trimOptions(random: SeededRandom, key: string): string[] {
  const options: string[] = [];
  if (random.fraction() < 0.1) options.push('NOMKSTREAM');
  if (random.fraction() < 0.15) options.push(...trim(random, key));
  if (random.fraction() < 0.01) options.push('LIMIT', '3');
  return [...options, newId(random, key)];
}

function integer(random: SeededRandom): string {
  if (random.fraction() < 0.05) return random.pick([...INTEGERS, ...NO_INTEGERS]);
  return `${random.integer(0, 12)}`;
}

function count(random: SeededRandom): string[] {
  return random.fraction() < 0.4 ? ['COUNT', integer(random)] : [];
}

function range(random: SeededRandom, key: string): string[] {
  const name = random.pick(['XRANGE', 'XREVRANGE']);
  return [name, key, bound(random, key), bound(random, key)];
}

/** On a stream without great deleted ids: 7.2 refuses to go below one, and 7.0 does not. */
function setId(random: SeededRandom, key: string): string[][] {
  const words = [random.fraction() < 0.1 ? random.pick(NO_IDS) : `${random.integer(45, 60)}-1`];
  if (random.fraction() < 0.3) words.push('ENTRIESADDED', integer(random));
  if (random.fraction() < 0.3) words.push('MAXDELETEDID', id(random, key));
  const fresh = [
    ['DEL', key],
    ['XADD', key, '40-1', 'a', 'b'],
    ['XADD', key, `${random.integer(41, 50)}-1`, 'a', 'b'],
    ['XDEL', key, '40-1'],
  ];
  return [...fresh, ['XSETID', key, ...words]];
}

function streams(random: SeededRandom, key: string, isOfGroup: boolean): string[] {
  const keys = random.fraction() < 0.7 ? [key] : [key, random.pick(['a', 'b', 'f']), key];
  const special = isOfGroup ? ['>', '>', '>', '$'] : ['$', '>'];
  const starts = keys.map((one) => {
    const isSpecial = random.fraction() < (isOfGroup ? 0.6 : 0.1);
    return isSpecial ? random.pick(special) : id(random, one);
  });
  return ['STREAMS', ...keys, ...starts];
}

function xgroup(random: SeededRandom, key: string, group: string): string[] {
  const start = random.fraction() < 0.3 ? '$' : random.fraction() < 0.5 ? '0' : id(random, key);
  const read = random.fraction() < 0.2 ? ['ENTRIESREAD', integer(random)] : [];
  const make = random.fraction() < 0.5 ? ['MKSTREAM'] : [];
  const draw = random.fraction();
  if (draw < 0.6) return ['XGROUP', 'CREATE', key, group, start, ...make, ...read];
  if (draw < 0.75) return ['XGROUP', 'SETID', key, group, start, ...read];
  if (draw < 0.8) return ['XGROUP', 'DESTROY', key, group];
  const name = random.pick(['CREATECONSUMER', 'DELCONSUMER']);
  return ['XGROUP', name, key, group, random.pick(CONSUMERS)];
}

function xreadgroup(random: SeededRandom, key: string, group: string): string[][] {
  const noAck = random.fraction() < 0.15 ? ['NOACK'] : [];
  const consumer = random.pick(CONSUMERS);
  const read = streams(random, key, true);
  const keys = read.slice(1, (read.length + 1) / 2);
  const create = keys.map((one) => ['XGROUP', 'CREATECONSUMER', one, group, consumer]);
  const who = ['GROUP', group, consumer];
  return [...create, ['XREADGROUP', ...who, ...count(random), ...noAck, ...read]];
}

function pending(random: SeededRandom, key: string): string[] {
  const draw = random.fraction();
  if (draw < 0.2) return [];
  const idle = random.fraction() < 0.3 ? ['IDLE', random.pick(['0', LONG_MS, 'x'])] : [];
  const consumer = random.fraction() < 0.4 ? [random.pick([...CONSUMERS, 'nobody'])] : [];
  const words = [...idle, bound(random, key), bound(random, key), integer(random), ...consumer];
  return draw < 0.25 ? words.slice(0, random.integer(0, words.length)) : words;
}

function info(random: SeededRandom, key: string, group: string): string[] {
  const full = random.pick([[], ['FULL'], ['FULL', 'COUNT', integer(random)], ['FULL', 'COUNT']]);
  return random.pick([
    ['STREAM', key, ...full],
    ['GROUPS', key],
    ['CONSUMERS', key, group],
  ]);
}

function claim(random: SeededRandom, key: string): string[] {
  const options: string[] = [];
  if (random.fraction() < 0.3) options.push('IDLE', random.pick(['0', '-1', '1200000000000', 'x']));
  if (random.fraction() < 0.3) options.push('TIME', random.pick(['0', '5', '-1', '9'.repeat(15)]));
  if (random.fraction() < 0.2) options.push('RETRYCOUNT', integer(random));
  if (random.fraction() < 0.5) options.push('FORCE');
  if (random.fraction() < 0.3) options.push('justid');
  if (random.fraction() < 0.2) options.push('LASTID', id(random, key));
  if (random.fraction() < 0.03) options.push('NONSENSE');
  return options;
}

function autoclaim(random: SeededRandom): string[] {
  return [...count(random), ...(random.fraction() < 0.3 ? ['JUSTID'] : [])];
}

await fuzzAgainstRedis('stream commands', compare);
