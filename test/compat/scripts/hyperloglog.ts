import { elementOf } from '../../support/murmur.ts';
import type { Encoded } from '../encoded.ts';
import { near, such } from '../normalise.ts';
import { defineScript, needing, on, receive } from '../script.ts';

/** `count` different elements. */
function elements(count: number, name = 'element'): string[] {
  return Array.from({ length: count }, (_, i) => `${name} ${i}`);
}

/** The header of a sparse HyperLogLog whose count is old. */
const HEADER = `HYLL\x01${'\0'.repeat(10)}\x80`;

/** Values with the header of a HyperLogLog and runs that do not cover the registers. */
const DAMAGED = ['', '\x7f\xfe', '\x7f\xff\0', '\x7f\xfe\x83', '\x7f\xff'.repeat(100)];

/** Strings that do not even have its form. */
const OTHERS = [
  '',
  '12',
  'HYLL',
  `HYLl${HEADER.slice(4)}\x7f\xff`,
  `HYLL\x02${HEADER.slice(5)}\x7f\xff`,
  `HYLL\0${HEADER.slice(5)}\x7f\xff`,
  `HYLL\0${HEADER.slice(5)}${'\0'.repeat(12_287)}`,
  `HYLL\0${HEADER.slice(5)}${'\0'.repeat(12_289)}`,
];

/** Whether a reply lists all registers as they are with the elements a, b and c. */
function areThoseOfABC(reply: Encoded): boolean {
  if (!Array.isArray(reply) || reply.length !== 16_384) return false;
  const set = reply.flatMap((value, register) => (value === ':0' ? [] : [`${register}${value}`]));
  return set.join() === '8436:1,12711:2,15780:1';
}

