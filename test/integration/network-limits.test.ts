import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RawSocket } from '../support/raw-socket.ts';
import { encodeCommand, RespClient } from '../support/resp-client.ts';
import { type RunningServer, startRedstart } from '../support/server.ts';
import { infoField, untilClients } from '../support/server-info.ts';

const MEBIBYTE = 1024 * 1024;
/** More than the sockets of both sides and the system between them hold. */
const BEYOND_SOCKETS = 64 * MEBIBYTE;

let server: RunningServer;
let admin: RespClient;

beforeEach(async () => {
  server = await startRedstart();
  admin = await RespClient.connect(server.port);
});
afterEach(async () => {
  await admin.close();
  await server.stop();
});

async function configure(name: string, value: string): Promise<void> {
  expect(await admin.call('CONFIG', 'SET', name, value)).toEqual({ type: 'simple', text: 'OK' });
}

/** A connection that has been answered once, so that the server knows it. */
async function connected(): Promise<RawSocket> {
  const socket = await RawSocket.connect(server.port);
  await socket.write('PING\r\n');
  await socket.expect('+PONG\r\n');
  return socket;
}

/** Asks for a reply of a MiB so many times, without ever reading one. */
async function askAndNotRead(times: number): Promise<RawSocket> {
  await admin.call('SET', 'big', 'x'.repeat(MEBIBYTE));
  const socket = await connected();
  socket.pause();
  await socket.write('GET big\r\n'.repeat(times));
  return socket;
}

describe('timeout', () => {
  it('disconnects who is silent for so long, and nobody else', async () => {
    await configure('timeout', '1');
    const silent = await connected();
    const talking = await connected();
    const monitor = await connected();
    await monitor.write('MONITOR\r\n');
    await monitor.expect('+OK\r\n');
    const startMs = Date.now();
    while (silent.ending === undefined && Date.now() < startMs + 5_000) {
      await talking.write('PING\r\n');
      await talking.expect('+PONG\r\n');
      await admin.call('PING');
      await sleep(50);
    }
    expect(silent.ending).toBe('closed');
    expect(Date.now() - startMs).toBeGreaterThan(900);
    expect(Date.now() - startMs).toBeLessThan(3_000);
    expect(talking.ending).toBeUndefined();
    expect(monitor.ending).toBeUndefined();
    await untilClients(admin, 3);
    talking.close();
    monitor.close();
  });

  it('spares who reads a long reply slowly, and who is held back by a pause', async () => {
    const reader = await askAndNotRead(64);
    await configure('timeout', '1');
    const paused = await connected();
    await admin.call('CLIENT', 'PAUSE', '2500', 'WRITE');
    await paused.write('SET k v\r\n');
    const endMs = Date.now() + 2_200;
    while (Date.now() < endMs) {
      reader.resume();
      await sleep(2);
      reader.pause();
      await admin.call('PING');
      await sleep(100);
    }
    expect(reader.ending).toBeUndefined();
    await paused.expect('+OK\r\n');
    reader.resume();
    const replyBytes = `$${MEBIBYTE}\r\n`.length + MEBIBYTE + 2;
    await reader.take(64 * replyBytes, 20_000);
    reader.close();
    paused.close();
  });
});

describe('maxclients', () => {
  it('turns away one more, and lets others in as soon as there is room', async () => {
    await configure('maxclients', '3');
    const first = await connected();
    const second = await connected();
    for (let i = 0; i < 20; i++) {
      const refused = await RawSocket.connect(server.port);
      expect((await refused.takeAll()).toString()).toBe('-ERR max number of clients reached\r\n');
    }
    expect(await infoField(admin, 'stats', 'rejected_connections')).toBe('20');
    first.close();
    await untilClients(admin, 2);
    const third = await connected();
    await second.write('QUIT\r\n');
    expect((await second.takeAll()).toString()).toBe('+OK\r\n');
    third.reset();
    await untilClients(admin, 1);
    const others = [await connected(), await connected()];
    for (const other of others) other.close();
    expect(await infoField(admin, 'stats', 'rejected_connections')).toBe('20');
  });
});

