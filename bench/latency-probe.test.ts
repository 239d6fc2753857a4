import { type AddressInfo, createServer } from 'node:net';
import { expect, test } from 'vitest';
import { causeOf, findGaps, type Gap, LatencyProbe, type Sample } from './latency-probe.ts';
import { encodeCommand } from './requests.ts';

const sample = (sentMs: number, latencyMs: number, starvedMs = 0): Sample => ({
  sentMs,
  latencyMs,
  starvedMs,
});
const gap = (fromMs: number, toMs: number, starvedMs = 0): Gap => ({
  fromMs,
  toMs,
  lengthMs: toMs - fromMs,
  starvedMs,
});

test('late answers that overlap are one gap, as long as the longest wait', () => {
  const samples = [sample(0, 1), sample(1, 20, 3), sample(2, 19), sample(3, 18), sample(22, 1)];
  expect(findGaps(samples, 5)).toEqual([gap(1, 21, 3)]);
});

test('late answers one after the other are gaps of their own; the limit itself is not late', () => {
  const samples = [sample(0, 10), sample(5, 5), sample(11, 8), sample(30, 5)];
  expect(findGaps(samples, 5)).toEqual([gap(0, 10), gap(11, 19)]);
  expect(findGaps([], 5)).toEqual([]);
});

test('a chain of overlapping late answers ends when the last one does', () => {
  expect(findGaps([sample(0, 10), sample(8, 12), sample(19, 6)], 5)).toEqual([
    { fromMs: 0, toMs: 25, lengthMs: 12, starvedMs: 0 },
  ]);
});

test('a gap is blamed on the machine, on the want of a CPU, or on the server', () => {
  expect(causeOf(gap(10, 30), [gap(25, 40)], 5)).toBe('machine');
  expect(causeOf(gap(10, 30, 16), [gap(30, 40)], 5)).toBe('starved');
  expect(causeOf(gap(10, 30, 14), [gap(0, 10)], 5)).toBe('server');
});

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
  const longest = Math.max(...findGaps(samples, 40).map(({ lengthMs }) => lengthMs));
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
