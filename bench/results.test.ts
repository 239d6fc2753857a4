import { expect, test } from 'vitest';
import { judge, type Round, summarise } from './results.ts';

const round = (cpuMicrosPerOp: number): Round => ({
  commands: 100,
  perSecond: 1000 * cpuMicrosPerOp,
  p50Ms: 1,
  p99Ms: 2,
  cpuMicrosPerOp,
});

test('the ratio is that of the medians; its range that of neighbouring rounds', () => {
  const summary = summarise([1, 3, 2].map(round), [4, 4, 8].map(round), null);
  expect(summary.subject.cpuMicrosPerOp).toBe(2);
  expect(summary.subject.perSecond).toBe(2000);
  expect(summary.reference.cpuMicrosPerOp).toBe(4);
  expect(summary.ratio).toBe(0.5);
  expect(summary.ratioRange).toEqual([0.25, 0.75]);
  expect(summary.verdict).toBe('no target');
});

test('verdicts at, below and above the targets', () => {
  const target = { must: 0.8, stretch: 0.65 };
  expect(judge(0.3, target)).toBe('stretch');
  expect(judge(0.654, target)).toBe('stretch');
  expect(judge(0.66, target)).toBe('pass');
  expect(judge(0.804, target)).toBe('pass');
  expect(judge(0.806, target)).toBe('MISS');
});
