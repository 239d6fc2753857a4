import { beforeEach, describe, expect, it } from 'vitest';
import { ClientRoom, type RoomClient } from '../../test/support/client-room.ts';
import type { Transactions } from './transactions.ts';

let room: ClientRoom;
let first: RoomClient;
let second: RoomClient;

beforeEach(() => {
  room = new ClientRoom();
  first = room.enter();
  second = room.enter();
});

/** Keys that somebody watches. */
function watchedKeys(): number {
  return (room.services.transactions as Transactions).watches.keyCount;
}

describe('a transaction', () => {
  it('lets nobody in between, and runs its commands unchanged', () => {
    first.send(['MULTI'], ['INCR', 'n']);
    second.call('SET', 'n', '10');
    first.send(['INCR', 'n'], ['GET', 'n'], ['EXEC']);
    expect(first.take()).toBe(
      '+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n*3\r\n:11\r\n:12\r\n$2\r\n12\r\n',
    );
  });

  it('costs a client nothing once it is over', () => {
    for (const end of ['EXEC', 'DISCARD', 'RESET']) {
      first.send(['WATCH', 'k'], ['MULTI'], ['GET', 'k'], [end]);
      expect(first.session.transaction).toBeNull();
      expect(first.session.gate).toBe(0);
      expect(watchedKeys()).toBe(0);
    }
    first.send(['WATCH', 'k'], ['UNWATCH']);
    expect(first.session.transaction).toBeNull();
    expect(room.keyspace.listener).toBeNull();
  });

  it('keeps no more than a query buffer may hold', () => {
    room.limits.queryBytesMax = 1000;
    first.send(['MULTI'], ['SET', 'k', 'x'.repeat(400)], ['SET', 'k', 'x'.repeat(400)]);
    expect(first.closed).toBe(false);
    first.send(['SET', 'k', 'x'.repeat(400)], ['EXEC']);
    expect(first.closed).toBe(true);
    expect(second.call('GET', 'k')).toBe('(nil)');
  });

  it('keeps nothing more once it cannot run', () => {
    room.limits.queryBytesMax = 1000;
    first.send(['MULTI'], ['NOSUCH']);
    for (let i = 0; i < 10; i++) first.send(['SET', 'k', 'x'.repeat(400)]);
    expect(first.closed).toBe(false);
    expect(first.session.transaction?.queuedCommands).toBe(0);
  });

  it('is shown to MONITOR command by command, EXEC last', () => {
    second.send(['MONITOR']);
    second.take();
    first.send(['MULTI'], ['SET', 'k', 'v'], ['GET', 'k'], ['EXEC'], ['PING']);
    room.monitors.remove(second.session);
    const shown = [...second.take().matchAll(/\] (.*)\r\n/g)].map(([, words]) => words);
    expect(shown).toEqual(['"MULTI"', '"SET" "k" "v"', '"GET" "k"', '"EXEC"', '"PING"']);
  });

  it('puts its commands into the slow log, not EXEC', () => {
    room.slowlog.slowerThanMicroseconds = 0;
    room.followThresholds();
    first.send(['MULTI'], ['SET', 'k', 'v'], ['GET', 'k'], ['EXEC']);
    const logged = room.slowlog.entries(10).map(({ args }) => String(args[0]));
    expect(logged).toEqual(['GET', 'SET', 'MULTI']);
  });

  it('is forgotten with its client', () => {
    first.send(['WATCH', 'a', 'b'], ['MULTI'], ['SET', 'k', 'v']);
    first.destroy();
    expect(watchedKeys()).toBe(0);
    expect(second.call('EXISTS', 'k')).toBe('(integer) 0');
  });

  it('goes on with the rest when a client kills itself in it', () => {
    first.send(
      ['MULTI'],
      ['CLIENT', 'KILL', 'ID', '1', 'SKIPME', 'no'],
      ['SET', 'k', 'v'],
      ['EXEC'],
    );
    expect(first.take()).toContain('*2\r\n:1\r\n+OK\r\n');
    expect(first.closed).toBe(true);
    expect(second.call('GET', 'k')).toBe('"v"');
  });

  it('does not advance the access clock for a client that asked for that', () => {
    second.call('SET', 'k', 'v');
    room.pass(100_000);
    first.send(['CLIENT', 'NO-TOUCH', 'on'], ['MULTI'], ['GET', 'k'], ['GET', 'k'], ['EXEC']);
    expect(second.call('OBJECT', 'IDLETIME', 'k')).toBe('(integer) 100');
  });
});

describe('watched keys', () => {
  it('are looked at only while there are some', () => {
    first.send(['WATCH', 'a', 'a', 'b']);
    second.send(['WATCH', 'b', 'c']);
    expect(watchedKeys()).toBe(3);
    second.take();
    second.call('SET', 'b', 'v');
    // Both are touched: nothing that they watch matters any more.
    expect(watchedKeys()).toBe(0);
    expect(room.keyspace.listener).toBeNull();
    expect(first.session.transaction?.isTouched).toBe(true);
    expect(second.session.transaction?.isTouched).toBe(true);
  });

  it('may be very many, of very many clients', () => {
    const clients = Array.from({ length: 50 }, () => room.enter());
    const keys = Array.from({ length: 200 }, (_, i) => `key${i}`);
    for (const client of clients) client.send(['WATCH', ...keys, ...keys]);
    expect(watchedKeys()).toBe(200);
    for (const client of clients.slice(0, 25)) client.send(['UNWATCH']);
    expect(watchedKeys()).toBe(200);
    second.call('SET', 'key77', 'v');
    expect(watchedKeys()).toBe(0);
    for (const [i, client] of clients.entries()) {
      client.take();
      client.send(['MULTI'], ['PING'], ['EXEC']);
      expect(client.take()).toContain(i < 25 ? '*1\r\n+PONG' : '*-1');
    }
  });

  it('touch nobody when only a consumer group changes', () => {
    second.call('XADD', 's', '1-1', 'f', 'v');
    first.send(['WATCH', 's']);
    second.call('XGROUP', 'CREATE', 's', 'g', '0');
    second.call('XREADGROUP', 'GROUP', 'g', 'c', 'STREAMS', 's', '>');
    second.call('XACK', 's', 'g', '1-1');
    expect(first.session.transaction?.isTouched).toBe(false);
    second.call('XADD', 's', '2-1', 'f', 'v');
    expect(first.session.transaction?.isTouched).toBe(true);
  });

  it('are touched by their expiry before anybody asks for them', () => {
    second.call('SET', 'k', 'v', 'PX', '50');
    first.send(['WATCH', 'k'], ['MULTI'], ['PING']);
    room.pass(100);
    room.keyspace.removeExpired(10);
    first.take();
    expect(first.call('EXEC')).toBe('(nil array)');
  });
});
