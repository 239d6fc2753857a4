// Lets three clients watch keys, run transactions and change keys at random, here and on a real
// redis-server, and compares every reply: whether a transaction runs must be decided alike.
// Run: npx tsx src/engine/transactions.fuzz.ts   (SEED=n repeats a run)

import { ClientRoom } from '../../test/support/client-room.ts';
import { show } from '../../test/support/engine.ts';
import {
  expectSame,
  fuzzAgainstRedis,
  type Oracle,
  type SeededRandom,
} from '../../test/support/oracle-fuzz.ts';
import { RespClient } from '../../test/support/resp-client.ts';
import { checkKeyspace } from '../keyspace/keyspace-check.ts';

const COMMANDS = Number(process.env.COMMANDS ?? 60_000);
const CLIENTS = 3;
const KEYS = ['a', 'b', 'c', 'd'];

async function compare({ port, random }: Oracle): Promise<number> {
  const room = new ClientRoom();
  const ours = Array.from({ length: CLIENTS }, () => room.enter());
  const theirs = await Promise.all(ours.map(() => RespClient.connect(port)));
  const trace: string[] = [];
  for (let i = 0; i < COMMANDS; i++) {
    const who = random.integer(0, CLIENTS - 1);
    const command = randomCommand(random);
    trace.push(`${who}> ${command.join(' ')}`);
    const expected = show(await theirs[who]!.call(...command));
    expectSame(trace.slice(-40).join('\n'), ours[who]!.call(...command), expected);
  }
  checkKeyspace(room.keyspace);
  await Promise.all(theirs.map((client) => client.close()));
  return COMMANDS;
}

function randomCommand(random: SeededRandom): string[] {
  const key = () => random.pick(KEYS);
  const draw = random.fraction();
  if (draw < 0.14) return ['WATCH', key(), ...(random.fraction() < 0.3 ? [key()] : [])];
  if (draw < 0.26) return ['MULTI'];
  if (draw < 0.44) return ['EXEC'];
  if (draw < 0.46) return [random.pick(['DISCARD', 'UNWATCH', 'NOSUCH', 'GET', 'EXEC x'])];
  if (draw < 0.5) return ['SELECT', random.pick(['0', '0', '1'])];
  return random.pick(CHANGES)(key, random);
}

type Change = (key: () => string, random: SeededRandom) => string[];

/** Commands that change keys, or may seem to. */
const CHANGES: readonly Change[] = [
  (key) => ['SET', key(), 'v'],
  (key) => ['SET', key(), 'v', 'NX'],
  (key) => ['GETEX', key()],
  (key) => ['GETEX', key(), 'PERSIST'],
  (key) => ['GETDEL', key()],
  (key) => ['MSETNX', key(), '1', key(), '2'],
  (key) => ['APPEND', key(), ''],
  (key) => ['SETRANGE', key(), '0', ''],
  (key) => ['SETRANGE', key(), '1', 'x'],
  (key) => ['SETBIT', key(), '3', '0'],
  (key) => ['BITOP', 'AND', key(), key(), key()],
  (key) => ['BITFIELD', key(), 'GET', 'u8', '0'],
  (key) => ['BITFIELD', key(), 'INCRBY', 'u8', '0', '1'],
  (key) => ['PFADD', key(), 'x'],
  (key) => ['PFCOUNT', key()],
  (key) => ['PFMERGE', key(), key()],
  (key) => ['DEL', key()],
  (key) => ['UNLINK', key(), key()],
  (key) => ['TOUCH', key()],
  (key) => ['EXPIRE', key(), '1000'],
  (key) => ['EXPIRE', key(), '1000', 'NX'],
  (key) => ['EXPIRE', key(), '-1'],
  (key) => ['PERSIST', key()],
  (key) => ['RENAME', key(), key()],
  (key) => ['RENAMENX', key(), key()],
  (key) => ['COPY', key(), key()],
  (key) => ['COPY', key(), key(), 'REPLACE'],
  (key) => ['COPY', key(), key(), 'DB', '1'],
  (key) => ['MOVE', key(), '1'],
  () => ['SWAPDB', '0', '1'],
  () => ['FLUSHDB'],
  (_, random) => (random.fraction() < 0.3 ? ['FLUSHALL'] : ['PING']),
  (key) => ['LPUSH', key(), '1', '2'],
  (key) => ['RPUSHX', key(), '1'],
  (key) => ['LPOP', key()],
  (key) => ['LPOP', key(), '0'],
  (key) => ['RPOPLPUSH', key(), key()],
  (key) => ['LMPOP', '2', key(), key(), 'LEFT'],
  (key) => ['LREM', key(), '0', '1'],
  (key) => ['LSET', key(), '0', '1'],
  (key) => ['LTRIM', key(), '0', '-1'],
  (key) => ['LTRIM', key(), '1', '0'],
  (key) => ['LINSERT', key(), 'BEFORE', '1', '2'],
  (key, random) => ['XADD', key(), `${random.integer(1, 1e9)}-1`, 'f', 'v'],
  (key) => ['XTRIM', key(), 'MAXLEN', '2'],
  (key) => ['XDEL', key(), '1-1'],
  (key) => ['XSETID', key(), '999999999999-1'],
  (key) => ['XGROUP', 'CREATE', key(), 'g', '0'],
  (key) => ['XGROUP', 'CREATE', key(), 'h', '$', 'MKSTREAM'],
  (key) => ['XGROUP', 'SETID', key(), 'g', '0'],
  (key) => ['XGROUP', 'DESTROY', key(), 'g'],
  (key) => ['XGROUP', 'CREATECONSUMER', key(), 'g', 'c'],
  (key) => ['XGROUP', 'DELCONSUMER', key(), 'g', 'c'],
  (key) => ['XACK', key(), 'g', '1-1'],
  (key) => ['TYPE', key()],
  (key) => ['GET', key()],
  (key) => ['EXISTS', key(), key()],
];

await fuzzAgainstRedis('transactions', compare);
