/**
 * What either server dumps the other restores: random values of every type go from redis-server to
 * Redstart and back, equal by DEBUG DIGEST-VALUE. Redis 7.0 refuses payloads of version 11, so
 * Redstart is told to write version 10; and it prints scores with more digits than 7.2 does, so
 * sorted sets are compared by their elements.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type InProcessServer, startInProcess } from '../support/in-process.ts';
import { randomValue, VALUE_KINDS, type ValueKind } from '../support/random-values.ts';
import { RespClient } from '../support/resp-client.ts';
import { chosenSeed, SeededRandom } from '../support/seeded-random.ts';
import { type RunningServer, redisAvailable, startRedis } from '../support/server.ts';

const ROUNDS = 40;

describe.skipIf(!redisAvailable())('beside redis-server (skipped without one on the PATH)', () => {
  const seed = chosenSeed();
  let redis: RunningServer;
  let redstart: InProcessServer;
  let theirs: RespClient;
  let ours: RespClient;

  beforeAll(async () => {
    redis = await startRedis(['--enable-debug-command', 'yes']);
    redstart = await startInProcess({ 'rdb-version': '10', 'enable-debug-command': 'yes' });
    theirs = await RespClient.connect(redis.port);
    ours = await RespClient.connect(redstart.port);
  });
  afterAll(async () => {
    await theirs.close();
    await ours.close();
    await redstart.db.close();
    await redis.stop();
  });

  test.each(VALUE_KINDS)(`a %s goes there and back (SEED=${seed})`, async (kind) => {
    const random = new SeededRandom(seed);
    for (let round = 0; round < ROUNDS; round++) {
      await theirs.call('FLUSHALL');
      await ours.call('FLUSHALL');
      const [from, to] = round % 2 === 0 ? [theirs, ours] : [ours, theirs];
      await make(from, random, kind);
      await carry(from, 'a', to, 'b');
      await carry(to, 'b', from, 'c');
      const original = await digest(from, 'a');
      expect(await digest(to, 'b')).toBe(original);
      expect(await digest(from, 'c')).toBe(original);
      expect(await encoding(to, 'b')).toBe(await encoding(from, 'c'));
    }
  });
});

async function make(client: RespClient, random: SeededRandom, kind: ValueKind): Promise<void> {
  for (const line of randomValue(random, kind, 'a')) {
    const reply = await client.call(...line);
    if (reply.type === 'error') throw new Error(`${line.join(' ')}: ${reply.text}`);
  }
}

async function carry(from: RespClient, key: string, to: RespClient, copy: string): Promise<void> {
  const dumped = await from.call('DUMP', key);
  if (dumped.type !== 'bulk') throw new Error(`${dumped.type} in place of a payload`);
  const restored = await to.call('RESTORE', copy, '0', dumped.bytes);
  expect(restored).toEqual({ type: 'simple', text: 'OK' });
}

async function digest(client: RespClient, key: string): Promise<string> {
  const type = await client.call('TYPE', key);
  if (type.type === 'simple' && type.text === 'zset') return elements(client, key);
  const reply = await client.call('DEBUG', 'DIGEST-VALUE', key);
  if (reply.type !== 'array') throw new Error(`${reply.type} in place of a digest`);
  return JSON.stringify(reply.items);
}

/** The members of a sorted set and their scores, as numbers. */
async function elements(client: RespClient, key: string): Promise<string> {
  const reply = await client.call('ZRANGE', key, '0', '-1', 'WITHSCORES');
  if (reply.type !== 'array') throw new Error(`${reply.type} in place of elements`);
  const texts = reply.items.map((item) => (item.type === 'bulk' ? item.bytes.toString('hex') : ''));
  return texts.map((text, i) => (i % 2 === 0 ? text : scoreOf(text))).join(' ');
}

function scoreOf(hex: string): number {
  const text = Buffer.from(hex, 'hex').toString();
  return text.endsWith('inf') ? Number(text.replace('inf', 'Infinity')) : Number(text);
}

/** The encoding of a key, sets and lists aside: 7.0 has no listpack for either. */
async function encoding(client: RespClient, key: string): Promise<string> {
  const type = await client.call('TYPE', key);
  if (type.type === 'simple' && (type.text === 'set' || type.text === 'list')) return '';
  const reply = await client.call('OBJECT', 'ENCODING', key);
  return reply.type === 'bulk' ? reply.bytes.toString() : reply.type;
}
