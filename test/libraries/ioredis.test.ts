/** What ioredis makes of commands: scripts as methods, automatic pipelines, groups of streams. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis, type Result } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type RunningServer, startTestServer } from '../support/server.ts';

declare module 'ioredis' {
  interface RedisCommander<Context> {
    transfer(from: string, to: string, amount: number): Result<[string, string], Context>;
    sumOf(count: number, ...keys: string[]): Result<number, Context>;
  }
}

let server: RunningServer;
let redis: Redis;

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

beforeEach(async () => {
  redis = new Redis(server.port);
  await redis.flushall();
});
afterEach(() => redis.disconnect());

/** How often the server has run a command. */
async function callsOf(command: string): Promise<number> {
  const stats = await redis.info('commandstats');
  return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
}

describe('scripts as commands', () => {
  beforeEach(() => {
    redis.defineCommand('transfer', {
      numberOfKeys: 2,
      lua: `
        local balance = tonumber(redis.call('GET', KEYS[1]) or '0')
        local amount = tonumber(ARGV[1])
        if balance < amount then
          return redis.error_reply('POOR ' .. KEYS[1] .. ' has ' .. balance)
        end
        redis.call('DECRBY', KEYS[1], amount)
        redis.call('INCRBY', KEYS[2], amount)
        return redis.call('MGET', KEYS[1], KEYS[2])`,
    });
    redis.defineCommand('sumOf', {
      lua: `
        local sum = 0
        for _, key in ipairs(KEYS) do sum = sum + (tonumber(redis.call('GET', key)) or 0) end
        return sum`,
    });
  });

  it('runs them by their digest, and sends the text when the server does not know it', async () => {
    await redis.mset({ ada: 100, bob: 0 });
    expect(await redis.transfer('ada', 'bob', 30)).toEqual(['70', '30']);
    const texts = await callsOf('eval');
    expect(await redis.transfer('ada', 'bob', 30)).toEqual(['40', '60']);
    expect(await callsOf('eval')).toBe(texts);
    await redis.script('FLUSH');
    expect(await redis.transfer('bob', 'ada', 60)).toEqual(['0', '100']);
    expect(await callsOf('eval')).toBe(texts + 1);
  });

  it('takes as many keys as it is told, and rejects with the error of the script', async () => {
    await redis.mset({ a: 1, b: 2, c: 39 });
    expect(await redis.sumOf(3, 'a', 'b', 'c')).toBe(42);
    expect(await redis.sumOf(2, 'a', 'b')).toBe(3);
    await expect(redis.transfer('a', 'b', 50)).rejects.toThrow('POOR a has 1');
    expect(await redis.mget('a', 'b')).toEqual(['1', '2']);
  });

  it('runs them in pipelines and transactions, unknown to the server as they may be', async () => {
    await redis.script('FLUSH');
    await redis.mset({ ada: 10, bob: 0 });
    const replies = await redis
      .pipeline()
      .transfer('ada', 'bob', 4)
      .transfer('ada', 'bob', 100)
      .transfer('ada', 'bob', 6)
      .exec();
    expect(replies!.map(([error, value]) => error?.message ?? value)).toEqual([
      ['6', '4'],
      expect.stringContaining('POOR ada has 6'),
      ['0', '10'],
    ]);
    expect(await redis.multi().transfer('bob', 'ada', 3).get('ada').exec()).toEqual([
      [null, ['7', '3']],
      [null, '3'],
    ]);
  });

  it('prefixes the keys of scripts and of everything else', async () => {
    const tenant = new Redis(server.port, {
      keyPrefix: 'tenant:',
      scripts: { sumOf: { lua: 'return redis.call("GET", KEYS[1]) + #KEYS' } },
    });
    await tenant.set('n', '40');
    expect(await tenant.sumOf(2, 'n', 'm')).toBe(42);
    expect(await redis.get('tenant:n')).toBe('40');
    tenant.disconnect();
  });
});

describe('automatic pipelines', () => {
  it('sends what one turn asks for at once, and gives each its own answer', async () => {
    const auto = new Redis(server.port, { enableAutoPipelining: true });
    await auto.ping();
    const keys = Array.from({ length: 500 }, (_, i) => `key:${i}`);
    const written = keys.map((key, i) => auto.set(key, i));
    const wrong = auto.call('LPUSH', 'key:0', 'x');
    expect(auto.autoPipelineQueueSize).toBe(501);
    await expect(wrong).rejects.toThrow('WRONGTYPE');
    expect(await Promise.all(written)).toEqual(keys.map(() => 'OK'));
    expect(await Promise.all(keys.map((key) => auto.get(key)))).toEqual(keys.map((_, i) => `${i}`));
    auto.disconnect();
  });
});

