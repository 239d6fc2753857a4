/** What node-redis makes of commands: pools, scripts, functions, typed transactions, streams. */
import {
  createClient,
  createClientPool,
  defineScript,
  RESP_TYPES,
  type RedisClientType,
  WatchError,
} from 'redis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type RunningServer, startTestServer } from '../support/server.ts';

let server: RunningServer;

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

const BOUND = defineScript({
  NUMBER_OF_KEYS: 1,
  SCRIPT: `
    local n = redis.call('INCR', KEYS[1])
    if n > tonumber(ARGV[1]) then redis.call('SET', KEYS[1], ARGV[1]) return -1 end
    return n`,
  parseCommand(parser, key: string, max: number) {
    parser.pushKey(key);
    parser.push(String(max));
  },
  transformReply: (reply: number) => (reply < 0 ? 'full' : reply),
});

const LIBRARY = `#!lua name=tallies
  redis.register_function('add', function(keys, args)
    return redis.call('HINCRBY', keys[1], args[1], args[2])
  end)
  redis.register_function{
    function_name = 'top',
    callback = function(keys) return redis.call('HGETALL', keys[1]) end,
    flags = { 'no-writes' },
  }`;

describe.each([2, 3] as const)('node-redis, RESP%i', (RESP) => {
  const connect = () =>
    createClient({
      RESP,
      socket: { port: server.port, host: '127.0.0.1', reconnectStrategy: false },
      scripts: { bound: BOUND },
    });
  let redis: ReturnType<typeof connect>;

  beforeEach(async () => {
    redis = connect();
    await redis.connect();
    await redis.flushAll();
  });
  afterEach(() => redis.destroy());

  it('gives the replies of a transaction the types of its commands', async () => {
    const replies = await redis
      .multi()
      .hSet('h', { one: '1', two: '2' })
      .hGetAll('h')
      .zAdd('z', [
        { score: 1.5, value: 'a' },
        { score: Number.POSITIVE_INFINITY, value: 'b' },
      ])
      .zRangeWithScores('z', 0, -1)
      .bound('n', 1)
      .bound('n', 1)
      .execTyped();
    expect(replies[1]).toEqual({ one: '1', two: '2' });
    expect(replies[3]).toEqual([
      { score: 1.5, value: 'a' },
      { score: Number.POSITIVE_INFINITY, value: 'b' },
    ]);
    expect([replies[0], replies[2], replies[4], replies[5]]).toEqual([2, 2, 1, 'full']);
    await expect(redis.multi().set('k', 'text').incr('k').exec()).rejects.toMatchObject({
      replies: ['OK', expect.any(Error)],
      errorIndexes: [1],
    });
  });

  it('is told by WATCH that a transaction came too late', async () => {
    const other = connect();
    await other.connect();
    await redis.watch('k');
    await other.set('k', 'other');
    await expect(redis.multi().set('k', 'mine').exec()).rejects.toThrow(WatchError);
    await redis.watch('k');
    expect(await redis.multi().set('k', 'mine').get('k').exec()).toEqual(['OK', 'mine']);
    other.destroy();
  });

  it('runs its scripts by digest', async () => {
    await redis.scriptFlush();
    expect([await redis.bound('n', 2), await redis.bound('n', 2)]).toEqual([1, 2]);
    expect(await redis.bound('n', 2)).toBe('full');
    expect(await redis.scriptExists(BOUND.SHA1)).toEqual([1]);
    expect(await redis.eval('return {1, ARGV[1], false}', { arguments: ['x'] })).toEqual([
      1,
      'x',
      null,
    ]);
  });

  it('loads a library of functions, calls them, moves them', async () => {
    expect(await redis.functionLoad(LIBRARY, { REPLACE: true })).toBe('tallies');
    expect(await redis.fCall('add', { keys: ['t'], arguments: ['x', '2'] })).toBe(2);
    expect(await redis.fCallRo('top', { keys: ['t'] })).toEqual(['x', '2']);
    const [library] = await redis.functionList();
    expect(library!.functions.map(({ name }) => name).toSorted()).toEqual(['add', 'top']);
    const dump = await redis.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer }).functionDump();
    await redis.functionFlush();
    await expect(redis.fCall('add', { keys: ['t'] })).rejects.toThrow('Function not found');
    await redis.functionRestore(dump);
    expect(await redis.fCall('add', { keys: ['t'], arguments: ['x', '3'] })).toBe(5);
  });

  it('reads a group of a stream', async () => {
    await redis.xGroupCreate('s', 'g', '0', { MKSTREAM: true });
    const waiting = connect();
    await waiting.connect();
    const read = waiting.xReadGroup('g', 'c', { key: 's', id: '>' }, { BLOCK: 5_000, COUNT: 2 });
    const id = await redis.xAdd('s', '*', { answer: '42', question: '?' });
    const message = { answer: '42', question: '?' };
    expect(await read).toMatchObject([{ name: 's', messages: [{ id, message }] }]);
    expect(await redis.xPending('s', 'g')).toMatchObject({ pending: 1, firstId: id, lastId: id });
    expect(await redis.xAck('s', 'g', id)).toBe(1);
    const info = await redis.xInfoStream('s');
    expect(info).toMatchObject({ length: 1, groups: 1, 'last-generated-id': id });
    waiting.destroy();
  });
});

describe('a pool of node-redis', () => {
  it('has as many connections as are busy, and no more than it may', async () => {
    const socket = { port: server.port, host: '127.0.0.1' };
    const pool = createClientPool({ RESP: 3, socket }, { minimum: 1, maximum: 4 });
    await pool.connect();
    await pool.del('jobs');
    const taken = Array.from({ length: 8 }, () => pool.execute((one) => one.blPop('jobs', 5)));
    const observer: RedisClientType = createClient({ socket });
    await observer.connect();
    await expect.poll(() => observer.info('clients')).toContain('blocked_clients:4\r\n');
    for (let i = 0; i < 8; i++) await observer.rPush('jobs', `job ${i}`);
    const jobs = (await Promise.all(taken)).map((job) => job?.element);
    expect(jobs.toSorted()).toEqual(Array.from({ length: 8 }, (_, i) => `job ${i}`));
    expect(pool.totalClients).toBe(4);
    await pool.close();
    observer.destroy();
  });
});
