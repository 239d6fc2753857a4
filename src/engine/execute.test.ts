import { beforeEach, describe, expect, it } from 'vitest';
import { ClientRoom, type RoomClient } from '../../test/support/client-room.ts';

let room: ClientRoom;
let client: RoomClient;

beforeEach(() => {
  room = new ClientRoom();
  room.debugging.permission = 'yes';
  client = room.enter();
});

/** What is counted of a command. */
function figures(name: string) {
  return room.statistics.ofCommand(name)!;
}

describe('the time of commands', () => {
  it('goes to the slow command, not to the fast ones around it', () => {
    client.send(
      ...[
        ['GET', 'k'],
        ['GET', 'k'],
        ['DEBUG', 'SLEEP', '0.1'],
        ['GET', 'k'],
        ['TTL', 'k'],
      ],
    );
    expect(figures('debug').microseconds).toBeGreaterThanOrEqual(100_000);
    expect(figures('get')).toMatchObject({ calls: 3 });
    expect(figures('get').microseconds).toBeLessThan(100_000);
    expect(figures('ttl')).toMatchObject({ calls: 1 });
    expect(figures('ttl').microseconds).toBeLessThan(100_000);
  });

  it('is known of the fast commands before a slow one, when that asks', () => {
    client.send(['GET', 'k'], ['GET', 'k'], ['LATENCY', 'HISTOGRAM', 'get']);
    expect(client.take()).toContain('$5\r\ncalls\r\n:2\r\n');
  });

  it('is measured of each command while somebody wants to see fast ones', () => {
    room.slowlog.slowerThanMicroseconds = 0;
    room.followThresholds();
    client.send(['GET', 'k'], ['GET', 'k'], ['TTL', 'k']);
    expect(room.slowlog.length).toBe(3);
    expect(figures('get').calls).toBe(2);
  });

  it('is shared by a fast command and those who wait for it, where they take one element', () => {
    const waiters = [room.enter(), room.enter()];
    for (const waiter of waiters) waiter.send(['BLPOP', 'k', '0']);
    client.send(['RPUSH', 'k', 'x'], ['RPUSH', 'k', 'y']);
    expect(figures('blpop')).toMatchObject({ calls: 2 });
    expect(figures('rpush')).toMatchObject({ calls: 2 });
    expect(figures('blpop').microseconds).toBe(figures('rpush').microseconds);
    for (const waiter of waiters) expect(waiter.take()).toContain('$1\r\nk\r\n');
  });

  it('is that of each who is served while somebody wants to see fast ones', () => {
    room.slowlog.slowerThanMicroseconds = 0;
    room.followThresholds();
    const waiter = room.enter();
    waiter.send(['BLPOP', 'k', '0']);
    expect(room.slowlog.length).toBe(0);
    client.send(['RPUSH', 'k', 'x']);
    expect(room.slowlog.length).toBe(2);
    expect(figures('blpop')).toMatchObject({ calls: 1 });
  });
});

describe('what is counted', () => {
  it('tells refused commands from failed ones', () => {
    client.call('SET', 'k', 'text');
    client.call('INCR', 'k');
    client.call('INCR', 'k', 'x');
    client.call('CLIENT', 'ID', 'x');
    client.call('NOSUCH');
    expect(figures('incr')).toMatchObject({ calls: 1, failed: 1, rejected: 1 });
    expect(figures('client|id')).toMatchObject({ calls: 0, failed: 0, rejected: 1 });
    expect(room.statistics.errorReplies).toBe(4);
  });
});

describe('finding a command', () => {
  it.each([
    [['get', 'k'], '(nil)'],
    [['cLiEnT', 'iD'], '(integer) 1'],
    [['client|id'], /unknown command 'client\|id'/],
    [['__proto__'], /unknown command '__proto__'/],
    [['CLIENT', '__proto__'], "(error) ERR unknown subcommand '__proto__'. Try CLIENT HELP."],
    [['CLIENT'], "(error) ERR wrong number of arguments for 'client' command"],
    [['GET\0', 'k'], /unknown command 'GET', with args beginning with: 'k' $/],
    [
      ['x'.repeat(200)],
      `(error) ERR unknown command '${'x'.repeat(128)}', with args beginning with: `,
    ],
  ] as const)('%j', (words, reply) => {
    const answer = client.call(...words);
    if (typeof reply === 'string') expect(answer).toBe(reply);
    else expect(answer).toMatch(reply);
  });
});
