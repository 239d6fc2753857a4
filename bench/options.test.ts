import { expect, test } from 'vitest';
import { type BenchOptions, parseOptions } from './options.ts';

const parse = (...args: string[]) => parseOptions(args) as BenchOptions;
const names = (options: BenchOptions) => options.workloads.map(({ name }) => name);

test('--only keeps the order of the table and refuses what it does not know', () => {
  expect(names(parse('--only', 'incr,MSET'))).toEqual(['MSET 10 P16', 'INCR P16']);
  expect(() => parse('--only', 'GET,NOPE')).toThrow("no workload is called 'NOPE'");
  expect(() => parse('--only', 'GET,')).toThrow("no workload is called ''");
});

test('numbers override those of the workloads and are checked', () => {
  const options = parse('--only', 'MSET', '--rounds', '2', '--requests', '1000', '--clients', '7');
  expect(options.rounds).toBe(2);
  expect(options.workloads[0]).toMatchObject({ requests: 1000, clients: 7 });
  for (const wrong of ['0', '-1', '1.5', 'x', '']) {
    expect(() => parse('--rounds', wrong), wrong).toThrow();
  }
});

test('a quick run has fewer rounds, requests and workloads', () => {
  const [quick, full] = [parse('--quick'), parse()];
  expect(quick.rounds).toBeLessThan(full.rounds);
  expect(quick.workloads.length).toBeLessThan(full.workloads.length);
  expect(quick.workloads[0]!.requests).toBeLessThan(full.workloads[0]!.requests);
  expect(names(quick)).toContain('GET 64B P16');
});

test('the subject is Redstart under the given node, or any command line', () => {
  expect(parse('--node', '/opt/node').subject.command[0]).toBe('/opt/node');
  expect(parse('--subject', ' redis-server  --hz 50').subject.command).toEqual([
    'redis-server',
    '--hz',
    '50',
  ]);
});

test('help, list and unknown options', () => {
  expect(parseOptions(['--help'])).toBe('help');
  expect(parseOptions(['--list'])).toBe('list');
  expect(() => parseOptions(['--nope'])).toThrow('--nope');
});
