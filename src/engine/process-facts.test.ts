import { describe, expect, it } from 'vitest';
import { processCpuSeconds, residentBytes, threadCpuSeconds } from './process-facts.ts';

/** Uses the processor for so long. */
function work(ms: number): void {
  const { user, system } = process.cpuUsage();
  for (;;) {
    const now = process.cpuUsage();
    if (now.user + now.system - user - system > ms * 1000) return;
  }
}

describe('CPU time', () => {
  it('is that of the process', () => {
    const before = processCpuSeconds();
    work(50);
    const after = processCpuSeconds();
    const used = after.user + after.system - before.user - before.system;
    expect(used).toBeGreaterThanOrEqual(0.05);
    expect(used).toBeLessThan(5);
  });

  it.runIf(process.platform === 'linux')('is that of the thread, in steps of 10 ms', () => {
    const before = threadCpuSeconds()!;
    work(100);
    const after = threadCpuSeconds()!;
    const used = after.user + after.system - before.user - before.system;
    expect(used).toBeGreaterThan(0.02);
    const process = processCpuSeconds();
    expect(after.user + after.system).toBeLessThanOrEqual(process.user + process.system + 0.02);
  });

  it.skipIf(process.platform === 'linux')('of the thread is not known elsewhere', () => {
    expect(threadCpuSeconds()).toBeUndefined();
  });
});

it('the resident size is a multiple of a page, and plausible', () => {
  expect(residentBytes() % 4096).toBe(0);
  expect(residentBytes()).toBeGreaterThan(10 * 1024 * 1024);
});
