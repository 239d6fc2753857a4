import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { afterwards, ClientRoom, type RoomClient } from '../../test/support/client-room.ts';
import { checkKeyspace } from '../keyspace/keyspace-check.ts';

let room: ClientRoom;
let boss: RoomClient;
let first: RoomClient;
let second: RoomClient;
let third: RoomClient;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  room = new ClientRoom();
  boss = room.enter();
  first = room.enter();
  second = room.enter();
  third = room.enter();
});
afterEach(() => {
  const timers = vi.getTimerCount();
  vi.useRealTimers();
  const { blocking } = room.services;
  // Whatever the test did: what is counted is what there is.
  const waiting = [...room.clients.all()].filter((client) => client.waiting !== null).length;
  expect(blocking.clientCount).toBe(waiting);
  if (waiting === 0) {
    expect([blocking.keyCount, blocking.timedCount, timers]).toEqual([0, 0, 0]);
    expect(room.keyspace.listener).toBeNull();
  }
  checkKeyspace(room.keyspace);
});

/** Lets time pass for clocks and timers alike. */
async function pass(milliseconds: number): Promise<void> {
  room.pass(milliseconds);
  vi.advanceTimersByTime(milliseconds);
  await afterwards();
}

describe('who waits', () => {
  it('is served in the order of coming, each at most once', () => {
    for (const client of [second, first, third]) client.send(['BLPOP', 'k', '0']);
    boss.call('RPUSH', 'k', 'a', 'b');
    expect(room.answered).toEqual([second.session.id, first.session.id]);
    expect([second.take(), first.take(), third.take()]).toEqual([
      '*2\r\n$1\r\nk\r\n$1\r\na\r\n',
      '*2\r\n$1\r\nk\r\n$1\r\nb\r\n',
      '',
    ]);
    expect(third.session.waiting).not.toBeNull();
    third.destroy();
  });

  it('loses its turn when it waits anew', async () => {
    first.send(['BLPOP', 'k', '0'], ['BLPOP', 'k', '0']);
    second.send(['BLPOP', 'k', '0']);
    boss.send(['RPUSH', 'k', '1'], ['RPUSH', 'k', '2']);
    await afterwards();
    boss.send(['RPUSH', 'k', '3']);
    const [a, b] = [first.session.id, second.session.id];
    expect(room.answered).toEqual([a, b, a]);
  });

  it('waits with the same command again beside others who do', async () => {
    const wait = ['BLPOP', 'k', 'l', 'k', '0'];
    first.send(wait);
    boss.call('RPUSH', 'k', '1');
    await afterwards();
    const kept = first.session.lastWaiter;
    // The key that the first has waited for is in use again by the time it comes back.
    second.send(['BLPOP', 'k', '0']);
    first.send(wait);
    expect(first.session.waiting).toBe(kept);
    boss.send(['RPUSH', 'k', '2', '3'], ['RPUSH', 'l', '4']);
    await afterwards();
    expect(second.take()).toBe('*2\r\n$1\r\nk\r\n$1\r\n2\r\n');
    expect(first.take()).toMatch(/k\r\n\$1\r\n1\r\n\*2\r\n\$1\r\nk\r\n\$1\r\n3\r\n$/);
    first.send(['BLPOP', 'k', '0']);
    boss.send(['RPUSH', 'k', '5']);
    await afterwards();
    expect(first.take()).toMatch(/5\r\n$/);
    boss.take();
    expect(boss.call('LRANGE', 'l', '0', '-1')).toBe('["4"]');
  });

  it('waits in the database that is selected by then', async () => {
    first.send(['BLPOP', 'k', '0']);
    boss.call('RPUSH', 'k', '1');
    await afterwards();
    first.send(['SELECT', '1'], ['BLPOP', 'k', '0']);
    boss.call('RPUSH', 'k', '2');
    expect(first.session.waiting).not.toBeNull();
    boss.send(['SELECT', '1'], ['RPUSH', 'k', '3']);
    await afterwards();
    expect(first.take()).toMatch(/1\r\n\+OK\r\n.*k\r\n\$1\r\n3\r\n$/s);
  });

  it('does not keep a command that is long', async () => {
    const keys = Array.from({ length: 5 }, (_, i) => `k${i}`);
    first.send(['BLPOP', ...keys, '0']);
    second.send(['BLPOP', 'x'.repeat(300), '0']);
    boss.send(['RPUSH', 'k3', '1'], ['RPUSH', 'x'.repeat(300), '1']);
    await afterwards();
    expect([first.session.lastWaiter, second.session.lastWaiter]).toEqual([null, null]);
  });

  it('runs nothing more until it is served, and then what it has sent', async () => {
    first.send(['BLPOP', 'k', '0'], ['SET', 'done', 'yes'], ['GET', 'done']);
    expect(boss.call('EXISTS', 'done')).toBe('(integer) 0');
    boss.send(['RPUSH', 'k', 'x'], ['EXISTS', 'done']);
    // What the client has sent runs after the batch that served it.
    expect(boss.take()).toBe(':1\r\n:0\r\n');
    await afterwards();
    expect(first.take()).toBe('*2\r\n$1\r\nk\r\n$1\r\nx\r\n+OK\r\n$3\r\nyes\r\n');
  });

  it('is served within the pipeline that pushes', () => {
    first.send(['BLPOP', 'k', '0']);
    boss.send(['RPUSH', 'k', 'x'], ['LLEN', 'k'], ['EXISTS', 'k']);
    expect(boss.take()).toBe(':1\r\n:0\r\n:0\r\n');
    expect(first.take()).toContain('x');
  });

  it('is forgotten when it goes away, in the middle of the line', () => {
    for (const client of [first, second, third]) client.send(['BLPOP', 'k', 'other', '0']);
    second.destroy();
    boss.call('CLIENT', 'KILL', 'ID', String(first.session.id));
    boss.call('RPUSH', 'k', 'x');
    expect(third.take()).toContain('x');
    expect(room.answered).toEqual([third.session.id]);
  });

  it('names a key twice and is served once', () => {
    first.send(['BLPOP', 'k', 'k', 'l', 'k', '0']);
    expect(room.services.blocking.keyCount).toBe(2);
    boss.call('RPUSH', 'k', 'x', 'y');
    expect(first.take()).toContain('x');
    expect(boss.call('LLEN', 'k')).toBe('(integer) 1');
  });

  it('is shown and counted', () => {
    first.send(['BLPOP', 'k', 'l', '5']);
    second.send(['BZPOPMIN', 'k', '0']);
    third.send(['WAIT', '1', '0']);
    const id = String(first.session.id);
    const line = JSON.parse(boss.call('CLIENT', 'LIST', 'ID', id)) as string;
    expect(line).toMatch(/ flags=b .* argv-mem=8 .* cmd=blpop /);
    const { blocking } = room.services;
    expect([blocking.clientCount, blocking.timedCount, blocking.keyCount]).toEqual([3, 1, 2]);
    for (const client of [first, second, third]) client.destroy();
  });

  it('is counted as a call when it is answered, not before', () => {
    first.send(['BLPOP', 'k', '0']);
    expect(room.statistics.ofCommand('blpop')!.calls).toBe(0);
    boss.call('RPUSH', 'k', 'x');
    expect(room.statistics.ofCommand('blpop')!.calls).toBe(1);
    first.send(['BLPOP', 'k', '0']);
    boss.call('CLIENT', 'UNBLOCK', String(first.session.id), 'ERROR');
    expect(room.statistics.ofCommand('blpop')).toMatchObject({ calls: 2, failed: 1 });
  });

  it('gets no reply that it does not want', async () => {
    first.send(['CLIENT', 'REPLY', 'SKIP'], ['BLPOP', 'k', '0'], ['PING']);
    boss.call('RPUSH', 'k', 'x');
    await afterwards();
    expect(first.take()).toBe('+PONG\r\n');
    first.send(['CLIENT', 'REPLY', 'OFF'], ['BLPOP', 'k', '0'], ['CLIENT', 'REPLY', 'ON']);
    boss.call('RPUSH', 'k', 'x');
    await afterwards();
    expect(first.take()).toBe('+OK\r\n');
  });
});

