/** Limiters of bottleneck that share what they know, which takes many scripts and messages. */
import { setTimeout as sleep } from 'node:timers/promises';
import Bottleneck from 'bottleneck';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type RunningServer, startTestServer } from '../support/server.ts';

let server: RunningServer;
const open: (Bottleneck | Bottleneck.Group)[] = [];

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());
afterEach(async () => {
  for (const limiter of open.splice(0)) await limiter.disconnect(false);
});

const shared = () => ({
  datastore: 'ioredis' as const,
  Redis,
  clientOptions: { host: '127.0.0.1', port: server.port },
});

/** Two limiters with connections of their own, as two processes would have them. */
async function limitersOf(
  id: string,
  options: Bottleneck.ConstructorOptions,
): Promise<Bottleneck[]> {
  const limiters = [1, 2].map(() => new Bottleneck({ ...shared(), id, ...options }));
  open.push(...limiters);
  await Promise.all(limiters.map((limiter) => limiter.ready()));
  return limiters;
}

describe('bottleneck', () => {
  it('runs no more at a time than all may together, and none too soon', async () => {
    const limiters = await limitersOf('busy', { maxConcurrent: 3, minTime: 10 });
    let busy = 0;
    let busiest = 0;
    const startedMs: number[] = [];
    const work = async (n: number) => {
      startedMs.push(performance.now());
      busiest = Math.max(busiest, ++busy);
      await sleep(30);
      busy--;
      return n * 2;
    };
    const results = await Promise.all(
      Array.from({ length: 40 }, (_, n) => limiters[n % 2]!.schedule(() => work(n))),
    );
    expect(results).toEqual(Array.from({ length: 40 }, (_, n) => n * 2));
    expect(busiest).toBe(3);
    expect(startedMs.at(-1)! - startedMs[0]!).toBeGreaterThan(380);
    expect(await limiters[0]!.running()).toBe(0);
    expect(await limiters[1]!.done()).toBe(40);
  });

  it('spends a reservoir that all share, and goes on when it is filled', async () => {
    const limiters = await limitersOf('reservoir', { reservoir: 5 });
    const ran: number[] = [];
    const all = Promise.all(
      Array.from({ length: 8 }, (_, n) => limiters[n % 2]!.schedule(async () => void ran.push(n))),
    );
    await expect.poll(() => ran).toHaveLength(5);
    await sleep(200);
    expect([ran.length, await limiters[1]!.currentReservoir()]).toEqual([5, 0]);
    await limiters[0]!.incrementReservoir(10);
    await all;
    expect(ran.toSorted()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(await limiters[1]!.currentReservoir()).toBe(7);
  });

  it('drops what is too much, and takes the urgent first', async () => {
    const [limiter] = await limitersOf('strategy', {
      maxConcurrent: 1,
      highWater: 2,
      strategy: Bottleneck.strategy.OVERFLOW,
    });
    const done: string[] = [];
    const job = (name: string) => async () => {
      await sleep(200);
      done.push(name);
    };
    const first = limiter!.schedule(job('first'));
    await expect.poll(() => limiter!.running()).toBe(1);
    const outcomes = await Promise.allSettled([
      limiter!.schedule({ priority: 7 }, job('patient')),
      limiter!.schedule({ priority: 1 }, job('urgent')),
      limiter!.schedule(job('too much')),
    ]);
    await first;
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    expect(done).toEqual(['first', 'urgent', 'patient']);
  });

  it('limits each key of a group by itself, and changes limits everywhere', async () => {
    const group = new Bottleneck.Group({ ...shared(), id: 'group', maxConcurrent: 1 });
    open.push(group);
    let busy = 0;
    let busiest = 0;
    const work = async () => {
      busiest = Math.max(busiest, ++busy);
      await sleep(100);
      busy--;
    };
    await Promise.all(
      ['ada', 'bob', 'eve'].flatMap((user) => {
        return [1, 2].map(() => group.key(user).schedule(work));
      }),
    );
    expect(busiest).toBe(3);
    const keys = await group.clusterKeys();
    expect(keys.toSorted()).toEqual(['ada', 'bob', 'eve']);
    expect(await group.deleteKey('eve')).toBe(true);
    expect((await group.clusterKeys()).toSorted()).toEqual(['ada', 'bob']);
  });
});
