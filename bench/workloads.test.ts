import { expect, test } from 'vitest';
import { matching, workloads } from './workloads.ts';

const names = (pattern: string) => matching(workloads, pattern).map(({ name }) => name);

test('a pattern means the workloads whose name begins with its words', () => {
  expect(names('mset')).toEqual(['MSET 10 P16']);
  expect(names('get-64b-p16')).toEqual(['GET 64B P16', 'GET 64B P16 500c']);
  expect(names('Get 64b p1')).toEqual(['GET 64B P1', 'GET 64B P1 500c']);
  expect(names('GE')).toEqual([]);
});

test('names are unique and workloads of one dataset stand together', () => {
  expect(new Set(workloads.map(({ name }) => name)).size).toBe(workloads.length);
  const order = workloads.map(({ dataset }) => dataset);
  const changes = order.filter((dataset, i) => dataset !== order[i - 1]);
  expect(changes).toEqual([...new Set(order)]);
});

test('what a workload needs includes what fills its dataset and what it sends', () => {
  for (const { name, needs, dataset, load } of workloads) {
    expect(needs, name).toEqual(
      expect.arrayContaining([load === 'zipf' ? 'GET' : load.command[0]]),
    );
    if (dataset.command[0] !== 'SET') expect(needs, name).toContain(dataset.command[0]);
  }
});
