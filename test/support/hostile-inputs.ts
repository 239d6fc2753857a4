/**
 * What a broken or malicious client may send: valid pipelines with damage done to them, lengths
 * that lie, other protocols, noise. Every input depends on nothing but the random numbers it is
 * given.
 */
import { encodeCommand } from './resp-client.ts';
import type { SeededRandom } from './seeded-random.ts';

/** All keys that a hostile client means to touch begin like this. */
export const HOSTILE_PREFIX = 'h:';

/** Lengths that are none, or that nobody will live up to. */
const LYING_LENGTHS = [
  '-1',
  '-2',
  '0',
  '00',
  '01',
  '+1',
  '1 ',
  ' 1',
  '',
  '1e3',
  '0x10',
  'x',
  '1.0',
  '16384',
  '65536',
  '1000000',
  '1048577',
  '536870912',
  '536870913',
  '2147483647',
  '2147483648',
  '4294967296',
  '-2147483648',
  '9007199254740993',
  '9223372036854775807',
  '-9223372036854775808',
  '18446744073709551616',
  '1'.repeat(40),
];

const TYPE_BYTES = '*$+-:_,#!=(%~>|';

/** Requests of RESP3, none of which a server takes. */
const RESP3_REQUESTS = [
  '%1\r\n+key\r\n:1\r\n',
  '~2\r\n+a\r\n+b\r\n',
  '>2\r\n+message\r\n+x\r\n',
  '|1\r\n+ttl\r\n:3600\r\n*1\r\n$4\r\nPING\r\n',
  '_\r\n',
  ',1.5\r\n',
  '#t\r\n',
  '(3492890328409238509324850943850943825024385\r\n',
  '=8\r\ntxt:PING\r\n',
  '!5\r\nERR x\r\n',
  '*1\r\n+PING\r\n',
  '*1\r\n:1\r\n',
  '*1\r\n*1\r\n*1\r\n*1\r\n$4\r\nPING\r\n',
  '*?\r\n$4\r\nPING\r\n.\r\n',
  '*1\r\n$?\r\n;4\r\nPING\r\n;0\r\n',
];

const OTHER_PROTOCOLS = [
  'GET / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: x\r\nAccept: */*\r\n\r\n',
  'POST /k HTTP/1.1\r\nHost: localhost\r\nContent-Length: 30\r\n\r\nSET h:k v\r\nSET h:l v\r\n',
  'OPTIONS * HTTP/1.0\r\n\r\n',
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'EHLO example.org\r\nMAIL FROM:<a@example.org>\r\n',
  'SSH-2.0-OpenSSH_9.6\r\n',
  '\x16\x03\x01\x00\x2e\x01\x00\x00\x2a\x03\x03' +
    '\xa5'.repeat(32) +
    '\x00\x00\x02\x13\x01\x01\x00',
  '\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10',
  '\x00\x00\x00\x08\x04\xd2\x16\x2f',
  '\x04\x01\x1a\xe9\x7f\x00\x00\x01\x00',
];

/** One input. Most are short; a few are beyond every limit of the protocol. */
export function hostileInput(random: SeededRandom): Buffer {
  const kind = random.integer(1, 100);
  if (kind <= 70) return damagedPipeline(random);
  if (kind <= 80) return lyingCommand(random);
  if (kind <= 86) return inlineGarbage(random);
  if (kind <= 90) return noise(random, 2_000);
  if (kind <= 94) return Buffer.from(random.pick(RESP3_REQUESTS), 'latin1');
  if (kind <= 98) return Buffer.from(random.pick(OTHER_PROTOCOLS), 'latin1');
  return oversized(random);
}

/** A valid command of a client that means no harm. */
export function validCommand(random: SeededRandom): Buffer {
  const key = () => HOSTILE_PREFIX + random.text('abc', 1, 2);
  const value = () => random.text('xyz\0\r\n\xff0123456789', 0, random.pick([3, 30, 300]));
  const number = () => String(random.integer(-100, 100));
  return encodeCommand(
    random.pick([
      () => ['SET', key(), value()],
      () => ['SET', key(), number(), 'PX', String(random.integer(1, 5_000))],
      () => ['GET', key()],
      () => ['GETRANGE', key(), number(), number()],
      () => ['SETRANGE', key(), String(random.integer(0, 5_000)), value()],
      () => ['APPEND', key(), value()],
      () => ['INCRBY', key(), number()],
      () => ['MSET', key(), value(), key(), value()],
      () => ['MGET', key(), key(), key()],
      () => ['DEL', key(), key()],
      () => ['EXPIRE', key(), number()],
      () => ['OBJECT', 'ENCODING', key()],
      () => ['COPY', key(), key(), 'REPLACE'],
      () => ['ECHO', value()],
      () => ['PING'],
      () => ['HELLO', random.pick(['2', '3', '4', 'x']), 'SETNAME', random.text('ab c', 0, 5)],
      () => ['CLIENT', 'SETNAME', random.text('ab\n', 0, 5)],
      () => ['SCAN', '0', 'MATCH', random.text('h:*[]?\\ab-^', 0, 20), 'COUNT', number()],
      () => ['COMMAND', 'INFO', value()],
    ])(),
  );
}

function damagedPipeline(random: SeededRandom): Buffer {
  let bytes: Buffer = Buffer.concat(
    Array.from({ length: random.integer(1, 12) }, () => validCommand(random)),
  );
  for (let left = random.integer(0, 4); left > 0; left--) bytes = damaged(bytes, random);
  return bytes;
}

