import { type AddressInfo, createServer, type Server } from 'node:net';
import { expect, test } from 'vitest';
import { PacedLoad } from './paced-load.ts';
import { encodeCommand } from './requests.ts';

const PING = encodeCommand(['PING']);

/** A server that answers each PING, but stands still once for so long. */
async function serveWithPause(afterMs: number, pauseMs: number, answer = '+PONG\r\n') {
  const server = createServer((socket) => {
    socket.on('data', (data) => {
      socket.write(answer.repeat(data.toString().split('PING').length - 1));
    });
    setTimeout(() => socket.pause(), afterMs);
    setTimeout(() => socket.resume(), afterMs + pauseMs);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

async function measured(server: Server) {
  const { port } = server.address() as AddressInfo;
  const load = new PacedLoad((target, at) => PING.copy(target, at), {
    port,
    connections: 2,
    perSecond: 2000,
  });
  load.start();
  await new Promise((resolve) => setTimeout(resolve, 400));
  try {
    return await load.stop();
  } finally {
    server.close();
  }
}

test('commands are sent at their rate, and those of a pause are all late', async () => {
  const { sentMs, latencyMs } = await measured(await serveWithPause(100, 100));
  expect(sentMs.length).toBeGreaterThan(500);
  expect(sentMs.length).toBeLessThan(1000);
  const late = latencyMs.filter((ms) => ms > 20);
  // 200 commands fall into the pause, and those of its last 20 ms wait for less.
  expect(late.length).toBeGreaterThan(100);
  expect(Math.max(...late)).toBeGreaterThan(80);
});

test('an error reply ends the measurement', async () => {
  await expect(measured(await serveWithPause(0, 0, '-ERR no\r\n'))).rejects.toThrow('ERR no');
});
