import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { loadConfiguration } from '../../src/engine/config-file.ts';
import { Redstart } from '../../src/redstart.ts';
import { RespClient } from '../support/resp-client.ts';
import type { Reply } from '../support/resp-reply.ts';
import { freePort, type RunningServer, startRedstart, startTestServer } from '../support/server.ts';
import { TextClient } from '../support/text-client.ts';

/** An address that no machine has: it is reserved for documentation. */
const ABSENT_ADDRESS = '203.0.113.77';

const PORT_REFUSED =
  "ERR CONFIG SET failed (possibly related to argument 'port') - " +
  'Unable to listen on this port. Check server logs.';
const ADDRESSES_REFUSED =
  "ERR CONFIG SET failed (possibly related to argument 'bind') - " +
  'Failed to bind to specified addresses.';

const secondLoopback = process.platform === 'linux';

const closing: Array<() => unknown> = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function start(...flags: readonly string[]): Promise<RunningServer> {
  const server = await startTestServer(flags);
  closing.push(() => server.stop());
  return server;
}

async function connect(port: number): Promise<RespClient> {
  const client = await RespClient.connect(port);
  closing.push(() => client.close());
  return client;
}

/** Sends a command and answers its reply as text, an array as its elements between blanks. */
async function ask(client: RespClient, ...args: readonly string[]): Promise<string> {
  return textOf(await client.call(...args));
}

function textOf(reply: Reply): string {
  switch (reply.type) {
    case 'simple':
    case 'error':
      return reply.text.trimEnd();
    case 'bulk':
      return reply.bytes.toString('latin1');
    case 'array':
      return reply.items.map(textOf).join(' ');
    default:
      return reply.type;
  }
}

/** What PING gets on a new connection to an address. */
async function ping(port: number): Promise<string> {
  return ask(await connect(port), 'PING');
}

/** A port that somebody else listens on, and only there. */
async function takenPort(): Promise<number> {
  const port = await freePort();
  const other: Server = createServer();
  await new Promise<void>((resolve) => void other.listen(port, '127.0.0.1', resolve));
  closing.push(() => new Promise((resolve) => void other.close(resolve)));
  return port;
}

describe('CONFIG SET port', () => {
  it('moves the listener and keeps who is connected', async () => {
    const { port } = await start();
    const client = await connect(port);
    const next = await freePort();
    expect(await ask(client, 'CONFIG', 'SET', 'port', String(next))).toBe('OK');
    expect(await ask(client, 'PING')).toBe('PONG');
    await expect(ping(port)).rejects.toThrow('ECONNREFUSED');
    const late = await connect(next);
    expect(await ask(late, 'CONFIG', 'GET', 'port')).toBe(`port ${next}`);
    expect(await ask(late, 'INFO', 'server')).toContain(`tcp_port:${next}\r\n`);
  });

  it('is refused with the old port open when the new one is taken', async () => {
    const { port } = await start();
    const client = await connect(port);
    const taken = await takenPort();
    expect(await ask(client, 'CONFIG', 'SET', 'port', String(taken))).toBe(PORT_REFUSED);
    expect(await ask(client, 'CONFIG', 'GET', 'port')).toBe(`port ${port}`);
    expect(await ping(port)).toBe('PONG');
  });

  it('is all or nothing with what is set beside it', async () => {
    const { port } = await start();
    const client = await connect(port);
    const before = await ask(client, 'CONFIG', 'GET', 'maxmemory', 'maxclients', 'bind', 'port');
    const taken = String(await takenPort());
    for (const pairs of [
      ['maxmemory', '1mb', 'port', taken],
      ['port', taken, 'maxclients', '77', 'maxmemory', '1mb'],
      ['port', taken, 'bind', '127.0.0.1'],
    ]) {
      expect(await ask(client, 'CONFIG', 'SET', ...pairs)).toBe(PORT_REFUSED);
    }
    const free = String(await freePort());
    expect(await ask(client, 'CONFIG', 'SET', 'port', free, 'bind', ABSENT_ADDRESS)).toBe(
      PORT_REFUSED,
    );
    expect(await ask(client, 'CONFIG', 'SET', 'bind', ABSENT_ADDRESS, 'port', free)).toBe(
      ADDRESSES_REFUSED,
    );
    const after = await ask(client, 'CONFIG', 'GET', 'maxmemory', 'maxclients', 'bind', 'port');
    expect(after).toBe(before);
    expect(await ping(port)).toBe('PONG');
    await expect(ping(Number(free))).rejects.toThrow('ECONNREFUSED');
  });

  it('can close the port, and open it again', async () => {
    const { port } = await start();
    const client = await connect(port);
    expect(await ask(client, 'CONFIG', 'SET', 'port', '0')).toBe('OK');
    await expect(ping(port)).rejects.toThrow('ECONNREFUSED');
    expect(await ask(client, 'CONFIG', 'SET', 'port', String(port))).toBe('OK');
    expect(await ping(port)).toBe('PONG');
  });

  it('works within a transaction', async () => {
    const { port } = await start();
    const client = await connect(port);
    const next = String(await freePort());
    await client.call('MULTI');
    await client.call('CONFIG', 'SET', 'port', next);
    await client.call('CONFIG', 'GET', 'port');
    expect(await ask(client, 'EXEC')).toBe(`OK port ${next}`);
    expect(await ping(Number(next))).toBe('PONG');
  });
});

