import { beforeEach, describe, expect, it } from 'vitest';
import { ClientRoom, type RoomClient } from '../../test/support/client-room.ts';

const LIST_FIELDS =
  'id addr laddr fd name age idle flags db sub psub ssub multi qbuf qbuf-free argv-mem multi-mem ' +
  'rbs rbp obl oll omem tot-mem events cmd user redir resp lib-name lib-ver';

let room: ClientRoom;
let client: RoomClient;
let other: RoomClient;

beforeEach(() => {
  room = new ClientRoom();
  client = room.enter();
  other = room.enter();
});

/** The fields of the first line of CLIENT INFO or LIST. */
function fieldsOf(text: string): Record<string, string> {
  const line = text.slice(text.indexOf('id=')).split('\n', 1)[0]!;
  return Object.fromEntries(line.split(' ').map((word) => word.split('=', 2)));
}

function info(of: RoomClient): Record<string, string> {
  of.send(['CLIENT', 'INFO']);
  return fieldsOf(of.take());
}

/** The ids that a CLIENT LIST shows. */
function listed(...options: readonly string[]): string[] {
  client.send(['CLIENT', 'LIST', ...options]);
  return [...client.take().matchAll(/(?:^|\n)id=(\d+)/g)].map(([, id]) => id!);
}

describe('names', () => {
  it('SETNAME gives and takes one', () => {
    expect(client.call('CLIENT', 'GETNAME')).toBe('(nil)');
    expect(client.call('CLIENT', 'SETNAME', '!worker~')).toBe('OK');
    expect(client.call('CLIENT', 'GETNAME')).toBe('"!worker~"');
    expect(client.call('CLIENT', 'SETNAME', '')).toBe('OK');
    expect(client.call('CLIENT', 'GETNAME')).toBe('(nil)');
  });

  it.each(['a b', 'a\n', '\0', '\x7f', '\xe9'])('SETNAME refuses %j', (name) => {
    expect(client.call('CLIENT', 'SETNAME', name)).toBe(
      '(error) ERR Client names cannot contain spaces, newlines or special characters.',
    );
  });

  it('SETINFO names the library', () => {
    expect(client.call('CLIENT', 'SETINFO', 'lib-name', 'redis-x')).toBe('OK');
    expect(client.call('CLIENT', 'SETINFO', 'LIB-VER', '1.2')).toBe('OK');
    expect(info(client)).toMatchObject({ 'lib-name': 'redis-x', 'lib-ver': '1.2' });
    expect(client.call('CLIENT', 'SETINFO', 'lib-ver', 'a b')).toBe(
      '(error) ERR lib-ver cannot contain spaces, newlines or special characters.',
    );
    expect(client.call('CLIENT', 'SETINFO', 'color', 'red')).toBe(
      "(error) ERR Unrecognized option 'color'",
    );
  });

  it('none is longer than 8 KiB, whichever way it comes', () => {
    const longest = 'n'.repeat(8192);
    for (const [what, ...command] of [
      ['Client names', 'CLIENT', 'SETNAME'],
      ['Client names', 'HELLO', '3', 'SETNAME'],
      ['lib-name', 'CLIENT', 'SETINFO', 'lib-name'],
      ['LIB-VER', 'CLIENT', 'SETINFO', 'LIB-VER'],
    ]) {
      expect(client.call(...command, longest)).not.toMatch(/error/);
      expect(client.call(...command, `${longest}n`)).toBe(
        `(error) ERR ${what} cannot be longer than 8192 bytes.`,
      );
    }
    expect(info(client)).toMatchObject({ name: longest, 'lib-name': longest, 'lib-ver': longest });
  });
});