describe('time', () => {
  it('ends a wait', async () => {
    first.send(['BLPOP', 'k', '0.1'], ['PING']);
    await pass(99);
    expect(first.take()).toBe('');
    await pass(1);
    expect(first.take()).toBe('*-1\r\n+PONG\r\n');
  });

  it.each([
    [['BRPOP', 'k', '1'], '*-1'],
    [['BLMOVE', 'a', 'b', 'LEFT', 'LEFT', '1'], '*-1'],
    [['BRPOPLPUSH', 'a', 'b', '1'], '*-1'],
    [['BLMPOP', '1', '1', 'k', 'LEFT'], '*-1'],
    [['BZPOPMAX', 'k', '1'], '*-1'],
    [['BZMPOP', '1', '1', 'k', 'MIN'], '*-1'],
    [['XREAD', 'BLOCK', '1000', 'STREAMS', 's', '$'], '*-1'],
    [['WAIT', '2', '1000'], ':0'],
  ])('ends %j', async (command, reply) => {
    first.send(command);
    await pass(1000);
    expect(first.take()).toBe(`${reply}\r\n`);
  });

  it('ends the shorter wait first, and no wait for ever', async () => {
    first.send(['BLPOP', 'k', '0']);
    second.send(['BLPOP', 'k', '2']);
    third.send(['BLPOP', 'k', '1']);
    await pass(3000);
    expect(room.answered).toEqual([third.session.id, second.session.id]);
    expect(first.take()).toBe('');
    first.destroy();
  });

  it.each([
    ['0.1', 100],
    ['0.07', 70],
    ['1e-3', 1],
    ['0.0000001', 1],
    ['0x10', 16_000],
    ['3', 3000],
  ])('%s seconds are %d ms', async (seconds, milliseconds) => {
    first.send(['BLPOP', 'k', seconds]);
    await pass(milliseconds - 1);
    expect(first.take()).toBe('');
    await pass(1);
    expect(first.take()).toBe('*-1\r\n');
  });
});

