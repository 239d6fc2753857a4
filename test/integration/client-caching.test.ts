import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { BasicClientSideCache, createClient } from 'redis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type RunningServer, startTestServer } from '../support/server.ts';

let server: RunningServer;

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

/** Waits until something is so; fails after two seconds. */
async function until(isSo: () => boolean): Promise<void> {
  for (let left = 200; !isSo(); left--) {
    if (left === 0) throw new Error('it did not come to be so');
    await sleep(10);
  }
}

describe('node-redis with its cache', () => {
  const cache = new BasicClientSideCache({ ttl: 0, maxEntries: 0 });
  const caching = () => {
    return createClient({ url: `redis://127.0.0.1:${server.port}`, clientSideCache: cache });
  };
  let reader: ReturnType<typeof caching>;
  let writer: Redis;

  beforeEach(async () => {
    reader = caching();
    await reader.connect();
    writer = new Redis(server.port);
    await writer.flushall();
  });
  afterEach(() => {
    reader.destroy();
    writer.disconnect();
  });

  it('reads a key once, until somebody changes it', async () => {
    await writer.set('k', 'v');
    const before = cache.stats();
    for (let i = 0; i < 5; i++) expect(await reader.get('k')).toBe('v');
    expect(cache.stats().missCount - before.missCount).toBe(1);
    expect(cache.stats().hitCount - before.hitCount).toBe(4);
    const invalidated = once(cache, 'invalidate');
    await writer.set('k', 'w');
    await invalidated;
    expect(await reader.get('k')).toBe('w');
    expect(cache.stats().missCount - before.missCount).toBe(2);
  });

  it('keeps replies of many kinds, and forgets all of them at FLUSHALL', async () => {
    await writer.hset('h', { f: 'v', g: 'w' });
    await writer.rpush('l', 'a', 'b');
    const read = () => Promise.all([reader.hGetAll('h'), reader.lRange('l', 0, -1)]);
    expect(await read()).toEqual([{ f: 'v', g: 'w' }, ['a', 'b']]);
    const before = cache.stats();
    expect(await read()).toEqual([{ f: 'v', g: 'w' }, ['a', 'b']]);
    expect(cache.stats().hitCount - before.hitCount).toBe(2);
    const invalidated = once(cache, 'invalidate');
    await writer.flushall();
    await invalidated;
    expect(await read()).toEqual([{}, []]);
  });

  it('sees what it writes itself, and what expires', async () => {
    await reader.set('k', '1', { PX: 60 });
    expect(await reader.get('k')).toBe('1');
    await reader.incr('k');
    expect(await reader.get('k')).toBe('2');
    await until(() => cache.size() === 0);
    expect(await reader.get('k')).toBeNull();
  });
});

describe('ioredis', () => {
  it('is told on a connection of its own, as a message', async () => {
    const reader = new Redis(server.port);
    const listener = new Redis({ port: server.port, protocol: 2 });
    try {
      const id = await listener.client('ID');
      await listener.subscribe('__redis__:invalidate');
      expect(await reader.call('CLIENT', 'TRACKING', 'ON', 'REDIRECT', id)).toBe('OK');
      await reader.set('k', 'v');
      await reader.mget('k', 'l');
      const told: unknown[] = [];
      listener.on('message', (channel, keys) => told.push([channel, String(keys)]));
      await reader.del('k');
      await reader.set('l', 'v');
      await until(() => told.length === 2);
      expect(told).toEqual([
        ['__redis__:invalidate', 'k'],
        ['__redis__:invalidate', 'l'],
      ]);
    } finally {
      reader.disconnect();
      listener.disconnect();
    }
  });
});
