import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { show, TestEngine } from '../../test/support/engine.ts';
import { checkKeyspace } from '../keyspace/keyspace-check.ts';
import { OutOfMemoryError } from '../memory/heap.ts';
import { digestOf } from './digest.ts';

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

/** The members of a reply, in order. */
function sorted(...command: string[]): string[] {
  const reply = engine.run(...command);
  if (reply.type !== 'array' && reply.type !== 'set') throw new Error(show(reply));
  return reply.items.map((item) => show(item).slice(1, -1)).sort();
}

/** Gives a key a set of count members. */
function fill(key: string, count: number, first = 0): void {
  const members = Array.from({ length: count }, (_, i) => `member:${first + i}`);
  for (let i = 0; i < count; i += 10_000) {
    engine.run('SADD', key, ...members.slice(i, i + 10_000));
  }
}

describe('changes', () => {
  it.each([
    ['SADD new a b a', '(integer) 2', 'new new', 'sadd new'],
    ['SADD new 1', '(integer) 1', 'new new', 'sadd new'],
    ['SADD s d a', '(integer) 1', 'sadd s'],
    ['SADD s a b', '(integer) 0'],
    ['SREM s a x', '(integer) 1', 'srem s'],
    ['SREM s x', '(integer) 0'],
    ['SREM missing x', '(integer) 0'],
    ['SREM s a b c d', '(integer) 3', 'srem s', 'del s'],
    ['SREM one x y x', '(integer) 1', 'srem one', 'del one'],
    ['SMOVE s one a', '(integer) 1', 'srem s', 'sadd one'],
    ['SMOVE s new a', '(integer) 1', 'new new', 'srem s', 'sadd new'],
    ['SMOVE one s x', '(integer) 1', 'srem one', 'del one', 'sadd s'],
    ['SMOVE other s a', '(integer) 1', 'srem other', 'del other'],
    ['SMOVE s s a', '(integer) 1'],
    ['SMOVE s s x', '(integer) 0'],
    ['SMOVE s one y', '(integer) 0'],
    ['SPOP one', '"x"', 'spop one', 'del one'],
    ['SPOP one 2', '["x"]', 'spop one', 'del one'],
    ['SPOP s 0', '[]'],
    ['SPOP missing 1', '[]'],
    ['SUNIONSTORE s s one', '(integer) 4', 'sunionstore s'],
    ['SINTERSTORE new s other', '(integer) 1', 'new new', 'sinterstore new'],
    ['SDIFFSTORE one s other', '(integer) 2', 'sdiffstore one'],
    ['SDIFFSTORE one s s', '(integer) 0', 'del one'],
    ['SINTERSTORE s s one', '(integer) 0', 'del s'],
    ['SUNIONSTORE new missing', '(integer) 0', 'keymiss missing'],
    ['SUNIONSTORE string one', '(integer) 1', 'sunionstore string'],
    ['SINTERSTORE string missing', '(integer) 0', 'keymiss missing', 'del string'],
  ])('are reported by %s', (line, ...expected) => {
    run('SADD s a b c', 'SADD one x', 'SADD other a', 'SET string text');
    expect(effect(line)).toEqual(expected);
  });

  it('are reported when some members are popped', () => {
    run('SADD s a b c');
    expect(effect('SPOP s 2').slice(1)).toEqual(['spop s']);
    expect(run('SCARD s')).toBe('(integer) 1');
  });

  it('do away with the expiry of a key that a result is stored at, and with no other', () => {
    run('SADD s a b', 'SADD t a', 'EXPIRE s 100', 'SADD s c', 'SREM s a', 'SMOVE t s a');
    expect(run('TTL s')).toBe('(integer) 100');
    run('SUNIONSTORE s s');
    expect(run('TTL s')).toBe('(integer) -1');
  });
});

