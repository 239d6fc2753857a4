/** Locks of redlock, in one server and in a majority of three. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type RunningServer, startTestServer } from '../support/server.ts';
import { ExecutionError, Redlock } from './redlock.ts';

let servers: RunningServer[];
let clients: Redis[];

beforeAll(async () => {
  servers = await Promise.all([1, 2, 3].map(() => startTestServer()));
});
afterAll(() => Promise.all(servers.map((server) => server.stop())));
beforeEach(async () => {
  clients = servers.map(({ port }) => new Redis(port, { maxRetriesPerRequest: 1 }));
  await Promise.all(clients.map((client) => client.flushall()));
});
afterEach(() => {
  for (const client of clients) client.disconnect();
});

const AT_ONCE = { retryCount: 0 };

/** A maker of locks over connections of its own to the first servers. */
function lockmaker(over = 1, settings = {}): Redlock {
  const own = servers.slice(0, over).map(({ port }) => new Redis(port));
  clients.push(...own);
  return new Redlock(own, { retryDelay: 20, retryJitter: 20, ...settings });
}

describe('redlock', () => {
  it('gives a lock to one, and to the next when it is released', async () => {
    const [mine, yours] = [lockmaker(), lockmaker()];
    const lock = await mine.acquire(['door'], 10_000);
    expect(await clients[0]!.get('door')).toBe(lock.value);
    const ttl = await clients[0]!.pttl('door');
    expect([ttl > 9_000, ttl <= 10_000]).toEqual([true, true]);
    await expect(yours.acquire(['door'], 1_000, AT_ONCE)).rejects.toThrow(ExecutionError);
    await lock.release();
    const next = await yours.acquire(['door'], 1_000, AT_ONCE);
    expect(next.value).not.toBe(lock.value);
    // Who no longer has the lock cannot take it from who has.
    await expect(mine.release(lock, AT_ONCE)).rejects.toThrow(ExecutionError);
    expect(await clients[0]!.get('door')).toBe(next.value);
  });

  it('locks all of several resources or none, and says why not', async () => {
    const [mine, yours] = [lockmaker(), lockmaker()];
    const lock = await mine.acquire(['b'], 10_000);
    const refused: ExecutionError = await yours
      .acquire(['a', 'b', 'c'], 10_000, AT_ONCE)
      .catch((error) => error);
    const votes = await refused.attempts[0]!;
    const [against] = [...votes.votesAgainst.values()];
    expect([votes.votesFor.size, against!.name]).toEqual([0, 'ResourceLockedError']);
    expect(await clients[0]!.exists('a', 'c')).toBe(0);
    await lock.release();
    await yours.acquire(['a', 'b', 'c'], 10_000, AT_ONCE);
    expect(await clients[0]!.exists('a', 'b', 'c')).toBe(3);
  });

  it('extends a lock that is held, and none that is lost', async () => {
    const maker = lockmaker();
    let lock = await maker.acquire(['door'], 2_000);
    lock = await lock.extend(20_000);
    expect(await clients[0]!.pttl('door')).toBeGreaterThan(15_000);
    await lock.release();
    const lost = await maker.acquire(['door'], 100);
    await sleep(120);
    await expect(maker.extend(lost, 1_000, AT_ONCE)).rejects.toThrow();
    expect(await clients[0]!.exists('door')).toBe(0);
  });

  it('lets one at a time into what it guards, whoever asks', async () => {
    const makers = Array.from({ length: 8 }, () => lockmaker(1, { retryCount: 1_000 }));
    let inside = 0;
    let most = 0;
    let entered = 0;
    const enter = async (maker: Redlock) => {
      const lock = await maker.acquire(['critical'], 5_000);
      most = Math.max(most, ++inside);
      await clients[0]!.set('balance', Number((await clients[0]!.get('balance')) ?? 0) + 1);
      inside--;
      entered++;
      await lock.release();
    };
    await Promise.all(
      makers.map(async (maker) => {
        for (let i = 0; i < 5; i++) await enter(maker);
      }),
    );
    expect([most, entered, await clients[0]!.get('balance')]).toEqual([1, 40, '40']);
  });

  it('keeps a lock as long as its user works, and tells when it was lost', async () => {
    const maker = lockmaker(1, { automaticExtensionThreshold: 800 });
    const other = lockmaker();
    const refusals: boolean[] = [];
    const result = await maker.using(['job'], 1_200, async (signal) => {
      for (let i = 0; i < 3; i++) {
        await sleep(600);
        refusals.push(
          await other.acquire(['job'], 100, AT_ONCE).then(
            () => false,
            () => true,
          ),
        );
      }
      return signal.aborted ? 'aborted' : 'done';
    });
    expect([result, refusals]).toEqual(['done', [true, true, true]]);
    expect(await clients[0]!.exists('job')).toBe(0);
    const aborted = maker.using(['job'], 1_200, AT_ONCE, async (signal) => {
      await clients[0]!.set('job', 'stolen');
      while (!signal.aborted) await sleep(20);
      throw signal.error ?? new Error('aborted without a reason');
    });
    await expect(aborted).rejects.toThrow();
    expect(await clients[0]!.get('job')).toBe('stolen');
  });
});

describe('redlock over three servers', () => {
  it('wants a majority, and does without one server of three', async () => {
    const maker = lockmaker(3);
    const lock = await maker.acquire(['door'], 10_000);
    expect((await lock.attempts[0]!).votesFor.size).toBe(3);
    const held = await Promise.all(clients.slice(0, 3).map((client) => client.get('door')));
    expect(held).toEqual([lock.value, lock.value, lock.value]);
    const release = await lock.release();
    expect((await release.attempts[0]!).votesFor.size).toBe(3);
    await clients[0]!.set('door', 'somebody');
    const byTwo = await maker.acquire(['door'], 10_000, AT_ONCE);
    const { votesFor, votesAgainst } = await byTwo.attempts[0]!;
    expect([votesFor.size, votesAgainst.size]).toEqual([2, 1]);
    expect(await clients[1]!.get('door')).toBe(byTwo.value);
    expect(await clients[0]!.get('door')).toBe('somebody');
    await clients[1]!.set('door', 'somebody');
    await clients[2]!.del('door');
    await expect(maker.acquire(['door'], 10_000, AT_ONCE)).rejects.toThrow('quorum');
    // What it got of the servers that agreed it has given back.
    await expect.poll(() => clients[2]!.exists('door')).toBe(0);
  });
});
