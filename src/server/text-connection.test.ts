import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type InProcessServer, startInProcess } from '../../test/support/in-process.ts';
import { RespClient } from '../../test/support/resp-client.ts';
import { chosenSeed, SeededRandom } from '../../test/support/seeded-random.ts';
import { TextClient } from '../../test/support/text-client.ts';
import { splitWords } from '../protocol/quoting.ts';

const LINE_BYTES_MAX = 65536;

let server: InProcessServer;
let client: TextClient;
const clients: TextClient[] = [];

async function connect(): Promise<TextClient> {
  const connected = await TextClient.connect(server.textPort);
  clients.push(connected);
  return connected;
}

beforeAll(async () => {
  server = await startInProcess({ 'enable-debug-command': 'yes' });
});
afterAll(() => server.db.close());

beforeEach(async () => {
  server.db.call('FLUSHALL');
  server.db.call('CONFIG', 'SET', 'text-replies', 'quoted');
  client = await connect();
});
afterEach(() => {
  for (const each of clients.splice(0)) each.close();
});

describe('lines', () => {
  it('may end with LF or CR LF, and are ignored when they are empty', async () => {
    client.send('\n\r\n   \r\n\t\nPING\r\nPING a\n\n"PING" "b\\r"\n');
    expect(await client.readLines(3)).toEqual(['PONG', '"a"', '"b\\r"']);
  });

  it('keep a CR that is not at their end', async () => {
    expect(await client.ask('ECHO "a\rb"')).toBe('"a\\rb"');
  });

  it('may come in any number of pieces', async () => {
    const lines = Buffer.from('SET a "x y"\r\nGET a\n\nGET b\r\nSTRLEN a\nPING done\n');
    for (const length of [1, 2, 3, 7, lines.length]) {
      await client.sendInPieces(lines, [length]);
      expect(await client.readLines(5)).toEqual(['OK', '"x y"', '(nil)', '3', '"done"']);
    }
  });

  it('may come many at a time', async () => {
    const count = 20_000;
    const words = Array.from({ length: count }, (_, i) => `word${i}`);
    client.send(words.map((word) => `ECHO ${word}\n`).join(''));
    expect(await client.readLines(count)).toEqual(words.map((word) => `"${word}"`));
  });

  it('that are not complete wait for the rest, and go with the connection', async () => {
    client.send('SET a 1\nSET a 2');
    expect(await client.readLine()).toBe('OK');
    client.close();
    expect(server.db.call('GET', 'a')).toBe('1');
  });

  it('are answered when the client has said that there are no more', async () => {
    client.send('SET a 1\nGET a\nSET a 2');
    client.end();
    expect(await client.readToEnd()).toBe('OK\n"1"\n');
    expect(server.db.call('GET', 'a')).toBe('1');
  });

  it('with unbalanced quotes are refused, and the next one is read', async () => {
    client.send('SET a "b\nSET a \'b\nSET a "b"c\nPING\n');
    const refused = 'ERR unbalanced quotes in request';
    expect(await client.readLines(4)).toEqual([refused, refused, refused, 'PONG']);
  });
});

describe('a line of the greatest length', () => {
  const longest = `ECHO ${'a'.repeat(LINE_BYTES_MAX - 5)}`;

  it.each(['\n', '\r\n'])('is answered when it ends with %j', async (end) => {
    client.send(`${longest}${end}PING\n`);
    expect(await client.readLine()).toBe(`"${longest.slice(5)}"`);
    expect(await client.readLine()).toBe('PONG');
  });

  it('is answered when its end comes byte by byte', async () => {
    client.send(longest);
    for (const byte of '\r\nPING\n') {
      await new Promise((resolve) => setTimeout(resolve, 5));
      client.send(byte);
    }
    expect(await client.readLine()).toBe(`"${longest.slice(5)}"`);
    expect(await client.readLine()).toBe('PONG');
  });

  it.each(['', '\n', '\r\n', 'a'.repeat(100_000)])(
    'ends the connection when it is exceeded (case %#)',
    async (rest) => {
      client.send(`PING\n${longest}aa${rest}`);
      expect(await client.readToEnd()).toBe(
        `PONG\nERR the line is longer than ${LINE_BYTES_MAX} bytes\n`,
      );
    },
  );

  it('is never waited for longer than needed', async () => {
    for (let sent = 0; sent <= LINE_BYTES_MAX + 2; sent += 1024) {
      client.send('a'.repeat(1024));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await client.readToEnd()).toMatch(/^ERR the line is longer/);
  });
});

