import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { p99WhileMs } from '../support/answer-times.ts';
import { RawSocket } from '../support/raw-socket.ts';
import { encodeCommand, RespClient } from '../support/resp-client.ts';
import { type RunningServer, startRedstart } from '../support/server.ts';
import { infoField, untilClients } from '../support/server-info.ts';

const MEBIBYTE = 1024 * 1024;
const MESSAGE_BYTES = 16 * 1024;
const MESSAGE = 'm'.repeat(MESSAGE_BYTES);
const PUBLISHED = encodeCommand(['PUBLISH', 'c', MESSAGE]);
const DELIVERED_BYTES = encodeCommand(['message', 'c', MESSAGE]).length;
const SUBSCRIBED = '*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n';

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

async function limit(hardBytes: number, softBytes: number, softSeconds: number): Promise<void> {
  const value = `pubsub ${hardBytes} ${softBytes} ${softSeconds}`;
  await admin.call('CONFIG', 'SET', 'client-output-buffer-limit', value);
}

async function subscribed(): Promise<RawSocket> {
  const socket = await RawSocket.connect(server.port);
  await socket.command('SUBSCRIBE', 'c');
  await socket.expect(SUBSCRIBED);
  return socket;
}

/** Publishes so many messages, 16 at a time, as fast as they are answered. */
async function publish(messages: number): Promise<void> {
  const publisher = await RespClient.connect(server.port);
  for (let sent = 0; sent < messages; sent += 16) {
    publisher.sendBytes(Buffer.concat(Array(16).fill(PUBLISHED)));
    for (let i = 0; i < 16; i++) await publisher.read();
  }
  await publisher.close();
}

function residentMebibytes(): number {
  const status = readFileSync(`/proc/${server.process.pid}/status`, 'latin1');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)![1]) / 1024;
}

describe('client-output-buffer-limit pubsub', () => {
  it('cuts a subscriber that never reads, while another gets everything', async () => {
    await limit(8 * MEBIBYTE, 0, 0);
    const [reader, silent] = [await subscribed(), await subscribed()];
    silent.pause();
    const messages = 1_600;
    const [read] = await Promise.all([
      reader.take(messages * DELIVERED_BYTES, 20_000),
      publish(messages),
    ]);
    expect(read.equals(Buffer.concat(Array(messages).fill(delivered())))).toBe(true);
    await untilClients(admin, 2);
    expect(await infoField(admin, 'stats', 'pubsub_channels')).toBe('1');
    expect(await admin.call('PUBSUB', 'NUMSUB', 'c')).toMatchObject({ items: [{}, { value: 1n }] });
    expect(server.output()).toContain('Closing client: it does not read its replies');
    silent.resume();
    expect(await silent.untilEnded(5_000)).toBe(true);
    expect(reader.ending).toBeUndefined();
    reader.close();
  });

  it('keeps others from noticing a subscriber that never reads, until it is cut', async () => {
    await limit(16 * MEBIBYTE, 0, 0);
    const reader = await subscribed();
    const messages = 1_600;
    const whileMs = async (): Promise<number> => {
      const [p99Ms] = await Promise.all([
        p99WhileMs(server.port, () => publish(messages)),
        reader.take(messages * DELIVERED_BYTES, 30_000),
      ]);
      return p99Ms;
    };
    await whileMs();
    const aloneMs = await whileMs();
    const silent = await subscribed();
    silent.pause();
    const besideMs = await whileMs();
    await untilClients(admin, 2);
    expect(besideMs).toBeLessThan(3 * aloneMs + 10);
    silent.close();
    reader.close();
  });

  it('cuts above the soft limit only after its seconds, whether or not more comes', async () => {
    await limit(0, 4 * MEBIBYTE, 1);
    const silent = await subscribed();
    silent.pause();
    await publish(1_600);
    const startMs = Date.now();
    await sleep(400);
    expect(await infoField(admin, 'clients', 'connected_clients')).toBe('2');
    await untilClients(admin, 1);
    expect(Date.now() - startMs).toBeLessThan(3_000);
    silent.close();
  });

  it('gives the memory of those it cuts back', async () => {
    await limit(16 * MEBIBYTE, 0, 0);
    await publish(160);
    const before = residentMebibytes();
    for (let i = 0; i < 12; i++) {
      const silent = await subscribed();
      silent.pause();
      await publish(1_600);
      await untilClients(admin, 1);
      silent.close();
    }
    // Twelve times 16 MiB and what lay in the sockets would be 300.
    expect(residentMebibytes() - before).toBeLessThan(120);
  });

  it('does not bind clients that do not subscribe, or do no longer', async () => {
    await limit(MEBIBYTE, 0, 0);
    await admin.call('SET', 'big', 'x'.repeat(MEBIBYTE));
    const socket = await subscribed();
    await socket.command('UNSUBSCRIBE');
    await socket.expect(SUBSCRIBED.replace('$9\r\n', '$11\r\nun').replace(':1', ':0'));
    socket.pause();
    await socket.write('GET big\r\n'.repeat(32));
    await sleep(200);
    socket.resume();
    await socket.take(32 * (`$${MEBIBYTE}\r\n`.length + MEBIBYTE + 2), 20_000);
    expect(socket.ending).toBeUndefined();
    socket.close();
  });
});

describe('timeout', () => {
  it('spares subscribers', async () => {
    await admin.call('CONFIG', 'SET', 'timeout', '1');
    const subscriber = await subscribed();
    for (let i = 0; i < 12; i++) {
      await sleep(200);
      await admin.call('PING');
    }
    expect(await admin.call('PUBLISH', 'c', MESSAGE)).toMatchObject({ value: 1n });
    expect((await subscriber.take(DELIVERED_BYTES)).equals(delivered())).toBe(true);
    subscriber.close();
  });
});

function delivered(): Buffer {
  return encodeCommand(['message', 'c', MESSAGE]);
}