describe('operations on several sets', () => {
  it('take the key that a result goes to for a source too', () => {
    fill('a', 1000);
    fill('b', 1000, 500);
    run('SADD i 1 2 3', 'SADD j 2 3 4');
    expect(run('SINTERSTORE a a b')).toBe('(integer) 500');
    expect(run('SUNIONSTORE b b a i')).toBe('(integer) 1003');
    expect(run('SDIFFSTORE b i b j')).toBe('(integer) 0');
    expect(run('EXISTS b')).toBe('(integer) 0');
    expect(run('SDIFFSTORE i i j')).toBe('(integer) 1');
    expect(sorted('SMEMBERS', 'i')).toEqual(['1']);
  });

  it('look at a key once, however often it is named', () => {
    fill('a', 2000);
    run('SADD b member:7');
    const many = Array.from({ length: 5000 }, () => 'a');
    expect(sorted('SUNION', ...many)).toHaveLength(2000);
    expect(sorted('SINTER', ...many, 'b', ...many)).toEqual(['member:7']);
    expect(sorted('SDIFF', 'b', ...many)).toEqual([]);
    expect(sorted('SDIFF', 'a', ...many)).toEqual([]);
    expect(engine.text('SINTERCARD', '5000', ...many)).toBe('(integer) 2000');
  });

  it('take thousands of sets', () => {
    const keys = Array.from({ length: 3000 }, (_, i) => `k${i}`);
    for (const [i, key] of keys.entries()) engine.run('SADD', key, `${i}`, `${i + 1}`, 'x');
    expect(sorted('SUNION', ...keys)).toHaveLength(3002);
    expect(sorted('SINTER', ...keys)).toEqual(['x']);
    expect(sorted('SDIFF', ...keys)).toEqual(['0']);
    expect(engine.text('SUNIONSTORE', 'all', ...keys)).toBe('(integer) 3002');
  });

  it('find the type wrong wherever it is', () => {
    run('SADD s a', 'SET string text');
    for (const name of ['SINTER', 'SUNION', 'SDIFF', 'SINTERSTORE', 'SUNIONSTORE', 'SDIFFSTORE']) {
      const target = name.endsWith('STORE') ? 'target ' : '';
      for (const keys of ['string', 's string', 'missing string', 'string s', 's missing string']) {
        expect(run(`${name} ${target}${keys}`)).toMatch(/^\(error\) WRONGTYPE/);
      }
    }
    expect(run('EXISTS target')).toBe('(integer) 0');
  });

  it('do not look at more members than they have to', () => {
    fill('a', 1000);
    expect(run('SINTERCARD 1 a LIMIT 10')).toBe('(integer) 10');
    expect(run('SINTERCARD 1 a LIMIT 0')).toBe('(integer) 1000');
  });
});

describe('a large set', () => {
  const count = 300_000;

  it('is freed bit by bit, whichever way it goes', () => {
    const { keyspace } = engine;
    for (const command of [
      'DEL s',
      'UNLINK s',
      'SET s x',
      'SINTERSTORE s missing',
      'SPOP s 300000',
    ]) {
      run('DEL s');
      fill('s', count);
      const before = keyspace.heap.usedBytes;
      run(command);
      expect(keyspace.hasGarbage, command).toBe(true);
      expect(keyspace.heap.usedBytes).toBeGreaterThan(before / 2);
      while (keyspace.hasGarbage) keyspace.freeGarbage();
      expect(keyspace.heap.usedBytes).toBeLessThan(before / 100);
    }
    fill('s', count);
    run('PEXPIRE s 1');
    engine.sleep(2);
    expect(run('EXISTS s')).toBe('(integer) 0');
    expect(keyspace.hasGarbage).toBe(true);
  });

  it('keeps its expiry and what it holds, however it is moved', () => {
    fill('s', 5000);
    run('EXPIRE s 100', 'COPY s copy', 'RENAME copy renamed', 'SREM s member:1', 'SPOP s 4950');
    expect(encoding('s')).toBe('listpack');
    expect(encoding('renamed')).toBe('hashtable');
    expect(run('TTL s')).toBe('(integer) 100');
    expect(run('TTL renamed')).toBe('(integer) 100');
    expect(run('SCARD s')).toBe('(integer) 49');
    expect(run('SISMEMBER renamed member:1')).toBe('(integer) 1');
    expect(run('SINTERCARD 2 s renamed')).toBe('(integer) 49');
  });

  it('says what memory it takes, about 27 bytes for a member of 12', () => {
    fill('s', 100_000);
    const bytes = Number(run('MEMORY USAGE s').replace('(integer) ', ''));
    expect(bytes).toBeGreaterThan(100_000 * 12);
    expect(bytes).toBeLessThan(100_000 * 24);
  });

  it('can be filled in the order in which another one is scanned', () => {
    fill('s', 100_000);
    let cursor = '0';
    do {
      const reply = engine.run('SSCAN', 's', cursor, 'COUNT', '1000');
      if (reply.type !== 'array') throw new Error(show(reply));
      const [next, members] = reply.items;
      cursor = next!.type === 'bulk' ? next!.bytes.toString() : '';
      if (members!.type !== 'array') throw new Error(show(members!));
      const found = members!.items.map((item) => (item.type === 'bulk' ? item.bytes : ''));
      if (found.length > 0) engine.run('SADD', 't', ...found);
    } while (cursor !== '0');
    expect(run('SCARD t')).toBe('(integer) 100000');
    expect(run('SINTERCARD 2 s t')).toBe('(integer) 100000');
  });
});

