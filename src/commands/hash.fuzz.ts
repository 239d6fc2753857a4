// Runs random hash commands here and on a real redis-server, and compares every reply, and after
// each command the whole hash that it worked on and its encoding. The commands pass through the
// look ahead in batches, as a pipeline's do. Thresholds change all the time, and so do encodings.
// Run: npx tsx src/commands/hash.fuzz.ts   (SEED=n repeats a run, COMMANDS=n says how many)

import { show, TestEngine } from '../../test/support/engine.ts';
import {
  expectSame,
  fuzzAgainstRedis,
  type Oracle,
  type SeededRandom,
} from '../../test/support/oracle-fuzz.ts';
import { type Arg, toBytes } from '../../test/support/resp-client.ts';
import { parseReply, type Reply } from '../../test/support/resp-reply.ts';
import { NO_ENTRY, TYPE_HASH } from '../keyspace/entry.ts';
import { checkKeyspace } from '../keyspace/keyspace-check.ts';
import { Args } from '../protocol/args.ts';
import { RespWriter } from '../protocol/resp-writer.ts';
import { checkPackedTable } from '../structures/packed-table-check.ts';
import { HASH_TABLE } from '../values/hash.ts';

const COMMANDS = Number(process.env.COMMANDS ?? 50_000);
const BATCH = 192;
const PIPELINE = 16;

const KEYS = ['a', 'b', 'c', '', 'k'.repeat(1100)];
const STRING_KEY = 'string';
const ENTRIES_MAX = [0, 1, 2, 3, 5, 8, 20, 64, 512];
const VALUE_BYTES_MAX = [0, 1, 5, 64, 127, 128, 5000];
const INTEGERS = [
  '0',
  '-1',
  '127',
  '128',
  '4096',
  '-8388609',
  '2147483648',
  '9007199254740991',
  '9007199254740993',
  '-9007199254740993',
  '9223372036854775807',
  '-9223372036854775808',
];
const NO_INTEGERS = ['', '-', '+1', '01', '-0', ' 1', '1.0', '9223372036854775808', 'x'];
const FLOATS = ['0.1', '-3.75', '1e3', '1e-7', '3.0e2', 'inf', '-inf', 'nan', '1e4932', '.5', '5.'];

/** The hash that the commands under test see, before and after each of them. */
interface Seen {
  /** Pairs as texts, sorted. */
  readonly pairs: ReadonlySet<string>;
  readonly fields: ReadonlySet<string>;
}

async function compare({ client, random }: Oracle): Promise<number> {
  const engine = new TestEngine();
  await client.call('SET', STRING_KEY, 'text');
  runPipeline(engine, [['SET', STRING_KEY, 'text']]);
  for (let done = 0; done < COMMANDS; done += BATCH) {
    const commands = changedThresholds(engine, random);
    const entriesMax = engine.keyspace.hashes.limits.entriesMax;
    for (let i = 0; i < BATCH; i++) {
      const command = randomCommand(random, entriesMax);
      const key = command[1]!;
      const looks = [
        ['HGETALL', key],
        ['OBJECT', 'ENCODING', key],
        ['EXISTS', ...KEYS],
      ];
      commands.push(command, ...looks);
    }
    for (const command of commands) client.send(command);
    const ours = runPipeline(engine, commands.slice(2));
    await client.read();
    await client.read();
    let seen: Seen = { pairs: new Set(), fields: new Set() };
    for (let i = 0; i < ours.length; i++) {
      const command = commands[i + 2]!;
      const about = [commands[i + 2 - (i % 4)]!, command].map(describe).join(', then ');
      const theirs = await client.read();
      if (command[0] === 'HRANDFIELD') {
        // What is drawn is known only behind it.
        expectDrawn(about, command, ours[i]!, theirs, hashIn(ours[i + 1]!));
      } else expectSame(about, text(command, ours[i]!), text(command, theirs));
      if (command[0] === 'HGETALL') seen = hashIn(ours[i]!);
      if (command[0] === 'EXISTS') expectScanned(engine, random, commands[i - 1]![1]!, seen);
    }
    checkHashes(engine);
  }
  engine.run('FLUSHALL');
  checkKeyspace(engine.keyspace);
  const left = engine.keyspace.heap.usedBytes - engine.keyspace.startupBytes;
  if (left !== 0) throw new Error(`${left} bytes are left`);
  return COMMANDS;
}

