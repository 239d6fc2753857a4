// Runs random SORT and SORT_RO commands here and on a real redis-server, over lists, sets and
// sorted sets, and compares every reply and what is stored. Run: npx tsx src/commands/sort.fuzz.ts
// (SEED=n repeats a run, COMMANDS=n makes it longer)

import { show, TestEngine } from '../../test/support/engine.ts';
import { fuzzAgainstRedis, type Oracle } from '../../test/support/oracle-fuzz.ts';
import { type Arg, toBytes } from '../../test/support/resp-client.ts';
import type { Reply } from '../../test/support/resp-reply.ts';
import { leavesElementsOpen, randomSortCommand } from '../../test/support/sort-commands.ts';
import { checkKeyspace } from '../keyspace/keyspace-check.ts';

const COMMANDS = Number(process.env.COMMANDS ?? 200_000);
const BATCH = 100;
const STORED = ['LRANGE', 'stored', '0', '-1'];

async function compare({ client, random }: Oracle): Promise<number> {
  const engine = new TestEngine();
  const { keyspace } = engine;
  const startBytes = keyspace.heap.usedBytes;
  for (let done = 0; done < COMMANDS; done += BATCH) {
    const setUp: Arg[][] = [['HELLO', random.fraction() < 0.3 ? '3' : '2']];
    if (random.fraction() < 0.2) setUp.push(['FLUSHALL']);
    for (const command of setUp) {
      await client.call(...command);
      if (command[0] !== 'HELLO') engine.run(...command);
    }
    engine.client.resp3 = setUp[0]![1] === '3';
    const commands: Arg[][] = [];
    for (let i = 0; i < BATCH; i++) {
      const command = randomSortCommand(random);
      commands.push(command);
      if (!command.includes('stored')) continue;
      commands.push(STORED);
      if (leavesElementsOpen(command)) commands.push(['DEL', 'stored']);
    }
    for (const command of commands) client.send(command);
    let isOpen = false;
    for (const [i, command] of commands.entries()) {
      const ours = engine.run(...command);
      const theirs = await client.read();
      if (command !== STORED) isOpen = leavesElementsOpen(command);
      if (spell(ours, isOpen) === spell(theirs, isOpen)) continue;
      const about = commands
        .slice(Math.max(0, i - 1), i + 1)
        .map(describe)
        .join('\n  then ');
      throw new Error(`${about}\n  ours:   ${show(ours)}\n  oracle: ${show(theirs)}`);
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

/** A reply as text; of one whose elements may be any their number. */
function spell(reply: Reply, isOpen: boolean): string {
  return isOpen && reply.type === 'array' ? String(reply.items.length) : show(reply);
}

function describe(command: readonly Arg[]): string {
  const words = command.map((arg) => JSON.stringify(toBytes(arg).toString('latin1')));
  return words.map((word) => (word.length > 80 ? `${word.slice(0, 80)}...` : word)).join(' ');
}

await fuzzAgainstRedis('SORT', compare);