describe('a transaction', () => {
  it('serves nobody before it is done', () => {
    first.send(['BLPOP', 'k', '0']);
    boss.send(['MULTI'], ['RPUSH', 'k', 'a'], ['LPUSH', 'k', 'b'], ['LLEN', 'k'], ['EXEC']);
    expect(boss.take()).toContain('*3\r\n:1\r\n:2\r\n:2\r\n');
    expect(first.take()).toContain('$1\r\nb\r\n');
  });

  it('that takes away what it gave serves nobody', () => {
    first.send(['BLPOP', 'k', '0']);
    boss.send(['MULTI'], ['RPUSH', 'k', 'a'], ['DEL', 'k'], ['EXEC']);
    expect(first.take()).toBe('');
    boss.send(['RPUSH', 'k', 'c']);
    expect(first.take()).toContain('$1\r\nc\r\n');
  });

  it('never waits itself', () => {
    const commands = [
      ['BLPOP', 'k', '0'],
      ['BLMOVE', 'a', 'b', 'LEFT', 'LEFT', '0'],
      ['XREAD', 'BLOCK', '0', 'STREAMS', 's', '$'],
      ['WAIT', '1', '0'],
    ];
    first.send(['MULTI'], ...commands, ['EXEC']);
    expect(first.take()).toContain('*4\r\n*-1\r\n$-1\r\n*-1\r\n:0\r\n');
  });
});