/** The commands that give the oracle new thresholds, which our engine has then too. */
function changedThresholds({ keyspace }: TestEngine, random: SeededRandom): Arg[][] {
  const { limits } = keyspace.hashes;
  limits.entriesMax = random.pick(ENTRIES_MAX);
  limits.valueBytesMax = random.pick(VALUE_BYTES_MAX);
  return [
    ['CONFIG', 'SET', 'hash-max-listpack-entries', String(limits.entriesMax)],
    ['CONFIG', 'SET', 'hash-max-listpack-value', String(limits.valueBytesMax)],
  ];
}

/** Runs commands as a pipeline does: looked ahead at in batches. */
function runPipeline(engine: TestEngine, commands: readonly Arg[][]): Reply[] {
  const { executor, client } = engine;
  const replies: Reply[] = [];
  const writer = new RespWriter();
  executor.beginBatch(performance.now());
  for (let from = 0; from < commands.length; from += PIPELINE) {
    const some = commands.slice(from, from + PIPELINE);
    const batch = some.map((command) => Args.of(...command.map(toBytes)));
    executor.touch(client, batch, batch.length);
    for (const args of batch) {
      writer.reset();
      executor.execute(client, args, writer);
      const parsed = parseReply(Buffer.from(writer.written()), 0);
      if (parsed === null) throw new Error('no whole reply');
      replies.push(parsed.reply);
    }
  }
  executor.endBatch();
  return replies;
}

/** A reply to compare: what comes in the order of a table is sorted. */
function text([name]: readonly Arg[], reply: Reply): string {
  if (reply.type !== 'array') return show(reply);
  if (name === 'HKEYS' || name === 'HVALS') return reply.items.map(show).sort().join(' ');
  if (name === 'HGETALL') return pairsOf(reply).sort().join(' ');
  if (name === 'HSCAN') {
    const [cursor, pairs] = reply.items;
    return `${show(cursor!)} ${pairsOf(pairs!).sort().join(' ')}`;
  }
  return show(reply);
}

function pairsOf(reply: Reply): string[] {
  const items = reply.type === 'array' ? reply.items.map(show) : [];
  const pairs: string[] = [];
  for (let i = 0; i < items.length; i += 2) pairs.push(`${items[i]}=${items[i + 1]}`);
  return pairs;
}

function hashIn(reply: Reply): Seen {
  const pairs = pairsOf(reply);
  const items = reply.type === 'array' ? reply.items.map(show) : [];
  return { pairs: new Set(pairs), fields: new Set(items.filter((_, i) => i % 2 === 0)) };
}

/** As many as there, and all of the hash; with a count that is not negative, all different. */
function expectDrawn(
  about: string,
  command: readonly Arg[],
  ours: Reply,
  theirs: Reply,
  { pairs, fields }: Seen,
): void {
  if (ours.type !== 'array' || theirs.type !== 'array') {
    if (ours.type !== 'bulk' || theirs.type !== 'bulk') expectSame(about, show(ours), show(theirs));
    else if (!fields.has(show(ours))) throw new Error(`${about}\n  ours: ${show(ours)}`);
    return;
  }
  expectSame(about, `${ours.items.length} items`, `${theirs.items.length} items`);
  const drawn = command.length > 3 ? pairsOf(ours) : ours.items.map(show);
  const all = command.length > 3 ? pairs : fields;
  for (const one of drawn) if (!all.has(one)) throw new Error(`${about}\n  ours: ${one}`);
  const isDistinct = !toBytes(command[2]!).toString().startsWith('-');
  if (isDistinct && new Set(drawn).size !== drawn.length) {
    throw new Error(`${about}\n  drawn twice: ${drawn.join(' ')}`);
  }
}

/** Scanning returns the whole hash, however many are asked for at a time. */
function expectScanned(engine: TestEngine, random: SeededRandom, key: Arg, seen: Seen): void {
  if (random.fraction() > 0.05 || toBytes(key).toString() === STRING_KEY) return;
  // The last look may be at a state that later commands of the batch have left behind.
  const all = new Set(pairsOf(engine.run('HGETALL', key)));
  const scanned = new Set<string>();
  let cursor = '0';
  do {
    const reply = engine.run('HSCAN', key, cursor, 'COUNT', String(random.integer(1, 20)));
    if (reply.type !== 'array') throw new Error(show(reply));
    const [next, items] = reply.items;
    for (const pair of pairsOf(items!)) scanned.add(pair);
    cursor = next!.type === 'bulk' ? next!.bytes.toString() : '0';
  } while (cursor !== '0');
  expectSame(
    `scanning after ${seen.pairs.size}`,
    [...scanned].sort().join(),
    [...all].sort().join(),
  );
}