describe('commands', () => {
  it('are understood in any case, those of the text protocol too', async () => {
    client.send('seT name "vimla"\nget NAME\nGeT name\ndelete name\nDELETE name\n');
    const replies = ['OK', '(nil)', '"vimla"', 'OK', '(nil)'];
    expect(await client.readLines(5)).toEqual(replies);
  });

  it('get the errors of the server', async () => {
    expect(await client.ask('NOSUCH a b')).toBe(
      "ERR unknown command 'NOSUCH', with args beginning with: 'a' 'b' ",
    );
    expect(await client.ask('GET')).toBe("ERR wrong number of arguments for 'get' command");
    expect(await client.ask('PASS')).toBe("ERR wrong number of arguments for 'pass' command");
    expect(await client.ask('DELETE')).toBe("ERR wrong number of arguments for 'delete' command");
    expect(await client.ask('SET a b EX')).toBe('ERR syntax error');
  });

  it('see a third argument of SET as a time', async () => {
    expect(await client.ask('SET a b 100')).toBe('OK');
    expect(await client.ask('TTL a')).toBe('100');
    expect(await client.ask('SET a c 200 XX GET')).toBe('"b"');
    expect(await client.ask('TTL a')).toBe('200');
    expect(await client.ask('SET a b 0')).toBe("ERR invalid expire time in 'set' command");
    expect(await client.ask('SET a b -1')).toBe("ERR invalid expire time in 'set' command");
    expect(await client.ask('SET a b 1.5')).toBe('ERR syntax error');
    expect(await client.ask('SET a b 99999999999999999999')).toBe('ERR syntax error');
    expect(await client.ask('SET a 5')).toBe('OK');
    expect(await client.ask('TTL a')).toBe('-1');
  });

  it.each([
    'MONITOR',
    'monitor',
    'SUBSCRIBE a',
    'punsubscribe',
    'CLIENT REPLY OFF',
    'client reply skip',
  ])('that do not answer once are refused: %s', async (line) => {
    const words = line.toUpperCase().replace(/ (OFF|SKIP|A)$/, '');
    expect(await client.ask(line)).toBe(
      `ERR ${words} is not available here, where every command gets exactly one reply`,
    );
    expect(await client.ask('PING')).toBe('PONG');
  });

  it('end the connection with QUIT, and nothing behind it runs', async () => {
    client.send('QUIT\nSET a 1\nPING\n');
    expect(await client.readToEnd()).toBe('OK\n');
    expect(server.db.call('EXISTS', 'a')).toBe(0);
  });

  it('wait while clients are paused, and then go on in order', async () => {
    expect(server.db.call('CLIENT', 'PAUSE', '100000', 'WRITE')).toBe('OK');
    client.send('PING\nSET a 1\nAPPEND a 2\nGET a\n');
    expect(await client.readLine()).toBe('PONG');
    client.send('STRLEN a\nECHO e');
    expect(server.db.call('EXISTS', 'a')).toBe(0);
    expect(client.unread).toBe('');
    server.db.call('CLIENT', 'UNPAUSE');
    expect(await client.readLines(4)).toEqual(['OK', '2', '"12"', '2']);
    client.send('nd\n');
    expect(await client.readLine()).toBe('"end"');
  });

  it('see the client in CLIENT LIST', async () => {
    await client.ask('CLIENT SETNAME text');
    expect(server.db.call('CLIENT', 'LIST')).toMatch(
      new RegExp(`laddr=127.0.0.1:${server.textPort} .*name=text .*cmd=client\\|setname`),
    );
  });
});

