/** Limits of rate-limiter-flexible, with its script in ioredis and node-redis, and without it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import {
  BurstyRateLimiter,
  RateLimiterQueue,
  RateLimiterRedis,
  RateLimiterRedisNonAtomic,
  RateLimiterRes,
  RateLimiterUnion,
} from 'rate-limiter-flexible';
import { createClient } from 'redis';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type RunningServer, startTestServer } from '../support/server.ts';

let server: RunningServer;
let redis: Redis;
let nodeRedis: ReturnType<typeof createClient>;

beforeAll(async () => {
  server = await startTestServer();
  redis = new Redis(server.port);
  nodeRedis = createClient({ socket: { port: server.port, host: '127.0.0.1' } });
  await nodeRedis.connect();
});
afterAll(async () => {
  redis.disconnect();
  nodeRedis.destroy();
  await server.stop();
});
beforeEach(() => redis.flushall());

/** Consumes one point, and says whether it was there, and what the limiter knows of the key. */
async function attempt(limiter: Pick<RateLimiterRedis, 'consume'>, key: string) {
  try {
    return { allowed: true, state: await limiter.consume(key) };
  } catch (refusal) {
    if (!(refusal instanceof RateLimiterRes)) throw refusal;
    return { allowed: false, state: refusal };
  }
}

interface Limit {
  readonly keyPrefix: string;
  readonly points: number;
  readonly duration: number;
  readonly blockDuration?: number;
}

const limiters = {
  'the script in ioredis': (options: Limit) =>
    new RateLimiterRedis({ storeClient: redis, ...options }),
  'the script in node-redis': (options: Limit) =>
    new RateLimiterRedis({ storeClient: nodeRedis, useRedisPackage: true, ...options }),
  'no script': (options: Limit) =>
    new RateLimiterRedisNonAtomic({ storeClient: redis, ...options }),
};

describe.each(Object.entries(limiters))('RateLimiterRedis, %s', (_name, limit) => {
  it('allows so many, refuses the next, and begins anew when the time is over', async () => {
    const limiter = limit({ points: 3, duration: 2, keyPrefix: 'seconds' });
    const states = [];
    for (let i = 0; i < 5; i++) states.push(await attempt(limiter, 'ada'));
    expect(states.map(({ allowed }) => allowed)).toEqual([true, true, true, false, false]);
    expect(states.map(({ state }) => state.remainingPoints)).toEqual([2, 1, 0, 0, 0]);
    expect(states[4]!.state.consumedPoints).toBe(5);
    expect(await attempt(limiter, 'bob')).toMatchObject({ allowed: true });
    const waitMs = states[4]!.state.msBeforeNext;
    expect([waitMs > 0, waitMs <= 2_000]).toEqual([true, true]);
    await sleep(waitMs + 5);
    expect(await limiter.get('ada')).toBeNull();
    expect((await attempt(limiter, 'ada')).state.consumedPoints).toBe(1);
  });

  it('blocks who asked too often for longer than the limit lasts', async () => {
    const limiter = limit({ points: 1, duration: 1, blockDuration: 60, keyPrefix: 'block' });
    await limiter.consume('ada');
    const { allowed, state } = await attempt(limiter, 'ada');
    expect(allowed).toBe(false);
    expect(state.msBeforeNext).toBeGreaterThan(50_000);
    const ttl = await redis.ttl('block:ada');
    expect([ttl > 50, ttl <= 60]).toEqual([true, true]);
    await limiter.block('bob', 30);
    expect(await attempt(limiter, 'bob')).toMatchObject({ allowed: false });
    await limiter.delete('bob');
    expect(await attempt(limiter, 'bob')).toMatchObject({ allowed: true });
  });

  it('takes and gives points, and keeps those that have no time', async () => {
    const limiter = limit({ points: 10, duration: 0, keyPrefix: 'ever' });
    await limiter.penalty('ada', 7);
    await limiter.reward('ada', 2);
    expect(await limiter.get('ada')).toMatchObject({ consumedPoints: 5, remainingPoints: 5 });
    expect(await redis.pttl('ever:ada')).toBe(-1);
    await limiter.set('ada', 10, 100);
    expect(await redis.ttl('ever:ada')).toBeGreaterThan(90);
    expect(await attempt(limiter, 'ada')).toMatchObject({ allowed: false });
  });
});

describe('RateLimiterRedis in many places', () => {
  it('lets exactly as many through as there are points, whoever asks', async () => {
    const connections = Array.from({ length: 5 }, () => redis.duplicate());
    const places = connections.map(
      (storeClient) => new RateLimiterRedis({ storeClient, points: 100, duration: 60 }),
    );
    const asked = Array.from({ length: 300 }, (_, i) => attempt(places[i % 5]!, 'door'));
    const allowed = (await Promise.all(asked)).filter((answer) => answer.allowed);
    expect(allowed).toHaveLength(100);
    expect(await redis.get('rlflx:door')).toBe('300');
    for (const connection of connections) connection.disconnect();
  });
});

describe('limits made of limits', () => {
  it('refuses when one of a union does, and says which', async () => {
    const short = new RateLimiterRedis({
      storeClient: redis,
      keyPrefix: 'short',
      points: 2,
      duration: 60,
    });
    const long = new RateLimiterRedis({
      storeClient: redis,
      keyPrefix: 'long',
      points: 5,
      duration: 3_600,
    });
    const union = new RateLimiterUnion(short, long);
    await union.consume('ada');
    const passed = await union.consume('ada');
    expect(passed.short).toMatchObject({ remainingPoints: 0 });
    expect(passed.long).toMatchObject({ remainingPoints: 3 });
    const refused = await union.consume('ada').catch((reason) => reason);
    expect(Object.keys(refused)).toEqual(['short']);
    expect(await redis.mget('short:ada', 'long:ada')).toEqual(['3', '3']);
  });

  it('lends bursts from a second limiter', async () => {
    const limiter = new BurstyRateLimiter(
      new RateLimiterRedis({ storeClient: redis, keyPrefix: 'calm', points: 2, duration: 60 }),
      new RateLimiterRedis({ storeClient: redis, keyPrefix: 'burst', points: 3, duration: 60 }),
    );
    const allowed = [];
    for (let i = 0; i < 6; i++) {
      allowed.push(
        await limiter.consume('ada').then(
          () => true,
          () => false,
        ),
      );
    }
    expect(allowed).toEqual([true, true, true, true, true, false]);
  });

  it('makes those wait who came too early, and serves them in order', async () => {
    const queue = new RateLimiterQueue(
      new RateLimiterRedis({ storeClient: redis, keyPrefix: 'queue', points: 4, duration: 1 }),
    );
    const startedMs = performance.now();
    const served: { i: number; ms: number }[] = [];
    await Promise.all(
      Array.from({ length: 8 }, async (_, i) => {
        await queue.removeTokens(1, 'api');
        served.push({ i, ms: performance.now() - startedMs });
      }),
    );
    expect(served.map(({ i }) => i)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(served[4]!.ms).toBeGreaterThan(900);
  });
});
