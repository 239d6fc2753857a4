import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RawSocket } from '../support/raw-socket.ts';
import { encodeCommand, RespClient } from '../support/resp-client.ts';
import { type RunningServer, startRedstart } from '../support/server.ts';
import { infoNumber, untilClients } from '../support/server-info.ts';

const MEBIBYTE = 1024 * 1024;

let server: RunningServer;
let admin: RespClient;

beforeEach(async () => {
  server = await startRedstart();
  admin = await RespClient.connect(server.port);
  await admin.call('CLIENT', 'NO-EVICT', 'ON');
});
afterEach(async () => {
  await admin.close();
  await server.stop();
});

/** A client that has sent so much of a command, and not its end. */
async function sendingBytes(count: number): Promise<RawSocket> {
  const socket = await RawSocket.connect(server.port);
  const whole = encodeCommand(['SET', 'k', 'x'.repeat(count + 1000)]);
  await socket.write(whole.subarray(0, count));
  return socket;
}

/** A subscriber that never reads. */
async function deafSubscriber(): Promise<RawSocket> {
  const socket = await RawSocket.connect(server.port);
  await socket.command('SUBSCRIBE', 'c');
  await socket.expect('*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n');
  socket.pause();
  return socket;
}

describe('maxmemory-clients', () => {
  it('disconnects the client with the largest unfinished command', async () => {
    await admin.call('CONFIG', 'SET', 'maxmemory-clients', String(6 * MEBIBYTE));
    const small = await sendingBytes(MEBIBYTE);
    const large = await sendingBytes(3 * MEBIBYTE);
    await untilClients(admin, 3);
    const largest = await sendingBytes(5 * MEBIBYTE);
    expect(await largest.untilEnded(5_000)).toBe(true);
    expect([small.ending, large.ending]).toEqual([undefined, undefined]);
    expect(await infoNumber(admin, 'stats', 'evicted_clients')).toBe(1);
    expect(server.output()).toContain('Evicting client');
    small.close();
    large.close();
  });

  it('disconnects a subscriber that does not read, below its own limit', async () => {
    await admin.call('CONFIG', 'SET', 'maxmemory-clients', String(8 * MEBIBYTE));
    const deaf = await deafSubscriber();
    const message = 'm'.repeat(64 * 1024);
    // What the system takes for it does not count.
    for (let i = 0; i < 320; i++) await admin.call('PUBLISH', 'c', message);
    await untilClients(admin, 1);
    expect(await infoNumber(admin, 'stats', 'evicted_clients')).toBe(1);
    deaf.resume();
    expect(await deaf.untilEnded(5_000)).toBe(true);
  });

  it('is a share of maxmemory when it is a percentage', async () => {
    await admin.call('CONFIG', 'SET', 'maxmemory-clients', '5%');
    const sending = await sendingBytes(3 * MEBIBYTE);
    await untilClients(admin, 2);
    await admin.call('CONFIG', 'SET', 'maxmemory', String(100 * MEBIBYTE));
    expect(sending.ending).toBeUndefined();
    await admin.call('CONFIG', 'SET', 'maxmemory', String(20 * MEBIBYTE));
    expect(await sending.untilEnded(5_000)).toBe(true);
  });
});

describe('CLIENT LIST', () => {
  it('tells what a client has sent, what it has not read, and both in all', async () => {
    const sending = await sendingBytes(2 * MEBIBYTE);
    const deaf = await deafSubscriber();
    const message = 'm'.repeat(64 * 1024);
    for (let i = 0; i < 160; i++) await admin.call('PUBLISH', 'c', message);
    const lines = String(await text('CLIENT', 'LIST')).split('\n');
    const sender = fieldsOf(lines.find((line) => line.includes('cmd=NULL'))!);
    expect(sender.qbuf).toBe(2 * MEBIBYTE);
    expect(sender['tot-mem']).toBeGreaterThan(sender.qbuf! + sender['qbuf-free']!);
    const subscriber = fieldsOf(lines.find((line) => line.includes('sub=1'))!);
    expect(subscriber.omem).toBeGreaterThan(MEBIBYTE);
    expect(subscriber.omem).toBeLessThan(160 * 65 * 1024);
    expect(subscriber['tot-mem']).toBeGreaterThan(subscriber.omem!);
    sending.close();
    deaf.close();
  });
});

async function text(...command: readonly string[]): Promise<string> {
  const reply = await admin.call(...command);
  if (reply.type !== 'bulk') throw new Error(`a ${reply.type} in place of text`);
  return reply.bytes.toString();
}

function fieldsOf(line: string): Record<string, number | undefined> {
  return Object.fromEntries(
    line.split(' ').map((word) => {
      const [name, value] = word.split('=');
      return [name, Number(value)];
    }),
  );
}