describe('streams of members', () => {
  it('reads hashes, sets and sorted sets through their cursors', async () => {
    const names = Array.from({ length: 1_000 }, (_, i) => `name:${i}`);
    await redis.hset('hash', Object.fromEntries(names.map((name) => [name, 'v'])));
    await redis.sadd('set', names);
    await redis.zadd('zset', ...names.flatMap((name, i) => [i, name]));
    const seen = { hash: new Set<string>(), set: new Set<string>(), zset: new Set<string>() };
    const pairs = async (stream: AsyncIterable<string[]>, into: Set<string>) => {
      for await (const page of stream) {
        for (let i = 0; i < page.length; i += 2) into.add(page[i]!);
      }
    };
    await pairs(redis.hscanStream('hash', { count: 100 }), seen.hash);
    await pairs(redis.zscanStream('zset', { match: 'name:*', count: 100 }), seen.zset);
    for await (const page of redis.sscanStream('set', { match: 'name:99*' })) {
      for (const member of page as string[]) seen.set.add(member);
    }
    expect(seen.hash).toEqual(new Set(names));
    expect(seen.zset).toEqual(new Set(names));
    expect(seen.set).toEqual(new Set(names.filter((name) => name.startsWith('name:99'))));
  });
});

describe('a consumer group', () => {
  const BATCH = ['COUNT', 10, 'BLOCK', 50, 'STREAMS', 'orders', '>'] as const;
  type Entries = [id: string, fields: string[]][];

  /** Reads as one consumer until all of them have handled so many, and acknowledges. */
  async function consume(name: string, handled: string[], count: number): Promise<void> {
    const connection = redis.duplicate();
    while (handled.length < count) {
      const reply = await connection.xreadgroup('GROUP', 'till', name, ...BATCH);
      if (reply === null) continue;
      for (const [id, fields] of (reply as [string, Entries][])[0]![1]) {
        await connection.xack('orders', 'till', id);
        handled.push(fields[1]!);
      }
    }
    connection.disconnect();
  }

  it('gives each entry to one consumer, as they come', async () => {
    await redis.xgroup('CREATE', 'orders', 'till', '$', 'MKSTREAM');
    const handled: string[] = [];
    const consumers = ['a', 'b', 'c'].map((name) => consume(name, handled, 300));
    for (let i = 0; i < 300; i++) await redis.xadd('orders', '*', 'order', i);
    await Promise.all(consumers);
    const orders = Array.from({ length: 300 }, (_, i) => `${i}`);
    expect(handled.toSorted((a, b) => Number(a) - Number(b))).toEqual(orders);
    expect(await redis.xpending('orders', 'till')).toEqual([0, null, null, null]);
    const groups = (await redis.xinfo('GROUPS', 'orders')) as unknown[][];
    expect(groups[0]).toEqual(expect.arrayContaining(['name', 'till', 'consumers', 3, 'lag', 0]));
  });

  it('takes over what a consumer that went away has not acknowledged', async () => {
    await redis.xgroup('CREATE', 'orders', 'till', '0', 'MKSTREAM');
    const ids = [];
    for (let i = 0; i < 5; i++) ids.push(await redis.xadd('orders', '*', 'order', i));
    await redis.xreadgroup('GROUP', 'till', 'gone', 'COUNT', 3, 'STREAMS', 'orders', '>');
    expect(await redis.xpending('orders', 'till')).toEqual([3, ids[0], ids[2], [['gone', '3']]]);
    await sleep(20);
    const [next, claimed] = (await redis.xautoclaim(
      'orders',
      'till',
      'heir',
      10,
      '0',
      'COUNT',
      2,
    )) as [string, Entries];
    expect([next, claimed.map(([id]) => id)]).toEqual([ids[2], ids.slice(0, 2)]);
    expect(await redis.xclaim('orders', 'till', 'heir', 0, ids[2]!, 'JUSTID')).toEqual([ids[2]]);
    expect(await redis.xpending('orders', 'till', '-', '+', 10, 'gone')).toEqual([]);
    expect(await redis.xack('orders', 'till', ...(ids.slice(0, 3) as string[]))).toBe(3);
  });
});
