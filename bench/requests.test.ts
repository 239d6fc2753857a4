import { expect, test } from 'vitest';
import { cycleBatches, encodeCommand, INDEX, templateBatches } from './requests.ts';

test('commands are encoded with byte lengths', () => {
  expect(encodeCommand(['SET', 'ä', '']).toString()).toBe(
    '*3\r\n$3\r\nSET\r\n$2\r\nä\r\n$0\r\n\r\n',
  );
});

test('a template numbers its commands and ends with a short batch', () => {
  const next = templateBatches(['ZADD', 'z', INDEX, `m:${INDEX}`], { from: 9, to: 12 }, 2);
  const command = (n: string) => encodeCommand(['ZADD', 'z', n, `m:${n}`]).toString();
  const first = next()!;
  expect(first.commands).toBe(2);
  expect(first.bytes.toString()).toBe(command('000000000009') + command('000000000010'));
  expect(next()!.bytes.toString()).toBe(command('000000000011'));
  expect(next()).toBeUndefined();
});

test('a template writes numbers beyond 32 bits', () => {
  const next = templateBatches(['GET', INDEX], { from: 123456789012, to: 123456789013 }, 1);
  expect(next()!.bytes.toString()).toBe(encodeCommand(['GET', '123456789012']).toString());
});

test('cycled batches go round until the count is reached', () => {
  const batches = [
    { bytes: Buffer.from('ab'), commands: 2 },
    { bytes: Buffer.from('c'), commands: 1 },
  ];
  const next = cycleBatches(batches, 6);
  const sent: string[] = [];
  for (let batch = next(); batch !== undefined; batch = next()) sent.push(batch.bytes.toString());
  expect(sent).toEqual(['ab', 'c', 'ab', 'c']);
});
