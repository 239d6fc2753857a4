import { Redis } from 'ioredis';
import { createClient, RESP_TYPES } from 'redis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type RunningServer, startTestServer } from '../support/server.ts';

let server: RunningServer;

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

const BINARY = Buffer.from([0, 13, 10, 0x80, 0xff]);

describe('ioredis', () => {
  let redis: Redis;

  beforeEach(async () => {
    // The ready check asks for INFO and waits until the server says that it is not loading.
    redis = new Redis(server.port, { connectionName: 'ioredis-test', lazyConnect: true });
    await redis.connect();
    await redis.flushall();
  });
  afterEach(() => redis.disconnect());

  it('is ready after its handshake, under the name it asked for', async () => {
    expect(redis.status).toBe('ready');
    expect(await redis.client('GETNAME')).toBe('ioredis-test');
  });

  it('sets and gets strings and bytes', async () => {
    expect(await redis.set('k', 'välue')).toBe('OK');
    expect(await redis.get('k')).toBe('välue');
    expect(await redis.set('bytes', BINARY)).toBe('OK');
    expect(await redis.getBuffer('bytes')).toEqual(BINARY);
    expect(await redis.get('missing')).toBeNull();
    expect(await redis.set('k', 'new', 'EX', 100, 'NX')).toBeNull();
    expect(await redis.set('k', 'new', 'GET')).toBe('välue');
    expect(await redis.mget('k', 'missing', 'k')).toEqual(['new', null, 'new']);
    expect(await redis.del('k', 'bytes', 'missing')).toBe(2);
  });

  it('counts and expires', async () => {
    expect(await redis.incr('n')).toBe(1);
    expect(await redis.incrby('n', 41)).toBe(42);
    expect(await redis.incrbyfloat('n', 0.5)).toBe('42.5');
    expect(await redis.expire('n', 100)).toBe(1);
    expect(await redis.ttl('n')).toBeGreaterThan(98);
    expect(await redis.persist('n')).toBe(1);
    expect(await redis.ttl('n')).toBe(-1);
  });

  it('rejects with the text of the error reply', async () => {
    await redis.set('k', 'text');
    await expect(redis.incr('k')).rejects.toThrow('ERR value is not an integer or out of range');
    await expect(redis.call('NOSUCH', 'a')).rejects.toThrow("unknown command 'NOSUCH'");
  });

  it('answers a pipeline of thousands in order, errors in their place', async () => {
    const pipeline = redis.pipeline();
    for (let i = 0; i < 2_000; i++) pipeline.set(`key:${i}`, `value:${i}`);
    for (let i = 0; i < 2_000; i++) pipeline.get(`key:${i}`);
    pipeline.incr('key:0');
    const replies = await pipeline.exec();
    expect(replies).toHaveLength(4_001);
    expect(replies!.slice(0, 2_000).every(([error, ok]) => error === null && ok === 'OK')).toBe(
      true,
    );
    expect(replies![2_000 + 1_234]).toEqual([null, 'value:1234']);
    expect(String(replies![4_000]![0])).toContain('not an integer');
  });

  it('iterates with SCAN streams', async () => {
    await redis.mset(Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`key:${i}`, 'v'])));
    await redis.set('other', 'v');
    const found = new Set<string>();
    for await (const keys of redis.scanStream({ match: 'key:*', count: 50 })) {
      for (const key of keys as string[]) found.add(key);
    }
    expect(found.size).toBe(500);
  });

  it('selects a database for each connection', async () => {
    const other = new Redis(server.port, { db: 5 });
    try {
      await other.set('k', 'five');
      expect(await redis.get('k')).toBeNull();
      expect(await other.get('k')).toBe('five');
      expect(await redis.dbsize()).toBe(0);
    } finally {
      other.disconnect();
    }
  });

  it('authenticates, and is refused with a wrong password', async () => {
    await redis.config('SET', 'requirepass', 'sesame');
    const friend = new Redis(server.port, { password: 'sesame' });
    const stranger = new Redis(server.port, {
      password: 'wrong',
      lazyConnect: true,
      retryStrategy: null,
    });
    try {
      expect(await friend.ping()).toBe('PONG');
      stranger.on('error', () => undefined);
      await expect(stranger.connect().then(() => stranger.ping())).rejects.toThrow();
    } finally {
      friend.disconnect();
      stranger.disconnect();
      await redis.config('SET', 'requirepass', '');
    }
  });

  it('watches other clients with MONITOR', async () => {
    const monitor = await redis.monitor();
    try {
      const seen = new Promise<string[]>((resolve) => {
        monitor.on('monitor', (_time: string, args: string[]) => resolve(args));
      });
      await redis.set('k', 'v');
      expect(await seen).toEqual(['set', 'k', 'v']);
    } finally {
      monitor.disconnect();
    }
  });

  it('quits', async () => {
    expect(await redis.quit()).toBe('OK');
  });
});

