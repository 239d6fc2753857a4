import { describe, expect, test } from 'vitest';
import { TestEngine } from '../../test/support/engine.ts';
import { randomValue, VALUE_KINDS, type ValueKind } from '../../test/support/random-values.ts';
import { sealPayload } from '../../test/support/rdb-bytes.ts';
import type { Reply } from '../../test/support/resp-reply.ts';
import { chosenSeed, SeededRandom } from '../../test/support/seeded-random.ts';
import { Digest, mixValue } from '../commands/digest.ts';
import { checkKeyspace } from '../keyspace/keyspace-check.ts';
import { Args } from '../protocol/args.ts';

const FOOTER_BYTES = 10;
/** What looks into every part of a value. */
const READERS: Readonly<Record<ValueKind, readonly (readonly string[])[]>> = {
  string: [['GET', 'b']],
  list: [['LRANGE', 'b', '0', '-1']],
  hash: [['HGETALL', 'b']],
  set: [
    ['SMEMBERS', 'b'],
    ['SRANDMEMBER', 'b', '3'],
  ],
  zset: [
    ['ZRANGE', 'b', '0', '-1', 'WITHSCORES'],
    ['ZRANGEBYSCORE', 'b', '-inf', 'inf'],
  ],
  stream: [
    ['XRANGE', 'b', '-', '+'],
    ['XREVRANGE', 'b', '+', '-'],
    ['XINFO', 'STREAM', 'b', 'FULL', 'COUNT', '0'],
  ],
};

describe('DUMP and RESTORE', () => {
  const seed = chosenSeed();

  test.each(VALUE_KINDS)(`give back a %s (SEED=${seed})`, (kind) => {
    const random = new SeededRandom(seed);
    const engine = new TestEngine();
    for (let round = 0; round < 40; round++) {
      const payload = dumped(engine, random, kind);
      const before = digest(engine, 'a');
      const encoding = engine.text('OBJECT', 'ENCODING', 'a');
      expect(engine.text('RESTORE', 'b', '0', payload)).toBe('OK');
      expect(digest(engine, 'b')).toBe(before);
      expect(engine.text('OBJECT', 'ENCODING', 'b')).toBe(encoding);
      // Tables may have their members in another order.
      if (encoding !== '"hashtable"')
        expect(bytes(engine.run('DUMP', 'b')).equals(payload)).toBe(true);
    }
    checkKeyspace(engine.keyspace);
  });

  test.each(VALUE_KINDS)(
    `a %s cut anywhere is refused and leaves nothing (SEED=${seed})`,
    (kind) => {
      const random = new SeededRandom(seed);
      const engine = new TestEngine();
      for (let round = 0; round < 10; round++) {
        const payload = dumped(engine, random, kind);
        const value = payload.subarray(0, -FOOTER_BYTES);
        for (let cuts = 0; cuts < 30; cuts++) {
          const cut = sealPayload(value.subarray(0, random.integer(0, value.length - 1)));
          expect(engine.text('RESTORE', 'b', '0', cut)).toBe('(error) ERR Bad data format');
        }
        expect(engine.text('EXISTS', 'b')).toBe('(integer) 0');
        checkKeyspace(engine.keyspace);
      }
    },
  );

  test.each(VALUE_KINDS)(`a damaged %s is refused or sound (SEED=${seed})`, (kind) => {
    const random = new SeededRandom(seed);
    const engine = new TestEngine();
    for (let round = 0; round < 20; round++) {
      const payload = dumped(engine, random, kind);
      for (let attempt = 0; attempt < 25; attempt++) {
        const damaged = sealPayload(damage(random, payload.subarray(0, -FOOTER_BYTES)));
        const reply = engine.text('RESTORE', 'b', '0', damaged, 'REPLACE');
        if (reply !== 'OK') expect(reply).toBe('(error) ERR Bad data format');
        else readAll(engine);
      }
    }
    checkKeyspace(engine.keyspace);
  });
});

/** The payload of another value, which key `a` then has; `b` has none. */
function dumped(engine: TestEngine, random: SeededRandom, kind: ValueKind): Buffer {
  engine.run('FLUSHALL');
  for (const line of randomValue(random, kind, 'a')) {
    const reply = engine.text(...line);
    if (reply.startsWith('(error)')) throw new Error(`${line.join(' ')}: ${reply}`);
  }
  return bytes(engine.run('DUMP', 'a'));
}

/** Some bytes other than they were: bits, whole bytes, or a number that many formats have. */
function damage(random: SeededRandom, value: Uint8Array): Buffer {
  const damaged = Buffer.from(value);
  for (let changes = random.integer(1, 3); changes > 0; changes--) {
    // The type and the first lengths are of more interest than the rest.
    const last = random.fraction() < 0.3 ? Math.min(12, damaged.length) : damaged.length;
    const at = random.integer(0, last - 1);
    if (random.fraction() < 0.5) damaged[at]! ^= 1 << random.integer(0, 7);
    else damaged[at] = random.pick([0, 1, 0x7f, 0x80, 0x81, 0xc0, 0xc3, 0xf0, 0xf4, 0xfe, 0xff]);
  }
  return damaged;
}

function readAll(engine: TestEngine): void {
  const kind = engine.text('TYPE', 'b') as ValueKind;
  for (const line of READERS[kind]) {
    expect(engine.text(...line)).not.toMatch(/^\(error\)/);
  }
  digest(engine, 'b');
  engine.run('DUMP', 'b');
  engine.run('COPY', 'b', 'c', 'REPLACE');
}

function digest({ client }: TestEngine, key: string): string {
  const { database } = client;
  const digest = new Digest();
  mixValue(digest, database, database.find(Args.of(Buffer.from(key)), 0));
  return digest.toString();
}

function bytes(reply: Reply): Buffer {
  if (reply.type !== 'bulk') throw new Error(`${reply.type} in place of a payload`);
  return reply.bytes;
}
