import { expect, test } from 'vitest';
import { parseCsv, parseFigures } from './redis-benchmark.ts';

const header =
  '"test","rps","avg_latency_ms","min_latency_ms","p50_latency_ms","p95_latency_ms","p99_latency_ms","max_latency_ms"';
const row = '"GET key:__rand_int__","666666.69","0.070","0.016","0.071","0.119","0.263","0.264"';

test('figures are found by their column names', () => {
  expect(parseFigures(`${header}\n${row}\n`)).toEqual({
    perSecond: 666666.69,
    p50Ms: 0.071,
    p99Ms: 0.263,
  });
  const swapped = parseFigures('"test","p99_latency_ms","p50_latency_ms","rps"\n"X","3","2","1"\n');
  expect(swapped).toEqual({ perSecond: 1, p50Ms: 2, p99Ms: 3 });
});

test('a command with quotes and commas stays in the first field', () => {
  const odd = row.replace('GET key:__rand_int__', 'SET a "x","y",z');
  expect(parseFigures(`${header}\n${odd}\n`).p99Ms).toBe(0.263);
  expect(parseCsv(`${header}\n${odd}\n`)[1]![0]).toBe('SET a "x","y",z');
});

test('missing rows, missing columns and non-numbers are errors', () => {
  expect(() => parseFigures(`${header}\n`)).toThrow('unexpected output');
  expect(() => parseFigures('')).toThrow('unexpected output');
  expect(() => parseFigures('"test","rps"\n"X","1"\n')).toThrow('p50_latency_ms');
  expect(() => parseFigures(`${header}\n${row.replace('666666.69', 'nan')}\n`)).toThrow('rps');
});
