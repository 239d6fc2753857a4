import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RawSocket } from '../support/raw-socket.ts';
import { encodeCommand, RespClient } from '../support/resp-client.ts';
import { chosenSeed, SeededRandom } from '../support/seeded-random.ts';
import { type RunningServer, startRedstart } from '../support/server.ts';
import { infoNumber, untilClients } from '../support/server-info.ts';

const MEBIBYTE = 1024 * 1024;
const GROWTH_BYTES_MAX = 48 * MEBIBYTE;

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

/** Bytes of which each says where it is. */
function pattern(length: number, start = 0): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  for (let i = 0; i < length; i++) bytes[i] = ((start + i) * 7919) >> 8;
  return bytes;
}

describe('a connection that the client closes', () => {
  it('in one direction still gets its replies', async () => {
    const big = pattern(MEBIBYTE);
    await admin.call('SET', 'big', big);
    const socket = await RawSocket.connect(server.port);
    socket.pause();
    await socket.write('GET big\r\n'.repeat(50));
    socket.endWriting();
    await sleep(100);
    socket.resume();
    const reply = bulkReply(big);
    const all = await socket.takeAll();
    expect(all.equals(Buffer.concat(Array.from({ length: 50 }, () => reply)))).toBe(true);
    expect(socket.ending).toBe('closed');
    await untilClients(admin, 1);
  });

  it('in one direction in the middle of a command gets what is due and no more', async () => {
    const socket = await RawSocket.connect(server.port);
    await socket.write('SET k v\r\n*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5\r\nhal');
    socket.endWriting();
    expect((await socket.takeAll()).toString()).toBe('+OK\r\n');
    expect(await admin.call('GET', 'k')).toEqual({ type: 'bulk', bytes: Buffer.from('v') });
    await untilClients(admin, 1);
  });

  it('by a reset is forgotten, whatever it waits for', async () => {
    await admin.call('SET', 'big', pattern(MEBIBYTE));
    for (const input of [
      '',
      'PING\r\n',
      '*2\r\n$3\r\nGE',
      'GET big\r\n'.repeat(100),
      'MONITOR\r\n',
    ]) {
      const sockets = await Promise.all(
        Array.from({ length: 10 }, () => RawSocket.connect(server.port)),
      );
      for (const socket of sockets) socket.pause();
      await Promise.all(sockets.map((socket) => socket.write(input)));
      await sleep(20);
      for (const socket of sockets) socket.reset();
    }
    await untilClients(admin, 1);
    expect(await admin.call('PING')).toEqual({ type: 'simple', text: 'PONG' });
  });
});

describe('many connections', () => {
  it('leave nothing behind when they have come and gone', { timeout: 60_000 }, async () => {
    const descriptors = () => readdirSync(`/proc/${server.process.pid}/fd`).length;
    await connectAndLeave(2_000);
    await untilClients(admin, 1);
    const before = await infoNumber(admin, 'memory', 'used_memory_rss');
    const descriptorsBefore = process.platform === 'linux' ? descriptors() : 0;
    await connectAndLeave(5_000);
    await untilClients(admin, 1);
    const growth = (await infoNumber(admin, 'memory', 'used_memory_rss')) - before;
    console.log(`5000 connections: resident memory grew by ${Math.round(growth / 1024)} KiB`);
    expect(growth).toBeLessThan(GROWTH_BYTES_MAX);
    if (process.platform === 'linux') expect(descriptors()).toBe(descriptorsBefore);
    expect(await infoNumber(admin, 'stats', 'total_connections_received')).toBe(7_001);
  });

  /** Every second one says something first; they end in all the ways there are. */
  async function connectAndLeave(count: number): Promise<void> {
    const AT_ONCE = 50;
    for (let i = 0; i < count; i += AT_ONCE) {
      const batch = Array.from({ length: AT_ONCE }, async (_, at) => {
        const socket = await RawSocket.connect(server.port);
        if (at % 2 === 0) {
          await socket.write('PING\r\n');
          await socket.expect('+PONG\r\n');
        }
        if (at % 3 === 0) socket.reset();
        else if (at % 3 === 1) socket.close();
        else {
          await socket.write('QUIT\r\n');
          await socket.expect('+OK\r\n');
        }
        expect(await socket.untilEnded(5_000)).toBe(true);
      });
      await Promise.all(batch);
    }
  }
});

