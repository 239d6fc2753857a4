import { beforeEach, describe, expect, it } from 'vitest';
import { ClientRoom, type RoomClient } from '../../test/support/client-room.ts';

let room: ClientRoom;
let modern: RoomClient;
let other: RoomClient;

beforeEach(() => {
  room = new ClientRoom();
  modern = room.enter();
  modern.send(['HELLO', '3']);
  modern.take();
  other = room.enter();
});

const MESSAGE = '>3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nm\r\n';

describe('A subscriber that publishes', () => {
  it('gets its own message behind the reply', () => {
    modern.send(['SUBSCRIBE', 'a']);
    modern.take();
    modern.send(['PUBLISH', 'a', 'm'], ['PING']);
    expect(modern.take()).toBe(`:1\r\n${MESSAGE}+PONG\r\n`);
  });

  it('gets what a transaction publishes behind the reply of EXEC', () => {
    modern.send(['SUBSCRIBE', 'a']);
    modern.take();
    modern.send(['MULTI'], ['PUBLISH', 'a', 'm'], ['PUBLISH', 'a', 'm'], ['EXEC'], ['PING']);
    const queued = '+OK\r\n+QUEUED\r\n+QUEUED\r\n';
    expect(modern.take()).toBe(`${queued}*2\r\n:1\r\n:1\r\n${MESSAGE}${MESSAGE}+PONG\r\n`);
  });

  it('gets messages, but no reply, with CLIENT REPLY OFF', () => {
    modern.send(['CLIENT', 'REPLY', 'OFF'], ['SUBSCRIBE', 'a'], ['PUBLISH', 'a', 'm'], ['PING']);
    expect(modern.take()).toBe(`>3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n${MESSAGE}`);
  });
});

describe('What ends subscriptions', () => {
  const count = (): string => other.call('PUBLISH', 'a', 'm');

  it('CLIENT KILL does at once', () => {
    modern.send(['SUBSCRIBE', 'a'], ['PSUBSCRIBE', '*'], ['SSUBSCRIBE', 'a']);
    expect(count()).toBe('(integer) 2');
    expect(other.call('CLIENT', 'KILL', 'TYPE', 'pubsub')).toBe('(integer) 1');
    expect(count()).toBe('(integer) 0');
    expect(room.pubsub.size('channels')).toBe(0);
    expect(room.pubsub.size('patterns')).toBe(0);
    expect(room.pubsub.size('shardChannels')).toBe(0);
  });

  it('RESET does, and nothing is said of it', () => {
    modern.send(['SUBSCRIBE', 'a'], ['PSUBSCRIBE', '*'], ['SSUBSCRIBE', 'a']);
    modern.take();
    modern.send(['RESET'], ['GET', 'k']);
    expect(modern.take()).toBe('+RESET\r\n$-1\r\n');
    expect(count()).toBe('(integer) 0');
  });

  it('QUIT does', () => {
    modern.send(['SUBSCRIBE', 'a'], ['QUIT']);
    expect(count()).toBe('(integer) 0');
  });
});

describe('A refused command', () => {
  it('counts as rejected, and changes nothing', () => {
    other.send(['SUBSCRIBE', 'a']);
    other.take();
    expect(other.call('SET', 'k', 'v')).toContain("Can't execute 'set'");
    const set = room.statistics.ofCommand('set')!;
    expect([set.calls, set.rejected, set.failed]).toEqual([0, 1, 0]);
    expect(modern.call('EXISTS', 'k')).toBe('(integer) 0');
  });
});

describe('PUBLISH', () => {
  it('is timed by itself, since it takes as long as it has receivers', () => {
    room.slowlog.slowerThanMicroseconds = 0;
    room.followThresholds();
    modern.send(['PUBLISH', 'a', 'm']);
    expect(room.slowlog.entries(1)[0]?.args.map(String)).toEqual(['PUBLISH', 'a', 'm']);
  });

  it('tells every subscriber in its own protocol', () => {
    modern.send(['SUBSCRIBE', 'a']);
    other.send(['SUBSCRIBE', 'a']);
    modern.take();
    other.take();
    room.enter().send(['PUBLISH', 'a', 'm']);
    expect(modern.take()).toBe(MESSAGE);
    expect(other.take()).toBe(MESSAGE.replace('>', '*'));
  });

  it('matches hostile patterns in no time', () => {
    other.send(['PSUBSCRIBE', `${'a*'.repeat(500)}b`]);
    const startMs = performance.now();
    expect(modern.call('PUBLISH', 'a'.repeat(10_000), 'm')).toBe('(integer) 0');
    expect(performance.now() - startMs).toBeLessThan(2_000);
  });
});
