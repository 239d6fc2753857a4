import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { afterwards, ClientRoom, type RoomClient } from '../../test/support/client-room.ts';
import { checkKeyspace } from '../keyspace/keyspace-check.ts';

let room: ClientRoom;
let boss: RoomClient;
let first: RoomClient;
let second: RoomClient;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  room = new ClientRoom();
  boss = room.enter();
  first = room.enter();
  second = room.enter();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Lets time pass for clocks and timers alike. */
async function pass(milliseconds: number): Promise<void> {
  room.pass(milliseconds);
  vi.advanceTimersByTime(milliseconds);
  await afterwards();
}

describe('the directory', () => {
  it('gives ids that grow and finds clients by them', () => {
    expect([...room.clients.all()].map(({ id }) => id)).toEqual([1, 2, 3]);
    expect(room.clients.byId(2)).toBe(first.session);
    expect(room.clients.byId(4)).toBeUndefined();
    room.clients.remove(first.session);
    room.clients.remove(first.session);
    expect(room.clients.count).toBe(2);
    expect(room.enter().session.id).toBe(4);
  });

  it('forgets a killed client before its connection is gone', () => {
    room.clients.kill(first.session, boss.session);
    expect(room.clients.byId(2)).toBeUndefined();
    expect(first.session.closing).toBe(true);
  });
});

