import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { RawSocket } from '../support/raw-socket.ts';
import { freePort, type RunningServer, startRedstart } from '../support/server.ts';

/** An address that no machine has: it is reserved for documentation. */
const ABSENT_ADDRESS = '203.0.113.77';

const ipv6 = hasLoopback('IPv6');
const secondLoopback = process.platform === 'linux';
const outerAddress = ownOuterAddress();

let running: RunningServer[] = [];

afterEach(async () => {
  await Promise.all(running.map((server) => server.stop()));
  running = [];
});

async function start(...flags: readonly string[]): Promise<RunningServer> {
  const server = await startRedstart(flags);
  running.push(server);
  return server;
}

/** Sends PING to an address and answers what comes back. */
async function ping(host: string, port: number): Promise<string> {
  const socket = await RawSocket.connect({ host, port });
  await socket.write('PING\r\n');
  const reply = (await socket.take('+PONG\r\n'.length)).toString('latin1');
  socket.close();
  return reply;
}

describe('bind', () => {
  it.skipIf(!secondLoopback)(
    'listens on every address it names, and no other (Linux only)',
    async () => {
      const { port } = await start('--bind', '127.0.0.1', '127.0.0.2');
      expect(await ping('127.0.0.1', port)).toBe('+PONG\r\n');
      expect(await ping('127.0.0.2', port)).toBe('+PONG\r\n');
      await expect(ping('127.0.0.3', port)).rejects.toThrow('ECONNREFUSED');
    },
  );

  it.skipIf(!ipv6)('listens on IPv6 (skipped without it)', async () => {
    const { port } = await start('--bind', '127.0.0.1', '::1');
    expect(await ping('::1', port)).toBe('+PONG\r\n');
    expect(await ping('127.0.0.1', port)).toBe('+PONG\r\n');
    const socket = await RawSocket.connect({ host: '::1', port });
    await socket.write('CLIENT INFO\r\n');
    const info = await socket.take(200);
    expect(info.toString()).toContain(` addr=[::1]:${socket.localPort} laddr=[::1]:${port} `);
    socket.close();
  });

  it.skipIf(!ipv6)('listens on IPv6 only (skipped without it)', async () => {
    const { port } = await start('--bind', '::1');
    expect(await ping('::1', port)).toBe('+PONG\r\n');
    await expect(ping('127.0.0.1', port)).rejects.toThrow('ECONNREFUSED');
  });

  it('listens everywhere by default', async () => {
    const { port } = await start('--bind', '*', '-::*');
    expect(await ping('127.0.0.1', port)).toBe('+PONG\r\n');
    if (ipv6) expect(await ping('::1', port)).toBe('+PONG\r\n');
  });

  it('does without an address behind a - that the machine does not have', async () => {
    const { port } = await start('--bind', `-${ABSENT_ADDRESS}`, '127.0.0.1', '-2001:db8::77');
    expect(await ping('127.0.0.1', port)).toBe('+PONG\r\n');
  });

  it('fails for an address that the machine does not have', async () => {
    await expect(start('--bind', '127.0.0.1', ABSENT_ADDRESS)).rejects.toThrow(
      new RegExp(
        `code 1 .*Could not listen on ${ABSENT_ADDRESS}:\\d+: Cannot assign requested address`,
        's',
      ),
    );
  });

  it('fails when there is no address at all', async () => {
    await expect(start('--bind', `-${ABSENT_ADDRESS}`)).rejects.toThrow(
      /code 1 .*no address to listen on/s,
    );
  });

  it('fails when the port is in use, also behind a -', async () => {
    const port = await freePort();
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(port, '127.0.0.1', resolve));
    try {
      await expect(start('--port', String(port), '--bind', '-127.0.0.1')).rejects.toThrow(
        /code 1 .*Address already in use, aborting/s,
      );
    } finally {
      other.close();
    }
  });
});

