/** Transactions and commands that wait, by client libraries and over every kind of connection. */
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RespClient } from '../support/resp-client.ts';
import { freePort, type RunningServer, startRedstart, startTestServer } from '../support/server.ts';
import { TextClient } from '../support/text-client.ts';

let server: RunningServer;
let redis: Redis;

beforeAll(async () => {
  server = await startTestServer();
  redis = new Redis(server.port);
});
afterAll(async () => {
  redis.disconnect();
  await server.stop();
});

/** Waits until so many clients block. */
async function untilBlocked(port: number, count: number): Promise<void> {
  const watcher = await RespClient.connect(port);
  for (;;) {
    const info = await watcher.call('INFO', 'clients');
    const text = 'bytes' in info ? info.bytes.toString() : '';
    if (text.includes(`blocked_clients:${count}\r\n`)) break;
  }
  await watcher.close();
}

describe('ioredis', () => {
  it('runs transactions, with errors in their place', async () => {
    const replies = await redis.multi().set('k', '1').incr('k').lpop('k').get('k').exec();
    expect(replies!.map(([error, value]) => error?.message ?? value)).toEqual([
      'OK',
      2,
      'WRONGTYPE Operation against a key holding the wrong kind of value',
      '2',
    ]);
    await expect(redis.multi().call('NOSUCH').set('k', '9').exec()).rejects.toThrow('EXECABORT');
    expect(await redis.get('k')).toBe('2');
  });

  it('notices that a watched key has changed', async () => {
    const other = redis.duplicate();
    await redis.set('balance', '10');
    await redis.watch('balance');
    await other.set('balance', '5');
    expect(await redis.multi().decrby('balance', 10).exec()).toBeNull();
    await redis.watch('balance');
    expect(await redis.multi().decrby('balance', 5).exec()).toEqual([[null, 0]]);
    other.disconnect();
  });

  it('takes jobs off a queue, one worker each', async () => {
    const workers = Array.from({ length: 20 }, () => redis.duplicate());
    const jobs = workers.map((worker) => worker.blpop('jobs', 'urgent', 0));
    await untilBlocked(server.port, 20);
    await redis.rpush('jobs', ...Array.from({ length: 20 }, (_, i) => `job ${i}`));
    const taken = (await Promise.all(jobs)).map((job) => job![1]);
    expect([...taken].sort()).toEqual(Array.from({ length: 20 }, (_, i) => `job ${i}`).sort());
    expect(await workers[0]!.blmove('jobs', 'done', 'LEFT', 'RIGHT', 0.01)).toBeNull();
    const member = workers[1]!.bzpopmin('scores', 0);
    await untilBlocked(server.port, 1);
    await redis.zadd('scores', 1.5, 'm');
    expect(await member).toEqual(['scores', 'm', '1.5']);
    for (const worker of workers) worker.disconnect();
  });

  it('reads a stream as it grows', async () => {
    const reader = redis.duplicate();
    const entries = reader.xread('BLOCK', 0, 'STREAMS', 'events', '$');
    await untilBlocked(server.port, 1);
    const id = await redis.xadd('events', '*', 'name', 'first');
    expect(await entries).toEqual([['events', [[id, ['name', 'first']]]]]);
    reader.disconnect();
  });
});

describe('node-redis', () => {
  it('runs transactions and waits', async () => {
    const client = createClient({ socket: { port: server.port } });
    await client.connect();
    const waiting = client.duplicate();
    await waiting.connect();
    expect(await client.multi().set('n', '1').incr('n').exec()).toEqual(['OK', 2]);
    await client.watch('n');
    await waiting.set('n', '7');
    await expect(client.multi().get('n').exec()).rejects.toThrow();
    const popped = waiting.blPop('queue', 0);
    await untilBlocked(server.port, 1);
    await client.rPush('queue', 'job');
    expect(await popped).toEqual({ key: 'queue', element: 'job' });
    client.destroy();
    waiting.destroy();
  });
});

describe('a connection', () => {
  it('keeps everything that comes while it waits, however it is cut', async () => {
    const client = await RespClient.connect(server.port);
    client.send(['BLPOP', 'cut', '0']);
    await untilBlocked(server.port, 1);
    const behind = Buffer.from('*2\r\n$4\r\nECHO\r\n$3\r\nabc\r\n'.repeat(50));
    for (let at = 0; at < behind.length; at += 7) {
      client.sendBytes(behind.subarray(at, at + 7));
      if (at % 70 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await redis.rpush('cut', 'x');
    expect((await client.read()).type).toBe('array');
    for (let i = 0; i < 50; i++) expect((await client.read()).type).toBe('bulk');
    await client.close();
  });

  it('is forgotten when it is closed while it waits', async () => {
    const client = await RespClient.connect(server.port);
    client.send(['BLPOP', 'gone', '0']);
    await untilBlocked(server.port, 1);
    await client.close();
    await untilBlocked(server.port, 0);
    expect(await redis.rpush('gone', 'x')).toBe(1);
    expect(await redis.llen('gone')).toBe(1);
  });
});

describe('a reply that is more than a client may hold', () => {
  it('costs nobody else anything, and the element stays', async () => {
    const own = await startRedstart(['--client-output-buffer-limit', 'normal 1mb 0 0']);
    const first = await RespClient.connect(own.port);
    const second = await RespClient.connect(own.port);
    try {
      first.send(['BLPOP', 'q', '0']);
      await untilBlocked(own.port, 1);
      expect(await second.call('RPUSH', 'q', 'x'.repeat(2_000_000), 'y')).toMatchObject({
        value: 2n,
      });
      expect(await first.untilClosed(2_000)).toBe(true);
      expect(await second.call('LLEN', 'q')).toMatchObject({ value: 2n });
      expect(own.output()).toContain('larger than it may hold');
    } finally {
      await first.close();
      await second.close();
      await own.stop();
    }
  });
});

describe('the text protocol', () => {
  it('waits, and answers one line', async () => {
    const textPort = await freePort();
    const own = await startRedstart(['--text-port', String(textPort)]);
    const client = await TextClient.connect(textPort);
    const other = await RespClient.connect(own.port);
    try {
      client.send('BLPOP q 0\nPING\nBLPOP q 0.01\nMULTI\nSET k v\nBLPOP q 0\nEXEC\n');
      await untilBlocked(own.port, 1);
      await other.call('RPUSH', 'q', 'a "b"');
      expect(await client.readLines(7)).toEqual([
        '["q", "a \\"b\\""]',
        'PONG',
        '(nil)',
        'OK',
        'QUEUED',
        'QUEUED',
        '[OK, (nil)]',
      ]);
    } finally {
      client.close();
      await other.close();
      await own.stop();
    }
  });
});
