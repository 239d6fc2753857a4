/** Caches of keyv and of cache-manager over it. */
import { setTimeout as sleep } from 'node:timers/promises';
import KeyvRedis from '@keyv/redis';
import { createCache } from 'cache-manager';
import { Redis } from 'ioredis';
import { Keyv } from 'keyv';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type RunningServer, startTestServer } from '../support/server.ts';

let server: RunningServer;
let redis: Redis;
const open: Keyv[] = [];

beforeAll(async () => {
  server = await startTestServer();
  redis = new Redis(server.port);
});
afterAll(async () => {
  redis.disconnect();
  await server.stop();
});
beforeEach(() => redis.flushall());
afterEach(async () => {
  for (const keyv of open.splice(0)) await keyv.disconnect();
});

/** A store whose errors are thrown, not swallowed. */
function keyvOf(namespace?: string): Keyv {
  const store = new KeyvRedis(`redis://127.0.0.1:${server.port}`, { throwOnErrors: true });
  const keyv = new Keyv(store, {
    throwOnErrors: true,
    useKeyPrefix: false,
    ...(namespace === undefined ? {} : { namespace }),
  });
  open.push(keyv);
  return keyv;
}

const numbered = (count: number) => Array.from({ length: count }, (_, i) => `key:${i}`);

describe('keyv', () => {
  it('keeps values of all kinds, and those with a time until it is over', async () => {
    const keyv = keyvOf();
    const value = { text: 'välue', list: [1, null, { deep: true }], bytes: Buffer.from([0, 255]) };
    await keyv.set('k', value);
    await keyv.set('short', 'lived', 1_000);
    await keyv.set('long', 'lived', 60_000);
    expect(await keyv.get('k')).toEqual(value);
    expect(await keyv.get(['short', 'missing', 'long'])).toEqual(['lived', undefined, 'lived']);
    const ttls = [await redis.pttl('keyv::k'), await redis.pttl('keyv::long')];
    expect([ttls[0], ttls[1]! > 50_000, ttls[1]! <= 60_000]).toEqual([-1, true, true]);
    await sleep(1_010);
    expect([await keyv.has('short'), await keyv.get('short')]).toEqual([false, undefined]);
    expect(await redis.keys('*')).toHaveLength(2);
    expect([await keyv.delete('k'), await keyv.delete('k')]).toEqual([true, false]);
  });

  it('sets, finds, gets and deletes many at once', async () => {
    const keyv = keyvOf('many');
    const keys = numbered(500);
    await keyv.setMany(keys.map((key, i) => ({ key, value: i, ttl: i % 2 === 0 ? 60_000 : 0 })));
    expect(await keyv.getMany(keys)).toEqual(keys.map((_, i) => i));
    expect(await keyv.hasMany(['key:1', 'no', 'key:2'])).toEqual([true, false, true]);
    expect(await redis.ttl('many::key:0')).toBeGreaterThan(50);
    expect(await redis.ttl('many::key:1')).toBe(-1);
    expect(await keyv.deleteMany(keys.slice(0, 499))).toBe(true);
    expect(await redis.keys('*')).toEqual(['many::key:499']);
  });

  it('clears one namespace and leaves the others', async () => {
    const [cats, dogs] = [keyvOf('cats'), keyvOf('dogs')];
    await cats.setMany(numbered(1_500).map((key) => ({ key, value: 'cat' })));
    await dogs.set('key:0', 'dog');
    await cats.clear();
    expect([await cats.get('key:0'), await dogs.get('key:0')]).toEqual([undefined, 'dog']);
    expect(await redis.dbsize()).toBe(1);
  });

  it('iterates over each key of a namespace once, and over no other type', async () => {
    const [cats, dogs] = [keyvOf('cats'), keyvOf('dogs')];
    await cats.setMany(numbered(700).map((key) => ({ key, value: key.length })));
    await dogs.set('stray', 'dog');
    await redis.hset('cats::hash', 'not', 'a string');
    const seen: [string, unknown][] = [];
    for await (const entry of cats.iterator!(undefined)) seen.push(entry as [string, unknown]);
    const byName = (a: readonly unknown[], b: readonly unknown[]) => (a[0]! < b[0]! ? -1 : 1);
    const expected = numbered(700).map((key) => [key, key.length]);
    expect(seen.toSorted(byName)).toEqual(expected.toSorted(byName));
  });
});

describe('cache-manager', () => {
  it('computes what is asked by many at once a single time, until it has expired', async () => {
    const cache = createCache({ stores: [keyvOf('cache')], ttl: 1_000 });
    let computed = 0;
    const compute = async () => {
      await sleep(20);
      return { computed: ++computed };
    };
    const asked = Array.from({ length: 50 }, () => cache.wrap('report', compute));
    expect(new Set(await Promise.all(asked).then((all) => all.map((one) => one.computed)))).toEqual(
      new Set([1]),
    );
    expect(await cache.wrap('report', compute)).toEqual({ computed: 1 });
    await sleep(1_010);
    expect(await cache.wrap('report', compute)).toEqual({ computed: 2 });
  });

  it('refreshes in the background what is soon to expire', async () => {
    const cache = createCache({ stores: [keyvOf('cache')], ttl: 2_000, refreshThreshold: 1_900 });
    let computed = 0;
    const ask = () => cache.wrap('report', () => ++computed);
    expect(await ask()).toBe(1);
    await sleep(150);
    expect(await ask()).toBe(1);
    await expect.poll(() => cache.get('report')).toBe(2);
  });

  it('is shared: what one sets, deletes and clears is so for all', async () => {
    const [mine, yours] = [keyvOf('cache'), keyvOf('cache')].map((store) => {
      return createCache({ stores: [store] });
    });
    await mine!.mset([
      { key: 'a', value: { n: 1 } },
      { key: 'b', value: { n: 2 }, ttl: 60_000 },
      { key: 'c', value: { n: 3 } },
    ]);
    expect(await yours!.mget(['a', 'b', 'none'])).toEqual([{ n: 1 }, { n: 2 }, undefined]);
    const expiresMs = (await yours!.ttl('b'))! - Date.now();
    expect([expiresMs > 50_000, expiresMs <= 60_000]).toEqual([true, true]);
    await yours!.del('a');
    expect(await mine!.get('a')).toBeUndefined();
    await yours!.clear();
    expect(await mine!.mget(['b', 'c'])).toEqual([undefined, undefined]);
    expect(await redis.dbsize()).toBe(0);
  });

  it('asks the second store for what the first does not know, and fills the first', async () => {
    const near = new Keyv();
    const far = keyvOf('far');
    const cache = createCache({ stores: [near, far] });
    await far.set('k', 'from afar');
    expect(await cache.wrap('k', () => 'computed')).toBe('from afar');
    expect(await near.get('k')).toBe('from afar');
    await cache.set('both', 1);
    expect([await near.get('both'), await far.get('both')]).toEqual([1, 1]);
  });
});
