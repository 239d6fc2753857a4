// Runs random string commands here and on a real redis-server, and compares every reply, and after
// each command the value, the encoding and the expiry of its key.
// Run: npx tsx src/commands/string.fuzz.ts   (SEED=n repeats a run)

import { show, TestEngine } from '../../test/support/engine.ts';
import {
  expectSame,
  fuzzAgainstRedis,
  type Oracle,
  type SeededRandom,
} from '../../test/support/oracle-fuzz.ts';
import { type Arg, toBytes } from '../../test/support/resp-client.ts';

const COMMANDS = Number(process.env.COMMANDS ?? 30_000);
const BATCH = 300;

const KEYS = ['a', 'b', 'c', '', 'k'.repeat(1100)];
/** In the years 2286 and later, so that nothing falls due. */
const TIMES = ['9999999999', '9999999999999', '9223372036854775', '9223372036854775807'];
const NO_TIMES = ['0', '-1', 'x', '', '9223372036854775808', '1.5'];
const INTEGERS = [
  '0',
  '-1',
  '7',
  '99',
  '-1000000000',
  '9007199254740991',
  '-9007199254740993',
  '9223372036854775807',
  '-9223372036854775808',
];
const NO_INTEGERS = ['', '-', '+1', '01', '-0', ' 1', '1.0', '9223372036854775808', 'x'];
const FLOATS = ['0.1', '-0.25', '1e3', '-1e-5', '3.0', 'inf', '1e400', '12345678901234567890'];

async function compare({ client, random }: Oracle): Promise<number> {
  const engine = new TestEngine();
  for (let done = 0; done < COMMANDS; done += BATCH) {
    const commands: Arg[][] = [];
    for (let i = 0; i < BATCH; i++) {
      const command = randomCommand(random);
      const key = command[1]!;
      commands.push(command, ['GET', key], ['OBJECT', 'ENCODING', key], ['PEXPIRETIME', key]);
    }
    for (const command of commands) client.send(command);
    for (const [i, command] of commands.entries()) {
      const about = [commands[i - (i % 4)]!, command].map(describe).join(', then ');
      expectSame(about, engine.text(...command), show(await client.read()));
    }
  }
  return COMMANDS;
}

function describe(command: readonly Arg[]): string {
  const words = command.map((arg) => JSON.stringify(toBytes(arg).toString('latin1')));
  return words.map((word) => (word.length > 80 ? `${word.slice(0, 80)}...` : word)).join(' ');
}

function randomCommand(random: SeededRandom): Arg[] {
  const key = random.pick(KEYS);
  const other = random.pick(KEYS);
  switch (random.integer(0, 21)) {
    case 0:
    case 1:
      return ['SET', key, value(random), ...setOptions(random)];
    case 2:
      return ['SET', key, value(random)];
    case 3:
      return ['GETEX', key, ...getexOptions(random)];
    case 4:
      return [random.pick(['GETDEL', 'STRLEN']), key];
    case 5:
      return [random.pick(['GETSET', 'SETNX']), key, value(random)];
    case 6:
      return [random.pick(['SETEX', 'PSETEX']), key, random.pick(NO_TIMES), value(random)];
    case 7:
      return ['MGET', key, other, key];
    case 8:
      return [random.pick(['MSET', 'MSETNX']), key, value(random), other, value(random)];
    case 9:
    case 10:
      return ['APPEND', key, value(random)];
    case 11:
    case 12:
      return [random.pick(['INCR', 'DECR']), key];
    case 13:
    case 14:
    case 15:
      return [random.pick(['INCRBY', 'DECRBY']), key, integer(random)];
    case 16:
      return ['INCRBYFLOAT', key, random.pick(random.fraction() < 0.8 ? FLOATS : NO_INTEGERS)];
    case 17:
      return [random.pick(['GETRANGE', 'SUBSTR']), key, index(random), index(random)];
    case 18:
    case 19:
      return ['SETRANGE', key, index(random), value(random)];
    default:
      return ['LCS', key, other, ...lcsOptions(random)];
  }
}

function value(random: SeededRandom): string {
  const draw = random.integer(0, 9);
  if (draw < 4) return integer(random);
  if (draw < 5) return random.pick(FLOATS);
  if (draw < 9) return random.text('ab\0\xff', 0, 60);
  return random.text('ab', 1_000, 20_000);
}

function integer(random: SeededRandom): string {
  if (random.fraction() < 0.1) return random.pick(NO_INTEGERS);
  return random.fraction() < 0.5 ? random.pick(INTEGERS) : String(random.integer(-500, 500));
}

function index(random: SeededRandom): string {
  if (random.fraction() < 0.1) return random.pick([...INTEGERS, ...NO_INTEGERS]);
  return String(random.integer(-70, random.fraction() < 0.1 ? 300_000 : 70));
}

function setOptions(random: SeededRandom): string[] {
  const options: string[] = [];
  for (let left = random.integer(1, 3); left > 0; left--) {
    const option = random.pick(['NX', 'xx', 'GET', 'KEEPTTL', 'EXAT', 'PXAT', 'EX', 'px', 'GOT']);
    options.push(option, ...timeOf(random, option));
  }
  return options;
}

function getexOptions(random: SeededRandom): string[] {
  if (random.fraction() < 0.2) return [];
  const option = random.pick(['PERSIST', 'persist', 'EXAT', 'PXAT', 'EX', 'PX', 'KEEPTTL']);
  return [option, ...timeOf(random, option)];
}

/** Only times that do not depend on when the command runs. */
function timeOf(random: SeededRandom, option: string): string[] {
  if (!/^(ex|px)/i.test(option) || random.fraction() < 0.05) return [];
  const isAbsolute = /at$/i.test(option);
  return [random.pick(isAbsolute && random.fraction() < 0.8 ? TIMES : NO_TIMES)];
}

function lcsOptions(random: SeededRandom): string[] {
  const options: string[] = [];
  for (let left = random.integer(0, 2); left > 0; left--) {
    const option = random.pick(['LEN', 'IDX', 'idx', 'WITHMATCHLEN', 'MINMATCHLEN', 'LENGTH']);
    options.push(option);
    if (option === 'MINMATCHLEN') options.push(String(random.integer(-2, 20)));
  }
  return options;
}

await fuzzAgainstRedis('string commands', compare);
