import {
  bytesOf,
  double,
  idBytes,
  int64,
  intset,
  listpack,
  sealPayload,
  string,
  ziplist,
  zipmap,
} from '../../support/rdb-bytes.ts';
import { between, sorted } from '../normalise.ts';
import { defineScript } from '../script.ts';

/** A payload of a version that every Redis since 2.6 reads. */
function payload(type: number, ...value: readonly (number | string | Uint8Array)[]): Buffer {
  return sealPayload(bytesOf(type, ...value), 6);
}

const TEXT = payload(0, string('text'));
const DAY_MS = '86400000';

/** Bytes that LZF makes of a letter and 39 more of it. */
const COMPRESSED = bytesOf(0xc3, 5, 40, 0, 'a', 0xe0, 30, 0);

/** A stream of two entries, 5-1 and 5-2, of the fields `a` and `b`. */
const BLOCK = listpack(
  ...[2, 0, 2, 'a', 'b', 0],
  ...[2, 0, 0, 'A', 'B', 5],
  ...[2, 0, 1, 'C', 'D', 5],
);
const STREAM = [
  bytesOf(1, string(idBytes(5, 1)), string(BLOCK)),
  bytesOf(2, 5, 2),
  bytesOf(1, string('group'), 5, 1, 1, idBytes(5, 1), int64(1_700_000_000_000), 3),
  bytesOf(1, string('Ann'), int64(1_700_000_000_000), 1, idBytes(5, 1)),
];

