import { setImmediate as nextTurn } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { afterwards, ClientRoom, type RoomClient } from '../../test/support/client-room.ts';
import { EVICTED } from '../keyspace/events.ts';
import { Args } from '../protocol/args.ts';

let room: ClientRoom;
let reader: RoomClient;
let writer: RoomClient;

beforeEach(() => {
  room = new ClientRoom();
  reader = enterSpeaking3();
  writer = enterSpeaking3();
});

function enterSpeaking3(): RoomClient {
  const client = room.enter();
  client.session.resp3 = true;
  return client;
}

function invalid(...keys: readonly string[]): string {
  const bulks = keys.map((key) => `$${key.length}\r\n${key}\r\n`);
  return `>2\r\n$10\r\ninvalidate\r\n*${keys.length}\r\n${bulks.join('')}`;
}

const NOTHING_VALID = '>2\r\n$10\r\ninvalidate\r\n_\r\n';

/** Sends commands whose replies do not matter here. */
function run(client: RoomClient, ...commands: readonly (readonly string[])[]): void {
  client.send(...commands);
  client.take();
}

describe('while nobody tracks', () => {
  it('nobody is told of changes, and commands take their short way', () => {
    expect(room.keyspace.listener).toBeNull();
    run(reader, ['CLIENT', 'TRACKING', 'ON'], ['GET', 'k']);
    expect(room.tracking.keyCount).toBe(1);
    expect(room.keyspace.listener).not.toBeNull();
    for (const end of [['CLIENT', 'TRACKING', 'OFF'], ['RESET'], ['QUIT']]) {
      run(reader, ['CLIENT', 'TRACKING', 'ON'], ['GET', 'k'], end);
      expect(room.keyspace.listener).toBeNull();
      expect([room.tracking.clientCount, room.tracking.keyCount]).toEqual([0, 0]);
      expect(room.tracking.usedBytes).toBe(0);
      reader.session.resp3 = true;
    }
    expect(reader.closed).toBe(true);
  });
});

describe('the default mode', () => {
  beforeEach(() => run(reader, ['CLIENT', 'TRACKING', 'ON']));

  it('tells all who have read a key, and not those who are gone', () => {
    const others = Array.from({ length: 5 }, enterSpeaking3);
    for (const other of others) run(other, ['CLIENT', 'TRACKING', 'ON'], ['GET', 'k']);
    run(reader, ['GET', 'k']);
    others[1]!.destroy();
    run(others[2]!, ['CLIENT', 'TRACKING', 'OFF']);
    run(others[3]!, ['CLIENT', 'TRACKING', 'OFF'], ['CLIENT', 'TRACKING', 'ON', 'BCAST']);
    expect(room.tracking.itemCount).toBe(6);
    writer.call('SET', 'k', 'v');
    expect(reader.take()).toBe(invalid('k'));
    expect(others.map((other) => other.take())).toEqual([invalid('k'), '', '', '', invalid('k')]);
    expect(room.tracking.itemCount).toBe(0);
  });

  it('sends behind the reply of a whole transaction, and of each command of a pipeline', () => {
    run(reader, ['MGET', 'a', 'b']);
    reader.send(['MULTI'], ['SET', 'a', '1'], ['SET', 'b', '1'], ['EXEC'], ['GET', 'a']);
    const queued = '+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n+OK\r\n+OK\r\n';
    expect(reader.take()).toBe(`${queued}${invalid('a')}${invalid('b')}$1\r\n1\r\n`);
    reader.send(['DEL', 'a'], ['PING']);
    expect(reader.take()).toBe(`:1\r\n${invalid('a')}+PONG\r\n`);
  });

  it('sends although replies are not wanted', () => {
    run(reader, ['GET', 'k']);
    reader.send(['CLIENT', 'REPLY', 'OFF'], ['SET', 'k', 'v']);
    expect(reader.take()).toBe(invalid('k'));
  });

  it('sends behind the late reply of a command that has waited', async () => {
    run(reader, ['LRANGE', 'to', '0', '-1'], ['LRANGE', 'from', '0', '-1']);
    reader.send(['BLMOVE', 'from', 'to', 'LEFT', 'LEFT', '0']);
    writer.call('RPUSH', 'from', 'x');
    await afterwards();
    expect(reader.take()).toBe(`${invalid('from')}$1\r\nx\r\n${invalid('to')}`);
    run(reader, ['CLIENT', 'TRACKING', 'ON', 'NOLOOP'], ['LRANGE', 'to', '0', '-1']);
    reader.send(['BLMOVE', 'from', 'to', 'LEFT', 'LEFT', '0']);
    writer.call('RPUSH', 'from', 'y');
    await afterwards();
    expect(reader.take()).toBe('$1\r\ny\r\n');
  });

  it('remembers what a command that has waited has read', async () => {
    reader.send(['XREAD', 'BLOCK', '0', 'STREAMS', 'x', '$']);
    expect(room.tracking.keyCount).toBe(1);
    writer.call('XADD', 'x', '1-1', 'f', 'v');
    await afterwards();
    expect(reader.take().startsWith(invalid('x'))).toBe(true);
    writer.call('XADD', 'x', '1-2', 'f', 'v');
    expect(reader.take()).toBe(invalid('x'));
  });

  it('tells of keys that expire, found or not', () => {
    run(reader, ['SET', 'k', 'v', 'PX', '10'], ['SET', 'l', 'v', 'PX', '10'], ['MGET', 'k', 'l']);
    room.pass(11);
    reader.send(['GET', 'k']);
    expect(reader.take()).toBe(`_\r\n${invalid('k')}`);
    room.keyspace.removeExpired(10);
    expect(reader.take()).toBe(invalid('l'));
    // It has been read since.
    writer.call('SET', 'k', 'v');
    expect(reader.take()).toBe(invalid('k'));
  });

  it('says once of each flush that nothing is valid', () => {
    run(reader, ['GET', 'k']);
    run(writer, ['FLUSHALL']);
    expect(reader.take()).toBe(NOTHING_VALID);
    expect(room.tracking.keyCount).toBe(0);
    run(writer, ['FLUSHDB'], ['MULTI'], ['FLUSHALL'], ['FLUSHALL'], ['EXEC']);
    expect(reader.take()).toBe(NOTHING_VALID.repeat(3));
  });
});

