import { expect, it } from 'vitest';
import { Registry } from '../commands/registry.ts';
import { zadd } from '../commands/sorted-set.ts';
import { zrangebyscore } from '../commands/sorted-set-range.ts';
import { Args } from '../protocol/args.ts';
import { isBrief } from './call-rules.ts';

const registry = new Registry([zadd, zrangebyscore]);

function isBriefCall(text: string): boolean {
  const args = Args.of(...text.split(' ').map((word) => Buffer.from(word)));
  return isBrief(registry.find(args)!, args);
}

it.each([
  ['ZADD z 1 a', true],
  [`ZADD z${' 1 a'.repeat(40)}`, false],
  [`ZADD z 1 ${'a'.repeat(20_000)}`, false],
  ['ZRANGEBYSCORE z 1 2', false],
  ['ZRANGEBYSCORE z 1 2 LIMIT 0 10', true],
  ['ZRANGEBYSCORE z 1 2 LIMIT 99 99', true],
  ['ZRANGEBYSCORE z 1 2 LIMIT 100 10', false],
  ['ZRANGEBYSCORE z 1 2 LIMIT 0 100', false],
  ['ZRANGEBYSCORE z 1 2 LIMIT 0 -1', false],
  ['ZRANGEBYSCORE z 1 2 WITHSCORES LIMIT 0 10', false],
])('%.60s: brief %s', (text, brief) => {
  expect(isBriefCall(text)).toBe(brief);
});
