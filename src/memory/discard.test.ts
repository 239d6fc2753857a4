import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { discard } from './discard.ts';

const MIB = 1024 * 1024;

function touched(mib: number): ArrayBuffer {
  const memory = new ArrayBuffer(mib * MIB);
  new Uint8Array(memory).fill(1);
  return memory;
}

it('detaches at once, and the system has the memory soon', async () => {
  const memory = touched(256);
  const before = process.memoryUsage.rss();
  const startMs = performance.now();
  discard(memory);
  expect(memory.byteLength).toBe(0);
  while (process.memoryUsage.rss() > before - 200 * MIB) {
    if (performance.now() - startMs > 20_000)
      throw new Error('256 MiB were not given back in 20 s');
    await pause(10);
  }
});
