import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { ClientRoom, type RoomClient } from '../../test/support/client-room.ts';

let room: ClientRoom;
let client: RoomClient;

beforeEach(() => {
  room = new ClientRoom();
  room.debugging.permission = 'yes';
  client = room.enter();
});

const ZERO = '0'.repeat(40);
const UNKNOWN_USE = /^\(error\) ERR unknown subcommand or wrong number of arguments for '/;

function sha1(bytes: Buffer): Buffer {
  return createHash('sha1').update(bytes).digest();
}

function add(digest: Buffer, bytes: Buffer): Buffer {
  const hash = sha1(bytes);
  return Buffer.from(digest.map((byte, i) => byte ^ hash[i]!));
}

function mix(digest: Buffer, bytes: Buffer): Buffer {
  return sha1(add(digest, bytes));
}

/**
 * The digest of databases of strings, as the description of digests says it, with whole buffers.
 */
function digestOf(databases: ReadonlyMap<number, ReadonlyMap<string, string>>): string {
  let whole: Buffer = Buffer.alloc(20);
  for (const [id, strings] of databases) {
    whole = mix(whole, Buffer.of(0, 0, 0, id));
    for (const [key, value] of strings) {
      const named = mix(Buffer.alloc(20), Buffer.from(key, 'latin1'));
      const typed = mix(named, Buffer.alloc(4));
      whole = add(whole, mix(typed, Buffer.from(value, 'latin1')));
    }
  }
  return whole.toString('hex');
}

describe('DEBUG DIGEST', () => {
  it('is what redis-server answers', () => {
    expect(client.call('DEBUG', 'DIGEST')).toBe(ZERO);
    client.call('SET', 'a', '1');
    expect(client.call('DEBUG', 'DIGEST')).toBe('943d800368fb9c0e951138f1bc0e313ac769d91f');
    client.call('SET', 'b\0', 'text\r\n\xff');
    client.call('EXPIRE', 'a', '100');
    client.call('SELECT', '1');
    client.call('SET', 'a', '1');
    expect(client.call('DEBUG', 'DIGEST')).toBe('51054be96c4874074c547a350fc44006a184ee3e');
  });

  it('agrees with a plain reckoning over thousands of keys, whatever their order', () => {
    const databases = new Map([
      [0, new Map<string, string>()],
      [9, new Map<string, string>()],
    ]);
    for (const [id, strings] of databases) {
      client.call('SELECT', String(id));
      for (let i = 0; i < 1_500; i++) {
        const [key, value] = [`key:${i}`, String.fromCharCode(i % 256).repeat(i % 70)];
        strings.set(key, value);
        client.call('SET', key, value);
      }
    }
    expect(client.call('DEBUG', 'DIGEST')).toBe(digestOf(databases));
  });

  it('leaves out keys that are due', () => {
    client.call('SET', 'k', 'v', 'PX', '10');
    room.pass(10);
    expect(room.keyspace.databases[0]!.size()).toBe(1);
    expect(client.call('DEBUG', 'DIGEST')).not.toBe(ZERO);
    expect(client.call('DEBUG', 'DIGEST-VALUE', 'k')).toBe(`[${ZERO}]`);
  });
});

describe('DEBUG DIGEST-VALUE', () => {
  it('is what redis-server answers', () => {
    client.call('SET', 'a', '1');
    client.call('SET', 'b', '1', 'EX', '100');
    client.call('SET', 'c', '\0\xff');
    expect(client.call('DEBUG', 'DIGEST-VALUE', 'a', 'b', 'c', 'missing')).toBe(
      '[b4fc66738120fba0b5aa500ab5c2bf89cea1c5da, 5279988c5d1911f474bcbbf2f0a87012d40f8459, ' +
        `d65039c9cacd9d9ec4694829bfe23fe1ca4f3740, ${ZERO}]`,
    );
    expect(client.call('DEBUG', 'DIGEST-VALUE')).toBe('[]');
  });
});

describe('DEBUG OBJECT', () => {
  it.each([
    ['12', 'int', 2],
    ['-129', 'int', 3],
    ['123456', 'int', 5],
    ['2147483648', 'int', 11],
    ['12345678901234', 'int', 15],
    ['', 'embstr', 1],
    ['v', 'embstr', 2],
    ['x'.repeat(63), 'raw', 64],
    ['x'.repeat(64), 'raw', 66],
    ['x'.repeat(16_384), 'raw', 16_389],
  ])('of %j', (value, encoding, length) => {
    client.call('SET', 'k', value);
    room.pass(7_000);
    expect(client.call('DEBUG', 'OBJECT', 'k')).toMatch(
      new RegExp(
        `^Value at:0x[0-9a-f]+ refcount:1 encoding:${encoding} serializedlength:${length} ` +
          'lru:\\d+ lru_seconds_idle:7$',
      ),
    );
  });

  it('of a missing key is an error', () => {
    expect(client.call('DEBUG', 'OBJECT', 'k')).toBe('(error) ERR no such key');
  });
});

