import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { p99WhileMs } from '../support/answer-times.ts';
import { RawSocket } from '../support/raw-socket.ts';
import { encodeCommand, RespClient } from '../support/resp-client.ts';
import { type RunningServer, startRedstart } from '../support/server.ts';
import { infoField, untilClients } from '../support/server-info.ts';

const VALUE = 'v'.repeat(16 * 1024);
const SET = encodeCommand(['SET', 'k', VALUE]);
/** Commands that are 48 MiB as lines of MONITOR, and how many are sent together. */
const COMMANDS = 3_072;
const TOGETHER = 16;

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

async function monitor(): Promise<RawSocket> {
  const socket = await RawSocket.connect(server.port);
  await socket.write('MONITOR\r\n');
  await socket.expect('+OK\r\n');
  return socket;
}

/** Sends all commands, so many together, as fast as they are answered. */
async function write(): Promise<void> {
  const writer = await RespClient.connect(server.port);
  for (let sent = 0; sent < COMMANDS; sent += TOGETHER) {
    writer.sendBytes(Buffer.concat(Array(TOGETHER).fill(SET)));
    for (let i = 0; i < TOGETHER; i++) expect(await writer.read()).toMatchObject({ text: 'OK' });
  }
  await writer.close();
}

describe('MONITOR', () => {
  it('ends for a client that never reads, while one that reads sees everything', async () => {
    const [reading, silent] = [await monitor(), await monitor()];
    silent.pause();
    const line = `+1234567890.123456 [0 127.0.0.1:12345] "SET" "k" "${VALUE}"\r\n`;
    const seen = reading.take(COMMANDS * line.length, 20_000);
    const writer = await RespClient.connect(server.port);
    let slowestMs = 0;
    for (let sent = 0; sent < COMMANDS; sent += TOGETHER) {
      const startMs = performance.now();
      writer.sendBytes(Buffer.concat(Array(TOGETHER).fill(SET)));
      for (let i = 0; i < TOGETHER; i++) expect(await writer.read()).toMatchObject({ text: 'OK' });
      slowestMs = Math.max(slowestMs, performance.now() - startMs);
    }
    const text = (await seen).toString('latin1');
    expect(text.match(/\[0 [^\]]*\] "SET" "k"/g)?.length).toBe(COMMANDS);
    // The writer and the reader are there, and who asks.
    await untilClients(admin, 3);
    expect(await infoField(admin, 'clients', 'client_recent_max_output_buffer')).toBe('0');
    expect(server.output()).toContain('does not keep up with MONITOR');
    expect(slowestMs).toBeLessThan(1_000);
    silent.resume();
    expect(await silent.untilEnded(5_000)).toBe(true);
    await writer.close();
    reading.close();
  });

  it('lets nobody notice a client that never reads, until it is cut', async () => {
    const reading = await monitor();
    const whileMs = async (): Promise<number> => {
      reading.discard();
      return p99WhileMs(server.port, write);
    };
    await whileMs();
    const aloneMs = await whileMs();
    const silent = await monitor();
    silent.pause();
    const besideMs = await whileMs();
    await untilClients(admin, 2);
    expect(server.output()).toContain('does not keep up with MONITOR');
    expect(besideMs).toBeLessThan(3 * aloneMs + 10);
    silent.close();
    reading.close();
  });
});