describe.each([2, 3] as const)('node-redis, RESP%i', (RESP) => {
  const connect = () =>
    createClient({
      RESP,
      socket: { port: server.port, host: '127.0.0.1', reconnectStrategy: false },
    });
  let redis: ReturnType<typeof connect>;

  beforeEach(async () => {
    redis = connect();
    await redis.connect();
    await redis.flushAll();
  });
  afterEach(() => redis.destroy());

  it('is ready after its handshake', async () => {
    expect(redis.isReady).toBe(true);
    expect(await redis.ping()).toBe('PONG');
    const info = await redis.clientInfo();
    expect(info).toMatchObject({ db: 0, user: 'default', resp: RESP });
  });

  it('sets and gets strings and bytes', async () => {
    expect(await redis.set('k', 'välue')).toBe('OK');
    expect(await redis.get('k')).toBe('välue');
    const inBytes = redis.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
    expect(await redis.set('bytes', BINARY)).toBe('OK');
    expect(await inBytes.get('bytes')).toEqual(BINARY);
    expect(await redis.get('missing')).toBeNull();
    const options = { expiration: { type: 'EX', value: 100 }, condition: 'NX' } as const;
    expect(await redis.set('k', 'new', options)).toBeNull();
    expect(await redis.set('k', 'new', { GET: true })).toBe('välue');
    expect(await redis.mGet(['k', 'missing'])).toEqual(['new', null]);
    expect(await redis.getEx('k', { type: 'PX', value: 50_000 })).toBe('new');
    expect(await redis.pTTL('k')).toBeGreaterThan(40_000);
  });

  it('counts, and gives every kind of reply its type', async () => {
    expect(await redis.incrBy('n', 7)).toBe(7);
    expect(await redis.incrByFloat('n', 0.25)).toBe('7.25');
    expect(await redis.exists(['n', 'missing'])).toBe(1);
    expect(await redis.configGet('maxmemory')).toEqual({ maxmemory: '0' });
    expect(await redis.time()).toBeDefined();
    expect(await redis.info('server')).toContain('redis_version:');
    expect(await redis.lcsLen('n', 'n')).toBe(4);
    expect(await redis.commandCount()).toBeGreaterThan(50);
    expect(await redis.commandGetKeys(['MSET', 'a', '1', 'b', '2'])).toEqual(['a', 'b']);
  });

  it('rejects with the text of the error reply', async () => {
    await redis.set('k', 'text');
    await expect(redis.incr('k')).rejects.toThrow('ERR value is not an integer or out of range');
    await expect(redis.sendCommand(['NOSUCH'])).rejects.toThrow("unknown command 'NOSUCH'");
  });

  it('pipelines what is asked in one turn', async () => {
    const keys = Array.from({ length: 1_000 }, (_, i) => `key:${i}`);
    await Promise.all(keys.map((key) => redis.set(key, `value of ${key}`)));
    const values = await Promise.all(keys.map((key) => redis.get(key)));
    expect(values).toEqual(keys.map((key) => `value of ${key}`));
    expect(await redis.dbSize()).toBe(1_000);
  });

  it('iterates with SCAN', async () => {
    await redis.mSet(Array.from({ length: 300 }, (_, i) => [`key:${i}`, 'v'] as [string, string]));
    const found = new Set<string>();
    for await (const keys of redis.scanIterator({ MATCH: 'key:*', COUNT: 20 })) {
      for (const key of keys) found.add(key);
    }
    expect(found.size).toBe(300);
  });

  it('reads COMMAND INFO of its own commands', async () => {
    const [get] = await redis.commandInfo(['GET']);
    expect(get).toMatchObject({
      name: 'get',
      arity: 2,
      firstKeyIndex: 1,
      lastKeyIndex: 1,
      step: 1,
    });
  });

  it('authenticates, and is refused with a wrong password', async () => {
    await redis.configSet('requirepass', 'sesame');
    const socket = { port: server.port, host: '127.0.0.1', reconnectStrategy: false } as const;
    const friend = createClient({ RESP, password: 'sesame', name: 'friend', database: 3, socket });
    const stranger = createClient({ RESP, password: 'wrong', socket });
    stranger.on('error', () => undefined);
    try {
      await friend.connect();
      expect(await friend.clientGetName()).toBe('friend');
      await friend.set('k', 'three');
      expect(await redis.get('k')).toBeNull();
      await expect(stranger.connect()).rejects.toThrow('WRONGPASS');
    } finally {
      friend.destroy();
      if (stranger.isOpen) stranger.destroy();
      await redis.configSet('requirepass', '');
    }
  });

  it('closes', async () => {
    await redis.close();
    expect(redis.isOpen).toBe(false);
    redis = connect();
    await redis.connect();
  });
});