export const script = defineScript({
  'PFADD and its bytes': [
    'PFADD h',
    'GET h',
    'PFADD h',
    'PFADD h a',
    'GET h',
    'PFADD h a',
    'PFADD h b c d e f g',
    'GET h',
    'PFADD h g f e d c b a',
    'OBJECT ENCODING h',
    [
      'PFADD',
      'h',
      '',
      '\0',
      '\0\0',
      '\xff\r\n',
      'seven b',
      'eight by',
      'nine byte',
      'x'.repeat(1000),
    ],
    'GET h',
    'PFDEBUG DECODE h',
    'PFCOUNT h',
    'PFADD t a',
    'EXPIRE t 100',
    'PFADD t b',
    near('TTL t', 100, 1),
    'PFADD',
  ],

  'PFCOUNT keeps its count': [
    'PFADD h a b c',
    'GETRANGE h 0 15',
    'PFCOUNT h',
    'GETRANGE h 0 15',
    'PFCOUNT h',
    'PFADD h a',
    'GETRANGE h 0 15',
    'PFADD h d',
    'GETRANGE h 0 15',
    'PFCOUNT h',
    'PFCOUNT missing',
    ['SET', 's', `HYLL\x01\0\0\0\x05\0\0\0\0\0\0\0\x7f\xff`],
    'OBJECT ENCODING s',
    'PFCOUNT s',
    'OBJECT ENCODING s',
    ['SET', 's', `HYLL\x01\0\0\0${'\xff'.repeat(7)}\x7f\x7f\xff`],
    'PFCOUNT s',
    'PFCOUNT',
  ],

  'Runs are split and joined': [
    ...[100, 0, 16383, 64, 65, 66, 67, 68, 69, 1, 2, 3, 4].flatMap((register) => [
      ['PFADD', 'h', elementOf(register, 2)] as const,
      'PFDEBUG DECODE h',
    ]),
    ...[66, 65, 67, 2, 1, 3, 0].flatMap((register) => [
      ['PFADD', 'h', elementOf(register, 7)] as const,
      'PFDEBUG DECODE h',
    ]),
    ['PFADD', 'h', elementOf(2, 32)],
    ['PFADD', 'h', elementOf(2, 31)],
    'GET h',
    'PFCOUNT h',
    ['PFADD', 'h', elementOf(2, 33)],
    'PFDEBUG ENCODING h',
    'GET h',
    ['PFADD', 'h', elementOf(3, 51)],
    ['PFADD', 'h', elementOf(3, 50)],
    'GET h',
    'PFCOUNT h',
  ],

  'Growing from sparse to dense': [
    ...Array.from({ length: 20 }, (_, i) => [
      ['PFADD', 'h', ...elements(100, `${i}`)],
      'PFDEBUG ENCODING h',
      'GET h',
      'PFCOUNT h',
    ]).flat(),
    ['PFADD', 'h', ...elements(20_000)],
    'GET h',
    'PFCOUNT h',
  ],

  'hll-sparse-max-bytes': [
    'CONFIG SET hll-sparse-max-bytes 20',
    'PFADD a x',
    'PFDEBUG ENCODING a',
    'CONFIG SET hll-sparse-max-bytes 21',
    'PFADD b x',
    'PFDEBUG ENCODING b',
    'PFADD b y',
    'PFDEBUG ENCODING b',
    'CONFIG SET hll-sparse-max-bytes 0',
    'PFADD c',
    'PFDEBUG ENCODING c',
    'PFADD c x',
    'PFDEBUG ENCODING c',
    'CONFIG SET hll-sparse-max-bytes 16000',
    ['PFADD', 'd', ...elements(5_000)],
    'PFDEBUG ENCODING d',
    'GET d',
    'PFCOUNT d',
    'CONFIG SET hll-sparse-max-bytes 3000',
    'PFADD d one-more-element-that-is-new',
    'PFDEBUG ENCODING d',
  ],

  'PFCOUNT of several': [
    'PFADD a 1 2 3',
    'PFADD b 3 4 5',
    ['PFADD', 'c', ...elements(5_000)],
    'PFCOUNT a b',
    'PFCOUNT a a',
    'PFCOUNT a missing',
    'PFCOUNT missing none',
    'PFCOUNT a b c',
    'PFCOUNT c a',
    'GETRANGE a 0 15',
  ],

  PFMERGE: [
    'PFADD a 1 2 3',
    'PFADD b 3 4 5',
    'PFMERGE to a b',
    'GET to',
    'PFCOUNT to',
    'PFMERGE to',
    'GET to',
    'PFMERGE a b',
    'GET a',
    'PFMERGE new',
    'GET new',
    'PFMERGE none missing gone',
    'PFCOUNT none',
    'PFADD t x',
    'EXPIRE t 100',
    'PFMERGE t a',
    near('TTL t', 100, 1),
    ['PFADD', 'c', ...elements(5_000)],
    'PFMERGE to c a',
    'GET to',
    'PFCOUNT to',
    'PFMERGE c b',
    'PFCOUNT c',
    ...[1, 2, 3, 4].map((i) => ['PFADD', `part${i}`, ...elements(700, `${i}`)]),
    'PFMERGE two part1 part2',
    'PFDEBUG ENCODING two',
    'GET two',
    'PFMERGE four part1 part2 part3 part4',
    'PFDEBUG ENCODING four',
    'GET four',
    'PFCOUNT four',
    'PFMERGE',
  ],

  'PFMERGE of registers side by side': [
    ['PFADD', 'a', ...Array.from({ length: 60 }, (_, i) => elementOf((i * 37) % 60, 1 + (i % 3)))],
    ['PFADD', 'b', ...Array.from({ length: 60 }, (_, i) => elementOf((i * 7) % 64, 1 + (i % 2)))],
    'PFDEBUG DECODE a',
    'PFDEBUG DECODE b',
    'PFMERGE c a b',
    'PFDEBUG DECODE c',
    'PFMERGE b a',
    'PFDEBUG DECODE b',
    'PFMERGE a c',
    'PFDEBUG DECODE a',
    ['PFADD', 'high', elementOf(9, 40)],
    'PFMERGE a high',
    'GET a',
  ],

  'PFDEBUG and PFSELFTEST': [
    'PFADD h a b c',
    'PFDEBUG encoding h',
    'PFDEBUG Decode h',
    'PFDEBUG TODENSE h',
    'PFDEBUG TODENSE h',
    'PFDEBUG DECODE h',
    'PFDEBUG ENCODING h',
    'PFCOUNT h',
    'PFADD g a b c',
    such('PFDEBUG GETREG g', 'all registers, of which three are set', areThoseOfABC),
    'PFDEBUG ENCODING g',
    'PFDEBUG DECODE missing',
    'PFDEBUG NONE missing',
    'PFDEBUG NONE h',
    'SET s text',
    'PFDEBUG NONE s',
    'PFDEBUG DECODE',
    'PFDEBUG DECODE h x',
    'PFSELFTEST',
    'PFSELFTEST x',
  ],

  'Strings that are no HyperLogLogs': [
    'PFADD h a',
    ...OTHERS.flatMap((value) => [
      ['SET', 's', value] as const,
      'PFADD s a',
      'PFCOUNT s',
      'PFCOUNT h s',
      'PFMERGE new h s',
      'PFMERGE s h',
      'PFDEBUG ENCODING s',
    ]),
    'EXISTS new',
  ],

  'Damaged HyperLogLogs': [
    'PFADD h a',
    ...DAMAGED.flatMap((runs) => [
      ['SET', 's', HEADER + runs] as const,
      'PFADD s',
      ['PFADD', 's', elementOf(16383, 40)] as const,
      'PFCOUNT s',
      'PFCOUNT h s',
      'PFMERGE new h s',
      'PFMERGE s h',
      'PFDEBUG TODENSE s',
      'PFDEBUG GETREG s',
      'PFDEBUG DECODE s',
      'GET s',
    ]),
    'EXISTS new',
    ['SET', 's', `${HEADER}\x7f\xf0`],
    ['PFADD', 's', elementOf(16383, 1)],
    ['PFADD', 's', elementOf(3, 1)],
    'GET s',
    ['SET', 's', `${HEADER}${'\x3f'.repeat(256)}`],
    'PFADD s a b c',
    'GET s',
    'PFCOUNT s',
    ...['\x2d\xb0\xd8', '\xb3\xcf\x3c', '\xff\xff\xff', '\x65\x59\x96'].flatMap((group) => [
      ['SET', 's', `HYLL\0${HEADER.slice(5)}${group.repeat(4096)}`] as const,
      'PFCOUNT s',
      'GETRANGE s 8 15',
      'PFCOUNT s h',
    ]),
  ],

  'HyperLogLog commands on another type': needing('RPUSH', [
    'RPUSH l x',
    'PFADD h a',
    'PFADD l a',
    'PFCOUNT l',
    'PFCOUNT h l',
    'PFMERGE l h',
    'PFMERGE new h l',
    'PFDEBUG ENCODING l',
    'EXISTS new',
  ]),

  'Events of HyperLogLog commands': needing('PSUBSCRIBE', [
    'CONFIG SET notify-keyspace-events KEA',
    on('events', 'PSUBSCRIBE __keyevent*'),
    'PFADD h',
    'PFADD h',
    'PFADD h a b',
    'PFADD h a b',
    'PFCOUNT h',
    'PFMERGE to h',
    'PFDEBUG TODENSE h',
    'PFADD last x',
    ...Array.from({ length: 4 }, () => on('events', receive())),
  ]),
});