function checkHashes({ keyspace }: TestEngine): void {
  checkKeyspace(keyspace);
  const database = keyspace.databases[0]!;
  for (const key of KEYS) {
    const entry = database.find(Args.of(toBytes(key)), 0);
    if (entry === NO_ENTRY || database.entries.type(entry) !== TYPE_HASH) continue;
    const cell = keyspace.cell(0).open(database, entry);
    if (cell.encoding === HASH_TABLE) checkPackedTable(keyspace.heap, cell.root);
  }
}

function describe(command: readonly Arg[]): string {
  const words = command.map((arg) => JSON.stringify(toBytes(arg).toString('latin1')));
  return words.map((word) => (word.length > 80 ? `${word.slice(0, 80)}...` : word)).join(' ');
}

function randomCommand(random: SeededRandom, entriesMax: number): Arg[] {
  const key = random.fraction() < 0.02 ? STRING_KEY : random.pick(KEYS);
  switch (random.integer(0, 23)) {
    case 0:
    case 1:
    case 2:
    case 3:
      return ['HSET', key, element(random), element(random)];
    case 4:
    case 5:
    case 6:
      return [random.pick(['HSET', 'hmset']), key, ...pairs(random, entriesMax)];
    case 7:
      return ['HSETNX', key, element(random), element(random)];
    case 8:
      return ['HGET', key, element(random)];
    case 9:
    case 10:
      return ['HMGET', key, ...elements(random)];
    case 11:
    case 12:
    case 13:
      return ['HDEL', key, ...elements(random)];
    case 14:
      return [random.pick(['HEXISTS', 'HSTRLEN']), key, element(random)];
    case 15:
      return [random.pick(['HLEN', 'HKEYS', 'HVALS', 'HGETALL']), key];
    case 16:
    case 17:
    case 18:
      return ['HINCRBY', key, element(random), integer(random)];
    case 19:
      return ['HINCRBYFLOAT', key, element(random), random.pick([...FLOATS, ...INTEGERS, 'x'])];
    case 20:
    case 21:
      return ['HRANDFIELD', key, ...drawOptions(random)];
    case 22:
      // So many that the table is done with one call.
      return ['HSCAN', key, '0', 'COUNT', '100000', ...scanOptions(random)];
    default:
      return random.fraction() < 0.4 ? ['DEL', key] : ['HLEN', key];
  }
}

/** Redis 7.2 makes a table of more pairs than fit even if fields are the same; 7.0 counts first. */
function pairs(random: SeededRandom, entriesMax: number): string[] {
  const fields = elements(random);
  const chosen = fields.length > entriesMax ? [...new Set(fields)] : fields;
  const all = chosen.flatMap((field) => [field, element(random)]);
  return random.fraction() < 0.02 ? all.slice(1) : all;
}

function elements(random: SeededRandom): string[] {
  const most = random.fraction() < 0.1 ? 60 : 4;
  return Array.from({ length: random.integer(1, most) }, () => element(random));
}

/** From few of them, so that fields are met again. */
function element(random: SeededRandom): string {
  const draw = random.integer(0, 19);
  if (draw < 9) return random.text('ab', 0, 3);
  if (draw < 13) return String(random.integer(-9, 50));
  if (draw < 14) return random.pick(INTEGERS);
  if (draw < 15) return random.pick([...NO_INTEGERS, ...FLOATS]);
  if (draw < 17) return random.text('a\0\r\n\xff', 0, 5);
  if (draw < 19) return 'x'.repeat(random.pick([5, 6, 63, 64, 65, 112, 113, 126, 127, 128, 300]));
  return 'y'.repeat(random.pick([2000, 4095, 4096, 5000, 5001, 20_000]));
}

function integer(random: SeededRandom): string {
  const draw = random.fraction();
  if (draw < 0.05) return random.pick(NO_INTEGERS);
  return draw < 0.3 ? random.pick(INTEGERS) : String(random.integer(-1000, 1000));
}

function drawOptions(random: SeededRandom): string[] {
  const draw = random.fraction();
  if (draw < 0.2) return [];
  const options: string[] = [];
  if (draw < 0.3) options.push(random.pick([...NO_INTEGERS, '-9223372036854775808']));
  else options.push(String(random.integer(-30, 30)));
  if (random.fraction() < 0.5) options.push(random.pick(['WITHVALUES', 'withvalues', 'WITHVALUE']));
  if (random.fraction() < 0.02) options.push('x');
  return options;
}

function scanOptions(random: SeededRandom): string[] {
  const options: string[] = [];
  for (let left = random.integer(0, 2); left > 0; left--) {
    options.push(random.pick(['MATCH', 'match', 'MATCHES']));
    if (random.fraction() < 0.95)
      options.push(random.pick(['*', 'a*', '?', '[ab]', '', 'a\\', '**']));
  }
  return options;
}

await fuzzAgainstRedis('hash commands', compare);
