/** Mutexes and semaphores of redis-semaphore. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { LostLockError, MultiSemaphore, Mutex, RedlockMutex, Semaphore } from 'redis-semaphore';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type RunningServer, startTestServer } from '../support/server.ts';

let servers: RunningServer[];
let clients: Redis[];

beforeAll(async () => {
  servers = await Promise.all([1, 2, 3].map(() => startTestServer()));
  clients = servers.map(({ port }) => new Redis(port));
});
afterAll(async () => {
  for (const client of clients) client.disconnect();
  await Promise.all(servers.map((server) => server.stop()));
});
beforeEach(() => Promise.all(clients.map((client) => client.flushall())));

const HASTY = { lockTimeout: 5_000, acquireTimeout: 50, retryInterval: 10 };
const PATIENT = { lockTimeout: 5_000, acquireTimeout: 20_000, retryInterval: 5 };

describe('redis-semaphore', () => {
  it('lets as many in at a time as there is room', async () => {
    const redis = clients[0]!;
    const busiestOf = async (make: () => Mutex | Semaphore | MultiSemaphore) => {
      let inside = 0;
      let most = 0;
      let entered = 0;
      await Promise.all(
        Array.from({ length: 15 }, async () => {
          const lock = make();
          await lock.acquire();
          most = Math.max(most, ++inside);
          await sleep(10);
          inside--;
          entered++;
          await lock.release();
        }),
      );
      return [most, entered];
    };
    expect(await busiestOf(() => new Mutex(redis, 'door', PATIENT))).toEqual([1, 15]);
    expect(await busiestOf(() => new Semaphore(redis, 'room', 4, PATIENT))).toEqual([4, 15]);
    expect(await busiestOf(() => new MultiSemaphore(redis, 'hall', 6, 2, PATIENT))).toEqual([
      3, 15,
    ]);
    expect(await redis.exists('mutex:door')).toBe(0);
    expect(await redis.zcard('semaphore:room')).toBe(0);
  });

  it('keeps a lock as long as it lives, and says when it is lost', async () => {
    const redis = clients[0]!;
    const lost: unknown[] = [];
    const options = { ...PATIENT, lockTimeout: 600, refreshInterval: 100 };
    const mutex = new Mutex(redis, 'door', {
      ...options,
      onLockLost: (error: unknown) => lost.push(error),
    });
    await mutex.acquire();
    await sleep(900);
    expect(await new Mutex(redis, 'door', HASTY).tryAcquire()).toBe(false);
    expect(await redis.get('mutex:door')).toBe(mutex.identifier);
    await redis.set('mutex:door', 'stolen');
    await expect.poll(() => lost).toEqual([expect.any(LostLockError)]);
    expect([mutex.isAcquired, await redis.get('mutex:door')]).toEqual([false, 'stolen']);
  });

  it('takes the place in a semaphore of who is not heard of', async () => {
    const redis = clients[0]!;
    const gone = new Semaphore(redis, 'room', 1, { ...PATIENT, lockTimeout: 1_000 });
    await gone.acquire();
    gone.stopRefresh();
    const startedMs = performance.now();
    const heir = new Semaphore(redis, 'room', 1, { ...PATIENT, lockTimeout: 1_000 });
    await heir.acquire();
    expect(performance.now() - startedMs).toBeGreaterThan(500);
    expect(await redis.zrange('semaphore:room', '0', '-1')).toEqual([heir.identifier]);
    await heir.release();
  });

  it('wants a majority of several servers', async () => {
    const [first, second] = [1, 2].map(() => new RedlockMutex(clients, 'door', HASTY));
    await clients[0]!.set('mutex:door', 'somebody');
    await first!.acquire();
    expect(await clients[1]!.get('mutex:door')).toBe(first!.identifier);
    expect(await second!.tryAcquire()).toBe(false);
    await first!.release();
    expect(await clients[0]!.get('mutex:door')).toBe('somebody');
    expect(await second!.tryAcquire()).toBe(true);
    await second!.release();
  });
});
