import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestEngine } from '../../test/support/engine.ts';
import { checkKeyspace } from '../keyspace/keyspace-check.ts';
import { OutOfMemoryError } from '../memory/heap.ts';

let engine: TestEngine;
let changes: string[];

beforeEach(() => {
  engine = new TestEngine();
  changes = engine.watchChanges();
});

afterEach(() => {
  checkKeyspace(engine.keyspace);
});

/** Runs commands, written as words between blanks, and answers the reply to the last. */
function run(...lines: string[]): string {
  return lines.map((line) => engine.text(...line.split(' '))).at(-1)!;
}

/** What a command answers, and the changes it reports. */
function effect(line: string): [reply: string, ...changes: string[]] {
  changes.length = 0;
  return [run(line), ...changes];
}

function encoding(key: string): string {
  return JSON.parse(engine.text('OBJECT', 'ENCODING', key)) as string;
}

/** Gives a key a list of the numbers 0 to count - 1. */
function fill(key: string, count: number): void {
  const numbers = Array.from({ length: count }, (_, i) => `${i}`);
  for (let i = 0; i < count; i += 10_000) {
    engine.run('RPUSH', key, ...numbers.slice(i, i + 10_000));
  }
}

describe('changes', () => {
  it.each([
    ['LPUSH new a b', '(integer) 2', 'new new', 'lpush new'],
    ['RPUSH l d', '(integer) 4', 'rpush l'],
    ['LPUSHX l z', '(integer) 4', 'lpush l'],
    ['RPUSHX l z', '(integer) 4', 'rpush l'],
    ['LPUSHX missing z', '(integer) 0'],
    ['LPOP l', '"a"', 'lpop l'],
    ['RPOP l 2', '["c", "b"]', 'rpop l'],
    ['LPOP l 0', '[]'],
    ['LPOP l 3', '["a", "b", "c"]', 'lpop l', 'del l'],
    ['RPOP one', '"x"', 'rpop one', 'del one'],
    ['LMPOP 2 missing l LEFT', '["l", ["a"]]', 'lpop l'],
    ['LMPOP 1 l RIGHT COUNT 9', '["l", ["c", "b", "a"]]', 'rpop l', 'del l'],
    ['LINSERT l BEFORE b x', '(integer) 4', 'linsert l'],
    ['LINSERT l BEFORE nothing x', '(integer) -1'],
    ['LSET l 1 x', 'OK', 'lset l'],
    ['LSET l 4294967296 x', '(error) ERR index out of range'],
    ['LREM l 0 b', '(integer) 1', 'lrem l'],
    ['LREM l 0 nothing', '(integer) 0'],
    ['LREM one 0 x', '(integer) 1', 'lrem one', 'del one'],
    ['LTRIM l 1 1', 'OK', 'ltrim l'],
    ['LTRIM l 0 -1', 'OK', 'ltrim l'],
    ['LTRIM l 5 9', 'OK', 'ltrim l', 'del l'],
    ['LTRIM missing 0 -1', 'OK'],
    ['LMOVE l one LEFT RIGHT', '"a"', 'rpush one', 'lpop l'],
    ['LMOVE one new RIGHT LEFT', '"x"', 'new new', 'lpush new', 'rpop one', 'del one'],
    ['RPOPLPUSH l l', '"c"', 'lpush l', 'rpop l'],
    ['RPOPLPUSH one one', '"x"', 'lpush one', 'rpop one'],
    ['RPOPLPUSH missing l', '(nil)'],
  ])('are reported by %s', (line, ...expected) => {
    run('RPUSH l a b c', 'RPUSH one x');
    expect(effect(line)).toEqual(expected);
  });

  it('count, unless a list is trimmed to what it is', () => {
    const count = () => engine.keyspace.dirty;
    run('RPUSH l a b c');
    const before = count();
    run('LTRIM l 0 -1', 'LPOP l 0', 'LREM l 0 x', 'RPOPLPUSH missing l');
    expect(count()).toBe(before);
    run('RPOPLPUSH l other');
    expect(count()).toBe(before + 1);
  });
});

