// Runs random commands on places here and on a real redis-server, and compares every reply, and the
// sorted sets that are stored. Places are at poles, on the date line and close together, radii from
// nothing to more than the earth. Run: npx tsx src/commands/geo.fuzz.ts   (SEED=n repeats a run,
// COMMANDS=n makes it longer)

import { show, TestEngine } from '../../test/support/engine.ts';
import { randomGeoCommand } from '../../test/support/geo-commands.ts';
import { fuzzAgainstRedis, type Oracle } from '../../test/support/oracle-fuzz.ts';
import { type Arg, toBytes } from '../../test/support/resp-client.ts';
import type { Reply } from '../../test/support/resp-reply.ts';
import { checkKeyspace } from '../keyspace/keyspace-check.ts';

const COMMANDS = Number(process.env.COMMANDS ?? 200_000);
const BATCH = 200;
const STORED = ['ZRANGE', 'stored', '0', '-1', 'WITHSCORES'];
/** Stored distances differ in their last digits where the mathematical libraries do. */
const RELATIVE_ERROR_MAX = 1e-12;

async function compare({ client, random }: Oracle): Promise<number> {
  const engine = new TestEngine();
  const { keyspace } = engine;
  const startBytes = keyspace.heap.usedBytes;
  for (let done = 0; done < COMMANDS; done += BATCH) {
    const entriesMax = random.pick([3, 8, 24, 128]);
    keyspace.sortedSets.limits.entriesMax = entriesMax;
    const resp3 = random.fraction() < 0.3;
    const setUp: Arg[][] = [
      ['CONFIG', 'SET', 'zset-max-listpack-entries', String(entriesMax)],
      ['HELLO', resp3 ? '3' : '2'],
    ];
    if (random.fraction() < 0.2) setUp.push(['FLUSHALL']);
    setUp.push(['SET', 'string', 'text']);
    for (const command of setUp) {
      await client.call(...command);
      if (command[0] !== 'CONFIG' && command[0] !== 'HELLO') engine.run(...command);
    }
    engine.client.resp3 = resp3;
    const commands: Arg[][] = [];
    for (let i = 0; i < BATCH; i++) {
      const command = randomGeoCommand(random);
      commands.push(command);
      if (command.some((word) => word === 'stored')) commands.push(STORED);
    }
    for (const command of commands) client.send(command);
    for (const [i, command] of commands.entries()) {
      const ours = engine.run(...command);
      const theirs = await client.read();
      if (show(ours) !== show(theirs) && !(command === STORED && isSame(ours, theirs))) {
        const about = commands
          .slice(Math.max(0, i - 1), i + 1)
          .map(describe)
          .join('\n  then ');
        throw new Error(
          `${about}\n  entries ${entriesMax}\n  ours:   ${show(ours)}\n  oracle: ${show(theirs)}`,
        );
      }
    }
    checkKeyspace(keyspace);
  }
  engine.run('FLUSHALL');
  while (keyspace.hasGarbage) keyspace.freeGarbage();
  checkKeyspace(keyspace);
  if (keyspace.heap.usedBytes !== startBytes) {
    throw new Error(`${keyspace.heap.usedBytes - startBytes} bytes are left after FLUSHALL`);
  }
  return COMMANDS;
}

/** Whether two stored sorted sets are the same, but for the last digits of distances. */
function isSame(ours: Reply, theirs: Reply): boolean {
  if (ours.type === 'array' && theirs.type === 'array') {
    const { items } = theirs;
    return (
      ours.items.length === items.length && ours.items.every((item, i) => isSame(item, items[i]!))
    );
  }
  const [text, other] = [show(ours), show(theirs)];
  return text === other || isNearly(stored(text), stored(other));
}

function isNearly(distance: number, other: number): boolean {
  return Math.abs(distance - other) <= Math.abs(other) * RELATIVE_ERROR_MAX;
}

/** A stored score; NaN for other texts. */
function stored(text: string): number {
  const double = /^(?:\(double\) |")(-?\d+(\.\d+)?(e[+-]\d+)?)"?$/.exec(text);
  return double === null ? Number.NaN : Number(double[1]);
}

function describe(command: readonly Arg[]): string {
  const words = command.map((arg) => JSON.stringify(toBytes(arg).toString('latin1')));
  return words.map((word) => (word.length > 80 ? `${word.slice(0, 80)}...` : word)).join(' ');
}

await fuzzAgainstRedis('commands on places', compare);