describe('CLIENT INFO and LIST', () => {
  it('have the fields of 7.2 in their order, and end with a line break', () => {
    client.send(['CLIENT', 'INFO']);
    const text = client.take();
    expect(Object.keys(fieldsOf(text)).join(' ')).toBe(LIST_FIELDS);
    expect(text).toMatch(/lib-ver=\n\r\n$/);
  });

  it('tell where the client is and what it has done', () => {
    client.call('SELECT', '4');
    client.call('HELLO', '3', 'SETNAME', 'n');
    room.pass(5_500);
    expect(info(client)).toMatchObject({
      id: '1',
      addr: '127.0.0.1:50001',
      laddr: '127.0.0.1:6379',
      fd: '8',
      name: 'n',
      age: '5',
      idle: '0',
      db: '4',
      'argv-mem': '10',
      cmd: 'client|info',
      user: 'default',
      resp: '3',
    });
  });

  it('show what was run last, NULL for nothing known', () => {
    const { session } = other;
    expect(session.lastCommand).toBe('NULL');
    other.send(['CLIENT', 'ID', 'x']);
    expect(session.lastCommand).toBe('client|id');
    other.send(['NOSUCH']);
    expect(session.lastCommand).toBe('NULL');
  });

  it('describe a client that is asked for very often without delay', () => {
    const ids = Array.from({ length: 80_000 }, () => '1');
    const startMs = performance.now();
    client.send(['CLIENT', 'LIST', 'ID', ...ids]);
    const lines = client.take().split('\n').slice(1, -2);
    expect(performance.now() - startMs).toBeLessThan(3000);
    expect(lines).toHaveLength(80_000);
    expect(new Set(lines).size).toBe(1);
    expect(fieldsOf(lines[0]!)['argv-mem']).toBe('80012');
  });

  it('flags what is unusual, N for nothing', () => {
    const unix = room.enter('unix', '/tmp/x.sock:0');
    expect(info(client).flags).toBe('N');
    expect(info(unix)).toMatchObject({ flags: 'U', addr: '/tmp/x.sock:0' });
    unix.call('CLIENT', 'NO-EVICT', 'ON');
    unix.call('CLIENT', 'NO-TOUCH', 'on');
    expect(info(unix).flags).toBe('UeT');
    other.send(['MONITOR']);
    client.call('CLIENT', 'PAUSE', '1000', 'WRITE');
    client.send(['CLIENT', 'LIST', 'ID', '2']);
    expect(fieldsOf(client.take()).flags).toBe('O');
    unix.send(['SET', 'k', 'v']);
    client.send(['CLIENT', 'LIST', 'ID', '3']);
    expect(fieldsOf(client.take()).flags).toBe('bUeT');
  });

  it('count what waits to be sent', () => {
    client.unreadBytes = 1_000;
    const { omem, oll, events, 'tot-mem': total } = info(client);
    expect({ omem, oll, events }).toEqual({ omem: '1000', oll: '1', events: 'rw' });
    client.unreadBytes = 0;
    expect(Number(total) - Number(info(client)['tot-mem'])).toBe(1_000);
  });

  it('LIST filters by kind and by id', () => {
    expect(listed()).toEqual(['1', '2']);
    expect(listed('TYPE', 'Normal')).toEqual(['1', '2']);
    for (const kind of ['master', 'replica', 'slave', 'pubsub']) {
      expect(listed('TYPE', kind)).toEqual([]);
    }
    expect(listed('ID', '2', '77', '1', '2')).toEqual(['2', '1', '2']);
    expect(listed('ID', '-1', '9223372036854775807')).toEqual([]);
  });

  it.each([
    [['ID'], 'ERR syntax error'],
    [['ID', 'x'], 'ERR Invalid client ID'],
    [['ID', '9223372036854775808'], 'ERR Invalid client ID'],
    [['TYPE'], 'ERR syntax error'],
    [['TYPE', 'nosuch'], "ERR Unknown client type 'nosuch'"],
    [['TYPE', 'normal', 'pubsub'], 'ERR syntax error'],
    [['NOSUCH', 'x'], 'ERR syntax error'],
  ])('LIST refuses %j', (options, problem) => {
    expect(client.call('CLIENT', 'LIST', ...options)).toBe(`(error) ${problem}`);
  });
});

