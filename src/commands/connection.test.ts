import { beforeEach, describe, expect, it } from 'vitest';
import { ClientRoom, type RoomClient, type RoomOptions } from '../../test/support/client-room.ts';

const WRONG_PASSWORD = '(error) WRONGPASS invalid username-password pair or user is disabled.';
const NOT_LOGGED_IN = '(error) NOAUTH Authentication required.';

let client: RoomClient;

beforeEach(() => {
  client = new ClientRoom().enter();
});

describe('PING and ECHO', () => {
  it('answer with any bytes', () => {
    expect(client.call('PING')).toBe('PONG');
    expect(client.call('PING', 'a\r\n\0\xff')).toBe(JSON.stringify('a\r\n\0\xff'));
    expect(client.call('echo', '')).toBe('""');
  });

  it('PING takes one message at most', () => {
    expect(client.call('PING', 'a', 'b')).toContain("wrong number of arguments for 'ping' command");
  });
});

describe('AUTH without a password', () => {
  it('says that there is none, unless the default user is named', () => {
    expect(client.call('AUTH', 'x')).toContain('without any password configured');
    expect(client.call('AUTH', 'default', 'x')).toBe('OK');
    expect(client.call('AUTH', 'somebody', 'x')).toBe(WRONG_PASSWORD);
    expect(client.call('AUTH', 'a', 'b', 'c')).toBe('(error) ERR syntax error');
  });
});