describe('tracking-table-max-keys', () => {
  it('makes clients forget keys as others are read', () => {
    room.tracking.keysMax = 10;
    run(reader, ['CLIENT', 'TRACKING', 'ON']);
    for (let i = 0; i < 25; i++) reader.send(['GET', `key-${i}`]);
    expect([room.tracking.keyCount, room.tracking.itemCount]).toEqual([10, 10]);
    expect(reader.take().match(/invalidate/g)?.length).toBe(15);
    for (let i = 0; i < 25; i++) writer.call('SET', `key-${i}`, 'v');
    expect(reader.take().match(/invalidate/g)?.length).toBe(10);
  });

  it('is reached slice by slice when it is lowered', () => {
    run(reader, ['CLIENT', 'TRACKING', 'ON']);
    for (let i = 0; i < 1000; i++) reader.send(['GET', `key-${i}`]);
    reader.take();
    room.tracking.keysMax = 500;
    room.tracking.tick();
    expect(room.tracking.keyCount).toBeLessThan(1000);
    expect(room.tracking.keyCount).toBeGreaterThan(500);
    for (let i = 0; i < 10; i++) room.tracking.tick();
    expect(room.tracking.keyCount).toBe(500);
    expect(reader.take().match(/invalidate/g)?.length).toBe(500);
  });
});

