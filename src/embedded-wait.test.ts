import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type EmbeddedRedstart, openRedstart, ReplyError } from './index.ts';

let db: EmbeddedRedstart;

beforeEach(async () => {
  db = await openRedstart();
});
afterEach(() => db.close());

/** How many clients wait. */
function waiting(): string | undefined {
  return /blocked_clients:(\d+)/.exec(String(db.call('INFO', 'clients')))?.[1];
}

describe('a command that waits inside of a process', () => {
  it('resolves when it is served, in the order of coming', async () => {
    const served: unknown[] = [];
    const all = [1, 2, 3].map(async (i) => served.push([i, await db.wait('BLPOP', 'q', 0)]));
    expect(waiting()).toBe('3');
    db.call('RPUSH', 'q', 'a', 'b', 'c');
    await Promise.all(all);
    expect(served).toEqual([
      [1, ['q', 'a']],
      [2, ['q', 'b']],
      [3, ['q', 'c']],
    ]);
    expect(waiting()).toBe('0');
    expect(db.call('CLIENT', 'LIST')).not.toMatch(/\n./);
  });

  it('resolves at once when there is something, and when the time is over', async () => {
    db.call('RPUSH', 'q', 'a');
    expect(await db.wait('BLPOP', 'q', 0)).toEqual(['q', 'a']);
    expect(await db.wait('BLPOP', 'q', 0.01)).toBeNull();
    expect(await db.wait('PING')).toBe('PONG');
  });

  it('does not wait with call', () => {
    expect(db.call('BLPOP', 'q', 0)).toBeNull();
    db.call('MULTI');
    db.call('BLPOP', 'q', 0);
    expect(db.call('EXEC')).toEqual([null]);
    expect(db.call('BLPOP', 'q', 0)).toBeNull();
  });

  it('answers bytes as they are, in the database of the process', async () => {
    db.call('SELECT', 3);
    const popped = db.waitBuffer('BLPOP', 'q', 0);
    db.call('SELECT', 0);
    db.call('RPUSH', 'q', 'no');
    db.call('SELECT', 3);
    db.call('RPUSH', 'q', Buffer.from([0xff, 0]));
    expect(await popped).toEqual([Buffer.from('q'), Buffer.from([0xff, 0])]);
  });

  it('rejects with the error of its reply', async () => {
    await expect(db.wait('BLPOP', 'q', 'x')).rejects.toThrow('ERR timeout is not a float');
    await expect(db.wait('SUBSCRIBE', 'c')).rejects.toThrow(ReplyError);
    const moved = db.wait('BLMOVE', 'a', 'b', 'LEFT', 'LEFT', 0);
    db.call('SET', 'b', 'text');
    db.call('RPUSH', 'a', 'x');
    await expect(moved).rejects.toThrow('WRONGTYPE');
  });

  it('rejects when somebody ends the wait, or the engine', async () => {
    const first = db.wait('BLPOP', 'q', 0);
    const id = /id=(\d+) [^\n]*flags=b/.exec(String(db.call('CLIENT', 'LIST')))![1]!;
    db.call('CLIENT', 'UNBLOCK', id, 'ERROR');
    await expect(first).rejects.toThrow('UNBLOCKED');
    const second = db.wait('BLPOP', 'q', 0);
    const next = /id=(\d+) [^\n]*flags=b/.exec(String(db.call('CLIENT', 'LIST')))![1]!;
    db.call('CLIENT', 'KILL', 'ID', next);
    await expect(second).rejects.toThrow('disconnected');
    const third = db.wait('BLPOP', 'q', 0);
    const ended = expect(third).rejects.toThrow('disconnected');
    await db.close();
    await ended;
    await expect(db.wait('PING')).rejects.toThrow('closed');
  });

  it('wakes a client of the network, and is woken by one', async () => {
    const { port } = await db.listen({ port: 0 });
    const { RespClient } = await import('../test/support/resp-client.ts');
    const client = await RespClient.connect(port);
    const popped = db.wait('BLPOP', 'q', 0);
    await client.call('RPUSH', 'q', 'from outside');
    expect(await popped).toEqual(['q', 'from outside']);
    client.send(['BLPOP', 'q', '0']);
    while (waiting() === '0') await new Promise((resolve) => setTimeout(resolve, 1));
    db.call('RPUSH', 'q', 'from inside');
    expect(await client.read()).toMatchObject({ type: 'array' });
    await client.close();
  });
});