describe('AUTH with a password', () => {
  let options: RoomOptions;

  beforeEach(() => {
    options = { password: 'sesame' };
    client = new ClientRoom(options).enter();
  });

  it('is not needed once the password is taken away, until there is one again', () => {
    expect(client.call('GET', 'k')).toBe(NOT_LOGGED_IN);
    delete options.password;
    expect(client.call('GET', 'k')).toBe('(nil)');
    options.password = 'another';
    expect(client.call('GET', 'k')).toBe(NOT_LOGGED_IN);
  });

  it('opens the server to the right one', () => {
    expect(client.call('GET', 'k')).toBe(NOT_LOGGED_IN);
    expect(client.call('AUTH', 'Sesame')).toBe(WRONG_PASSWORD);
    expect(client.call('AUTH', 'default', 'sesam')).toBe(WRONG_PASSWORD);
    expect(client.call('AUTH', 'somebody', 'sesame')).toBe(WRONG_PASSWORD);
    expect(client.call('AUTH', 'DEFAULT', 'sesame')).toBe(WRONG_PASSWORD);
    expect(client.call('GET', 'k')).toBe(NOT_LOGGED_IN);
    expect(client.call('AUTH', 'sesame')).toBe('OK');
    expect(client.call('GET', 'k')).toBe('(nil)');
  });

  it('does not log out with a wrong one', () => {
    client.call('AUTH', 'default', 'sesame');
    expect(client.call('AUTH', 'wrong')).toBe(WRONG_PASSWORD);
    expect(client.call('GET', 'k')).toBe('(nil)');
  });

  it('is needed again after RESET', () => {
    client.call('AUTH', 'sesame');
    expect(client.call('RESET')).toBe('RESET');
    expect(client.call('GET', 'k')).toBe(NOT_LOGGED_IN);
  });

  it('is asked for by HELLO, which can give it', () => {
    expect(client.call('HELLO', '3')).toMatch(/^\(error\) NOAUTH HELLO must be called/);
    expect(client.call('HELLO', '3', 'AUTH', 'default', 'wrong')).toBe(WRONG_PASSWORD);
    expect(client.session.resp3).toBe(false);
    expect(client.call('HELLO', '3', 'SETNAME', 'n', 'AUTH', 'default', 'sesame')).toMatch(/^\{/);
    expect(client.call('CLIENT', 'GETNAME')).toBe('"n"');
  });
});

describe('HELLO', () => {
  it('tells of server and connection', () => {
    expect(client.call('HELLO')).toBe(
      '["server", "redis", "version", "7.2.4", "proto", (integer) 2, "id", (integer) 1, ' +
        '"mode", "standalone", "role", "master", "modules", []]',
    );
  });

  it('changes the protocol, beginning with its own reply', () => {
    expect(client.call('HELLO', '3')).toContain('{"server": "redis"');
    expect(client.session.resp3).toBe(true);
    client.send(['GET', 'k']);
    expect(client.take()).toBe('_\r\n');
    expect(client.call('HELLO', '2')).toContain('["server"');
    client.send(['GET', 'k']);
    expect(client.take()).toBe('$-1\r\n');
  });

  it.each([
    [['4'], 'NOPROTO unsupported protocol version'],
    [['1'], 'NOPROTO unsupported protocol version'],
    [['x'], 'ERR Protocol version is not an integer or out of range'],
    [['99999999999999999999'], 'ERR Protocol version is not an integer or out of range'],
    [['3', 'SETNAME'], "ERR Syntax error in HELLO option 'SETNAME'"],
    [['3', 'AUTH', 'default'], "ERR Syntax error in HELLO option 'AUTH'"],
    [
      ['3', 'SETNAME', 'a b'],
      'ERR Client names cannot contain spaces, newlines or special characters.',
    ],
    [['3', 'SETNAME', 'ok', 'WHAT'], "ERR Syntax error in HELLO option 'WHAT'"],
    [['3', 'SETNAME', 'ok', 'AUTH', 'nobody', 'x'], WRONG_PASSWORD.slice('(error) '.length)],
  ])('changes nothing when %j is wrong', (options, problem) => {
    expect(client.call('HELLO', ...options)).toBe(`(error) ${problem}`);
    expect(client.session.resp3).toBe(false);
    expect(client.session.name).toBe('');
  });
});

describe('SELECT', () => {
  it('changes the database of this connection', () => {
    client.call('SET', 'k', 'zero');
    expect(client.call('SELECT', '15')).toBe('OK');
    expect(client.call('GET', 'k')).toBe('(nil)');
    expect(client.call('SELECT', '0')).toBe('OK');
    expect(client.call('GET', 'k')).toBe('"zero"');
  });

  it.each([
    ['16', 'ERR DB index is out of range'],
    ['-1', 'ERR DB index is out of range'],
    ['2147483648', 'ERR value is out of range, value must between -2147483648 and 2147483647'],
    ['x', 'ERR value is not an integer or out of range'],
    ['', 'ERR value is not an integer or out of range'],
  ])('refuses %j', (index, problem) => {
    expect(client.call('SELECT', index)).toBe(`(error) ${problem}`);
    expect(client.session.databaseId).toBe(0);
  });
});

describe('RESET', () => {
  it('takes back all that the client has changed, but for its library', () => {
    client.call('HELLO', '3', 'SETNAME', 'n');
    client.call('SELECT', '3');
    client.call('CLIENT', 'NO-EVICT', 'ON');
    client.call('CLIENT', 'NO-TOUCH', 'ON');
    client.call('CLIENT', 'SETINFO', 'LIB-NAME', 'lib');
    client.send(['MONITOR'], ['CLIENT', 'REPLY', 'OFF']);
    client.take();
    client.send(['RESET']);
    expect(client.take()).toBe('+RESET\r\n');
    const { session } = client;
    expect(session).toMatchObject({
      resp3: false,
      name: '',
      databaseId: 0,
      noEvict: false,
      noTouch: false,
      monitoring: false,
      libraryName: 'lib',
    });
    client.send(['GET', 'k']);
    expect(client.take()).toBe('$-1\r\n');
  });
});

describe('QUIT', () => {
  it('closes behind the replies, and runs nothing more', () => {
    client.send(['SET', 'k', 'v'], ['QUIT', 'now'], ['DEL', 'k']);
    expect(client.take()).toBe('+OK\r\n+OK\r\n');
    expect(client.closed).toBe(true);
  });
});