describe('unixsocket', () => {
  it('serves beside TCP, with its permissions, and is gone at the end', async () => {
    const server = await start('--unixsocket', 'redstart.sock', '--unixsocketperm', '700');
    const path = join(server.dir, 'redstart.sock');
    expect(statSync(path).mode & 0o777).toBe(0o700);
    const socket = await RawSocket.connect({ path });
    await socket.write('SET k v\r\nGET k\r\n');
    await socket.expect('+OK\r\n$1\r\nv\r\n');
    await socket.write('CLIENT INFO\r\n');
    expect((await socket.take(150)).toString()).toContain(` addr=${path}:0 laddr=${path}:0 `);
    expect(await ping('127.0.0.1', server.port)).toBe('+PONG\r\n');
    socket.close();

    let socketWasThere = false;
    server.process.once('exit', () => {
      socketWasThere = existsSync(path);
    });
    await server.stop();
    expect(socketWasThere).toBe(false);
  });

  it('serves alone', async () => {
    const server = await start('--port', '0', '--unixsocket', 'alone.sock');
    const socket = await RawSocket.connect({ path: join(server.dir, 'alone.sock') });
    await socket.write('PING\r\n');
    await socket.expect('+PONG\r\n');
    socket.close();
    await expect(ping('127.0.0.1', server.port)).rejects.toThrow('ECONNREFUSED');
  });

  it('takes the place of a socket that a dead server has left', async () => {
    const dead = await start('--unixsocket', 's.sock');
    const path = join(dead.dir, 's.sock');
    const gone = new Promise((resolve) => dead.process.once('exit', resolve));
    dead.process.kill('SIGKILL');
    await gone;
    expect(existsSync(path)).toBe(true);

    const next = await start('--unixsocket', path);
    const socket = await RawSocket.connect({ path });
    await socket.write('PING\r\n');
    await socket.expect('+PONG\r\n');
    socket.close();
    await next.stop();
  });

  it('fails where there is no way to make one', async () => {
    const server = await start();
    mkdirSync(join(server.dir, 'directory'));
    for (const path of [join(server.dir, 'directory'), join(server.dir, 'missing', 's.sock')]) {
      await expect(start('--unixsocket', path)).rejects.toThrow(
        new RegExp(`code 1 .*Could not listen on unix socket ${path}: .*, aborting`, 's'),
      );
    }
  });
});

describe('tcp-keepalive', () => {
  const skipped = !existsSync('/proc/net/tcp');

  it.skipIf(skipped)('probes silent peers (skipped without /proc)', async () => {
    const { port } = await start('--tcp-keepalive', '100');
    const first = await RawSocket.connect(port);
    await first.write('PING\r\n');
    await first.expect('+PONG\r\n');
    const seconds = keepAliveSeconds(port, first.localPort);
    expect(seconds).toBeGreaterThan(90);
    expect(seconds).toBeLessThanOrEqual(100);

    await first.write('CONFIG SET tcp-keepalive 0\r\n');
    await first.expect('+OK\r\n');
    const second = await RawSocket.connect(port);
    await second.write('PING\r\n');
    await second.expect('+PONG\r\n');
    expect(keepAliveSeconds(port, second.localPort)).toBeUndefined();
    first.close();
    second.close();
  });
});

describe.skipIf(outerAddress === undefined)(
  'protected mode (skipped where the machine has no address but loopback ones)',
  () => {
    const host = outerAddress!;

    it('serves nobody from elsewhere while there is no password', async () => {
      const { port } = await start('--bind', '*', '--protected-mode', 'yes');
      const socket = await RawSocket.connect({ host, port });
      const refusal = (await socket.takeAll()).toString();
      expect(refusal).toMatch(/^-DENIED Redis is running in protected mode because .*\r\n$/);
      expect(await ping('127.0.0.1', port)).toBe('+PONG\r\n');

      const local = await RawSocket.connect(port);
      await local.write('CONFIG SET requirepass sesame\r\n');
      await local.expect('+OK\r\n');
      const client = await RawSocket.connect({ host, port });
      await client.write('PING\r\nAUTH sesame\r\nPING\r\n');
      await client.expect('-NOAUTH Authentication required.\r\n+OK\r\n+PONG\r\n');
      client.close();
      local.close();
    });

    it('serves them when it is off', async () => {
      const { port } = await start('--bind', '*', '--protected-mode', 'no');
      expect(await ping(host, port)).toBe('+PONG\r\n');
    });
  },
);

function hasLoopback(family: string): boolean {
  const all = Object.values(networkInterfaces()).flat();
  return all.some((each) => each?.internal && each.family === family);
}

function ownOuterAddress(): string | undefined {
  const all = Object.values(networkInterfaces()).flat();
  return all.find((each) => each !== undefined && !each.internal && each.family === 'IPv4')
    ?.address;
}

/**
 * Seconds until the server's side of a connection sends its next keep-alive probe; undefined when
 * it will send none.
 */
function keepAliveSeconds(serverPort: number, clientPort: number): number | undefined {
  const KEEP_ALIVE_TIMER = '02';
  const hex = (port: number) => port.toString(16).toUpperCase().padStart(4, '0');
  const rows = readFileSync('/proc/net/tcp', 'latin1').trim().split('\n').slice(1);
  const row = rows
    .map((line) => line.trim().split(/\s+/))
    .find(([, local, remote]) => {
      return local!.endsWith(`:${hex(serverPort)}`) && remote!.endsWith(`:${hex(clientPort)}`);
    });
  if (row === undefined) throw new Error('the connection is not listed');
  const [timer, hundredths] = row[5]!.split(':');
  return timer === KEEP_ALIVE_TIMER ? Number.parseInt(hundredths!, 16) / 100 : undefined;
}
