import { beforeEach, describe, expect, it } from 'vitest';
import { TestEngine } from '../../test/support/engine.ts';
import { checkKeyspace } from '../keyspace/keyspace-check.ts';
import { OutOfMemoryError } from '../memory/heap.ts';

/** Enough keys for the table to grow several times. */
const KEYS = 50;

/** Far beyond the clock of the test: 2039. */
const FAR_MS = 2 ** 41;

let engine: TestEngine;

beforeEach(() => {
  engine = new TestEngine({ databases: 2 });
});

/** Runs a command whose allocation number `nth`, from 0, is refused. */
function runRefused(words: readonly string[], nth: number): string {
  const { heap } = engine.keyspace;
  let left = nth;
  const alloc = heap.alloc;
  heap.alloc = (sizeBytes) => {
    if (left-- === 0) throw new OutOfMemoryError('refused');
    return alloc.call(heap, sizeBytes);
  };
  const reply = engine.text(...words);
  heap.alloc = alloc;
  return reply;
}

/** What there is: for each database the keys with their values and the times they fall due. */
function contents(): string {
  const shown: string[] = [];
  for (const db of ['0', '1']) {
    engine.run('SELECT', db);
    const keys = engine.run('KEYS', '*');
    if (keys.type !== 'array') throw new Error('KEYS answers an array');
    const names = keys.items.map((item) => (item.type === 'bulk' ? `${item.bytes}` : '')).sort();
    for (const name of names) {
      const facts = ['GET', 'PEXPIRETIME', 'OBJECT|ENCODING'].map((command) =>
        engine.text(...command.split('|'), name),
      );
      shown.push(`${db} ${name} ${facts.join(' ')}`);
    }
  }
  engine.run('SELECT', '0');
  return shown.join('\n');
}

/**
 * Runs a command again and again, each time with the next of its allocations refused, until it
 * needs none of those that are. Each refusal must change nothing and be announced to nobody.
 */
function refuseEach(...words: readonly string[]): void {
  for (let nth = 0; ; nth++) {
    const before = contents();
    const { dirty } = engine.keyspace;
    const changes = engine.watchChanges();
    const reply = runRefused(words, nth);
    const told = [...changes];
    engine.keyspace.listener = null;
    if (!reply.startsWith('(error) OOM')) {
      expect(reply).not.toMatch(/error/);
      return;
    }
    expect(told).toEqual([]);
    expect(engine.keyspace.dirty).toBe(dirty);
    expect(contents()).toBe(before);
  }
}

/** Lets everything that expires do so, and what is left be removed. */
function drain(): void {
  const { keyspace } = engine;
  checkKeyspace(keyspace);
  engine.setTime(FAR_MS + KEYS);
  while (keyspace.removeExpired(100));
  checkKeyspace(keyspace);
  expect(keyspace.databases.map((database) => database.expiringSize())).toEqual([0, 0]);
  engine.run('FLUSHALL');
  checkKeyspace(keyspace);
}

const BIG = 'v'.repeat(3000);

describe('Without memory nothing is changed', () => {
  it.each<[string, (i: number) => readonly string[]]>([
    ['SET', (i) => ['SET', `n${i}`, 'value']],
    ['SETEX', (i) => ['SETEX', `n${i}`, '1000', BIG]],
    ['SETRANGE', (i) => ['SETRANGE', `n${i}`, '100', 'value']],
    ['APPEND', (i) => ['APPEND', `n${i}`, 'value']],
    ['INCR', (i) => ['INCR', `n${i}`]],
    ['INCRBYFLOAT', (i) => ['INCRBYFLOAT', `n${i}`, '1.5']],
    ['SETBIT', (i) => ['SETBIT', `n${i}`, '4000', '1']],
    ['MSET', (i) => ['MSET', `n${i}`, 'a', `m${i}`, BIG, `n${i}`, '7']],
    ['MSETNX', (i) => ['MSETNX', `n${i}`, 'a', `m${i}`, BIG, `o${i}`, '7', `n${i}`, 'b']],
    ['COPY', (i) => ['COPY', 'k', `n${i}`]],
    ['COPY DB', (i) => ['COPY', 'k', `n${i}`, 'DB', '1']],
  ])(
    '%s, new keys',
    (_name, command) => {
      engine.run('SET', 'k', BIG, 'PX', '5000');
      for (let i = 0; i < KEYS; i++) refuseEach(...command(i));
      drain();
    },
    20_000,
  );

  it.each<[string, (i: number) => readonly string[]]>([
    ['SET', (i) => ['SET', `k${i}`, BIG]],
    ['SET KEEPTTL', (i) => ['SET', `k${i}`, BIG, 'KEEPTTL']],
    ['SETEX', (i) => ['SETEX', `k${i}`, '1000', 'value']],
    ['SETRANGE', (i) => ['SETRANGE', `k${i}`, '1000', 'value']],
    ['APPEND', (i) => ['APPEND', `k${i}`, BIG]],
    ['INCR', (i) => ['INCR', `k${i}`]],
    ['INCRBY', (i) => ['INCRBY', `k${i}`, '1000000000000']],
    ['EXPIRE', (i) => ['EXPIRE', `k${i}`, '100']],
    ['PERSIST', (i) => ['PERSIST', `k${i}`]],
    ['MSET', (i) => ['MSET', `k${i}`, 'a', 'k3', BIG, 'new', '7', `k${i}`, BIG]],
    ['COPY REPLACE', (i) => ['COPY', `k${i}`, 'k0x', 'REPLACE']],
    ['RENAME', (i) => ['RENAME', `k${i}`, `long name ${i}`]],
    ['RENAME in place of another', (i) => ['RENAME', `k${i}`, `k${i + 1}`]],
    ['MOVE', (i) => ['MOVE', `k${i}`, '1']],
  ])(
    '%s, keys that are there',
    (_name, command) => {
      for (let i = 0; i <= KEYS; i++) {
        const due = i % 3 === 0 ? ['PXAT', `${FAR_MS + i}`] : i % 3 === 1 ? ['PX', `${i + 1}`] : [];
        engine.run('SET', `k${i}`, `${i}`, ...due);
      }
      for (let i = 0; i < KEYS; i++) refuseEach(...command(i));
      drain();
    },
    20_000,
  );
});
