import { expect, it } from 'vitest';
import { TestEngine } from '../../test/support/engine.ts';
import { toBytes } from '../../test/support/resp-client.ts';
import { chosenSeed, SeededRandom } from '../../test/support/seeded-random.ts';
import { Args } from '../protocol/args.ts';
import { RespWriter } from '../protocol/resp-writer.ts';
import { checkKeyspace } from './keyspace-check.ts';

const BATCH = 16;
const DATABASES = 3;
const KEYS = ['a', 'b', 'of five', 'of 8 B.', 'a key that is rather long'];

/** Runs commands as a pipeline does; the bytes of all replies. */
function runBatch({ executor, client }: TestEngine, commands: string[][], isTouched: boolean) {
  const writer = new RespWriter();
  const batch = commands.map((command) => Args.of(...command.map(toBytes)));
  executor.beginBatch(performance.now());
  if (isTouched) executor.touch(client, batch, batch.length);
  for (const args of batch) executor.execute(client, args, writer);
  executor.endBatch();
  return writer.written().toString('latin1');
}

function randomCommand(random: SeededRandom): string[] {
  const key = random.pick(KEYS);
  const other = random.pick(KEYS);
  const database = String(random.integer(0, DATABASES - 1));
  const text = 'x'.repeat(random.integer(0, 1) * random.integer(0, 300));
  switch (random.integer(0, 19)) {
    case 0:
      return ['DEL', key];
    case 1:
      return ['RENAME', key, other];
    case 2:
      return ['MOVE', key, database];
    case 3:
      return ['SELECT', database];
    case 4:
      return ['SWAPDB', database, '0'];
    case 5:
      return random.integer(0, 3) === 0 ? ['FLUSHDB'] : ['EXISTS', key, other];
    case 6:
      return ['COPY', key, other, 'DB', database, 'REPLACE'];
    case 7:
      return ['PEXPIRE', key, String(random.integer(-1, 1))];
    case 8:
      return ['LPUSH', key, text, other];
    case 9:
      return ['LPOP', key];
    case 10:
      return ['APPEND', key, text];
    case 11:
      return ['SADD', key, text, other];
    case 12:
      return ['SMOVE', key, other, text];
    case 13:
      return ['MSET', key, text, other, '1'];
    case 14:
      return ['INCR', key];
    case 15:
      return ['SET', key, '7', 'PX', '100000'];
    case 16:
    case 17:
      return ['SET', key, text];
    default:
      return random.integer(0, 1) === 0 ? ['GET', key] : ['MGET', key, other, key, other, key];
  }
}

it('changes no reply, whatever happens to a key between the look and the command', () => {
  const seed = chosenSeed();
  const random = new SeededRandom(seed);
  const touched = new TestEngine({ databases: DATABASES });
  const plain = new TestEngine({ databases: DATABASES });
  for (let round = 0; round < 500; round++) {
    const commands = Array.from({ length: BATCH }, () => randomCommand(random));
    const about = `SEED=${seed}, round ${round}: ${JSON.stringify(commands)}`;
    const expected = runBatch(plain, commands, false);
    expect(runBatch(touched, commands, true), about).toBe(expected);
    for (const engine of [touched, plain]) {
      engine.sleep(1);
      engine.keyspace.removeExpired(100);
      engine.keyspace.freeGarbage();
    }
  }
  checkKeyspace(touched.keyspace);
});

it('finds again what has moved since, and what a longer value takes along', () => {
  const engine = new TestEngine();
  engine.run('SET', 'a', '1');
  engine.run('SET', 'b', '2');
  const long = 'x'.repeat(500);
  const commands = [
    ['SET', 'a', long],
    ['STRLEN', 'a'],
    ['APPEND', 'b', long],
    ['STRLEN', 'b'],
    ['DEL', 'a'],
    ['SET', 'c', long],
    ['GET', 'a'],
    ['STRLEN', 'b'],
  ];
  const replies = '+OK\r\n:500\r\n:501\r\n:501\r\n:1\r\n+OK\r\n$-1\r\n:501\r\n';
  expect(runBatch(engine, commands, true)).toBe(replies);
  checkKeyspace(engine.keyspace);
});