describe('CONFIG SET bind', () => {
  it('is refused with the old addresses open', async () => {
    const { port } = await start();
    const client = await connect(port);
    for (const addresses of [ABSENT_ADDRESS, `127.0.0.1 ${ABSENT_ADDRESS}`]) {
      expect(await ask(client, 'CONFIG', 'SET', 'bind', addresses)).toBe(ADDRESSES_REFUSED);
      expect(await ask(client, 'CONFIG', 'GET', 'bind')).toBe('bind 127.0.0.1');
      expect(await ping(port)).toBe('PONG');
    }
  });

  it('moves between one address and all, on one port', async () => {
    const { port } = await start();
    const client = await connect(port);
    for (const addresses of ['*', '127.0.0.1 -::1', '* -::*', `127.0.0.1 -${ABSENT_ADDRESS}`]) {
      expect(await ask(client, 'CONFIG', 'SET', 'bind', addresses)).toBe('OK');
      expect(await ask(client, 'CONFIG', 'GET', 'bind')).toBe(`bind ${addresses}`);
      expect(await ping(port)).toBe('PONG');
    }
  });

  it.skipIf(!secondLoopback)('leaves the addresses that it no longer names (Linux)', async () => {
    const { port } = await start();
    const client = await connect(port);
    expect(await ask(client, 'CONFIG', 'SET', 'bind', '127.0.0.2')).toBe('OK');
    await expect(ping(port)).rejects.toThrow('ECONNREFUSED');
    expect(await ask(client, 'CONFIG', 'SET', 'bind', 'localhost')).toBe('OK');
    expect(await ping(port)).toBe('PONG');
  });

  it('without any address closes the port', async () => {
    const { port } = await start();
    const client = await connect(port);
    expect(await ask(client, 'CONFIG', 'SET', 'bind', '')).toBe('OK');
    await expect(ping(port)).rejects.toThrow('ECONNREFUSED');
    expect(await ask(client, 'CONFIG', 'SET', 'bind', '127.0.0.1')).toBe('OK');
    expect(await ping(port)).toBe('PONG');
  });
});

describe('the line protocol', () => {
  it('moves with text-port and with bind, or stays where it is', async () => {
    const server = await startRedstart(['--text-port', String(await freePort())]);
    closing.push(() => server.stop());
    const client = await connect(server.port);
    const next = await freePort();
    expect(await ask(client, 'CONFIG', 'SET', 'text-port', String(next))).toBe('OK');
    expect(await pingInText(next)).toBe('PONG');
    expect(await ask(client, 'CONFIG', 'SET', 'bind', '*')).toBe('OK');
    expect(await pingInText(next)).toBe('PONG');
    expect(await ask(client, 'CONFIG', 'SET', 'bind', ABSENT_ADDRESS)).toBe(ADDRESSES_REFUSED);
    expect(await pingInText(next)).toBe('PONG');
    const taken = String(await takenPort());
    expect(await ask(client, 'CONFIG', 'SET', 'text-port', taken)).toContain(
      "argument 'text-port'",
    );
    expect(await pingInText(next)).toBe('PONG');
  });

  async function pingInText(port: number): Promise<string> {
    const client = await TextClient.connect(port);
    closing.push(() => client.close());
    return client.ask('PING');
  }
});

describe('a configuration file', () => {
  it('gets the port from CONFIG REWRITE', async () => {
    const { dir } = await start();
    const file = join(dir, 'moved.conf');
    writeFileSync(file, `hz 20\nbind 127.0.0.1\nport ${await freePort()}\n`);
    const config = await loadConfiguration([file], noInput, { version: '' });
    const redstart = new Redstart(config);
    closing.push(() => redstart.stop());
    await redstart.listen();
    const client = await connect(redstart.ports.port);
    const next = await freePort();
    expect(await ask(client, 'CONFIG', 'SET', 'port', String(next))).toBe('OK');
    expect(redstart.ports.port).toBe(next);
    expect(await ask(client, 'CONFIG', 'REWRITE')).toBe('OK');
    expect(readFileSync(file, 'latin1')).toContain(`port ${next}\n`);
  });

  it('does not know of a port that the system chose: it is found again', async () => {
    const config = await loadConfiguration(['--bind', '127.0.0.1', '--port', '0'], noInput, {
      version: '',
    });
    const redstart = new Redstart(config);
    closing.push(() => redstart.stop());
    await redstart.listenOn({ port: 0, textPort: undefined, unixSocket: undefined });
    const { port } = redstart.ports;
    const client = await connect(port);
    const taken = String(await takenPort());
    expect(await ask(client, 'CONFIG', 'SET', 'port', taken)).toBe(PORT_REFUSED);
    expect(await ping(port)).toBe('PONG');
    expect(await ask(client, 'CONFIG', 'SET', 'bind', '*')).toBe('OK');
    expect(redstart.ports.port).toBe(port);
  });
});

async function noInput(): Promise<Buffer> {
  return Buffer.alloc(0);
}
