import { expect, test } from 'vitest';
import {
  cpuMicrosBetween,
  parseCpu,
  parseSchedstat,
  parseStat,
  parseStolen,
  readCpu,
  residentBytes,
} from './cpu.ts';

test('stat is parsed after the last parenthesis of the command name', () => {
  const tail = 'S 1 2 3 0 -1 4194304 2880 0 6 0 103 47 0 0 20 0 7 0 75817 1015721984';
  expect(parseStat(`4466 (node) ${tail}`)).toBe(1_500_000);
  expect(parseStat(`4466 (a) b (c 9) ${tail}`)).toBe(1_500_000);
  expect(() => parseStat('nonsense')).toThrow('unexpected stat line');
});

test('stat names the CPU of a thread', () => {
  const tail = `S ${'7 '.repeat(34)}17 1 0 0 0`;
  expect(parseCpu(`4466 (a) b (c 9) ${tail}`)).toBe(1);
  expect(() => parseCpu('nonsense')).toThrow('unexpected stat line');
});

test('schedstat gives time run and time waited', () => {
  expect(parseSchedstat('1043092009 131196 12\n')).toEqual({
    ranNanos: 1043092009,
    waitedNanos: 131196,
  });
  expect(() => parseSchedstat('\n')).toThrow('unexpected schedstat line');
});

test('stolen time is the eighth column of all CPUs together', () => {
  const text = 'cpu  47238 1 25146 351103 242 0 7157 55 0 0\ncpu0 1 2 3 4 5 6 7 8 9 10\n';
  expect(parseStolen(text)).toBe(550);
  expect(() => parseStolen('intr 1')).toThrow('unexpected /proc/stat');
});

test('threads that appeared count in full, threads that stayed by their difference', () => {
  const before = { threads: new Map([[1, 5_000_000]]), processMicros: 0 };
  const after = {
    threads: new Map([
      [1, 9_000_000],
      [2, 1_000_000],
    ]),
    processMicros: 0,
  };
  expect(cpuMicrosBetween(before, after)).toBe(5000);
});

test('the time of a thread that ended is taken from the process total', () => {
  const before = {
    threads: new Map([
      [1, 0],
      [2, 0],
    ]),
    processMicros: 0,
  };
  const after = { threads: new Map([[1, 1_000_000]]), processMicros: 500_000 };
  expect(cpuMicrosBetween(before, after)).toBe(480_000);
});

test.skipIf(process.platform !== 'linux')('work done here shows up in the readings', () => {
  const before = readCpu(process.pid);
  const start = process.cpuUsage();
  const spent = () => {
    const { user, system } = process.cpuUsage(start);
    return user + system;
  };
  while (spent() < 100_000);
  // The running thread is charged at scheduler ticks (1 to 10 ms apart), so the reading may lag a
  // little.
  const measured = cpuMicrosBetween(before, readCpu(process.pid));
  expect(measured).toBeGreaterThan(85_000);
  expect(measured).toBeLessThan(spent() + 15_000);
  expect(residentBytes(process.pid)).toBeGreaterThan(10_000_000);
});
