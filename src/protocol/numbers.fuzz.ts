// Compares the readers of integers, doubles, stream ids and cursors, and the %.17g form, with a
// real redis-server.
// Run: npx tsx src/protocol/numbers.fuzz.ts   (SEED=n repeats a run)

import {
  expectSame,
  fuzzAgainstRedis,
  type Oracle,
  type SeededRandom,
} from '../../test/support/oracle-fuzz.ts';
import type { Reply } from '../../test/support/resp-reply.ts';
import {
  formatDouble,
  formatDouble17,
  isInteger64,
  parseCursor,
  parseDouble,
  parseInt64,
  parseSafeInteger,
  parseScoreBound,
  parseUint64,
} from './numbers.ts';

const ROUNDS = 20;
const BATCH = 250;
const DIGITS = '0123456789';

async function compare(oracle: Oracle): Promise<number> {
  await oracle.client.call('CONFIG', 'SET', 'zset-max-listpack-entries', '0');
  for (let round = 0; round < ROUNDS; round++) {
    await compareDoubles(oracle);
    await compareIntegers(oracle);
    await compareUnsigned(oracle);
  }
  return ROUNDS * BATCH * 3;
}

async function compareDoubles({ client, random }: Oracle): Promise<void> {
  const texts = Array.from({ length: BATCH }, () => randomFloatText(random));
  for (const text of texts) {
    const bound = read(text, parseScoreBound);
    client.send(['DEL', 'z']);
    client.send(['ZADD', 'z', text, 'm']);
    client.send(['ZSCORE', 'z', 'm']);
    client.send(['ZADD', 'z', Number.isNaN(bound) ? '0' : formatDouble(bound), 'm']);
    client.send(['ZCOUNT', 'z', text, text]);
  }
  for (const text of texts) {
    const value = read(text, parseDouble);
    const bound = read(text, parseScoreBound);
    const replies: string[] = [];
    for (let i = 0; i < 5; i++) replies.push(show(await client.read()));
    const added = Number.isNaN(value) ? 'ERR value is not a valid float' : '1';
    expectSame(`ZADD ${JSON.stringify(text)}`, added, replies[1]!);
    const score = Number.isNaN(value) ? 'null-bulk' : formatDouble17(value);
    expectSame(`ZSCORE of ${JSON.stringify(text)}`, score, replies[2]!);
    const counted = Number.isNaN(bound) ? 'ERR min or max is not a float' : '1';
    expectSame(`ZCOUNT ${JSON.stringify(text)}`, counted, replies[4]!);
  }
}

async function compareIntegers({ client, random }: Oracle): Promise<void> {
  const texts = Array.from({ length: BATCH }, () => randomIntegerText(random));
  for (const text of texts) {
    client.send(['SET', 'i', text]);
    client.send(['OBJECT', 'ENCODING', 'i']);
    client.send(['INCRBY', 'i', '0']);
  }
  for (const text of texts) {
    const value = read(text, parseInt64);
    await client.read();
    const encoding = show(await client.read());
    const answer = show(await client.read());
    const about = JSON.stringify(text);
    expectSame(`encoding of ${about}`, String(read(text, isInteger64)), String(encoding === 'int'));
    const expected = value ?? 'ERR value is not an integer or out of range';
    expectSame(`INCRBY on ${about}`, String(expected), answer);
    const isSafe = value !== undefined && Number.isSafeInteger(Number(value));
    expectSame(`safe ${about}`, String(read(text, parseSafeInteger)), isSafe ? answer : 'NaN');
  }
}

async function compareUnsigned({ client, random }: Oracle): Promise<void> {
  const texts = Array.from({ length: BATCH }, () => randomIntegerText(random));
  for (const text of texts) {
    client.send(['DEL', 's']);
    client.send(['XADD', 's', `7-${text}`, 'f', 'v']);
    client.send(['SCAN', text]);
  }
  for (const text of texts) {
    await client.read();
    const sequence = read(text, parseUint64);
    const invalid = 'ERR Invalid stream ID specified as stream command argument';
    const id = sequence === undefined ? invalid : `7-${sequence}`;
    expectSame(`XADD 7-${JSON.stringify(text)}`, id, show(await client.read()));
    const isCursor = read(text, parseCursor) !== undefined;
    const accepted = (await client.read()).type === 'array';
    expectSame(`SCAN ${JSON.stringify(text)}`, String(isCursor), String(accepted));
  }
}

