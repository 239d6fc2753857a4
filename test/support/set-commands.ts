/** Random commands on sets, for comparing two servers. */
import type { Arg } from './resp-client.ts';
import type { SeededRandom } from './seeded-random.ts';

export const SET_KEYS = ['a', 'b', 'c', 'd', 'rare', '', 'k'.repeat(1100)];
export const STRING_KEY = 'string';

const INTEGERS = [
  '0',
  '-1',
  '127',
  '128',
  '32767',
  '32768',
  '-32768',
  '-32769',
  '2147483647',
  '2147483648',
  '-2147483649',
  '9007199254740993',
  '9223372036854775807',
  '-9223372036854775808',
];
const NO_INTEGERS = ['', '-', '+1', '01', '-0', ' 1', '1.0', '9223372036854775808', 'x'];
const NO_CURSORS = ['', ' 1', '1.0', 'x', '18446744073709551616'];
const LENGTHS = [11, 63, 64, 65, 111, 112, 113, 126, 127, 128, 300, 5000];
const PATTERNS = ['*', '', 'a*', '*1*', '[0-9]', '\\*', 'y*', '?'];

/** A command on sets, or one on keys that hold them. */
export function randomCommand(random: SeededRandom): Arg[] {
  const draw = random.integer(0, 99);
  const key = anyKey(random);
  if (draw < 26) return ['SADD', key, ...members(random)];
  if (draw < 37) return ['SREM', key, ...members(random)];
  if (draw < 41) return ['SMOVE', key, anyKey(random), member(random)];
  if (draw < 44) return ['SISMEMBER', key, member(random)];
  if (draw < 46) return ['SMISMEMBER', key, ...members(random)];
  if (draw < 48) return [random.pick(['SCARD', 'SMEMBERS']), key];
  if (draw < 53) return ['SPOP', key, ...countOption(random, 0)];
  if (draw < 57) return ['SRANDMEMBER', key, ...countOption(random, -40)];
  if (draw < 61) return scan(random, key);
  if (draw < 65) return ['SINTERCARD', ...cardinality(random)];
  if (draw < 77) return [random.pick(['SINTER', 'SUNION', 'SDIFF']), ...keys(random)];
  if (draw < 93) {
    return [random.pick(['SINTERSTORE', 'SUNIONSTORE', 'SDIFFSTORE']), key, ...keys(random)];
  }
  if (draw < 96) return [random.pick(['DEL', 'UNLINK']), random.pick(SET_KEYS)];
  if (draw < 97) return ['EXPIRE', key, '100000'];
  if (draw < 98) return ['COPY', random.pick(SET_KEYS), random.pick(SET_KEYS), 'REPLACE'];
  if (draw < 99) return ['RENAME', random.pick(SET_KEYS), random.pick(SET_KEYS)];
  return mistaken(random, key);
}

/** The keys that a command may have changed, or asked for. */
export function keysOf(command: readonly Arg[]): Arg[] {
  const name = command[0];
  const known = new Set<Arg>([...SET_KEYS, STRING_KEY]);
  const named = command.slice(1).filter((arg) => known.has(arg));
  const isMoving = name === 'SMOVE' || name === 'RENAME' || name === 'COPY';
  return named.slice(0, isMoving ? 2 : 1);
}

function anyKey(random: SeededRandom): string {
  const draw = random.fraction();
  if (draw < 0.015) return STRING_KEY;
  return random.pick(SET_KEYS);
}

function keys(random: SeededRandom): string[] {
  const most = random.fraction() < 0.03 ? 30 : 5;
  return Array.from({ length: random.integer(1, most) }, () => anyKey(random));
}

function members(random: SeededRandom): string[] {
  const draw = random.fraction();
  if (draw < 0.004) return manyMembers(random);
  const most = draw < 0.08 ? 40 : 4;
  const areIntegers = random.fraction() < 0.3;
  return Array.from({ length: random.integer(1, most) }, () =>
    areIntegers ? integer(random) : member(random),
  );
}

/** So many that a table has buckets to speak of. */
function manyMembers(random: SeededRandom): string[] {
  const first = random.integer(-50, 400);
  const prefix = random.pick(['', 'm', 'a somewhat longer member ']);
  return Array.from({ length: random.integer(100, 900) }, (_, i) => prefix + (first + i));
}

/** From few of them, so that sets have members in common. */
function member(random: SeededRandom): string {
  const draw = random.integer(0, 19);
  if (draw < 8) return random.text('ab', 0, 3);
  if (draw < 14) return integer(random);
  if (draw < 15) return random.pick(NO_INTEGERS);
  if (draw < 17) return random.text('a\0\r\n\xff', 0, 3);
  return random.pick(['x', 'y']).repeat(random.pick(LENGTHS));
}

function integer(random: SeededRandom): string {
  return random.fraction() < 0.15 ? random.pick(INTEGERS) : String(random.integer(-12, 12));
}

function countOption(random: SeededRandom, least: number): string[] {
  const draw = random.fraction();
  if (draw < 0.4) return [];
  if (draw < 0.43) return [random.pick(NO_INTEGERS)];
  if (draw < 0.45) return [random.pick(['9223372036854775807', '1000000', '-9223372036854775808'])];
  if (draw < 0.46) return ['1', '1'];
  return [String(random.integer(random.fraction() < 0.03 ? -3 : least, 40))];
}

/** Of a scan in one step: where a step ends is each server's own business. */
function scan(random: SeededRandom, key: string): string[] {
  const command = ['SSCAN', key, random.fraction() < 0.04 ? random.pick(NO_CURSORS) : '0'];
  if (random.fraction() < 0.6) command.push('MATCH', random.pick(PATTERNS));
  if (random.fraction() < 0.05) command.push(random.pick(['COUNT', 'TYPE', 'NOVALUES']), '0');
  command.push('count', '100000');
  if (random.fraction() < 0.02) command.push('MATCH');
  return command;
}

function cardinality(random: SeededRandom): string[] {
  const some = keys(random);
  const draw = random.fraction();
  const number = draw < 0.05 ? random.pick([...NO_INTEGERS, '-1', '9']) : String(some.length);
  const command = [number, ...some];
  if (random.fraction() < 0.5) command.push('LIMIT', String(random.integer(-1, 12)));
  if (random.fraction() < 0.03) command.push(random.pick(['LIMIT', 'limits', '1']));
  return command;
}

/** A command with the wrong number of arguments. */
function mistaken(random: SeededRandom, key: string): string[] {
  const name = random.pick(['SADD', 'SREM', 'SISMEMBER', 'SMOVE', 'SINTERSTORE', 'SINTERCARD']);
  return random.fraction() < 0.5 ? [name, key] : [name, key, 'a', 'b', 'c'];
}
