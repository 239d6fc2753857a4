// Runs random commands on bits here and on a real redis-server, and compares every reply, and after
// each command the value, the encoding and the expiry of its key.
// Run: npx tsx src/commands/bitmap.fuzz.ts   (SEED=n repeats a run, COMMANDS=n is its length)

import { show, TestEngine } from '../../test/support/engine.ts';
import {
  expectSame,
  fuzzAgainstRedis,
  type Oracle,
  type SeededRandom,
} from '../../test/support/oracle-fuzz.ts';
import { type Arg, toBytes } from '../../test/support/resp-client.ts';
import { checkKeyspace } from '../keyspace/keyspace-check.ts';

const COMMANDS = Number(process.env.COMMANDS ?? 50_000);
const BATCH = 300;
/** Batches after which the keys begin anew. */
const ROUND = 20;

const KEYS = ['a', 'b', 'c', 'd', '', 'list', 'missing'];
const BIG_KEYS = ['big', 'large'];
const BIG_BITS = 40_000_000;

const BORDERS = [
  '0',
  '-1',
  '4294967295',
  '4294967296',
  '9007199254740993',
  '-9007199254740993',
  '9223372036854775807',
  '-9223372036854775807',
  '-9223372036854775808',
];
const NO_INTEGERS = [
  '',
  '-',
  '+1',
  '01',
  '-0',
  ' 1',
  '1.0',
  '9223372036854775808',
  'x',
  '#',
  '##1',
];
const OPERANDS = [
  '0',
  '1',
  '-1',
  '127',
  '-129',
  '255',
  '4294967296',
  '9007199254740991',
  '-9007199254740992',
  '9223372036854775807',
  '-9223372036854775807',
  '-9223372036854775808',
  '-9223372036854775681',
  '-9223372036854775680',
  '4611686018427387903',
  '-4611686018427387905',
];
const NO_ENCODINGS = ['u0', 'i0', 'u64', 'i65', 'u', 'i', '', '8', 'x8', 'U8', 'u08', 'u-1', 'i8 '];

async function compare({ client, random }: Oracle): Promise<number> {
  const engine = new TestEngine();
  for (let done = 0; done < COMMANDS; done += BATCH) {
    const commands: Arg[][] = [];
    if ((done / BATCH) % ROUND === 0) await beginAnew(engine, client);
    for (let i = 0; i < BATCH; i++) {
      const command = randomCommand(random);
      const key = command[0] === 'BITOP' ? command[2]! : command[1]!;
      commands.push(command, ...looksAt(String(key), random));
    }
    for (const command of commands) client.send(command);
    let last = commands[0]!;
    for (const command of commands) {
      if (!isLook(command)) last = command;
      const about = `${describe(last)}, then ${describe(command)}`;
      expectSame(about, engine.text(...command), show(await client.read()));
    }
  }
  checkKeyspace(engine.keyspace);
  return COMMANDS;
}

/** Empties both, but for a key of another type. */
async function beginAnew(engine: TestEngine, client: Oracle['client']): Promise<void> {
  checkKeyspace(engine.keyspace);
  engine.keyspace.databases[0]!.flush();
  engine.run('RPUSH', 'list', 'x');
  await client.call('FLUSHALL');
  await client.call('RPUSH', 'list', 'x');
}

/** What is compared after a command: all of a short value, parts of a long one. */
function looksAt(key: string, random: SeededRandom): Arg[][] {
  const looks = [
    ['STRLEN', key],
    ['PEXPIRETIME', key],
  ];
  // 7.2 has a name for short lists that 7.0 has not.
  if (key !== 'list') looks.push(['OBJECT', 'ENCODING', key]);
  if (!BIG_KEYS.includes(key)) return [...looks, ['GET', key]];
  const start = random.integer(0, BIG_BITS / 8);
  return [...looks, ['GETRANGE', key, String(start), String(start + 10_000)]];
}

function isLook(command: readonly Arg[]): boolean {
  return /^(STRLEN|PEXPIRETIME|OBJECT|GET|GETRANGE)$/.test(String(command[0]));
}

function describe(command: readonly Arg[]): string {
  const words = command.map((arg) => JSON.stringify(toBytes(arg).toString('latin1')));
  return words.map((word) => (word.length > 80 ? `${word.slice(0, 80)}...` : word)).join(' ');
}

function randomCommand(random: SeededRandom): Arg[] {
  const isBig = random.fraction() < 0.02;
  const key = random.pick(isBig ? BIG_KEYS : KEYS);
  switch (random.integer(0, 15)) {
    case 0:
      return ['SET', key, value(random), ...random.pick([[], ['EXAT', '9999999999']])];
    case 1:
      return [random.pick(['DEL', 'EXISTS']), key];
    case 2:
    case 3:
    case 4:
      return ['SETBIT', key, offset(random, isBig), random.pick(['0', '1', '1', '1', '2', 'x'])];
    case 5:
      return [
        'GETBIT',
        key,
        random.fraction() < 0.2 ? random.pick(BORDERS) : offset(random, isBig),
      ];
    case 6:
    case 7:
      return ['BITCOUNT', key, ...range(random, isBig, random.integer(0, 3))];
    case 8:
    case 9:
      return ['BITPOS', key, bit(random), ...range(random, isBig, random.integer(0, 3))];
    case 10:
    case 11:
    case 12:
      return bitop(random, key, isBig);
    case 13:
      return ['BITFIELD_RO', key, ...operations(random, isBig, true)];
    default:
      return ['BITFIELD', key, ...operations(random, isBig, false)];
  }
}