describe('replies', () => {
  it('follow text-replies as it is set, on open connections too', async () => {
    await client.ask('SET a "b c"');
    expect(await client.ask('GET a')).toBe('"b c"');
    expect(await client.ask('CONFIG SET text-replies raw')).toBe('OK');
    expect(await client.ask('GET a')).toBe('b c');
    expect(await client.ask('MGET a x')).toBe('["b c", (nil)]');
    expect(await client.ask('GET x')).toBe('(nil)');
  });

  it('have the types of RESP3 after HELLO 3', async () => {
    expect(await client.ask('CONFIG GET text-replies')).toBe('["text-replies", "quoted"]');
    expect(await client.ask('HELLO 3')).toMatch(/^\{"server": "redis", .*"proto": 3, /);
    expect(await client.ask('CONFIG GET text-replies')).toBe('{"text-replies": "quoted"}');
    expect(await client.ask('DEBUG PROTOCOL double')).toBe('3.141');
    expect(await client.ask('DEBUG PROTOCOL true')).toBe('(true)');
    expect(await client.ask('DEBUG PROTOCOL attrib')).toMatch(/^"/);
    expect(await client.ask('RESET')).toBe('RESET');
    expect(await client.ask('CONFIG GET text-replies')).toBe('["text-replies", "quoted"]');
  });

  it('end the connection when they are too long for a line', async () => {
    server.db.call('SETRANGE', 'a', 20_000_000, 'x');
    server.db.call('SETRANGE', 'b', 70_000_000, 'x');
    const refused = 'ERR the reply is longer than 67108864 bytes\n';
    client.send('PING\nGET a\nPING\n');
    expect(await client.readToEnd()).toBe(`PONG\n${refused}`);
    client = await connect();
    client.send('GET b\nPING\n');
    expect(await client.readToEnd()).toBe(refused);
    server.db.call('CONFIG', 'SET', 'text-replies', 'raw');
    client = await connect();
    expect((await client.ask('GET a')).length).toBe(20_000_001);
  });

  it('count as output, and refusals as errors', async () => {
    server.db.call('CONFIG', 'RESETSTAT');
    await client.ask('PING');
    await client.ask('"');
    const info = String(server.db.call('INFO', 'stats'));
    expect(info).toMatch(/^total_net_input_bytes:7\r$/m);
    expect(info).toMatch(/^total_net_output_bytes:38\r$/m);
    expect(info).toMatch(/^total_error_replies:1\r$/m);
  });
});

describe('before the password', () => {
  let locked: InProcessServer;

  beforeAll(async () => {
    locked = await startInProcess({ requirepass: 'open sesame' });
  });
  afterAll(() => locked.db.close());

  beforeEach(async () => {
    client = await TextClient.connect(locked.textPort);
    clients.push(client);
  });

  const MISSING = 'NOAUTH Authentication required.';
  const WRONG = 'WRONGPASS invalid username-password pair or user is disabled.';

  it('nothing is done', async () => {
    client.send('PING\nSET a 1\nSET a 1 10\nDELETE a\nMONITOR\nCLIENT REPLY OFF\nHELLO\n');
    const replies = await client.readLines(7);
    expect(replies.slice(0, 6)).toEqual(Array(6).fill(MISSING));
    expect(replies[6]).toMatch(/^NOAUTH HELLO must be called/);
    expect(locked.db.call('DBSIZE')).toBe(0);
  });

  it.each(['PASS', 'pass', 'AUTH', 'AUTH default'])('%s takes it', async (word) => {
    expect(await client.ask(`${word} wrong`)).toBe(WRONG);
    expect(await client.ask('PING')).toBe(MISSING);
    expect(await client.ask(`${word} "open sesame"`)).toBe('OK');
    expect(await client.ask('PING')).toBe('PONG');
    expect(await client.ask('RESET')).toBe('RESET');
    expect(await client.ask('PING')).toBe(MISSING);
  });

  it('one can leave', async () => {
    client.send('QUIT\n');
    expect(await client.readToEnd()).toBe('OK\n');
  });
});

it('refuses more clients than maxclients with a line', async () => {
  const small = await startInProcess({ maxclients: 2 });
  const first = await TextClient.connect(small.textPort);
  expect(await first.ask('PING')).toBe('PONG');
  const second = await TextClient.connect(small.textPort);
  expect(await second.readToEnd()).toBe('ERR max number of clients reached\n');
  first.close();
  await small.db.close();
});

const seed = chosenSeed();
/** Whatever can be asked for without the connection ending or the server waiting. */
const PIECES = [
  ...['GET', 'SET', 'DELETE', 'DEL', 'MGET', 'PING', 'ECHO', 'EXISTS', 'APPEND', 'PASS', 'TTL'],
  ...['CLIENT', 'REPLY', 'OFF', 'SKIP', 'CONFIG', 'COMMAND', 'DOCS', 'SCAN', 'HELLO', '3', '2'],
  ...[' ', ' ', ' ', ' ', '\t', 'a', 'b', '1', '10', '-1', 'EX', 'NX', '*1', '$3', '\\', '\\xff'],
  ...['"', '"', "'", '\0', '\r', '\v', '\x80', '\xff', '\x1b', '__proto__', '(nil)', '{', '['],
];

describe(`any bytes (SEED=${seed})`, () => {
  const aLine = fc
    .array(fc.constantFrom(...PIECES), { maxLength: 12 })
    .map((each) => each.join(''));

  it('get one line for each line that holds a word', async () => {
    const property = fc.asyncProperty(aLine, async (line) => {
      const words = splitWords(Buffer.from(line, 'latin1'));
      client.send(`${line}\nPING sentinel\n`);
      if (words === undefined || words.length > 0) {
        expect(await client.readLine()).not.toBe('"sentinel"');
      }
      expect(await client.readLine()).toBe('"sentinel"');
      expect(client.unread).toBe('');
    });
    await fc.assert(property, { seed, numRuns: 2000 });
  });

  it('harm nobody else', async () => {
    const random = new SeededRandom(seed);
    const resp = await RespClient.connect(server.port);
    for (let round = 0; round < 50; round++) {
      const wild = await connect();
      const bytes = Buffer.from(Array.from({ length: 5000 }, () => random.integer(0, 255)));
      wild.send(bytes);
      // Requests of the other protocol.
      wild.send('*1\r\n$4\r\nPING\r\n'.repeat(random.integer(0, 3)));
      wild.send(Buffer.alloc(random.pick([0, 10, 100_000]), random.integer(0, 255)));
      expect(await resp.call('PING')).toEqual({ type: 'simple', text: 'PONG' });
      if (random.integer(0, 1) === 0) wild.close();
    }
    expect(await client.ask('PING')).toBe('PONG');
    await resp.close();
  });
});
