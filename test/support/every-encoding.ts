/** A data set that has every type in every encoding, with and without expiry, in two databases. */
import type { CommandLine } from './random-values.ts';

/** The databases it uses. */
export const DATABASES = ['0', '9'] as const;

/** The year 2100, in milliseconds. */
const FAR_MS = 4_102_444_800_123;

/** Commands that make it on any server of Redis 7.0 and later. */
export function everyEncoding(): CommandLine[] {
  const lines = [...strings(), ...lists(), ...hashes(), ...sets(), ...sortedSets(), ...streams()];
  // Each key again, to fall due, and again in another database.
  const keys = [...new Set(lines.map(([, ...words]) => keyOf(words)))];
  const copies = keys.flatMap((key, i): CommandLine[] => [
    ['COPY', key, `${key}, due`],
    ['PEXPIREAT', `${key}, due`, String(FAR_MS + i)],
    ['COPY', key, key, 'DB', '9'],
  ]);
  return [['SELECT', '0'], ...lines, ...copies, ...libraries()];
}

/** Behind XGROUP and XREADGROUP the key is not the first argument. */
function keyOf(words: readonly string[]): string {
  if (words[0] === 'CREATE' || words[0] === 'CREATECONSUMER') return words[1]!;
  if (words[0] === 'GROUP') return words[words.indexOf('STREAMS') + 1]!;
  return words[0]!;
}

function numbers(count: number): string[] {
  return Array.from({ length: count }, (_, i) => String(i));
}

function strings(): CommandLine[] {
  const bytes = String.fromCharCode(...Array.from({ length: 256 }, (_, i) => i));
  return [
    ['SET', 'integer', '12345'],
    ['SET', 'small integer', '7'],
    ['SET', 'negative integer', '-2147483649'],
    ['SET', 'largest integer', '9223372036854775807'],
    ['SET', 'no integer', '007'],
    ['SET', 'short text', 'abc'],
    ['SET', 'long text', 'a text of more than 44 bytes, which is why it is raw, and no embstr'],
    ['SET', 'compressible', 'again and '.repeat(2000)],
    ['SET', 'all bytes', bytes],
    ['SET', 'nothing', ''],
    ['APPEND', 'appended', 'abc'],
    ['SETBIT', 'bits', '70001', '1'],
    ['PFADD', 'estimate', ...numbers(10)],
    ['PFADD', 'dense estimate', ...numbers(5000)],
  ];
}

function lists(): CommandLine[] {
  return [
    ['RPUSH', 'short list', 'a', '1', '-70000', 'b'.repeat(60), ''],
    ['RPUSH', 'long list', ...numbers(3000)],
    ['RPUSH', 'list of long texts', 'x'.repeat(20_000), 'short', 'y'.repeat(9000)],
  ];
}

function hashes(): CommandLine[] {
  return [
    ['HSET', 'short hash', 'a', '1', 'b', 'text', '3', ''],
    ['HSET', 'long hash', ...numbers(1400)],
    ['HSET', 'hash of a long text', 'field', 'x'.repeat(65)],
  ];
}

function sets(): CommandLine[] {
  return [
    ['SADD', 'set of small integers', '1', '2', '-3'],
    ['SADD', 'set of integers', '1', '70000', '-3'],
    ['SADD', 'set of large integers', '1', '9223372036854775807'],
    ['SADD', 'short set', 'a', '1', 'text'],
    ['SADD', 'long set', ...numbers(700).map((text) => `m${text}`)],
    ['SADD', 'long set of integers', ...numbers(700)],
  ];
}

function sortedSets(): CommandLine[] {
  const pairs = numbers(300).flatMap((text) => [`${text}.5`, `m${text}`]);
  return [
    ['ZADD', 'short zset', '1', 'a', '2.5', 'b', '-inf', 'c', 'inf', 'd', '1e300', 'e', '0.1', 'f'],
    ['ZADD', 'long zset', ...pairs],
    ['ZADD', 'zset of a long text', '1', 'x'.repeat(65)],
    ['GEOADD', 'places', '13.361389', '38.115556', 'Palermo', '15.087269', '37.502669', 'Catania'],
  ];
}

function streams(): CommandLine[] {
  const entries = (key: string, count: number) =>
    numbers(count).map((text): CommandLine => {
      const fields = Number(text) % 3 === 0 ? ['other', text] : ['name', text, 'more', 'x'];
      return ['XADD', key, `${1000 + Number(text)}-${text}`, ...fields];
    });
  const read = (group: string, consumer: string, count: number): CommandLine => {
    const reader = ['GROUP', group, consumer, 'COUNT', String(count)];
    return ['XREADGROUP', ...reader, 'STREAMS', 'stream of groups', '>'];
  };
  return [
    ...entries('short stream', 5),
    ...entries('long stream', 350),
    ['XDEL', 'long stream', '1003-3', '1349-349', '1100-100'],
    ...entries('emptied stream', 2),
    ['XTRIM', 'emptied stream', 'MAXLEN', '0'],
    ['XGROUP', 'CREATE', 'new stream', 'group', '$', 'MKSTREAM'],
    ...entries('set stream', 1),
    ['XSETID', 'set stream', '9000-1', 'ENTRIESADDED', '77', 'MAXDELETEDID', '8000-0'],
    ...entries('stream of groups', 120),
    ['XGROUP', 'CREATE', 'stream of groups', 'first', '0'],
    ['XGROUP', 'CREATE', 'stream of groups', 'second', '1050-50', 'ENTRIESREAD', '51'],
    ['XGROUP', 'CREATE', 'stream of groups', 'empty', '$'],
    ['XGROUP', 'CREATECONSUMER', 'stream of groups', 'first', 'idle'],
    read('first', 'Ann', 30),
    read('first', 'Bob', 25),
    read('second', 'Ann', 10),
    ['XACK', 'stream of groups', 'first', '1004-4', '1031-31', '1032-32'],
    // Pending entries that are gone, and some that were delivered again.
    ['XDEL', 'stream of groups', '1005-5'],
    ['XCLAIM', 'stream of groups', 'first', 'Bob', '0', '1006-6', '1007-7'],
  ];
}

function libraries(): CommandLine[] {
  const code = (name: string) =>
    `#!lua name=${name}\n-- ${'a comment '.repeat(20)}\n` +
    `redis.register_function('${name}_f', function(keys, args) return 'from ${name}' end)`;
  return ['one', 'two'].map((name) => ['FUNCTION', 'LOAD', code(name)]);
}
