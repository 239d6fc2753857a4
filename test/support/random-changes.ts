/** Random changes of any kind to keys of any type, as commands. */
import { type CommandLine, randomText, randomValue, VALUE_KINDS } from './random-values.ts';
import type { SeededRandom } from './seeded-random.ts';

type Change = (random: SeededRandom, key: string, other: string) => CommandLine;

/** Most fail on most keys, which is as good. */
const CHANGES: readonly Change[] = [
  (random, key) => ['SET', key, randomText(random, 100)],
  (random, key) => ['SET', key, randomText(random, 20), 'PX', String(random.integer(1, 400))],
  (random, key) => ['APPEND', key, randomText(random, 200)],
  (random, key) => ['SETRANGE', key, String(random.integer(0, 300)), randomText(random, 10)],
  (random, key) => ['SETBIT', key, String(random.integer(0, 999)), '1'],
  (_random, key) => ['INCR', key],
  (random, key) => ['PFADD', key, randomText(random, 10)],
  (_random, key) => ['PFCOUNT', key],
  (random, key) => ['GETEX', key, 'PX', String(random.integer(1, 900))],
  (_random, key) => ['GETEX', key, 'PERSIST'],
  (_random, key) => ['GETDEL', key],
  (random, key, other) => ['MSET', key, randomText(random, 10), other, randomText(random, 40)],
  (_random, key) => ['DEL', key],
  (_random, key, other) => ['UNLINK', key, other],
  (_random, key, other) => ['RENAME', key, other],
  (_random, key, other) => ['RENAMENX', key, other],
  (_random, key, other) => ['COPY', key, other, 'REPLACE'],
  (random, key, other) => ['COPY', key, other, 'DB', random.pick(['0', '1', '9']), 'REPLACE'],
  (random, key) => ['MOVE', key, random.pick(['0', '1', '9'])],
  (random, key) => ['PEXPIRE', key, String(random.integer(-1, 900))],
  (_random, key) => ['PERSIST', key],
  (random, key) => ['LPUSH', key, randomText(random, 50), randomText(random, 500)],
  (random, key) => ['RPOP', key, String(random.integer(1, 4))],
  (random, key) => ['LSET', key, String(random.integer(-3, 3)), randomText(random, 30)],
  (random, key) => ['LTRIM', key, String(random.integer(0, 2)), '-2'],
  (_random, key, other) => ['LMOVE', key, other, 'LEFT', 'RIGHT'],
  (random, key) => ['HSET', key, randomText(random, 8), randomText(random, 90)],
  (random, key) => ['HINCRBY', key, `new ${random.integer(0, 3)}`, '2'],
  (random, key) => ['HDEL', key, randomText(random, 8)],
  (random, key) => ['SADD', key, randomText(random, 20), String(random.integer(0, 99999))],
  (_random, key) => ['SPOP', key],
  (_random, key, other) => ['SUNIONSTORE', key, key, other],
  (random, key) => ['ZADD', key, String(random.fraction()), randomText(random, 20)],
  (_random, key) => ['ZPOPMIN', key, '2'],
  (_random, key, other) => ['ZRANGESTORE', other, key, '0', '5'],
  (_random, key) => ['ZREMRANGEBYRANK', key, '1', '2'],
  (random, key) => ['XADD', key, '*', 'field', randomText(random, 20)],
  (random, key) => ['XTRIM', key, 'MAXLEN', String(random.integer(0, 30))],
  (_random, key) => ['XREADGROUP', 'GROUP', 'group 1', 'Cleo', 'COUNT', '2', 'STREAMS', key, '>'],
  (_random, key) => ['XAUTOCLAIM', key, 'group 1', 'Dora', '0', '0', 'COUNT', '3'],
  (_random, key) => ['XGROUP', 'DESTROY', key, 'group 1'],
  (random) => ['SWAPDB', random.pick(['0', '1', '9']), random.pick(['0', '1', '9'])],
  (random) => ['SELECT', random.pick(['0', '1', '9'])],
];

/** A change of one or two of `keys` keys, or a value of some kind for one of them. */
export function randomChange(random: SeededRandom, keys: number): readonly CommandLine[] {
  const key = `key ${random.integer(0, keys - 1)}`;
  if (random.fraction() < 0.05) {
    return [['DEL', key], ...randomValue(random, random.pick(VALUE_KINDS), key)];
  }
  return [random.pick(CHANGES)(random, key, `key ${random.integer(0, keys - 1)}`)];
}