describe('DEBUG PROTOCOL', () => {
  it.each([
    ['string', '"Hello World"', '"Hello World"'],
    ['INTEGER', '(integer) 12345', '(integer) 12345'],
    ['double', '"3.141"', '(double) 3.141'],
    ['null', '(nil)', '(nil)'],
    ['array', '[(integer) 0, (integer) 1, (integer) 2]', '[(integer) 0, (integer) 1, (integer) 2]'],
    ['set', '[(integer) 0, (integer) 1, (integer) 2]', '~[(integer) 0, (integer) 1, (integer) 2]'],
    ['true', '(integer) 1', '(true)'],
    ['false', '(integer) 0', '(false)'],
    ['verbatim', '"This is a verbatim\\nstring"', '(txt) "This is a verbatim\\nstring"'],
  ])('%s', (type, resp2, resp3) => {
    expect(client.call('DEBUG', 'PROTOCOL', type)).toBe(resp2);
    client.session.resp3 = true;
    expect(client.call('DEBUG', 'PROTOCOL', type)).toBe(resp3);
  });

  it('map, bignum, attrib and push', () => {
    const raw = (type: string) => {
      client.send(['DEBUG', 'PROTOCOL', type]);
      return client.take();
    };
    expect(raw('map')).toBe('*6\r\n:0\r\n:0\r\n:1\r\n:1\r\n:2\r\n:0\r\n');
    expect(raw('push')).toBe('-ERR RESP2 is not supported by this command\r\n');
    expect(raw('attrib')).toBe('$39\r\nSome real reply following the attribute\r\n');
    client.session.resp3 = true;
    expect(raw('map')).toBe('%3\r\n:0\r\n#f\r\n:1\r\n#t\r\n:2\r\n#f\r\n');
    expect(raw('bignum')).toBe('(1234567999999999999999999999999999999\r\n');
    expect(raw('attrib')).toMatch(/^\|1\r\n\$14\r\nkey-popularity\r\n\*2\r\n.*:90\r\n\$39\r\n/s);
    expect(raw('push')).toMatch(/^>2\r\n\$16\r\nserver-cpu-usage\r\n:42\r\n\$40\r\nSome real/);
  });

  it('refuses what is no type', () => {
    expect(client.call('DEBUG', 'PROTOCOL', 'nosuch')).toMatch(
      /one of the following: string\|integer\|double\|bignum\|null\|array\|set\|map\|attrib/,
    );
  });
});

describe('other subcommands', () => {
  it('SLEEP stops the thread', () => {
    const before = performance.now();
    expect(client.call('DEBUG', 'SLEEP', '0.05')).toBe('OK');
    expect(performance.now() - before).toBeGreaterThanOrEqual(49);
    expect(client.call('DEBUG', 'SLEEP', 'x')).toBe('OK');
    expect(client.call('DEBUG', 'SLEEP', '-1')).toBe('OK');
  });

  it('ERROR gives back its text as an error of one line', () => {
    expect(client.call('DEBUG', 'ERROR', 'MYCODE some text')).toBe('(error) MYCODE some text');
    expect(client.call('DEBUG', 'ERROR', 'a\r\nb')).toBe('(error) a  b');
    expect(client.call('DEBUG', 'ERROR', '')).toBe('(error) ');
    expect(room.statistics.errors.get('MYCODE')).toBe(1);
  });

  it('LOG writes to the log', () => {
    expect(client.call('DEBUG', 'LOG', 'hello')).toBe('OK');
    expect(room.logged).toEqual(['DEBUG LOG: hello']);
  });

  it('LISTPACK logs where the entries of a listpack are', () => {
    client.call('HSET', 'h', 'field', '1', 'f', 'x'.repeat(64));
    expect(client.call('DEBUG', 'LISTPACK', 'h')).toBe('Listpack structure printed on stdout');
    expect(room.logged).toEqual([
      'DEBUG LISTPACK: 86 bytes, 4 entries, offset+bytes: 6+7 13+2 15+3 18+67',
    ]);
    client.call('SET', 's', 'text');
    expect(client.call('DEBUG', 'LISTPACK', 's')).toBe(
      '(error) ERR Not a listpack encoded object.',
    );
    expect(client.call('DEBUG', 'LISTPACK', 'missing')).toBe('(error) ERR no such key');
  });

  it('SET-ACTIVE-EXPIRE says whether due keys are looked for', () => {
    client.call('DEBUG', 'SET-ACTIVE-EXPIRE', '0');
    expect(room.keyspace.activeExpiry).toBe(false);
    client.call('DEBUG', 'set-active-expire', '1');
    expect(room.keyspace.activeExpiry).toBe(true);
  });

  it('HELP names them all', () => {
    const help = client.call('DEBUG', 'HELP');
    for (const name of ['DIGEST', 'DIGEST-VALUE [key', 'ERROR message', 'OBJECT key', 'SLEEP']) {
      expect(help).toContain(`, ${name}`);
    }
  });

  it.each([
    ['NOSUCH'],
    ['SLEEP'],
    ['SLEEP', '1', '2'],
    ['DIGEST', 'x'],
    ['__proto__'],
    ['HELP', 'x'],
  ])('there is no DEBUG %s %s %s', (...words) => {
    expect(client.call('DEBUG', ...words)).toMatch(UNKNOWN_USE);
  });
});