describe('CLIENT UNBLOCK', () => {
  it('ends a wait like time, or with an error', async () => {
    first.send(['BLPOP', 'k', '0'], ['PING']);
    second.send(['WAIT', '1', '0']);
    third.send(['XREAD', 'BLOCK', '0', 'STREAMS', 's', '$']);
    const unblock = (client: RoomClient, ...how: string[]) => {
      return boss.call('CLIENT', 'UNBLOCK', String(client.session.id), ...how);
    };
    expect(unblock(first)).toBe('(integer) 1');
    expect(unblock(first)).toBe('(integer) 0');
    expect(unblock(second, 'TIMEOUT')).toBe('(integer) 1');
    expect(unblock(third, 'ERROR')).toBe('(integer) 1');
    expect(unblock(boss)).toBe('(integer) 0');
    await afterwards();
    expect(first.take()).toBe('*-1\r\n+PONG\r\n');
    expect(second.take()).toBe(':0\r\n');
    expect(third.take()).toBe('-UNBLOCKED client unblocked via CLIENT UNBLOCK\r\n');
  });

  it('does not end a pause', async () => {
    boss.call('CLIENT', 'PAUSE', '100', 'WRITE');
    first.send(['SET', 'k', 'v']);
    expect(boss.call('CLIENT', 'UNBLOCK', String(first.session.id))).toBe('(integer) 0');
    await pass(100);
    expect(first.take()).toBe('+OK\r\n');
  });
});

describe('a pause', () => {
  it('holds back who would begin to wait, and what was sent behind a wait', async () => {
    first.send(['BLPOP', 'k', '0.05'], ['SET', 'after', 'it']);
    boss.call('CLIENT', 'PAUSE', '100', 'WRITE');
    second.send(['BLPOP', 'k', '0.02']);
    await pass(60);
    expect(first.take()).toBe('*-1\r\n');
    expect(second.take()).toBe('');
    await pass(40);
    expect(first.take()).toBe('+OK\r\n');
    await pass(20);
    expect(second.take()).toBe('*-1\r\n');
  });
});

describe('a list', () => {
  it.each([
    [['RENAME', 'from', 'k']],
    [['COPY', 'from', 'k']],
    [['COPY', 'from', 'k', 'REPLACE']],
    [['LMOVE', 'from', 'k', 'LEFT', 'LEFT']],
    [['LPUSH', 'k', 'v']],
    [
      ['LINSERT', 'k', 'BEFORE', 'x', 'y'],
      ['RPUSH', 'k', 'v'],
    ],
    [
      ['SET', 'k', 'text'],
      ['RENAME', 'from', 'k'],
    ],
    [
      ['SET', 'k', 'text'],
      ['COPY', 'from', 'k', 'REPLACE'],
    ],
    [
      ['SELECT', '1'],
      ['RPUSH', 'k', 'v'],
      ['MOVE', 'k', '0'],
    ],
    [
      ['SELECT', '1'],
      ['RPUSH', 'k', 'v'],
      ['SWAPDB', '0', '1'],
    ],
  ])('is ready after %j', (...commands) => {
    boss.call('RPUSH', 'from', 'v');
    first.send(['BLPOP', 'k', '0']);
    boss.send(...commands);
    expect(first.take()).toBe('*2\r\n$1\r\nk\r\n$1\r\nv\r\n');
  });

  it('that overwrites something else is ready as well', () => {
    boss.call('ZADD', 'from', '1', 'm');
    boss.call('SET', 'k', 'text');
    first.send(['BRPOP', 'none', '0']);
    second.send(['BZPOPMIN', 'z', '0']);
    boss.send(['SET', 'z', 'text'], ['ZUNIONSTORE', 'z', '1', 'from']);
    expect(second.take()).toContain('\r\nm\r\n');
    first.destroy();
  });
});

