import { beforeEach, describe, expect, it } from 'vitest';
import { afterwards, ClientRoom, type RoomClient } from '../../test/support/client-room.ts';

const TIME = /\+1704067\d{3}\.\d{6} /g;

let room: ClientRoom;
let watcher: RoomClient;
let client: RoomClient;

beforeEach(() => {
  room = new ClientRoom();
  watcher = room.enter();
  client = room.enter();
  expect(watcher.call('MONITOR')).toBe('OK');
});

/** What the watcher has seen since the last time, without the times. */
async function seen(): Promise<string[]> {
  await afterwards();
  return watcher
    .take()
    .replace(TIME, '')
    .split('\r\n')
    .filter((line) => line !== '');
}

describe('a line', () => {
  it('has the time, the database, the address and the arguments', async () => {
    room.pass(1_234.5);
    client.call('SET', 'k', 'v');
    await afterwards();
    expect(watcher.take()).toMatch(
      /^\+1704067201\.234\d{3} \[0 127\.0\.0\.1:50002\] "SET" "k" "v"\r\n$/,
    );
  });

  it('quotes every byte', async () => {
    const bytes = String.fromCharCode(...Array(256).keys());
    client.call('ECHO', bytes);
    const [line] = await seen();
    const quoted = line!.slice(line!.indexOf('"ECHO" ') + '"ECHO" '.length);
    const text = quoted.slice(1, -1).replace(/\\(?:x(..)|(.))/g, (_, hex, letter) => {
      if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
      const special = 'nrtba'.indexOf(letter);
      return special < 0 ? letter : '\n\r\t\b\x07'[special];
    });
    expect(text).toBe(bytes);
  });

  it('names a Unix socket as Redis does', async () => {
    room.enter('unix', '/tmp/a.sock:0').call('PING');
    expect(await seen()).toEqual(['[0 unix:/tmp/a.sock] "PING"']);
  });

  it('tells the database in which the command left the client', async () => {
    client.call('SELECT', '5');
    expect(await seen()).toEqual(['[5 127.0.0.1:50002] "SELECT" "5"']);
  });
});

describe('what is shown', () => {
  it('is what ran, failed or not, but not what was refused or is administrative', async () => {
    client.call('NOSUCH', 'x');
    client.call('GET');
    client.call('SET', 'k', 'v', 'NOSUCH');
    client.call('SLOWLOG', 'LEN');
    client.call('CONFIG', 'SET', 'requirepass', 'hush');
    client.call('CLIENT', 'GETNAME');
    expect(await seen()).toEqual([
      '[0 127.0.0.1:50002] "SET" "k" "v" "NOSUCH"',
      '[0 127.0.0.1:50002] "CLIENT" "GETNAME"',
    ]);
  });

  it('is the end of a transaction that is refused', async () => {
    client.call('SUBSCRIBE', 'c');
    client.call('GET', 'k');
    client.call('EXEC');
    client.call('UNSUBSCRIBE', 'c');
    client.call('MULTI');
    client.call('EXEC', 'x');
    const shown = ['"SUBSCRIBE" "c"', '"EXEC"', '"UNSUBSCRIBE" "c"', '"MULTI"', '"EXEC" "x"'];
    expect(await seen()).toEqual(shown.map((line) => `[0 127.0.0.1:50002] ${line}`));
  });

  it('is no secret', async () => {
    client.call('AUTH', 'default', 'hush');
    client.call('HELLO', '2', 'AUTH', 'default', 'hush', 'SETNAME', 'n');
    client.call('hello', '2', 'auth', 'hush');
    expect(await seen()).toEqual([
      '[0 127.0.0.1:50002] "AUTH" "(redacted)" "(redacted)"',
      '[0 127.0.0.1:50002] "HELLO" "2" "AUTH" "(redacted)" "(redacted)" "SETNAME" "n"',
      '[0 127.0.0.1:50002] "hello" "2" "auth" "(redacted)"',
    ]);
  });

  it('comes in one piece for a pipeline, in the order in which it ran', async () => {
    let pieces = 0;
    const push = watcher.push.bind(watcher);
    watcher.push = (bytes) => {
      pieces++;
      push(bytes);
    };
    client.send(...Array.from({ length: 50 }, (_, i) => ['ECHO', String(i)]));
    const lines = await seen();
    expect(lines).toEqual(
      Array.from({ length: 50 }, (_, i) => `[0 127.0.0.1:50002] "ECHO" "${i}"`),
    );
    expect(pieces).toBe(1);
  });

  it('comes to every watching client', async () => {
    const second = room.enter();
    second.call('MONITOR');
    client.call('PING');
    expect(await seen()).toEqual(['[0 127.0.0.1:50002] "PING"']);
    expect(second.take().replace(TIME, '')).toBe('[0 127.0.0.1:50002] "PING"\r\n');
  });
});

describe('a watching client', () => {
  it('sees its own commands between their replies', async () => {
    client.call('PING', 'before');
    await afterwards();
    watcher.send(['PING', 'a'], ['PING', 'b']);
    const own = (word: string) => `[0 127.0.0.1:50001] "PING" "${word}"\r\n`;
    expect(watcher.take().replace(TIME, '')).toBe(
      `[0 127.0.0.1:50002] "PING" "before"\r\n$1\r\na\r\n${own('a')}$1\r\nb\r\n${own('b')}`,
    );
  });

  it('gets no reply when it asks again', () => {
    watcher.send(['MONITOR']);
    expect(watcher.take()).toBe('');
  });

  it('sees nothing from before it watched', async () => {
    const second = room.enter();
    client.call('PING', 'early');
    second.send(['MONITOR']);
    await afterwards();
    expect(second.take()).toBe('+OK\r\n');
  });

  it('sees nothing while it wants no replies', async () => {
    watcher.send(['CLIENT', 'REPLY', 'OFF']);
    client.call('PING');
    expect(await seen()).toEqual([]);
  });

  it('sees nothing while it skips the reply to its next command', async () => {
    watcher.send(['CLIENT', 'REPLY', 'SKIP']);
    await seen();
    client.call('PING');
    expect(await seen()).toEqual([]);
    watcher.send(['PING', 'skipped']);
    client.call('ECHO', 'later');
    expect((await seen()).at(-1)).toBe('[0 127.0.0.1:50002] "ECHO" "later"');
  });

  it('sees all from before RESET, and nothing after', async () => {
    client.call('PING', 'early');
    watcher.send(['RESET']);
    client.call('PING', 'late');
    expect(await seen()).toEqual(['[0 127.0.0.1:50002] "PING" "early"', '+RESET']);
    expect(watcher.session.monitoring).toBe(false);
  });

  it('is sent nothing when it has gone', async () => {
    watcher.destroy();
    client.call('PING');
    expect(await seen()).toEqual([]);
  });

  it('is disconnected when it does not keep up', async () => {
    room.limits.monitorBytesMax = 1_000;
    watcher.unreadBytes = 1_001;
    client.call('PING');
    await afterwards();
    expect(watcher.closed).toBe(true);
    expect(client.call('PING')).toBe('PONG');
  });

  it('is disconnected rather than sent a line that is longer than it may hold', async () => {
    room.limits.monitorBytesMax = 1_000;
    client.call('SET', 'k', 'x'.repeat(900));
    expect(await seen()).toHaveLength(1);
    client.call('SET', 'k', '\0'.repeat(250));
    expect(watcher.closed).toBe(true);
    expect(client.call('STRLEN', 'k')).toBe('(integer) 250');
  });
});
