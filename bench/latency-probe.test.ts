import { type AddressInfo, createServer } from 'node:net';
import { expect, test } from 'vitest';
import { findGaps } from './gaps.ts';
import { LatencyProbe } from './latency-probe.ts';
import { encodeCommand } from './requests.ts';

/** A server that answers each PING, but holds all answers back between two moments. */
async function serveWithPause(fromMs: number, toMs: number) {
  const begin = performance.now();
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.on('data', (data) => {
      const sinceBegin = performance.now() - begin;
      const delay = sinceBegin > fromMs && sinceBegin < toMs ? toMs - sinceBegin : 0;
      const answer = '+PONG\r\n'.repeat(data.toString().split('PING').length - 1);
      if (delay > 0) setTimeout(() => socket.write(answer), delay);
      else socket.write(answer);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, port: (server.address() as AddressInfo).port };
}

test('a pause shows up as many late answers and one gap', async () => {
  const { server, port } = await serveWithPause(60, 140);
  const probe = new LatencyProbe(port, encodeCommand(['PING']));
  probe.start();
  await new Promise((resolve) => setTimeout(resolve, 250));
  const samples = await probe.stop();
  server.close();
  const longest = Math.max(...findGaps(samples, 40).map((gap) => gap.longest.latencyMs));
  expect(longest).toBeGreaterThan(70);
  expect(samples.filter(({ latencyMs }) => latencyMs > 40).length).toBeGreaterThan(10);
});

test('a lost connection is an error', async () => {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const probe = new LatencyProbe((server.address() as AddressInfo).port, encodeCommand(['PING']));
  probe.start();
  await new Promise((resolve) => setTimeout(resolve, 50));
  await expect(probe.stop()).rejects.toThrow();
  server.close();
});