describe('client-output-buffer-limit', () => {
  it('disconnects at the hard limit, whether it is met by many replies or by one', async () => {
    await configure('client-output-buffer-limit', `normal ${16 * MEBIBYTE} 0 0`);
    const many = await askAndNotRead(64);
    await untilClients(admin, 1);
    const one = await connected();
    one.pause();
    await one.write(encodeCommand(['MGET', ...Array.from({ length: 64 }, () => 'big')]));
    await untilClients(admin, 1);
    for (const socket of [many, one]) {
      socket.resume();
      expect(await socket.untilEnded(5_000)).toBe(true);
      expect(socket.length).toBeLessThan(BEYOND_SOCKETS);
    }
    expect(server.output()).toContain('Closing client: it does not read its replies');
    // One reply is not even built up to its end.
    expect(server.output()).toContain('Closing client: its reply is larger than it may hold');
  });

  it('keeps who reads, however much it asks for', async () => {
    await configure('client-output-buffer-limit', `normal ${16 * MEBIBYTE} 0 0`);
    await admin.call('SET', 'big', 'x'.repeat(MEBIBYTE));
    const socket = await connected();
    const replyBytes = `$${MEBIBYTE}\r\n`.length + MEBIBYTE + 2;
    for (let i = 0; i < 32; i++) {
      await socket.write('GET big\r\n'.repeat(4));
      await socket.take(4 * replyBytes);
    }
    socket.close();
  });

  it('disconnects above the soft limit only after its seconds', async () => {
    await configure('client-output-buffer-limit', `normal 0 ${16 * MEBIBYTE} 1`);
    const startMs = Date.now();
    const slow = await askAndNotRead(64);
    const recovering = await askAndNotRead(64);
    await sleep(500);
    expect(await infoField(admin, 'clients', 'connected_clients')).toBe('3');
    recovering.resume();
    await untilClients(admin, 2);
    expect(Date.now() - startMs).toBeGreaterThan(900);
    expect(Date.now() - startMs).toBeLessThan(3_000);
    slow.resume();
    expect(await slow.untilEnded(5_000)).toBe(true);
    const replyBytes = `$${MEBIBYTE}\r\n`.length + MEBIBYTE + 2;
    await recovering.take(64 * replyBytes, 20_000);
    expect(recovering.ending).toBeUndefined();
    recovering.close();
  });

  it('is tight before the password is given', async () => {
    await configure('requirepass', 'sesame');
    const flood = await RawSocket.connect(server.port);
    flood.pause();
    let sent = 0;
    while (sent < BEYOND_SOCKETS && flood.ending === undefined) {
      await Promise.race([flood.write('GET k\r\n'.repeat(100_000)), sleep(1_000)]);
      sent += 700_000;
    }
    await untilClients(admin, 1);
    flood.close();
  });
});

describe('limits of the input', () => {
  it('client-query-buffer-limit disconnects who sends more than is executed', async () => {
    await configure('client-query-buffer-limit', String(4 * MEBIBYTE));
    const socket = await connected();
    await socket.write(`*2\r\n$4\r\nECHO\r\n$${8 * MEBIBYTE}\r\n`);
    await socket.write(Buffer.alloc(3 * MEBIBYTE, 'x'));
    expect(await socket.untilEnded(200)).toBe(false);
    await socket.write(Buffer.alloc(2 * MEBIBYTE, 'x'));
    expect(await socket.untilEnded(5_000)).toBe(true);
    expect(server.output()).toContain('max query buffer length');

    // It is a limit of what waits, not of what is sent.
    const pipeline = await connected();
    const ping = encodeCommand(['ECHO', 'x'.repeat(100_000)]);
    const reply = `$100000\r\n${'x'.repeat(100_000)}\r\n`;
    for (let i = 0; i < 10; i++) {
      await pipeline.write(Buffer.concat(Array.from({ length: 10 }, () => ping)));
      await pipeline.expect(reply.repeat(10));
    }
    pipeline.close();
  });

  it('client-query-buffer-limit holds while commands are held back', async () => {
    await configure('client-query-buffer-limit', String(MEBIBYTE));
    await admin.call('CLIENT', 'PAUSE', '10000', 'WRITE');
    const socket = await connected();
    await socket.write(encodeCommand(['SET', 'k', 'v'.repeat(1000)]));
    for (let i = 0; i < 2000 && socket.ending === undefined; i++) {
      await socket.write(encodeCommand(['SET', 'k', 'v'.repeat(1000)]));
    }
    expect(await socket.untilEnded(5_000)).toBe(true);
    await admin.call('CLIENT', 'UNPAUSE');
    expect(await admin.call('EXISTS', 'k')).toEqual({ type: 'integer', value: 0n });
  });

  it('proto-max-bulk-len binds clients that are connected already', async () => {
    const before = await connected();
    await configure('proto-max-bulk-len', String(MEBIBYTE));
    await before.write(`*2\r\n$4\r\nECHO\r\n$${MEBIBYTE + 1}\r\n`);
    expect((await before.takeAll()).toString()).toBe(
      '-ERR Protocol error: invalid bulk length\r\n',
    );

    const after = await connected();
    const longest = 'x'.repeat(MEBIBYTE);
    await after.command('ECHO', longest);
    await after.expect(`$${MEBIBYTE}\r\n${longest}\r\n`);
    await after.command('SET', 'k', longest);
    await after.command('APPEND', 'k', 'y');
    await after.expect('+OK\r\n-ERR string exceeds maximum allowed size (proto-max-bulk-len)\r\n');
    after.close();
  });
});
