// Runs random sorted set commands here and on a real redis-server, and compares every reply, and
// after each command all of the sorted set that it worked on. Packed sorted sets are small, so that
// they are converted often. Run: npx tsx src/commands/sorted-set.fuzz.ts   (SEED=n repeats a run,
// COMMANDS=n makes it longer)

import { show, TestEngine } from '../../test/support/engine.ts';
import { fuzzAgainstRedis, type Oracle } from '../../test/support/oracle-fuzz.ts';
import { type Arg, toBytes } from '../../test/support/resp-client.ts';
import type { Reply } from '../../test/support/resp-reply.ts';
import {
  EQUAL_KEYS,
  KEYS,
  randomSortedSetCommand,
  SETS,
  STRING_KEY,
} from '../../test/support/sorted-set-commands.ts';
import { NO_ENTRY, TYPE_ZSET } from '../keyspace/entry.ts';
import { checkKeyspace } from '../keyspace/keyspace-check.ts';
import { Args } from '../protocol/args.ts';
import { formatDouble } from '../protocol/numbers.ts';
import { checkTree } from '../structures/score-tree-check.ts';
import { ZSET_SKIPLIST } from '../values/sorted-set.ts';

const COMMANDS = Number(process.env.COMMANDS ?? 200_000);
const BATCH = 200;
/** Commands that are looked ahead at together. */
const PIPELINE = 16;

/** Replies of which only the sorted elements are compared. */
const UNORDERED = new Set(['ZSCAN']);

async function compare({ client, random }: Oracle): Promise<number> {
  const engine = new TestEngine();
  const { keyspace } = engine;
  const startBytes = keyspace.heap.usedBytes;
  for (let done = 0; done < COMMANDS; done += BATCH) {
    const limits = [random.pick([0, 3, 4, 8, 24]), random.pick([2, 8, 20])] as const;
    keyspace.sortedSets.limits.entriesMax = limits[0];
    keyspace.sortedSets.limits.memberBytesMax = limits[1];
    const setUp: Arg[][] = [
      ['SET', STRING_KEY, 'text'],
      ['CONFIG', 'SET', 'zset-max-listpack-entries', String(limits[0])],
      ['CONFIG', 'SET', 'zset-max-listpack-value', String(limits[1])],
    ];
    // 7.2 makes packed ones large if it is given more pairs than the limit, here already one.
    if (random.fraction() < 0.1 || limits[0] === 0)
      setUp.push(['FLUSHALL'], ['SET', STRING_KEY, 'text']);
    const resp3 = random.fraction() < 0.3;
    setUp.push(['HELLO', resp3 ? '3' : '2']);
    for (const command of setUp) {
      await client.call(...command);
      if (command[0] !== 'CONFIG' && command[0] !== 'HELLO') engine.run(...command);
    }
    engine.client.resp3 = resp3;
    const commands: Arg[][] = [];
    for (let i = 0; i < BATCH; i++) {
      const command = randomSortedSetCommand(random);
      commands.push(command);
      for (const key of keysOf(command)) commands.push(['ZRANGE', key, '0', '-1', 'WITHSCORES']);
      if (random.fraction() < 0.2) commands.push(['OBJECT', 'ENCODING', random.pick(KEYS)]);
    }
    for (const command of commands) client.send(command);
    for (const [i, command] of commands.entries()) {
      if (i % PIPELINE === 0) lookAhead(engine, commands.slice(i, i + PIPELINE));
      const ours = engine.run(...command);
      const theirs = await client.read();
      const name = String(command[0]);
      if (spell(ours, name) !== spell(theirs, name)) {
        const before = commands.slice(Math.max(0, i - 3), i + 1).map(describe);
        const about = before.join('\n  then ');
        throw new Error(
          `${about}\n  limits ${limits}\n  ours:   ${show(ours)}\n  oracle: ${show(theirs)}`,
        );
      }
    }
    checkSortedSets(engine);
  }
  engine.run('FLUSHALL');
  while (keyspace.hasGarbage) keyspace.freeGarbage();
  checkKeyspace(keyspace);
  if (keyspace.heap.usedBytes !== startBytes) {
    throw new Error(`${keyspace.heap.usedBytes - startBytes} bytes are left after FLUSHALL`);
  }
  return COMMANDS;
}

/** Looks ahead at commands as a pipeline does. */
function lookAhead({ executor, client }: TestEngine, commands: readonly Arg[][]): void {
  const batch = commands.map((command) => Args.of(...command.map(toBytes)));
  executor.touch(client, batch, batch.length);
}

/** The keys of sorted sets that a command names. */
function keysOf(command: readonly Arg[]): string[] {
  const words = new Set(command.slice(1, 4).map(String));
  return [...KEYS, ...EQUAL_KEYS].filter((key) => words.has(key));
}

/** A reply as text, with doubles as 7.2 prints them, whoever printed them. */
function spell(reply: Reply, name: string): string {
  const shown = show(normal(reply));
  if (!UNORDERED.has(name) || reply.type !== 'array') return shown;
  const items = reply.items[1];
  if (items?.type !== 'array') return shown;
  const pairs = items.items.map((item) => show(normal(item)));
  const elements = pairs.flatMap((member, i) => (i % 2 === 0 ? [`${member}=${pairs[i + 1]}`] : []));
  return elements.sort().join(' ');
}

function normal(reply: Reply): Reply {
  if (reply.type === 'array') return { ...reply, items: reply.items.map(normal) };
  if (reply.type === 'double') return { ...reply, text: shortest(reply.text) };
  if (reply.type !== 'bulk') return reply;
  return { ...reply, bytes: Buffer.from(shortest(reply.bytes.toString('latin1')), 'latin1') };
}

function shortest(text: string): string {
  if (!/^-?\d+(\.\d+)?(e[+-]\d+)?$/.test(text)) return text;
  return formatDouble(Number(text));
}

function checkSortedSets({ keyspace }: TestEngine): void {
  checkKeyspace(keyspace);
  const database = keyspace.databases[0]!;
  const { large } = keyspace.sortedSets;
  for (const key of [...KEYS, ...EQUAL_KEYS, ...SETS]) {
    const entry = database.find(Args.of(toBytes(key)), 0);
    if (entry === NO_ENTRY || database.entries.type(entry) !== TYPE_ZSET) continue;
    const cell = keyspace.cell(0).open(database, entry);
    if (cell.encoding === ZSET_SKIPLIST) checkTree(large.tree, large.members, cell.root);
  }
}

function describe(command: readonly Arg[]): string {
  const words = command.map((arg) => JSON.stringify(toBytes(arg).toString('latin1')));
  return words.map((word) => (word.length > 80 ? `${word.slice(0, 80)}...` : word)).join(' ');
}

await fuzzAgainstRedis('sorted set commands', compare);
