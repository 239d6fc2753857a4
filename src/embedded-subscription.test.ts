import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RespClient } from '../test/support/resp-client.ts';
import { type ChannelMessage, type EmbeddedRedstart, openRedstart } from './index.ts';

let db: EmbeddedRedstart;

beforeEach(async () => {
  db = await openRedstart();
});
afterEach(() => db.close());

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('subscribe with a listener', () => {
  it('calls it with each message, after the command that sent it', async () => {
    const got: ChannelMessage[] = [];
    db.subscribe(['news', 'sport'], (message) => got.push(message));
    expect(db.call('PUBLISH', 'news', 'välue')).toBe(1);
    expect(db.call('PUBLISH', 'sport', Buffer.of(0, 255))).toBe(1);
    expect(db.call('PUBLISH', 'other', 'x')).toBe(0);
    expect(got).toEqual([]);
    await turn();
    expect(got.map(({ channel, pattern, text }) => [channel, pattern, text])).toEqual([
      ['news', undefined, 'välue'],
      ['sport', undefined, '\0\ufffd'],
    ]);
    expect(got[1]!.bytes).toEqual(Buffer.of(0, 255));
  });

  it('may call commands in it, also such that publish', async () => {
    const got: string[] = [];
    db.subscribe('a', ({ text }) => {
      got.push(text);
      if (got.length < 5) db.call('PUBLISH', 'a', `${text}!`);
    });
    db.call('PUBLISH', 'a', 'x');
    await turn();
    expect(got).toEqual(['x', 'x!', 'x!!', 'x!!!', 'x!!!!']);
  });

  it('may be closed in it, and then gets nothing more', async () => {
    const got: string[] = [];
    const subscription = db.subscribe('a', ({ text }) => {
      got.push(text);
      subscription.close();
    });
    db.call('PUBLISH', 'a', '1');
    db.call('PUBLISH', 'a', '2');
    await turn();
    expect(got).toEqual(['1']);
    expect(db.call('PUBLISH', 'a', '3')).toBe(0);
  });

  it('hears of keys', async () => {
    db.call('CONFIG', 'SET', 'notify-keyspace-events', 'KEA');
    const got: string[] = [];
    db.psubscribe('__keyspace@0__:*', ({ channel, pattern, text }) => {
      got.push(`${pattern} ${channel} ${text}`);
    });
    db.call('SET', 'k', 'v');
    db.call('DEL', 'k');
    await turn();
    const channel = '__keyspace@0__:* __keyspace@0__:k';
    expect(got).toEqual([`${channel} set`, `${channel} del`]);
  });
});

describe('subscribe without one', () => {
  it('gives messages to iterate over, until it is closed', async () => {
    const subscription = db.subscribe('a');
    db.call('PUBLISH', 'a', 'before');
    setTimeout(() => db.call('PUBLISH', 'a', 'while'), 5);
    setTimeout(() => subscription.close(), 20);
    const got: string[] = [];
    for await (const { text } of subscription) got.push(text);
    expect(got).toEqual(['before', 'while']);
    expect(subscription.closed).toBe(true);
  });

  it('ends when the loop is left', async () => {
    const subscription = db.subscribe('a');
    db.call('PUBLISH', 'a', '1');
    for await (const { text } of subscription) {
      expect(text).toBe('1');
      break;
    }
    expect(subscription.closed).toBe(true);
    expect(db.call('PUBLISH', 'a', '2')).toBe(0);
  });

  it('ends with the engine', async () => {
    const subscription = db.subscribe('a');
    setTimeout(() => void db.close(), 5);
    for await (const { text } of subscription) throw new Error(text);
    expect(subscription.closed).toBe(true);
    expect(() => db.subscribe('a')).toThrow('closed');
  });

  it('fails when more waits than client-output-buffer-limit allows', async () => {
    db.call('CONFIG', 'SET', 'client-output-buffer-limit', 'pubsub 100000 0 0');
    const subscription = db.subscribe('a');
    for (let i = 0; i < 9; i++) expect(db.call('PUBLISH', 'a', 'x'.repeat(10_000))).toBe(1);
    expect(db.call('INFO', 'clients')).toContain('client_recent_max_output_buffer:92');
    db.call('PUBLISH', 'a', 'x'.repeat(10_000));
    expect(subscription.closed).toBe(true);
    expect(db.call('PUBLISH', 'a', 'x')).toBe(0);
    await expect(async () => {
      for await (const { text } of subscription) throw new Error(text);
    }).rejects.toThrow('bytes of messages were not taken');
  });

  it('needs a name', () => {
    expect(() => db.subscribe([])).toThrow(TypeError);
  });
});

describe('a subscription', () => {
  it('is a client like any other, which can be listed and ended', async () => {
    const subscription = db.subscribe(['a', 'b']);
    expect(db.call('CLIENT', 'LIST', 'TYPE', 'pubsub')).toMatch(/ flags=P .* sub=2 psub=0 /);
    expect(db.call('PUBSUB', 'NUMSUB', 'a', 'c')).toEqual(['a', 1, 'c', 0]);
    expect(db.call('CLIENT', 'KILL', 'TYPE', 'pubsub')).toBe(1);
    expect(subscription.closed).toBe(true);
    expect(db.call('PUBSUB', 'CHANNELS')).toEqual([]);
    expect(db.call('CLIENT', 'LIST', 'TYPE', 'pubsub')).toBe('');
  });

  it('gets what comes over the network', async () => {
    const { port } = await db.listen({ port: 0 });
    const client = await RespClient.connect(port);
    const subscription = db.psubscribe(Buffer.from('n*'));
    expect(await client.call('PUBLISH', 'news', 'm')).toEqual({ type: 'integer', value: 1n });
    for await (const { channel, pattern, text } of subscription) {
      expect([channel, pattern, text]).toEqual(['news', 'n*', 'm']);
      break;
    }
    await client.close();
  });

  it('goes on when its listener throws', async () => {
    const thrown: unknown[] = [];
    const listeners = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.on('uncaughtException', (problem) => thrown.push(problem));
    try {
      const got: string[] = [];
      db.subscribe('a', ({ text }) => {
        got.push(text);
        throw new Error(text);
      });
      db.call('PUBLISH', 'a', '1');
      db.call('PUBLISH', 'a', '2');
      await turn();
      await turn();
      expect(got).toEqual(['1', '2']);
      expect(thrown.map(String)).toEqual(['Error: 1', 'Error: 2']);
    } finally {
      process.removeAllListeners('uncaughtException');
      for (const listener of listeners) process.on('uncaughtException', listener);
    }
  });
});