describe('QUIT', () => {
  it('is answered, ends the connection, and nothing behind it is run', async () => {
    const socket = await RawSocket.connect(server.port);
    await socket.write(`SET k 1\r\nQUIT\r\n${'INCR k\r\n'.repeat(500)}`);
    expect((await socket.takeAll()).toString()).toBe('+OK\r\n+OK\r\n');
    expect(await admin.call('GET', 'k')).toEqual({ type: 'bulk', bytes: Buffer.from('1') });
  });

  it('lets long replies before it out to a slow reader', async () => {
    const big = pattern(MEBIBYTE);
    await admin.call('SET', 'big', big);
    const socket = await RawSocket.connect(server.port);
    socket.pause();
    await socket.write(`${'GET big\r\n'.repeat(30)}QUIT\r\nPING\r\n`);
    await sleep(100);
    socket.resume();
    const reply = bulkReply(big);
    const expected = [...Array.from({ length: 30 }, () => reply), Buffer.from('+OK\r\n')];
    expect((await socket.takeAll()).equals(Buffer.concat(expected))).toBe(true);
  });
});

describe('much to send and to read', () => {
  it('reaches readers that are slower than the server intact', { timeout: 60_000 }, async () => {
    const values = [1, 100, 5_000, 70_000, 300_000, 2_000_000].map((length) => pattern(length));
    for (const [i, value] of values.entries()) await admin.call('SET', `k${i}`, value);
    const replies = values.map(bulkReply);
    await Promise.all(
      [1, 2, 5].map(async (step) => {
        const socket = await RawSocket.connect(server.port);
        const order = Array.from({ length: 120 }, (_, i) => (i * step) % values.length);
        const expected = Buffer.concat(order.map((i) => replies[i]!));
        await socket.write(order.map((i) => `GET k${i}\r\n`).join(''));
        await readSlowly(socket, expected.length);
        expect((await socket.take(expected.length)).equals(expected)).toBe(true);
        socket.close();
      }),
    );
    const sentBytes = await infoNumber(admin, 'stats', 'total_net_output_bytes');
    expect(sentBytes).toBeGreaterThan(100 * MEBIBYTE);
  });

  it('reaches readers that catch up while it is written', { timeout: 60_000 }, async () => {
    await admin.call('SET', 'big', pattern(MEBIBYTE));
    const length = 64 * bulkReply(pattern(MEBIBYTE)).length;
    for (let round = 0; round < 3; round++) {
      const sockets = await Promise.all(
        Array.from({ length: 8 }, () => RawSocket.connect(server.port)),
      );
      for (const socket of sockets) socket.pause();
      await Promise.all(sockets.map((socket) => socket.write('GET big\r\n'.repeat(64))));
      for (const socket of sockets) socket.resume();
      await Promise.all(sockets.map((socket) => socket.take(length, 20_000)));
      for (const socket of sockets) socket.close();
    }
  });

  it('is taken in however it is cut', { timeout: 60_000 }, async () => {
    const seed = chosenSeed();
    console.log(`64 MiB cut at random places: SEED=${seed}`);
    const random = new SeededRandom(seed);
    const value = pattern(64 * MEBIBYTE, seed);
    const input = Buffer.concat([
      encodeCommand(['SET', 'k', value]),
      encodeCommand(['STRLEN', 'k']),
      encodeCommand(['SET', 'after', 'it']),
    ]);
    const socket = await RawSocket.connect(server.port);
    for (let at = 0; at < input.length; ) {
      // Small pieces at both ends, where the headers are.
      const nearEnd = Math.min(at, input.length - at) < 200;
      const length = random.integer(1, nearEnd ? 3 : random.pick([10, 5_000, 3 * MEBIBYTE]));
      await socket.write(input.subarray(at, at + length));
      if (nearEnd) await sleep(1);
      at += length;
    }
    await socket.expect(`+OK\r\n:${value.length}\r\n+OK\r\n`);
    await socket.write('GET k\r\n');
    const expected = bulkReply(value);
    expect((await socket.take(expected.length, 30_000)).equals(expected)).toBe(true);
    socket.close();
  });
});

function bulkReply(value: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`$${value.length}\r\n`), value, Buffer.from('\r\n')]);
}

/** Reads with interruptions until so many bytes are there. */
async function readSlowly(socket: RawSocket, length: number): Promise<void> {
  while (socket.length < length && socket.ending === undefined) {
    socket.pause();
    await sleep(3);
    socket.resume();
    await sleep(1);
  }
}