describe('LMOVE', () => {
  it.each([2, 128])('moves whole lists between any two encodings, nodes of %i', (size) => {
    engine.keyspace.lists.limits.setSize(size);
    fill('from', 300);
    for (let i = 0; i < 300; i++) expect(run('LMOVE from to LEFT RIGHT')).toBe(`"${i}"`);
    expect(run('EXISTS from')).toBe('(integer) 0');
    expect(run('LRANGE to 298 -1')).toBe('["298", "299"]');
    for (let i = 0; i < 300; i++) run('LMOVE to to RIGHT LEFT');
    expect(run('LRANGE to 0 1')).toBe('["0", "1"]');
    expect(run('LLEN to')).toBe('(integer) 300');
  });

  it('moves elements of any length', () => {
    for (const length of [0, 4096, 5000, 100_000]) {
      const text = 'x'.repeat(length);
      engine.run('RPUSH', 'from', text);
      expect(run('RPOPLPUSH from to')).toBe(`"${text}"`);
      expect(run('LMOVE to to LEFT RIGHT', 'LPOP to')).toBe(`"${text}"`);
    }
  });
});

describe('a large list', () => {
  const count = 400_000;

  it('is freed bit by bit when it is deleted or trimmed', () => {
    const { keyspace } = engine;
    engine.keyspace.lists.limits.setSize(128);
    fill('l', count);
    const before = keyspace.heap.usedBytes;
    run('LTRIM l 10 50');
    expect(run('LRANGE l 0 1')).toBe('["10", "11"]');
    expect(keyspace.hasGarbage).toBe(true);
    expect(keyspace.heap.usedBytes).toBeGreaterThan(before / 2);
    while (keyspace.hasGarbage) keyspace.freeGarbage();
    expect(keyspace.heap.usedBytes).toBeLessThan(before / 100);
    expect(encoding('l')).toBe('listpack');

    fill('m', count);
    run('DEL m');
    expect(keyspace.hasGarbage).toBe(true);
  });

  it('keeps its expiry and what it holds, however it is moved', () => {
    fill('l', 5000);
    run('EXPIRE l 100', 'RPUSH l last', 'COPY l copy', 'RENAME copy renamed', 'LPOP l 4990');
    expect(encoding('l')).toBe('listpack');
    expect(encoding('renamed')).toBe('quicklist');
    expect(run('TTL l')).toBe('(integer) 100');
    expect(run('TTL renamed')).toBe('(integer) 100');
    expect(run('LRANGE l -2 -1')).toBe('["4999", "last"]');
    expect(run('LRANGE renamed 4999 -1')).toBe('["4999", "last"]');
    engine.sleep(100_001);
    expect(run('EXISTS l renamed')).toBe('(integer) 0');
  });

  it('is replaced by a value of another type as a whole', () => {
    fill('l', 5000);
    run('SET l text');
    expect(run('GET l')).toBe('"text"');
  });

  it('says what memory it takes', () => {
    fill('l', 100_000);
    const bytes = Number(run('MEMORY USAGE l').replace('(integer) ', ''));
    expect(bytes).toBeGreaterThan(100_000 * 3);
    expect(bytes).toBeLessThan(100_000 * 6.2);
  });
});

describe('without memory', () => {
  it('no list comes into being, and none changes', () => {
    const { heap } = engine.keyspace;
    fill('l', 3000);
    run('RPUSH s a b');
    const { alloc } = heap;
    const large = 'x'.repeat(9000);
    for (let allowed = 0; allowed < 4; allowed++) {
      let left = allowed;
      heap.alloc = (bytes) => {
        if (left-- <= 0) throw new OutOfMemoryError('refused');
        return alloc.call(heap, bytes);
      };
      const commands = [
        ['RPUSH', 'new', large, large, large],
        ['LPUSH', 'l', ...Array.from({ length: 10 }, () => large)],
        ['RPUSH', 's', ...Array.from({ length: 4 }, () => large)],
      ];
      for (const command of commands) {
        left = allowed;
        expect(engine.text(...command)).toBe('(error) OOM refused');
      }
      heap.alloc = alloc;
      expect(run('EXISTS new')).toBe('(integer) 0');
      expect(run('LLEN l')).toBe('(integer) 3000');
      expect(run('LRANGE s 0 -1')).toBe('["a", "b"]');
      checkKeyspace(engine.keyspace);
    }
  });
});