function read<T>(text: string, reader: (bytes: Uint8Array, start: number, end: number) => T): T {
  const bytes = Buffer.from(`7${text}7`, 'latin1');
  return reader(bytes, 1, bytes.length - 1);
}

function show(reply: Reply): string {
  if (reply.type === 'bulk') return reply.bytes.toString('latin1');
  if (reply.type === 'integer') return String(reply.value);
  if (reply.type === 'error' || reply.type === 'simple') return reply.text;
  return reply.type;
}

function randomIntegerText(random: SeededRandom): string {
  const kind = random.integer(0, 5);
  if (kind === 0) return `${random.pick(['', '-'])}${random.text(DIGITS, 1, 21)}`;
  if (kind === 1) return random.text('0123456789-+ ', 0, 4);
  if (kind === 2)
    return random.pick(['-', '+', ' ', '\t', '0', '-0', '+0']) + random.text(DIGITS, 0, 20);
  const borders = [2n ** 31n, 2n ** 32n, 2n ** 53n, 10n ** 16n, 2n ** 63n, 2n ** 64n];
  const border = random.pick(borders) + BigInt(random.integer(-3, 3));
  if (kind === 3) return mutate(random, String(border));
  return random.pick(['', '-', '-', '0']) + border;
}

function randomFloatText(random: SeededRandom): string {
  const sign = random.pick(['', '', '-', '+']);
  const kind = random.integer(0, 9);
  if (kind === 0) return sign + random.text(DIGITS, 1, 20);
  if (kind === 1) return `${sign}${random.text(DIGITS, 0, 9)}.${random.text(DIGITS, 0, 9)}`;
  if (kind === 2) return `${sign}${random.text(DIGITS, 1, 25)}.${random.text(DIGITS, 1, 25)}`;
  if (kind === 3) return `${sign}${random.text(DIGITS, 1, 5)}e${random.integer(-330, 312)}`;
  if (kind === 4) return sign + halfway(random);
  if (kind === 5) return sign + randomBits(random);
  // Quarters near 2^50: %.17g has to break a tie.
  if (kind === 6) return sign + (2 ** 50 + random.integer(0, 2 ** 40) / 4);
  if (kind === 7)
    return `${sign}0x${random.text('0123456789abcDEF8', 1, 16)}p${random.integer(-60, 60)}`;
  if (kind === 8)
    return `${sign}0x1.${random.text('0000018f', 10, 40)}p${random.integer(-1080, 1030)}`;
  return mutate(random, sign + random.pick(['inf', 'nan', 'infinity', '1.5e3', '0x1p4', '', '0']));
}

/** The shortest text of a double of random bits. */
function randomBits(random: SeededRandom): string {
  const view = new DataView(new ArrayBuffer(8));
  view.setUint32(0, random.integer(0, 0x7fefffff));
  view.setUint32(4, random.integer(0, 0xffffffff));
  return String(view.getFloat64(0));
}

/** A decimal exactly between two neighbouring doubles, now and then a hair above. */
function halfway(random: SeededRandom): string {
  const mantissa = BigInt(random.integer(2 ** 52, 2 ** 53 - 1)) * 2n + 1n;
  const places = random.integer(1, 60);
  const digits = String(mantissa * 5n ** BigInt(places)).padStart(places + 1, '0');
  return `${digits.slice(0, -places)}.${digits.slice(-places)}${random.pick(['', '', '0001'])}`;
}

function mutate(random: SeededRandom, text: string): string {
  const at = random.integer(0, text.length);
  const inserted = random.pick(['', 'e', '+', '-', '.', ' ', '\t', 'x', 'p', '0', 'N', '1']);
  return text.slice(0, at) + inserted + text.slice(at + random.integer(0, 1));
}

await fuzzAgainstRedis('numbers', compare);