function bit(random: SeededRandom): string {
  return random.pick(['0', '1', '0', '1', '0', '1', '0', '1', '2', '-1', 'x', '']);
}

function value(random: SeededRandom): string {
  const draw = random.fraction();
  if (draw < 0.1) return String(random.integer(-1000, 1000));
  if (draw < 0.9) return random.text('\0\0\xff\xffab\x80\x01', 0, 40);
  return random.text('\0\xff', 1, 1).repeat(random.integer(1, 300));
}

/** Positions that a command may write to: never the last ones allowed, for the memory's sake. */
function offset(random: SeededRandom, isBig: boolean): string {
  if (isBig) return String(random.integer(0, BIG_BITS));
  if (random.fraction() < 0.05) return random.pick([...NO_INTEGERS, '-1', '4294967296', '-9']);
  return String(random.integer(0, random.fraction() < 0.1 ? 3000 : 150));
}

/** Up to three words: start, end, unit. */
function range(random: SeededRandom, isBig: boolean, length: number): string[] {
  const words = [index(random, isBig), index(random, isBig)];
  if (random.fraction() < 0.05) words.pop();
  words.push(random.pick(['BIT', 'bit', 'BYTE', 'BIT', 'BITS']));
  if (random.fraction() < 0.02) words.push('0');
  return words.slice(0, random.fraction() < 0.02 ? words.length : length);
}

function index(random: SeededRandom, isBig: boolean): string {
  if (random.fraction() < 0.1) return random.pick([...BORDERS, ...NO_INTEGERS]);
  const far = isBig ? BIG_BITS : random.fraction() < 0.5 ? 30 : 300;
  return String(random.integer(-far, far));
}

function bitop(random: SeededRandom, key: string, isBig: boolean): string[] {
  const operation = random.pick(['AND', 'or', 'XOR', 'NOT', 'NAND']);
  const count = operation === 'NOT' && random.fraction() < 0.9 ? 1 : random.integer(1, 5);
  const sources: string[] = [];
  const keys = random.fraction() < 0.1 ? KEYS : KEYS.filter((name) => name !== 'list');
  for (let i = 0; i < count; i++) sources.push(random.pick(isBig ? [...BIG_KEYS, 'a'] : keys));
  return ['BITOP', operation, key, ...sources];
}

function operations(random: SeededRandom, isBig: boolean, readOnly: boolean): string[] {
  const words: string[] = [];
  for (let left = random.integer(0, 5); left > 0; left--) {
    const draw = random.fraction();
    if (draw < 0.25) words.push('OVERFLOW', random.pick(['WRAP', 'sat', 'FAIL', 'SAT', 'FAIL']));
    else if (draw < 0.27) words.push(random.pick(['OVERFLOW', 'GET', 'FETCH', 'OVERFLOW NONE']));
    const encoding = random.fraction() < 0.01 ? random.pick(NO_ENCODINGS) : width(random);
    const field = [encoding, fieldOffset(random, isBig)];
    const kind = random.pick(readOnly && random.fraction() < 0.95 ? ['GET'] : WRITES);
    words.push(kind, ...field);
    if (kind !== 'GET') words.push(operand(random));
  }
  return random.fraction() < 0.02 ? words.slice(0, -1) : words;
}

const WRITES = ['GET', 'SET', 'SET', 'INCRBY', 'INCRBY', 'incrby'];

function width(random: SeededRandom): string {
  const bits = random.fraction() < 0.4 ? random.pick([1, 8, 31, 32, 33, 52, 53, 63]) : 0;
  if (random.fraction() < 0.5) return `u${bits || random.integer(1, 63)}`;
  return `i${(bits === 63 && random.fraction() < 0.5 ? 64 : bits) || random.integer(1, 64)}`;
}

function fieldOffset(random: SeededRandom, isBig: boolean): string {
  const far = random.fraction() < 0.2;
  return far ? `#${random.integer(0, isBig ? 100_000 : 20)}` : offset(random, isBig);
}

function operand(random: SeededRandom): string {
  const draw = random.fraction();
  if (draw < 0.01) return random.pick(NO_INTEGERS);
  if (draw < 0.4) return random.pick(OPERANDS);
  if (draw < 0.7) return String(random.integer(-300, 300));
  const magnitude = BigInt(Math.floor(random.fraction() * 2 ** 32)) * 2n ** 31n;
  const exact = magnitude + BigInt(random.integer(0, 2 ** 31 - 1));
  return String(BigInt.asIntN(64, (random.fraction() < 0.5 ? -exact : exact) >> shift(random)));
}

function shift(random: SeededRandom): bigint {
  return BigInt(random.integer(0, 60));
}

await fuzzAgainstRedis('bitmap commands', compare);