describe('BCAST', () => {
  it('tells at the end of the turn of all keys at once, in their order', async () => {
    run(reader, ['CLIENT', 'TRACKING', 'ON', 'BCAST', 'PREFIX', 'b', 'PREFIX', 'a']);
    for (const key of ['b2', 'a1', 'c', 'b1', 'a', 'b2']) writer.call('SET', key, 'v');
    expect(reader.take()).toBe('');
    await nextTurn();
    expect(reader.take()).toBe(invalid('a', 'a1') + invalid('b1', 'b2'));
    await nextTurn();
    expect(reader.take()).toBe('');
  });

  it('leaves out with NOLOOP what the client was the last to change', async () => {
    run(reader, ['CLIENT', 'TRACKING', 'ON', 'BCAST', 'NOLOOP']);
    run(reader, ['MSET', 'a', '1', 'b', '2', 'c', '3']);
    run(writer, ['SET', 'b', '2'], ['SET', 'd', '4']);
    run(reader, ['SET', 'd', '5']);
    await nextTurn();
    expect(reader.take()).toBe(invalid('b'));
  });

  it('does not take for its own what expires or is evicted while its command runs', async () => {
    run(reader, ['CLIENT', 'TRACKING', 'ON', 'BCAST', 'NOLOOP'], ['SET', 'k', 'v', 'PX', '5']);
    room.pass(6);
    run(reader, ['GET', 'k']);
    room.keyspace.databases[0]!.announce(Args.of(Buffer.from('l')), 0, EVICTED);
    await nextTurn();
    expect(reader.take()).toBe(invalid('k', 'l'));
  });

  it('tells of much before the turn is over', () => {
    run(reader, ['CLIENT', 'TRACKING', 'ON', 'BCAST']);
    const key = 'x'.repeat(600_000);
    run(writer, ['SET', `${key}1`, 'v'], ['SET', `${key}2`, 'v']);
    expect(reader.take()).toBe(invalid(`${key}1`, `${key}2`));
  });

  it('tells nobody who has left meanwhile', async () => {
    run(reader, ['CLIENT', 'TRACKING', 'ON', 'BCAST']);
    writer.call('SET', 'k', 'v');
    run(reader, ['CLIENT', 'TRACKING', 'OFF']);
    await nextTurn();
    expect(reader.take()).toBe('');
    expect(room.keyspace.listener).toBeNull();
  });
});

describe('REDIRECT', () => {
  it('says who is gone, to a client that can be told', () => {
    const receiver = enterSpeaking3();
    const { id } = receiver.session;
    run(reader, ['CLIENT', 'TRACKING', 'ON', 'REDIRECT', String(id)], ['MGET', 'k', 'l']);
    writer.call('SET', 'k', 'v');
    expect([reader.take(), receiver.take()]).toEqual(['', invalid('k')]);
    receiver.destroy();
    writer.call('SET', 'l', 'v');
    expect(reader.take()).toBe(`>2\r\n$21\r\ntracking-redir-broken\r\n:${id}\r\n`);
    expect(reader.session.tracking?.isBroken).toBe(true);
    run(reader, ['CLIENT', 'TRACKING', 'ON']);
    expect(reader.session.tracking?.isBroken).toBe(false);
  });

  it('comes to a receiver behind the reply of its own command', () => {
    const receiver = enterSpeaking3();
    const { id } = receiver.session;
    run(reader, ['CLIENT', 'TRACKING', 'ON', 'REDIRECT', String(id)], ['GET', 'k']);
    receiver.send(['INCR', 'k'], ['PING']);
    expect(receiver.take()).toBe(`:1\r\n${invalid('k')}+PONG\r\n`);
  });

  it('counts as it is behind a transaction for what that has changed', () => {
    const { id } = writer.session;
    run(
      reader,
      ['CLIENT', 'TRACKING', 'ON'],
      ['MULTI'],
      ['FLUSHDB'],
      ['CLIENT', 'TRACKING', 'OFF'],
    );
    run(reader, ['CLIENT', 'TRACKING', 'ON', 'BCAST', 'REDIRECT', `${id}`]);
    reader.send(['EXEC']);
    expect(reader.take()).toBe('*3\r\n+OK\r\n+OK\r\n+OK\r\n');
    expect(writer.take()).toBe(NOTHING_VALID);
  });

  it('ends behind the command that stops tracking, with what that has changed', () => {
    run(reader, ['CLIENT', 'TRACKING', 'ON'], ['GET', 'k'], ['MULTI'], ['SET', 'k', 'v']);
    reader.send(['CLIENT', 'TRACKING', 'OFF'], ['EXEC']);
    expect(reader.take()).toBe(`+QUEUED\r\n*2\r\n+OK\r\n+OK\r\n${invalid('k')}`);
    expect(room.keyspace.listener).toBeNull();
    run(reader, ['CLIENT', 'TRACKING', 'ON'], ['GET', 'k']);
    writer.send(['SET', 'k', 'w']);
    expect(reader.take()).toBe(invalid('k'));
  });
});
