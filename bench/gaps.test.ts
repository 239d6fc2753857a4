import { expect, test } from 'vitest';
import type { Absence } from './cpu-watch.ts';
import { explainGap, findGaps } from './gaps.ts';
import type { Sample } from './latency-probe.ts';

/** Milliseconds that the thread had waited for a CPU, and its CPU, before and after. */
const sample = (
  sentMs: number,
  latencyMs: number,
  waited = [0, 0],
  cpus = [0, 0],
  helpersRanMs = 0,
): Sample => ({
  sentMs,
  latencyMs,
  before: { cpu: cpus[0]!, ranMs: 0, waitedMs: waited[0]!, helpersRanMs: 100 },
  after: { cpu: cpus[1]!, ranMs: 0, waitedMs: waited[1]!, helpersRanMs: 100 + helpersRanMs },
});

const explain = (samples: readonly Sample[], absences: readonly Absence[] = []) =>
  findGaps(samples, 5).map((gap) => {
    const { cause, starvedMs, absentMs, ownMs } = explainGap(gap, samples, absences, 5);
    return [cause, starvedMs, absentMs, ownMs];
  });

test('late answers that overlap are one gap, as long as the longest wait', () => {
  const samples = [sample(0, 1), sample(1, 20), sample(2, 19), sample(3, 18), sample(22, 1)];
  expect(findGaps(samples, 5)).toEqual([{ fromMs: 1, toMs: 21, longest: samples[1] }]);
});

test('late answers one after the other are gaps of their own; the limit itself is not late', () => {
  const samples = [sample(0, 10), sample(5, 5), sample(11, 8), sample(30, 5)];
  expect(findGaps(samples, 5)).toEqual([
    { fromMs: 0, toMs: 10, longest: samples[0] },
    { fromMs: 11, toMs: 19, longest: samples[2] },
  ]);
  expect(findGaps([], 5)).toEqual([]);
});

test('a chain of overlapping late answers ends when the last one does', () => {
  const samples = [sample(0, 10), sample(8, 12), sample(19, 6)];
  expect(findGaps(samples, 5)).toEqual([{ fromMs: 0, toMs: 25, longest: samples[1] }]);
});

test('what no CPU explains is the server’s own, also while another CPU stood still', () => {
  expect(explain([sample(0, 1), sample(1, 8), sample(12, 1)])).toEqual([['server', 0, 0, 8]]);
  const absence = { cpu: 1, fromMs: 2, toMs: 9 };
  expect(explain([sample(0, 1), sample(1, 8), sample(12, 1)], [absence])).toEqual([
    ['server', 0, 0, 8],
  ]);
});

test('without the wait for a CPU it would have been in time', () => {
  expect(explain([sample(0, 20, [3, 19])])).toEqual([['starved', 16, 0, 4]]);
  expect(explain([sample(0, 20, [3, 17])])).toEqual([['server', 14, 0, 6]]);
});

test('a wait for threads of the server itself is its own', () => {
  expect(explain([sample(0, 20, [3, 19], [0, 0], 1)])).toEqual([['starved', 15, 0, 5]]);
  expect(explain([sample(0, 20, [3, 19], [0, 0], 2)])).toEqual([['server', 14, 0, 6]]);
  expect(explain([sample(0, 20, [3, 19], [0, 0], 30)])).toEqual([['server', 0, 0, 20]]);
});

test('the CPU of the thread stood still: what overlaps the wait is taken off', () => {
  const samples = [sample(0, 1), sample(10, 12), sample(30, 1)];
  const still = (fromMs: number, toMs: number) => explain(samples, [{ cpu: 0, fromMs, toMs }]);
  expect(still(12, 20)).toEqual([['machine', 0, 8, 4]]);
  expect(still(5, 18)).toEqual([['machine', 0, 8, 4]]);
  expect(still(16, 29)).toEqual([['server', 0, 6, 6]]);
  expect(still(23, 29)).toEqual([['server', 0, 0, 12]]);
});

test('a thread that was moved may have run elsewhere', () => {
  const absence = { cpu: 0, fromMs: 2, toMs: 9 };
  const moved = [sample(0, 1), sample(1, 10), sample(12, 1, [0, 0], [1, 1])];
  expect(explain(moved, [absence])).toEqual([['server', 0, 0, 10]]);
  const arrived = [sample(0, 1, [0, 0], [1, 1]), sample(1, 10, [0, 0], [1, 0]), sample(12, 1)];
  expect(explain(arrived, [absence])).toEqual([['server', 0, 0, 10]]);
  expect(explain([sample(3, 10), sample(12, 1)], [absence])).toEqual([['server', 0, 0, 10]]);
});

test('time is not taken off twice', () => {
  const samples = [sample(0, 1), sample(1, 10, [0, 6]), sample(12, 1, [6, 6])];
  const absence = { cpu: 0, fromMs: 2, toMs: 9 };
  expect(explain(samples, [absence])).toEqual([['starved', 6, 1, 3]]);
  const accountedLate = [sample(0, 1), sample(1, 10, [0, 6]), sample(9, 1), sample(12, 1, [6, 6])];
  expect(explain(accountedLate, [absence])).toEqual([['starved', 6, 1, 3]]);
});