describe('CLIENT KILL', () => {
  it('closes the client at an address', () => {
    expect(client.call('CLIENT', 'KILL', other.address)).toBe('OK');
    expect(other.closed).toBe(true);
    expect(client.call('CLIENT', 'KILL', other.address)).toBe('(error) ERR No such client');
  });

  it('closes whom all filters fit', () => {
    const third = room.enter();
    const kill = (...filters: string[]) => client.call('CLIENT', 'KILL', ...filters);
    expect(kill('ID', '3', 'ADDR', other.address)).toBe('(integer) 0');
    expect(kill('TYPE', 'pubsub')).toBe('(integer) 0');
    expect(kill('LADDR', '127.0.0.1:1')).toBe('(integer) 0');
    expect(kill('id', '3', 'addr', third.address, 'user', 'default')).toBe('(integer) 1');
    expect([client.closed, other.closed, third.closed]).toEqual([false, false, true]);
  });

  it('spares its caller unless it is told not to', () => {
    expect(client.call('CLIENT', 'KILL', 'TYPE', 'normal')).toBe('(integer) 1');
    expect([client.closed, other.closed]).toEqual([false, true]);
    client.send(['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'no'], ['PING']);
    expect(client.take()).toBe(':1\r\n');
    expect(client.closed).toBe(true);
    expect(room.clients.count).toBe(0);
  });

  it.each([
    [['ID', '0'], 'ERR client-id should be greater than 0'],
    [['ID', 'x'], 'ERR client-id should be greater than 0'],
    [['USER', 'nosuch'], "ERR No such user 'nosuch'"],
    [['TYPE', 'nosuch'], "ERR Unknown client type 'nosuch'"],
    [['SKIPME', 'perhaps'], 'ERR syntax error'],
    [['ID', '1', 'TYPE'], 'ERR syntax error'],
    [['ID', '1', 'MAXAGE', '5'], 'ERR syntax error'],
  ])('refuses %j', (filters, problem) => {
    expect(client.call('CLIENT', 'KILL', ...filters)).toBe(`(error) ${problem}`);
    expect(room.clients.count).toBe(2);
  });
});

describe('CLIENT REPLY', () => {
  it('SKIP withholds the next reply, an error too', () => {
    client.send(['CLIENT', 'REPLY', 'SKIP'], ['PING', 'a'], ['PING', 'b']);
    expect(client.take()).toBe('$1\r\nb\r\n');
    client.send(['CLIENT', 'REPLY', 'SKIP'], ['NOSUCH'], ['GET'], ['PING']);
    expect(client.take()).toMatch(/^-ERR wrong number.*\r\n\+PONG\r\n$/);
    client.send(['CLIENT', 'REPLY', 'SKIP'], ['CLIENT', 'REPLY', 'SKIP'], ['PING', 'a'], ['PING']);
    expect(client.take()).toBe('+PONG\r\n');
  });

  it('OFF withholds all until ON', () => {
    client.send(['CLIENT', 'REPLY', 'OFF'], ['SET', 'k', 'v'], ['CLIENT', 'REPLY', 'SKIP'], ['X']);
    expect(client.take()).toBe('');
    expect(client.call('CLIENT', 'REPLY', 'ON')).toBe('OK');
    expect(client.call('GET', 'k')).toBe('"v"');
    expect(client.call('CLIENT', 'REPLY', 'maybe')).toBe('(error) ERR syntax error');
  });
});

describe('CLIENT NO-TOUCH', () => {
  it('lets the client read without being noticed, except by TOUCH', () => {
    client.call('SET', 'k', 'v');
    room.pass(10_000);
    other.call('CLIENT', 'NO-TOUCH', 'ON');
    other.call('GET', 'k');
    expect(client.call('OBJECT', 'IDLETIME', 'k')).toBe('(integer) 10');
    other.call('TOUCH', 'k');
    expect(client.call('OBJECT', 'IDLETIME', 'k')).toBe('(integer) 0');
    room.pass(10_000);
    other.call('CLIENT', 'NO-TOUCH', 'OFF');
    other.call('GET', 'k');
    expect(client.call('OBJECT', 'IDLETIME', 'k')).toBe('(integer) 0');
  });

  it('changes nothing else: what the client has sent is still known', () => {
    other.call('CLIENT', 'NO-TOUCH', 'ON');
    expect(other.call('CLIENT', 'INFO')).toContain(' cmd=client|info ');
  });
});

describe('CLIENT UNBLOCK, GETREDIR and HELP', () => {
  it('answer what is so while nobody waits and nobody is redirected', () => {
    expect(client.call('CLIENT', 'UNBLOCK', '2', 'timeout')).toBe('(integer) 0');
    expect(client.call('CLIENT', 'UNBLOCK', '2', 'NOSUCH')).toBe(
      '(error) ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR',
    );
    expect(client.call('client', 'Unblock', '2', 'ERROR', 'x')).toBe(
      "(error) ERR unknown subcommand or wrong number of arguments for 'Unblock'. Try CLIENT HELP.",
    );
    expect(client.call('CLIENT', 'GETREDIR')).toBe('(integer) -1');
    expect(client.call('CLIENT', 'HELP')).toContain('KILL <ip:port |');
  });
});
