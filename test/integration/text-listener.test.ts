/** The text protocol on a running server, as docs/text-protocol.md describes it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { countInMemory } from '../support/process-memory.ts';
import { RespClient } from '../support/resp-client.ts';
import { freePort, type RunningServer, startRedstart } from '../support/server.ts';
import { TextClient } from '../support/text-client.ts';

const clients: TextClient[] = [];
const servers: RunningServer[] = [];

async function start(...flags: string[]): Promise<{ server: RunningServer; textPort: number }> {
  const textPort = await freePort();
  const server = await startRedstart(['--text-port', String(textPort), ...flags]);
  servers.push(server);
  return { server, textPort };
}

async function connect(port: number): Promise<TextClient> {
  const client = await TextClient.connect(port);
  clients.push(client);
  return client;
}

afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});
afterAll(async () => {
  for (const server of servers) await server.stop();
});

/** Asks for each line on the left and expects the line on the right. */
async function converse(client: TextClient, script: readonly [string, string][]): Promise<void> {
  for (const [line, reply] of script) expect([line, await client.ask(line)]).toEqual([line, reply]);
}

describe('with quoted replies', () => {
  let server: RunningServer;
  let textPort: number;

  beforeAll(async () => {
    ({ server, textPort } = await start());
  });

  it('sets, gets and deletes', async () => {
    await converse(await connect(textPort), [
      ['SET name "vimla"', 'OK'],
      ['GET name', '"vimla"'],
      ['DELETE name', 'OK'],
      ['GET name', '(nil)'],
      ['DELETE name', '(nil)'],
      ['SET name vimla', 'OK'],
      ['GET name', '"vimla"'],
      ['PING', 'PONG'],
    ]);
  });

  it('takes a time to live in seconds behind the value', async () => {
    const client = await connect(textPort);
    await converse(client, [
      ['SET session "token 1" 1', 'OK'],
      ['GET session', '"token 1"'],
      ['SET other v 100', 'OK'],
      ['TTL other', '100'],
    ]);
    const deadline = Date.now() + 5000;
    while ((await client.ask('GET session')) !== '(nil)' && Date.now() < deadline);
    expect(await client.ask('GET session')).toBe('(nil)');
    expect(await client.ask('TTL session')).toBe('-2');
  });

  it('answers each of many lines with one line, however they come', async () => {
    const client = await connect(textPort);
    const lines = [
      'SET k "a\\r\\nb"',
      'GET k',
      'MGET k x k',
      'INFO server',
      'NOSUCH',
      '"',
      'GET k',
    ];
    await client.sendInPieces(Buffer.from(`${lines.join('\n')}\n`), [1, 5, 2]);
    const replies = await client.readLines(lines.length);
    expect(replies[1]).toBe('"a\\r\\nb"');
    expect(replies[2]).toBe('["a\\r\\nb", (nil), "a\\r\\nb"]');
    expect(replies[3]).toMatch(/^"# Server\\r\\nredis_version:7\.2\.4\\r\\n/);
    expect(replies[4]).toMatch(/^ERR unknown command 'NOSUCH'/);
    expect(replies[5]).toBe('ERR unbalanced quotes in request');
    expect(replies[6]).toBe('"a\\r\\nb"');
    expect(client.unread).toBe('');
  });

  it('works on the same data as the other protocol', async () => {
    const client = await connect(textPort);
    const resp = await RespClient.connect(server.port);
    await client.ask('SET shared "\\x00\\xff"');
    expect(await resp.call('GET', 'shared')).toEqual({ type: 'bulk', bytes: Buffer.of(0, 255) });
    await resp.call('SET', 'shared', 'é');
    expect(await client.ask('GET shared')).toBe('"\\xe9"');
    await resp.close();
  });

  it('loses no update of many clients at once', async () => {
    const each = 500;
    const many = await Promise.all(Array.from({ length: 20 }, () => connect(textPort)));
    await many[0]!.ask('DEL counter');
    await Promise.all(
      many.map(async (client) => {
        client.send('INCR counter\n'.repeat(each));
        const replies = (await client.readLines(each)).map(Number);
        expect(replies.every((reply, i) => i === 0 || reply > replies[i - 1]!)).toBe(true);
      }),
    );
    expect(await many[0]!.ask('GET counter')).toBe(`"${many.length * each}"`);
  });

  it('is not disturbed by bytes that are no lines', async () => {
    const client = await connect(textPort);
    for (const bytes of [
      '*3\r\n$3\r\nSET\r\n',
      '\0\0\0\0',
      '\x16\x03\x01\x02\0',
      '"'.repeat(70_000),
    ]) {
      (await connect(textPort)).send(bytes);
    }
    expect(await client.ask('PING')).toBe('PONG');
    expect(server.process.exitCode).toBeNull();
  });
});

describe('with raw replies', () => {
  let textPort: number;

  beforeAll(async () => {
    ({ textPort } = await start('--text-replies', 'raw'));
  });

  it('is case-insensitive in commands and options', async () => {
    await converse(await connect(textPort), [
      ['set K v nx ex 100', 'OK'],
      ['Set K v2 Nx', '(nil)'],
      ['SET K v2 xx GET', 'v'],
      ['get K', 'v2'],
      ['gEt k', '(nil)'],
    ]);
  });

  it('sets with conditions and times', async () => {
    await converse(await connect(textPort), [
      ['SET t 1 PX 100000', 'OK'],
      ['TTL t', '100'],
      ['SET t 2 GET', '1'],
      ['TTL t', '-1'],
      ['SET missing 1 XX', '(nil)'],
      ['EXISTS missing', '0'],
      ['SET t 3 NX XX', 'ERR syntax error'],
      ['SET t 3 EX soon', 'ERR value is not an integer or out of range'],
      ['GET t', '2'],
    ]);
  });

  it('gets with times', async () => {
    await converse(await connect(textPort), [
      ['SET g v', 'OK'],
      ['TTL g', '-1'],
      ['GETEX g EX 50', 'v'],
      ['TTL g', '50'],
      ['GETEX g PX 70000', 'v'],
      ['TTL g', '70'],
      ['GETEX g PERSIST', 'v'],
      ['TTL g', '-1'],
      ['GETEX missing EX 50', '(nil)'],
      ['TTL missing', '-2'],
    ]);
  });

  it('deletes, counts, pings and quits', async () => {
    const client = await connect(textPort);
    await converse(client, [
      ['SET a 1', 'OK'],
      ['SET b 2', 'OK'],
      ['EXISTS a b c', '2'],
      ['DEL a b c', '2'],
      ['EXISTS a', '0'],
      ['PING', 'PONG'],
      ['PING hello', 'hello'],
    ]);
    client.send('QUIT\nPING\n');
    expect(await client.readToEnd()).toBe('OK\n');
  });

  it('writes a value between quotes when it would not be a line', async () => {
    await converse(await connect(textPort), [
      ['SET v "two\\nlines"', 'OK'],
      ['GET v', '"two\\nlines"'],
      [`SET v '"'`, 'OK'],
      ['GET v', '"\\""'],
      ['SET v ""', 'OK'],
      ['GET v', ''],
      ['MGET v x', '["", (nil)]'],
    ]);
  });
});

describe('with a password', () => {
  const PASSWORD = 'correct horse battery staple';
  const QUOTED = `"${PASSWORD}"`;
  const MISSING = 'NOAUTH Authentication required.';
  const WRONG = 'WRONGPASS invalid username-password pair or user is disabled.';
  let server: RunningServer;
  let textPort: number;

  beforeAll(async () => {
    ({ server, textPort } = await start('--requirepass', PASSWORD, '--loglevel', 'debug'));
  });

  it('asks for it before anything else', async () => {
    const client = await connect(textPort);
    await converse(client, [
      ['GET a', MISSING],
      ['SET a 1 100', MISSING],
      ['PING', MISSING],
      ['PASS wrong', WRONG],
      ['PASS', "ERR wrong number of arguments for 'pass' command"],
      ['GET a', MISSING],
      [`PASS ${QUOTED}`, 'OK'],
      ['GET a', '(nil)'],
      ['PING', 'PONG'],
    ]);
    await converse(await connect(textPort), [
      ['PING', MISSING],
      [`AUTH ${QUOTED}`, 'OK'],
      ['PING', 'PONG'],
      ['QUIT', 'OK'],
    ]);
  });

  it('shows it nowhere', async () => {
    const client = await connect(textPort);
    await client.ask(`PASS ${QUOTED}`);
    expect(await client.ask('CONFIG GET requirepass')).toBe('["requirepass", "********"]');
    await client.ask('CONFIG SET slowlog-log-slower-than 0');
    await client.ask(`PASS ${QUOTED}`);
    await client.ask(`PASS ${QUOTED} ${QUOTED}`);
    expect(await client.ask('SLOWLOG GET')).not.toContain(PASSWORD);
    expect(server.output()).not.toContain(PASSWORD);
  });

  it('is kept in memory neither from the configuration nor from a client', async (test) => {
    const kept = 'a-word-that-is-looked-for';
    const secret = 'the-password-that-is-looked-for';
    const dir = mkdtempSync(join(tmpdir(), 'redstart-test-'));
    try {
      // Not on the command line, which the system keeps.
      const file = join(dir, 'password.conf');
      writeFileSync(file, `requirepass ${secret}\n`);
      const { server: other, textPort: port } = await start('--include', file);
      const client = await connect(port);
      expect(await client.ask(`PASS ${secret}`)).toBe('OK');
      expect(await client.ask(`SET a ${kept}`)).toBe('OK');
      const found = countInMemory(other.process.pid!, Buffer.from(kept));
      if (found === undefined) test.skip('the system does not show the memory of a process');
      expect(found).toBeGreaterThan(0);
      expect(countInMemory(other.process.pid!, Buffer.from(secret))).toBe(0);
      expect(countInMemory(other.process.pid!, Buffer.from(secret, 'utf16le'))).toBe(0);
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });

  it('can be given another one while it runs', async () => {
    const { server: other, textPort: port } = await start('--requirepass', 'first-password');
    const client = await connect(port);
    await converse(client, [
      ['PASS first-password', 'OK'],
      ['CONFIG SET requirepass second-password', 'OK'],
      ['PING', 'PONG'],
    ]);
    await converse(await connect(port), [
      ['PASS first-password', WRONG],
      ['PASS second-password', 'OK'],
    ]);
    expect(other.output()).not.toMatch(/(first|second)-password/);
  });
});