function damaged(bytes: Buffer, random: SeededRandom): Buffer {
  const at = random.integer(0, Math.max(0, bytes.length - 1));
  const end = Math.min(bytes.length, at + random.integer(1, random.pick([1, 8, 200])));
  const cutAt = (from: number, to: number, ...between: readonly Buffer[]): Buffer =>
    Buffer.concat([bytes.subarray(0, from), ...between, bytes.subarray(to)]);
  const text = (characters: string) => Buffer.from(characters, 'latin1');
  switch (random.integer(1, 9)) {
    case 1: {
      const flipped = Buffer.from(bytes);
      if (flipped.length > 0) flipped[at]! ^= 1 << random.integer(0, 7);
      return flipped;
    }
    case 2:
      return cutAt(at, end);
    case 3:
      return cutAt(end, end, bytes.subarray(at, end));
    case 4:
      return bytes.subarray(0, at);
    case 5:
      return cutAt(at, at, noise(random, 20));
    case 6:
      return cutAt(at, at + 1, text(random.pick(TYPE_BYTES)));
    case 7:
      return withLyingLength(bytes, random);
    case 8:
      return cutAt(at, at, text(random.pick(['\r', '\n', '\r\n', '\0', '"', "'", '\r\n\r\n'])));
    default:
      return text(bytes.toString('latin1').replace('\r\n', random.pick(['\n', '\r', '', '\n\r'])));
  }
}

/** Replaces one of the lengths in a pipeline. */
function withLyingLength(bytes: Buffer, random: SeededRandom): Buffer {
  const text = bytes.toString('latin1');
  const headers = [...text.matchAll(/[*$]\d+\r\n/g)];
  if (headers.length === 0) return bytes;
  const { index, 0: header } = random.pick(headers);
  const lie = header[0] + random.pick(LYING_LENGTHS) + random.pick(['\r\n', '\r\n', '\n', '\r']);
  return Buffer.from(text.slice(0, index) + lie + text.slice(index + header.length), 'latin1');
}

/** Announces what never comes, or not so much of it. */
function lyingCommand(random: SeededRandom): Buffer {
  const count = random.pick(LYING_LENGTHS);
  const length = random.pick(LYING_LENGTHS);
  const some = noise(random, 50).toString('latin1');
  const text = random.pick([
    `*${count}\r\n$4\r\nPING\r\n$4\r\nPING\r\n`,
    `*2\r\n$4\r\nECHO\r\n$${length}\r\n${some}`,
    `*${count}\r\n$${length}\r\n${some}\r\n`,
    `*3\r\n$3\r\nSET\r\n$3\r\nh:k\r\n$536870912\r\n${some}`,
    `*1000000\r\n${'$1\r\nx\r\n'.repeat(random.integer(0, 500))}`,
    `*${count}`,
    `*1\r\n$${length}`,
    '*'.repeat(random.integer(1, 50)),
    '*0\r\n'.repeat(random.integer(1, 2_000)),
    '\r\n'.repeat(random.integer(1, 2_000)),
  ]);
  return Buffer.from(text, 'latin1');
}

function inlineGarbage(random: SeededRandom): Buffer {
  const alphabet = random.pick([
    'abc "\'\\x0f',
    '"\'',
    ' \t\r\n\v\f',
    'SETGET h:k"\'\\n\0\r\n',
    'PING\r\n\0',
  ]);
  const word = random.pick(['', 'SET h:k ', 'ECHO ', 'GET ', 'PING ', '"ECHO" ', 'nosuch ']);
  const line = word + random.text(alphabet, 0, 200) + random.pick(['', '\n', '\r\n', '\r']);
  return Buffer.from(line.repeat(random.integer(1, 3)), 'latin1');
}

function noise(random: SeededRandom, lengthMax: number): Buffer {
  const bytes = Buffer.allocUnsafe(random.integer(0, lengthMax));
  for (let i = 0; i < bytes.length; i++) bytes[i] = random.integer(0, 255);
  return bytes;
}

/** Always the same one: many of them would be more than a reply to SCAN may hold. */
const LONG_KEY = HOSTILE_PREFIX + 'k'.repeat(100_000);

/** Lines, names, argument lists and values longer than what is expected or allowed. */
function oversized(random: SeededRandom): Buffer {
  const long = random.integer(60_000, 140_000);
  const text = random.pick([
    () => 'x'.repeat(long),
    () => `${'x'.repeat(long)}\r\n`,
    () => `*${'1'.repeat(long)}\r\n`,
    () => `*1\r\n$${'1'.repeat(long)}\r\n`,
    () => `ECHO "${'x'.repeat(long)}"\r\n`,
    () => `${'word '.repeat(long / 5)}\r\n`,
    () => `"${'\\x00'.repeat(long / 4)}\r\n`,
    () => `*1\r\n$${long}\r\n${'n'.repeat(long)}\r\n`,
    () => `*${long}\r\n$4\r\nMGET\r\n${'$3\r\nh:k\r\n'.repeat(long / 10)}`,
    () => `*3\r\n$3\r\nSET\r\n$${LONG_KEY.length}\r\n${LONG_KEY}\r\n$1\r\nv\r\n`,
    () => `*3\r\n$3\r\nSET\r\n$3\r\nh:k\r\n$${long}\r\n${'\0'.repeat(long)}\r\n`,
    () => 'PING\r\n'.repeat(long / 6),
  ])();
  return Buffer.from(text, 'latin1');
}