describe('streams', () => {
  beforeEach(() => {
    boss.call('XGROUP', 'CREATE', 's', 'g', '$', 'MKSTREAM');
    boss.call('XGROUP', 'CREATE', 's', 'h', '$');
  });

  const READ = ['XREADGROUP', 'GROUP', 'g', 'c', 'BLOCK', '0', 'STREAMS', 's', '>'];

  it('serve every reader, and one consumer of each group', () => {
    const other = room.enter();
    other.send(['XREADGROUP', 'GROUP', 'h', 'c', 'BLOCK', '0', 'STREAMS', 's', '>']);
    first.send(READ);
    second.send(READ);
    third.send(['XREAD', 'BLOCK', '0', 'STREAMS', 's', '$']);
    boss.call('XADD', 's', '1-1', 'f', 'v');
    expect([other, first, third].map((client) => client.take().includes('1-1'))).toEqual([
      true,
      true,
      true,
    ]);
    expect(second.take()).toBe('');
    boss.call('XADD', 's', '2-1', 'f', 'v');
    expect(second.take()).toContain('2-1');
  });

  it('make $ the last id that there was', () => {
    boss.call('XADD', 's', '5-1', 'f', 'v');
    first.send(['XREAD', 'BLOCK', '0', 'STREAMS', 'new', 's', '$', '$']);
    boss.send(['MULTI'], ['XADD', 's', '6-1', 'f', 'v'], ['XADD', 's', '7-1', 'f', 'v'], ['EXEC']);
    expect(first.take()).toMatch(/6-1.*7-1/s);
  });

  it('leave who asks for later ids where it is', () => {
    first.send(['XREAD', 'BLOCK', '0', 'STREAMS', 's', '5']);
    second.send(['XREAD', 'BLOCK', '0', 'STREAMS', 's', '0']);
    boss.call('XADD', 's', '1-1', 'f', 'v');
    expect([first.take(), second.take().includes('1-1')]).toEqual(['', true]);
    boss.call('XADD', 's', '6-1', 'f', 'v');
    expect(first.take()).toContain('6-1');
  });

  it.each([
    [['DEL', 's'], 'NOGROUP No such key'],
    [['UNLINK', 's'], 'NOGROUP No such key'],
    [['XGROUP', 'DESTROY', 's', 'g'], 'NOGROUP No such key'],
    [['SET', 's', 'text'], 'WRONGTYPE'],
    [['RENAME', 's', 't'], 'NOGROUP No such key'],
    [['MOVE', 's', '1'], 'NOGROUP No such key'],
    [['FLUSHDB'], 'NOGROUP No such key'],
    [['FLUSHALL'], 'NOGROUP No such key'],
    [['SWAPDB', '0', '1'], 'NOGROUP No such key'],
    [['PEXPIRE', 's', '-1'], 'NOGROUP No such key'],
  ])('tell a consumer that its group is gone: %j', (command, error) => {
    first.send(READ);
    second.send(READ);
    third.send(['XREAD', 'BLOCK', '0', 'STREAMS', 's', '$']);
    boss.send(command);
    expect(first.take()).toContain(`-${error}`);
    expect(second.take()).toContain(`-${error}`);
    expect(third.take()).toBe('');
    third.destroy();
  });

  it('tell it also when the stream expires by itself', async () => {
    boss.call('PEXPIRE', 's', '50');
    first.send(READ);
    room.pass(60);
    room.executor.beginBatch(performance.now());
    room.keyspace.removeExpired(10);
    room.executor.endBatch();
    expect(first.take()).toContain('-NOGROUP');
  });

  it('stay as they are for a wait when somebody acknowledges, trims or makes groups', () => {
    boss.call('XADD', 's', '1-1', 'f', 'v');
    first.send(['XREAD', 'BLOCK', '0', 'STREAMS', 's', '$']);
    for (const command of [
      ['XREADGROUP', 'GROUP', 'g', 'c', 'STREAMS', 's', '>'],
      ['XACK', 's', 'g', '1-1'],
      ['XDEL', 's', '1-1'],
      ['XTRIM', 's', 'MAXLEN', '0'],
      ['XGROUP', 'CREATE', 's', 'new', '$'],
      ['XSETID', 's', '9-1'],
    ]) {
      boss.send(command);
      expect(first.take()).toBe('');
    }
    first.destroy();
  });
});

describe('very many who wait', () => {
  it('are served one by one in order, and leave at no cost', () => {
    const clients = Array.from({ length: 2000 }, () => room.enter());
    for (const client of clients) client.send(['BLPOP', 'k', 'other', '0']);
    for (let i = 0; i < clients.length; i += 2) clients[i]!.destroy();
    const left = clients.filter((_, i) => i % 2 === 1);
    for (let i = 0; i < left.length; i++) boss.send(['RPUSH', 'k', String(i)]);
    expect(room.answered).toEqual(left.map(({ session }) => session.id));
    for (const [i, client] of left.entries()) expect(client.take()).toContain(`\r\n${i}\r\n`);
  });
});