export const script = defineScript({
  'RESTORE: options': [
    ['RESTORE', 'k', '0', TEXT],
    'GET k',
    'TTL k',
    ['RESTORE', 'k', '0', TEXT],
    ['RESTORE', 'k', '0', TEXT, 'REPLACE'],
    ['RESTORE', 'k', DAY_MS, TEXT, 'replace'],
    between('PTTL k', 86_000_000, 86_400_000),
    ['RESTORE', 'k', '4102444800000', TEXT, 'REPLACE', 'ABSTTL'],
    'PEXPIRETIME k',
    ['RESTORE', 'k', '1', TEXT, 'ABSTTL'],
    ['RESTORE', 'k', '1', TEXT, 'REPLACE', 'ABSTTL'],
    'EXISTS k',
    ['RESTORE', 'gone', '1', TEXT, 'ABSTTL'],
    'EXISTS gone',
    ['RESTORE', 'idle', '0', TEXT, 'IDLETIME', '1000'],
    between('OBJECT IDLETIME idle', 1000, 1002),
    ['RESTORE', 'often', '0', TEXT, 'FREQ', '200'],
    between('OBJECT IDLETIME often', 0, 1),
    ['RESTORE', 'all', DAY_MS, TEXT, 'REPLACE', 'IDLETIME', '7', 'REPLACE'],
  ],

  'RESTORE: errors': [
    'RESTORE',
    'RESTORE k 0',
    ['RESTORE', 'k', '-1', TEXT],
    ['RESTORE', 'k', 'x', TEXT],
    ['RESTORE', 'k', '9223372036854775808', TEXT],
    ['RESTORE', 'k', '9223372036854775807', TEXT],
    ['RESTORE', 'k', '0', TEXT, 'NO'],
    ['RESTORE', 'k', '0', TEXT, 'IDLETIME'],
    ['RESTORE', 'k', '0', TEXT, 'IDLETIME', '-1'],
    ['RESTORE', 'k', '0', TEXT, 'IDLETIME', 'x'],
    ['RESTORE', 'k', '0', TEXT, 'FREQ'],
    ['RESTORE', 'k', '0', TEXT, 'FREQ', '-1'],
    ['RESTORE', 'k', '0', TEXT, 'FREQ', '256'],
    ['RESTORE', 'k', '0', TEXT, 'FREQ', '1', 'IDLETIME', '1'],
    ['RESTORE', 'k', '0', TEXT, 'IDLETIME', '1', 'FREQ', '1'],
    ['RESTORE', 'k', '0', ''],
    ['RESTORE', 'k', '0', 'too short'],
    ['RESTORE', 'k', '0', TEXT.subarray(1)],
    ['RESTORE', 'k', '0', sealPayload(bytesOf(0, string('text')), 99)],
    ['RESTORE', 'k', '0', payload(99, string('text'))],
    ['RESTORE', 'k', '0', sealPayload(bytesOf(), 6)],
    ['RESTORE', 'k', '0', payload(0, 60, 'short')],
    ['RESTORE', 'k', '0', payload(0, 0xc3, 2, 40, 0, 'a')],
    ['RESTORE', 'k', '0', payload(10, string('no ziplist'))],
    ['RESTORE', 'k', '0', payload(11, string(intset([1], 2).subarray(1)))],
    ['RESTORE', 'k', '0', payload(1, 0)],
    ['RESTORE', 'k', '0', payload(2, 2, string('a'), string('a'))],
    'EXISTS k',
    'SET k v',
    ['RESTORE', 'k', '-1', TEXT],
    ['RESTORE', 'k', '-1', TEXT, 'REPLACE'],
    ['RESTORE', 'k', '0', 'no payload', 'REPLACE'],
    'GET k',
  ],

  'RESTORE: strings': [
    ['RESTORE', 'int8', '0', payload(0, 0xc0, 0x80)],
    ['RESTORE', 'int16', '0', payload(0, 0xc1, 0xff, 0x7f)],
    ['RESTORE', 'int32', '0', payload(0, 0xc2, 0, 0, 0, 0x80)],
    ['RESTORE', 'lzf', '0', payload(0, COMPRESSED)],
    ['RESTORE', 'empty', '0', payload(0, 0)],
    ['RESTORE', 'long', '0', payload(0, string('x'.repeat(100)))],
    ['RESTORE', 'long32', '0', payload(0, 0x80, 0, 0, 0, 3, 'abc')],
    ['RESTORE', 'long64', '0', payload(0, 0x81, 0, 0, 0, 0, 0, 0, 0, 3, 'abc')],
    'MGET int8 int16 int32 lzf empty long long32 long64',
    ...['int8', 'int32', 'lzf', 'long', 'empty'].map((key) => `OBJECT ENCODING ${key}`),
  ],

  'RESTORE: lists as they were stored': [
    ['RESTORE', 'a', '0', payload(1, 3, string('one'), 0xc0, 7, string('two'))],
    'LRANGE a 0 -1',
    ['RESTORE', 'b', '0', payload(10, string(ziplist(['x', 5, -9, 300, 70_000, 2 ** 24, 3n])))],
    'LRANGE b 0 -1',
    ['RESTORE', 'c', '0', payload(14, 2, string(ziplist(['x'])), string(ziplist(['y', 12, 13])))],
    'LRANGE c 0 -1',
    ['RESTORE', 'd', '0', payload(18, 2, 1, string('plain'), 2, string(listpack('x', 'y')))],
    'LRANGE d 0 -1',
    'RPUSH a more',
    'LPOP b',
    'LINSERT c BEFORE y z',
    'LRANGE c 0 -1',
  ],

  'RESTORE: hashes as they were stored': [
    ['RESTORE', 'a', '0', payload(4, 2, string('f'), string('v'), string('g'), 0xc0, 1)],
    sorted('HGETALL a'),
    [
      'RESTORE',
      'b',
      '0',
      payload(
        9,
        string(
          zipmap(
            [
              ['f', 'v'],
              ['long', 'x'.repeat(300)],
            ],
            3,
          ),
        ),
      ),
    ],
    sorted('HGETALL b'),
    ['RESTORE', 'c', '0', payload(13, string(ziplist(['f', 'v', 'g', 1000])))],
    sorted('HGETALL c'),
    ['RESTORE', 'd', '0', payload(16, string(listpack('f', 'v')))],
    sorted('HGETALL d'),
    ...['a', 'b', 'c', 'd'].map((key) => `OBJECT ENCODING ${key}`),
    'HSET a f other',
    'HGET a f',
  ],

  'RESTORE: sets as they were stored': [
    ['RESTORE', 'a', '0', payload(2, 2, string('x'), string('y'))],
    sorted('SMEMBERS a'),
    ['RESTORE', 'b', '0', payload(2, 2, 0xc0, 5, 0xc0, 3)],
    sorted('SMEMBERS b'),
    'OBJECT ENCODING b',
    ['RESTORE', 'c', '0', payload(11, string(intset([-70_000, 1, 9], 4)))],
    sorted('SMEMBERS c'),
    'OBJECT ENCODING c',
    ['RESTORE', 'd', '0', payload(11, string(intset([-(2 ** 50), 9], 8)))],
    sorted('SMEMBERS d'),
  ],

  'RESTORE: sorted sets as they were stored': [
    ['RESTORE', 'a', '0', payload(3, 3, string('x'), 3, '1.5', string('y'), 254, string('z'), 255)],
    'ZRANGE a 0 -1 WITHSCORES',
    ['RESTORE', 'b', '0', payload(5, 2, string('x'), double(2.5), string('y'), double(-1))],
    'ZRANGE b 0 -1 WITHSCORES',
    ['RESTORE', 'c', '0', payload(12, string(ziplist(['x', '1.5', 'y', 2])))],
    'ZRANGE c 0 -1 WITHSCORES',
    ['RESTORE', 'd', '0', payload(17, string(listpack('x', '1', 'y', '2')))],
    'ZRANGE d 0 -1 WITHSCORES',
    ...['a', 'b', 'c', 'd'].map((key) => `OBJECT ENCODING ${key}`),
    ['RESTORE', 'long', '0', payload(5, 1, string('x'.repeat(65)), double(0))],
    'OBJECT ENCODING long',
    ['RESTORE', 'nan', '0', payload(3, 1, string('x'), 253)],
  ],

  'RESTORE: streams as they were stored': [
    ['RESTORE', 's', '0', payload(15, ...STREAM)],
    'XRANGE s - +',
    'XLEN s',
    'XPENDING s group',
    'XINFO GROUPS s',
    'XADD s 5-2 f v',
    'XADD s 5-3 f v',
    'XREADGROUP GROUP group Bob STREAMS s >',
    'XACK s group 5-1',
  ],

  DUMP: ['DUMP', 'DUMP a b', 'DUMP missing'],
});
