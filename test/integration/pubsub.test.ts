import { once } from 'node:events';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type RunningServer, startTestServer } from '../support/server.ts';

let server: RunningServer;

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

const BINARY = Buffer.from([0, 13, 10, 0x80, 0xff]);

describe.each([2, 3] as const)('ioredis, RESP%i', (protocol) => {
  let publisher: Redis;
  let subscriber: Redis;

  beforeEach(() => {
    publisher = new Redis({ port: server.port, protocol });
    subscriber = new Redis({ port: server.port, protocol });
  });
  afterEach(() => {
    publisher.disconnect();
    subscriber.disconnect();
  });

  it('subscribes to channels and patterns, and gets their messages in order', async () => {
    expect(await subscriber.subscribe('news', 'sport')).toBe(2);
    expect(await subscriber.psubscribe('s*')).toBe(3);
    const messages: string[] = [];
    subscriber.on('message', (channel, message) => messages.push(`${channel}: ${message}`));
    subscriber.on('pmessage', (pattern, channel, message) => {
      messages.push(`${pattern} ${channel}: ${message}`);
    });
    expect(await publisher.publish('news', 'eins')).toBe(1);
    expect(await publisher.publish('sport', 'zwei')).toBe(2);
    expect(await publisher.publish('nobody', 'drei')).toBe(0);
    expect(await subscriber.unsubscribe('news')).toBe(2);
    expect(await publisher.publish('news', 'vier')).toBe(0);
    expect(messages).toEqual(['news: eins', 'sport: zwei', 's* sport: zwei']);
  });

  it('takes messages as bytes', async () => {
    await subscriber.subscribe('bytes');
    const message = once(subscriber, 'messageBuffer');
    await publisher.publish('bytes', BINARY);
    expect(await message).toEqual([Buffer.from('bytes'), BINARY]);
  });

  it('is refused other commands in RESP2 only, and is free again afterwards', async () => {
    await subscriber.subscribe('a');
    if (protocol === 2) await expect(subscriber.get('k')).rejects.toThrow(/subscriber mode/);
    else expect(await subscriber.get('k')).toBeNull();
    expect(await subscriber.unsubscribe()).toBe(0);
    expect(await subscriber.get('k')).toBeNull();
  });

  it('subscribes to sharded channels', async () => {
    expect(await subscriber.ssubscribe('shard')).toBe(1);
    const message = once(subscriber, 'smessage');
    expect(await publisher.spublish('shard', 'm')).toBe(1);
    expect(await message).toEqual(['shard', 'm']);
    expect(await publisher.pubsub('SHARDNUMSUB', 'shard')).toEqual(['shard', 1]);
    expect(await subscriber.sunsubscribe('shard')).toBe(0);
  });

  it('subscribes anew when its connection was lost', async () => {
    await subscriber.subscribe('again');
    const ready = once(subscriber, 'ready');
    expect(await publisher.call('CLIENT', 'KILL', 'TYPE', 'pubsub')).toBe(1);
    await ready;
    const message = once(subscriber, 'message');
    while ((await publisher.publish('again', 'm')) === 0) await publisher.ping();
    expect(await message).toEqual(['again', 'm']);
  });

  it('hears of keys that expire', async () => {
    await publisher.config('SET', 'notify-keyspace-events', 'Ex');
    try {
      await subscriber.subscribe('__keyevent@0__:expired');
      const expired = once(subscriber, 'message');
      await publisher.set('session:1', 'v', 'PX', 20);
      expect(await expired).toEqual(['__keyevent@0__:expired', 'session:1']);
    } finally {
      await publisher.config('SET', 'notify-keyspace-events', '');
    }
  });

  it('gets thousands of messages, each once and in order', async () => {
    await subscriber.subscribe('many');
    const count = 5_000;
    const got: string[] = [];
    const done = new Promise<void>((resolve) => {
      subscriber.on('message', (_channel, message) => {
        if (got.push(message) === count) resolve();
      });
    });
    const pipeline = publisher.pipeline();
    for (let i = 0; i < count; i++) pipeline.publish('many', String(i));
    await pipeline.exec();
    await done;
    expect(got).toEqual(Array.from({ length: count }, (_, i) => String(i)));
  });
});

describe.each([2, 3] as const)('node-redis, RESP%i', (RESP) => {
  const connect = () => createClient({ url: `redis://127.0.0.1:${server.port}`, RESP }).connect();
  type Client = Awaited<ReturnType<typeof connect>>;
  let publisher: Client;
  let subscriber: Client;

  beforeEach(async () => {
    publisher = await connect();
    subscriber = await connect();
  });
  afterEach(() => {
    publisher.destroy();
    subscriber.destroy();
  });

  it('calls a listener for each channel, pattern and sharded channel', async () => {
    const messages: string[] = [];
    const listener = (message: string, channel: string) => messages.push(`${channel}: ${message}`);
    await subscriber.subscribe('news', listener);
    await subscriber.pSubscribe('n*', listener);
    await subscriber.sSubscribe('news', listener);
    expect(await publisher.publish('news', 'one')).toBe(2);
    expect(await publisher.sPublish('news', 'two')).toBe(1);
    await subscriber.unsubscribe('news');
    expect(await publisher.publish('news', 'three')).toBe(1);
    await subscriber.pUnsubscribe();
    await subscriber.sUnsubscribe();
    expect(await publisher.publish('news', 'four')).toBe(0);
    expect(messages).toEqual(['news: one', 'news: one', 'news: two', 'news: three']);
  });

  it('tells what there are subscribers of', async () => {
    await subscriber.subscribe(['a', 'b'], () => undefined);
    await subscriber.pSubscribe('c*', () => undefined);
    expect((await publisher.pubSubChannels()).sort()).toEqual(['a', 'b']);
    expect({ ...(await publisher.pubSubNumSub(['a', 'z'])) }).toEqual({ a: 1, z: 0 });
    expect(await publisher.pubSubNumPat()).toBe(1);
  });

  it('takes bytes', async () => {
    const message = new Promise<Buffer>((resolve) => {
      void subscriber.subscribe('bytes', resolve, true);
    });
    while ((await publisher.publish('bytes', BINARY)) === 0);
    expect(await message).toEqual(BINARY);
  });
});
