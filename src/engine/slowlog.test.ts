import { beforeEach, describe, expect, it } from 'vitest';
import { ClientRoom, type RoomClient } from '../../test/support/client-room.ts';

let room: ClientRoom;
let client: RoomClient;

beforeEach(() => {
  room = new ClientRoom();
  room.slowlog.slowerThanMicroseconds = 0;
  room.followThresholds();
  client = room.enter();
});

/** The arguments of all entries, newest first, as words. */
function logged(): string[] {
  return room.slowlog
    .entries(room.slowlog.length)
    .map(({ args }) => args.map((arg) => arg.toString('latin1')).join(' '));
}

describe('what is logged', () => {
  it('is every command that ran, fast ones and failed ones too, but none that was refused', () => {
    client.send(['SET', 'k', 'v'], ['GET', 'k'], ['INCR', 'k'], ['NOSUCH'], ['GET'], ['ping']);
    expect(logged()).toEqual(['ping', 'INCR k', 'GET k', 'SET k v']);
  });

  it('is what took at least as long as the threshold', () => {
    room.slowlog.slowerThanMicroseconds = 100_000;
    room.followThresholds();
    room.debugging.permission = 'yes';
    client.send(['DEBUG', 'SLEEP', '0'], ['DEBUG', 'SLEEP', '0.11'], ['PING']);
    expect(logged()).toEqual(['DEBUG SLEEP 0.11']);
    const [entry] = room.slowlog.entries(1);
    expect(entry!.microseconds).toBeGreaterThanOrEqual(110_000);
    expect(entry!.microseconds).toBeLessThan(2_000_000);
  });

  it('is nothing when the threshold is negative or there is no room', () => {
    room.slowlog.slowerThanMicroseconds = -1;
    client.call('PING');
    room.slowlog.slowerThanMicroseconds = 0;
    room.slowlog.lengthMax = 0;
    client.call('PING');
    expect(room.slowlog.length).toBe(0);
  });

  it('counts a slow command that follows fast ones in a pipeline', () => {
    room.slowlog.slowerThanMicroseconds = 100_000;
    room.followThresholds();
    room.debugging.permission = 'yes';
    client.send(['GET', 'k'], ['GET', 'k'], ['DEBUG', 'SLEEP', '0.11'], ['GET', 'k']);
    expect(logged()).toEqual(['DEBUG SLEEP 0.11']);
  });
});

describe('an entry', () => {
  it('says who and when', () => {
    client.call('CLIENT', 'SETNAME', 'worker');
    room.pass(90_500);
    client.call('PING');
    const [entry] = room.slowlog.entries(1);
    expect(entry).toMatchObject({
      id: 1,
      timeSeconds: Math.floor(room.keyspace.nowMs / 1000),
      clientAddress: client.address,
      clientName: 'worker',
    });
  });

  it('has 32 arguments at most', () => {
    const words = (count: number) => Array.from({ length: count }, (_, i) => `w${i}`);
    client.call('DEL', ...words(31));
    expect(room.slowlog.entries(1)[0]!.args).toHaveLength(32);
    expect(logged()[0]).toMatch(/ w30$/);
    client.call('DEL', ...words(32));
    expect(room.slowlog.entries(1)[0]!.args).toHaveLength(32);
    expect(logged()[0]).toMatch(/ w29 \.\.\. \(2 more arguments\)$/);
  });

  it('has 128 bytes of each argument at most', () => {
    client.call('ECHO', '\xff'.repeat(128));
    client.call('ECHO', '\xff'.repeat(131));
    expect(logged()).toEqual([
      `ECHO ${'\xff'.repeat(128)}... (3 more bytes)`,
      `ECHO ${'\xff'.repeat(128)}`,
    ]);
  });

  it('keeps copies, not the buffer that commands arrive in', () => {
    client.call('ECHO', 'first');
    client.call('ECHO', 'other');
    expect(logged()).toEqual(['ECHO other', 'ECHO first']);
  });

  it('holds no secret', () => {
    client.call('AUTH', 'hush');
    client.call('AUTH', 'default', 'hush');
    client.call('HELLO', '2', 'SETNAME', 'n', 'AUTH', 'default', 'hush');
    client.call('HELLO', '2', 'AUTH', 'hush');
    client.call('CONFIG', 'SET', 'hz', '20', 'RequirePass', 'hush');
    expect(logged().reverse()).toEqual([
      'AUTH (redacted)',
      'AUTH (redacted) (redacted)',
      'HELLO 2 SETNAME n AUTH (redacted) (redacted)',
      'HELLO 2 AUTH (redacted)',
      'CONFIG SET hz 20 RequirePass (redacted)',
    ]);
  });
});

describe('the log', () => {
  it('forgets the oldest, and counts on', () => {
    room.slowlog.lengthMax = 3;
    for (let i = 0; i < 5; i++) client.call('ECHO', String(i));
    expect(logged()).toEqual(['ECHO 4', 'ECHO 3', 'ECHO 2']);
    expect(room.slowlog.entries(2).map(({ id }) => id)).toEqual([4, 3]);
    expect(room.slowlog.entries(0)).toEqual([]);
    room.slowlog.lengthMax = 1;
    client.call('PING');
    expect(logged()).toEqual(['PING']);
    room.slowlog.reset();
    expect(room.slowlog.length).toBe(0);
    client.call('PING');
    expect(room.slowlog.entries(1)[0]!.id).toBe(6);
  });
});

describe('SLOWLOG', () => {
  it('GET answers with ten entries unless it is told how many', () => {
    for (let i = 0; i < 12; i++) client.call('ECHO', String(i));
    room.slowlog.slowerThanMicroseconds = -1;
    const count = (...words: string[]) => {
      return client.call('SLOWLOG', 'GET', ...words).match(/"ECHO"/g)?.length ?? 0;
    };
    expect([count(), count('-1'), count('3'), count('0'), count('100')]).toEqual([
      10, 12, 3, 0, 12,
    ]);
    expect(client.call('SLOWLOG', 'LEN')).toBe('(integer) 12');
    expect(client.call('SLOWLOG', 'GET', '1')).toMatch(
      /^\[\[\(integer\) 11, \(integer\) 1704067200, \(integer\) \d+, \["ECHO", "11"\], "127\.0\.0\.1:50001", ""\]\]$/,
    );
    expect(client.call('SLOWLOG', 'RESET')).toBe('OK');
    expect(client.call('SLOWLOG', 'LEN')).toBe('(integer) 0');
  });

  it.each([['-2'], ['x'], ['99999999999999999999']])('GET refuses a count of %s', (count) => {
    expect(client.call('SLOWLOG', 'GET', count)).toBe(
      '(error) ERR count should be greater than or equal to -1',
    );
  });

  it('HELP names the subcommands', () => {
    expect(client.call('SLOWLOG', 'HELP')).toMatch(/^\[SLOWLOG .*GET \[count\].*LEN.*RESET/);
  });
});