describe('SRANDMEMBER', () => {
  it('does not begin what it could not end', () => {
    run('SADD s a');
    for (const count of ['-33554433', '-9223372036854775807']) {
      expect(run(`SRANDMEMBER s ${count}`)).toBe('(error) ERR value is out of range');
      expect(run(`SRANDMEMBER missing ${count}`)).toBe('[]');
    }
    expect(run('SRANDMEMBER s 9223372036854775807')).toBe('["a"]');
  });
});

describe('SSCAN', () => {
  it('finds all that stays while members come and go', () => {
    fill('s', 5000);
    const seen = new Set<string>();
    let cursor = '0';
    let next = 5000;
    do {
      const reply = engine.run('SSCAN', 's', cursor, 'COUNT', '50');
      if (reply.type !== 'array') throw new Error(show(reply));
      const [at, members] = reply.items;
      cursor = at!.type === 'bulk' ? at!.bytes.toString() : '';
      for (const member of sortedItems(members!)) seen.add(member);
      fill('s', 100, next);
      next += 100;
      if (next < 8000) continue;
      for (let i = 0; i < 40; i++) run(`SREM s member:${next - 3000 + i}`);
    } while (cursor !== '0');
    for (let i = 0; i < 5000; i++) expect(seen.has(`member:${i}`), `member:${i}`).toBe(true);
  });

  it('visits about as many members as it is asked to', () => {
    fill('s', 10_000);
    const reply = engine.run('SSCAN', 's', '0', 'COUNT', '100', 'MATCH', 'nothing');
    expect(reply.type === 'array' && sortedItems(reply.items[1]!)).toEqual([]);
    expect(reply.type === 'array' && show(reply.items[0]!)).not.toBe('"0"');
  });
});

/** Allocations before the first that is refused. */
const ALLOWED = [0, 1, 2, 3, 4, 5, 7, 10, 15, 25, 50, 100, 10_000];

describe('without memory', () => {
  const long = 'x'.repeat(9000);

  it.each([
    [['SADD', 'new', long, `${long}y`]],
    [['SADD', 'new', 'a'.repeat(64)]],
    [['SADD', 'large', 'y', long]],
    [['SADD', 'small', 'c'.repeat(64), long]],
    [['SADD', 'integers', '70000', 'x', long]],
    [['SMOVE', 'small', 'new', 'a']],
    [['SUNIONSTORE', 'new', 'large', 'small']],
    [['SUNIONSTORE', 'small', 'large', 'small']],
    [['SINTERSTORE', 'integers', 'large']],
    [['SDIFFSTORE', 'small', 'large', 'integers']],
  ])('no set comes into being, and none changes: %#', (command) => {
    const { heap } = engine.keyspace;
    const { alloc } = heap;
    let refused = 0;
    for (const allowed of ALLOWED) {
      run('FLUSHALL', `SADD small ${'b'.repeat(50)} a`, 'SADD integers 1 2');
      fill('large', 300);
      const digest = digestOf(engine.keyspace).toString();
      let left = allowed;
      heap.alloc = (bytes) => {
        if (left-- <= 0) throw new OutOfMemoryError('refused');
        return alloc.call(heap, bytes);
      };
      const reply = engine.text(...command);
      heap.alloc = alloc;
      checkKeyspace(engine.keyspace);
      if (reply !== '(error) OOM refused') continue;
      refused++;
      expect(digestOf(engine.keyspace).toString(), `${allowed} allowed`).toBe(digest);
    }
    expect(refused).toBeGreaterThan(0);
    expect(refused).toBeLessThan(ALLOWED.length);
  });
});

function sortedItems(reply: ReturnType<TestEngine['run']>): string[] {
  if (reply.type !== 'array') throw new Error(show(reply));
  return reply.items.map((item) => show(item).slice(1, -1)).sort();
}