describe('a pause of writes', () => {
  it('holds back what writes, and nothing else', async () => {
    boss.call('SET', 'k', 'before');
    boss.call('CLIENT', 'PAUSE', '1000', 'WRITE');
    first.send(['SET', 'k', 'after'], ['GET', 'k']);
    expect(first.take()).toBe('');
    expect(first.session.paused).toBe(true);
    expect(second.call('GET', 'k')).toBe('"before"');
    expect(second.call('SET', 'k')).toContain('wrong number of arguments');
    boss.call('CLIENT', 'UNPAUSE');
    await afterwards();
    expect(first.take()).toBe('+OK\r\n$5\r\nafter\r\n');
    expect(first.session.paused).toBe(false);
  });

  it('ends by itself', async () => {
    boss.call('CLIENT', 'PAUSE', '1000', 'WRITE');
    first.send(['INCR', 'n']);
    await pass(999);
    expect(first.take()).toBe('');
    await pass(1);
    expect(first.take()).toBe(':1\r\n');
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('a pause of everything', () => {
  it('holds back all commands but the one that ends it', async () => {
    boss.call('CLIENT', 'PAUSE', '1000');
    first.send(['PING']);
    second.send(['NOSUCH']);
    expect(first.take()).toBe('');
    expect(second.take()).toContain('unknown command');
    expect(boss.call('CLIENT', 'UNPAUSE')).toBe('OK');
    await afterwards();
    expect(first.take()).toBe('+PONG\r\n');
  });

  it('does not concern embedded clients', () => {
    boss.call('CLIENT', 'PAUSE', '1000');
    expect(room.enter('embedded').call('PING')).toBe('PONG');
  });

  it('lets clients go on in the order in which it stopped them', async () => {
    boss.call('CLIENT', 'PAUSE', '1000');
    second.send(['INCR', 'n']);
    first.send(['INCR', 'n']);
    second.send(['INCR', 'n']);
    await pass(1000);
    expect(second.take()).toBe(':1\r\n:2\r\n');
    expect(first.take()).toBe(':3\r\n');
  });

  it('may be renewed by the first client that goes on', async () => {
    boss.call('CLIENT', 'PAUSE', '1000');
    first.send(['CLIENT', 'PAUSE', '500']);
    second.send(['PING']);
    await pass(1000);
    expect(first.take()).toBe('+OK\r\n');
    expect(second.take()).toBe('');
    await pass(500);
    expect(second.take()).toBe('+PONG\r\n');
  });

  it('forgets a client that goes away meanwhile', async () => {
    boss.call('CLIENT', 'PAUSE', '1000');
    first.send(['SET', 'k', 'v']);
    first.destroy();
    await pass(1000);
    expect(boss.call('EXISTS', 'k')).toBe('(integer) 0');
    expect(room.executor.held.size).toBe(0);
  });
});

describe('two pauses', () => {
  it('last as long as the longer', async () => {
    boss.call('CLIENT', 'PAUSE', '1000', 'WRITE');
    boss.call('CLIENT', 'PAUSE', '10', 'WRITE');
    first.send(['INCR', 'n']);
    await pass(990);
    expect(first.take()).toBe('');
    await pass(10);
    expect(first.take()).toBe(':1\r\n');
  });

  it('hold back all when one of them does', async () => {
    room.clients.pause('all', 10);
    room.clients.pause('write', 1000);
    first.send(['PING']);
    await pass(999);
    expect(first.take()).toBe('');
    await pass(1);
    expect(first.take()).toBe('+PONG\r\n');
  });

  it('leave nothing behind: the next one is what it says', async () => {
    room.clients.pause('all', 10);
    await pass(10);
    room.clients.pause('write', 10);
    expect(first.call('PING')).toBe('PONG');
  });
});

describe('a pause freezes the data set', () => {
  it('keys that fall due are missing but stay, and go when it is over', async () => {
    boss.call('SET', 'k', 'v', 'PX', '50');
    boss.call('CLIENT', 'PAUSE', '1000', 'WRITE');
    await pass(100);
    room.keyspace.removeExpired(10);
    expect(first.call('GET', 'k')).toBe('(nil)');
    expect(first.call('EXISTS', 'k')).toBe('(integer) 0');
    expect(first.call('KEYS', '*')).toBe('[]');
    expect(first.call('RANDOMKEY')).toBe('"k"');
    expect(first.call('DBSIZE')).toBe('(integer) 1');
    expect(room.keyspace.expired).toBe(0);
    await pass(900);
    expect(first.call('GET', 'k')).toBe('(nil)');
    expect(first.call('DBSIZE')).toBe('(integer) 0');
    expect(room.keyspace.expired).toBe(1);
  });

  it('who may write all the same finds room where a due key was', async () => {
    const embedded = room.enter('embedded');
    for (const key of ['a', 'b', 'c', 'd']) boss.call('SET', key, 'v', 'PX', '50');
    boss.call('SET', 'lasting', 'v');
    boss.call('CLIENT', 'PAUSE', '1000', 'ALL');
    await pass(100);
    expect(embedded.call('SET', 'a', 'new')).toBe('OK');
    expect(embedded.call('MSET', 'b', 'new')).toBe('OK');
    expect(embedded.call('RENAME', 'lasting', 'c')).toBe('OK');
    expect(embedded.call('DEL', 'd')).toBe('(integer) 0');
    expect(embedded.call('DBSIZE')).toBe('(integer) 3');
    expect(embedded.call('MGET', 'a', 'b', 'c')).toBe('["new", "new", "v"]');
    checkKeyspace(room.keyspace);
  });
});

describe('odd lengths of a pause', () => {
  it('0 ends at once', async () => {
    boss.call('CLIENT', 'PAUSE', '0');
    expect(first.call('PING')).toBe('PONG');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('longer than any timer takes is waited for', async () => {
    boss.call('CLIENT', 'PAUSE', '9223372036854775807', 'WRITE');
    first.send(['INCR', 'n']);
    await pass(2 ** 31);
    expect(first.take()).toBe('');
    expect(vi.getTimerCount()).toBe(1);
    boss.call('CLIENT', 'UNPAUSE');
    await afterwards();
    expect(first.take()).toBe(':1\r\n');
  });

  it('does not change when the wall clock is set', async () => {
    boss.call('CLIENT', 'PAUSE', '1000', 'WRITE');
    first.send(['INCR', 'n']);
    room.clock.pass(0, 3_600_000);
    await pass(999);
    expect(first.take()).toBe('');
    await pass(1);
    expect(first.take()).toBe(':1\r\n');
  });
});
