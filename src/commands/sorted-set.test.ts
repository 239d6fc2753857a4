import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { show, TestEngine } from '../../test/support/engine.ts';
import type { Reply } from '../../test/support/resp-reply.ts';
import { NO_ENTRY } from '../keyspace/entry.ts';
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

function itemsOf(reply: Reply): string[] {
  if (reply.type !== 'array') throw new Error(`no array: ${show(reply)}`);
  return reply.items.map(show);
}

/** Gives a key a sorted set of the members m0 ... with their numbers for scores. */
function fill(key: string, count: number): void {
  for (let from = 0; from < count; from += 5000) {
    const length = Math.min(5000, count - from);
    const pairs = Array.from({ length }, (_, i) => [`${from + i}`, `m${from + i}`]);
    engine.run('ZADD', key, ...pairs.flat());
  }
}

describe('changes', () => {
  it.each([
    ['ZADD new 1 a 2 b', '(integer) 2', 'new new', 'zadd new'],
    ['ZADD z 1 a', '(integer) 0'],
    ['ZADD z 9 a', '(integer) 0', 'zadd z'],
    ['ZADD z NX 9 a', '(integer) 0'],
    ['ZADD z XX 9 none', '(integer) 0'],
    ['ZADD none XX 9 a', '(integer) 0'],
    ['ZADD z INCR 1 a', '"2"', 'zincr z'],
    ['ZADD z INCR 0 a', '"1"'],
    ['ZADD z GT INCR -1 a', '(nil)'],
    ['ZINCRBY z 1 new', '"1"', 'zincr z'],
    ['ZREM z none', '(integer) 0'],
    ['ZREM z a none b', '(integer) 2', 'zrem z'],
    ['ZREM z a b c', '(integer) 3', 'zrem z', 'del z'],
    ['ZREMRANGEBYRANK z 0 0', '(integer) 1', 'zremrangebyrank z'],
    ['ZREMRANGEBYRANK z 0 -1', '(integer) 3', 'zremrangebyrank z', 'del z'],
    ['ZREMRANGEBYRANK z 5 9', '(integer) 0'],
    ['ZREMRANGEBYSCORE z (1 2', '(integer) 1', 'zremrangebyscore z'],
    ['ZREMRANGEBYSCORE z 0 inf', '(integer) 3', 'zremrangebyscore z', 'del z'],
    ['ZREMRANGEBYLEX z - +', '(integer) 3', 'zremrangebylex z', 'del z'],
    ['ZPOPMIN z', '["a", "1"]', 'zpopmin z'],
    ['ZPOPMAX z 2', '["c", "3", "b", "2"]', 'zpopmax z'],
    ['ZPOPMAX z 9', '["c", "3", "b", "2", "a", "1"]', 'zpopmax z', 'del z'],
    ['ZPOPMIN z 0', '[]'],
    ['ZMPOP 2 none z MIN', '["z", [["a", "1"]]]', 'zpopmin z'],
    ['ZMPOP 1 z MAX COUNT 2', '["z", [["c", "3"], ["b", "2"]]]', 'zpopmax z'],
    ['ZRANGESTORE t z 0 1', '(integer) 2', 'zrangestore t'],
    ['ZRANGESTORE new z 0 1', '(integer) 2', 'new new', 'zrangestore new'],
    ['ZRANGESTORE t none 0 1', '(integer) 0', 'keymiss none', 'del t'],
    ['ZRANGESTORE none none 0 1', '(integer) 0', 'keymiss none'],
    ['ZUNIONSTORE t 2 z z', '(integer) 3', 'zunionstore t'],
    ['ZINTERSTORE t 1 z', '(integer) 3', 'zinterstore t'],
    ['ZDIFFSTORE t 2 z none', '(integer) 3', 'keymiss none', 'zdiffstore t'],
    ['ZDIFFSTORE t 2 z z', '(integer) 0', 'del t'],
    ['ZINTERSTORE none 2 z none', '(integer) 0', 'keymiss none'],
  ])('%s', (line, ...expected) => {
    run('ZADD z 1 a 2 b 3 c', 'SET t text');
    expect(effect(line)).toEqual(expected);
  });
});

describe('differences that comparing with Redis brought to light', () => {
  it('a command that makes a sorted set large finds all its members afterwards', () => {
    engine.keyspace.sortedSets.limits.entriesMax = 2;
    run('ZADD z 1 a 2 b', 'ZADD z 3 c 4 a 5 d 6 a 7 c 8 e 9 f 10 g 11 a');
    expect(run('ZRANGE z 0 -1')).toBe('["b", "d", "c", "e", "f", "g", "a"]');
    expect(run('ZADD z 12 a 12 g 12 c')).toBe('(integer) 0');
  });

  it('a key that is not there has no members, whatever was read before', () => {
    run('ZADD a 1 x 2 y', 'ZADD b 1 x', 'ZADD c 1 y', 'ZDIFF 3 a b c');
    expect(run('ZDIFF 3 a none1 none2')).toBe('["x", "y"]');
    expect(run('ZDIFF 2 a none')).toBe('["x", "y"]');
  });

  it('all of a sorted set, chosen by chance, comes from the highest score down', () => {
    run('ZADD z 1 a 2 b 3 c');
    expect(run('ZRANDMEMBER z 5')).toBe('["c", "b", "a"]');
  });

  it('-0 loses its sign on its way into a packed sorted set, and when a range is stored', () => {
    run('ZADD small -0 a');
    expect(run('ZSCORE small a')).toBe('"0"');
    engine.keyspace.sortedSets.limits.entriesMax = 0;
    expect(run('ZADD large -0 a 1 b', 'ZSCORE large a')).toBe('"-0"');
    engine.keyspace.sortedSets.limits.entriesMax = 1;
    run('ZRANGESTORE counted large 0 -1', 'ZRANGESTORE open large -inf inf BYSCORE');
    expect(run('ZSCORE counted a')).toBe('"-0"');
    expect(run('ZSCORE open a')).toBe('"0"');
  });
});

describe('what 7.2 does otherwise than 7.0', () => {
  it('chooses the encoding of a sorted set by how many pairs it is given', () => {
    const pairs = Array.from({ length: 129 }, () => ['1', 'same']).flat();
    engine.run('ZADD', 'new', ...pairs);
    expect(run('OBJECT ENCODING new')).toBe('"skiplist"');
    run('ZADD z 1 a');
    engine.run('ZADD', 'z', ...pairs);
    expect(run('OBJECT ENCODING z')).toBe('"skiplist"');
  });

  it('prints scores with the fewest digits, but 17 when it scans a large sorted set', () => {
    run('ZADD z 0.1 a');
    expect(run('ZSCAN z 0')).toBe('["0", ["a", "0.1"]]');
    engine.keyspace.sortedSets.limits.entriesMax = 0;
    run('ZADD large 0.1 a');
    expect(run('ZSCORE large a')).toBe('"0.1"');
    expect(run('ZSCAN large 0')).toBe('["0", ["a", "0.10000000000000001"]]');
  });
});

describe('Unions', () => {
  it('of many keys leave nothing behind that is kept for the next', () => {
    run('ZADD z 1 a', 'SADD s a b');
    const keys = Array.from({ length: 100 }, (_, i) => (i % 2 === 0 ? 'z' : 's'));
    const kept = engine.keyspace.cell(99);
    expect(engine.text('ZUNION', '100', ...keys, 'WITHSCORES')).toBe('["b", "50", "a", "100"]');
    expect(kept.entry).toBe(NO_ENTRY);
  });
});

describe('ZRANDMEMBER', () => {
  it.each([3, 300])('chooses every one of %i members, each as often', (count) => {
    fill('z', count);
    const seen = new Map<string, number>();
    const draws = 40 * count;
    for (const member of itemsOf(engine.run('ZRANDMEMBER', 'z', `-${draws}`))) {
      seen.set(member, (seen.get(member) ?? 0) + 1);
    }
    expect(seen.size).toBe(count);
    // 40 expected each: further than seven deviations off is no chance.
    for (const times of seen.values()) expect(Math.abs(times - 40)).toBeLessThan(45);
  });

  it.each([1, 2, 150, 299])('chooses %i different ones of 300', (count) => {
    fill('z', 300);
    const seen = new Set<string>();
    for (let round = 0; round < 40; round++) {
      const members = itemsOf(engine.run('ZRANDMEMBER', 'z', `${count}`));
      expect(new Set(members).size).toBe(count);
      for (const member of members) seen.add(member);
    }
    expect(seen.size).toBeGreaterThan(Math.min(20, count));
  });

  it('refuses what no reply can hold', () => {
    run('ZADD z 1 a');
    expect(run('ZRANDMEMBER z -9223372036854775807')).toBe('(error) ERR value is out of range');
  });
});

describe('ZSCAN', () => {
  it('returns everything that stays, while members come and go', () => {
    fill('z', 1000);
    const found = new Set<string>();
    let cursor = '0';
    let round = 0;
    do {
      const [next, items] = parse(engine.run('ZSCAN', 'z', cursor, 'COUNT', '20'));
      for (const [i, item] of items.entries()) if (i % 2 === 0) found.add(item);
      cursor = next;
      engine.run('ZADD', 'z', '1', `more ${round}`, '1', `and more ${round}`);
      engine.run('ZREM', 'z', `m${500 + (round++ % 500)}`);
    } while (cursor !== '0');
    for (let i = 0; i < 500; i++) expect(found.has(`m${i}`)).toBe(true);
  });

  it('ends for a cursor that it never gave', () => {
    fill('z', 300);
    expect(run('ZSCAN z 18446744073709551615')).toBe('["0", []]');
  });
});

describe('a huge sorted set', () => {
  it.each(['DEL z', 'UNLINK z', 'ZREMRANGEBYRANK z 0 -1', 'ZPOPMIN z 1000000', 'SET z text'])(
    'is freed in slices by %s',
    (line) => {
      const { heap } = engine.keyspace;
      const startBytes = heap.usedBytes;
      fill('z', 20_000);
      const fullBytes = heap.usedBytes;
      run(line);
      const freedAtOnce = fullBytes - heap.usedBytes;
      expect(freedAtOnce).toBeLessThan((fullBytes - startBytes) / 2);
      expect(engine.keyspace.hasGarbage).toBe(true);
      while (engine.keyspace.hasGarbage) engine.keyspace.freeGarbage();
      run('DEL z');
      expect(heap.usedBytes).toBe(startBytes);
    },
  );

  it('is freed in slices when its time comes', () => {
    const { heap } = engine.keyspace;
    const startBytes = heap.usedBytes;
    fill('z', 20_000);
    run('PEXPIRE z 10');
    engine.sleep(20);
    expect(run('EXISTS z')).toBe('(integer) 0');
    expect(engine.keyspace.hasGarbage).toBe(true);
    while (engine.keyspace.hasGarbage) engine.keyspace.freeGarbage();
    expect(heap.usedBytes).toBe(startBytes);
  });

  it('is copied, and its memory is counted', () => {
    fill('z', 5000);
    run('COPY z copied', 'ZADD z 1 more', 'ZREM copied m0');
    expect(run('ZCARD copied')).toBe('(integer) 4999');
    expect(run('ZCARD z')).toBe('(integer) 5001');
    const usage = Number(/\d+/.exec(run('MEMORY USAGE z'))![0]);
    // A record of 16 or 24 bytes, and its places in table and tree.
    expect(usage / 5001).toBeGreaterThan(32);
    expect(usage / 5001).toBeLessThan(48);
  });
});

describe('without memory', () => {
  it('nothing comes into being, and nothing changes', () => {
    const { heap } = engine.keyspace;
    fill('large', 300);
    run('ZADD small 1 a 2 b');
    const before = ['large', 'small'].map((key) => run(`ZRANGE ${key} 0 -1 WITHSCORES`));
    const { alloc } = heap;
    const commands = [
      ['ZADD', 'new', '1', 'a'],
      ['ZADD', 'new', '1', 'x'.repeat(65)],
      ['ZADD', 'small', '1', 'y'.repeat(60)],
      ['ZADD', 'small', '1', 'x'.repeat(65)],
      ['ZRANGESTORE', 'small', 'large', '0', '-1'],
      ['ZUNIONSTORE', 'small', '2', 'large', 'small'],
      ['COPY', 'large', 'small', 'REPLACE'],
    ];
    for (let allowed = 0; allowed < 6; allowed++) {
      for (const command of commands) {
        let left = allowed;
        let wasRefused = false;
        heap.alloc = (bytes) => {
          if (left-- > 0) return alloc.call(heap, bytes);
          wasRefused = true;
          throw new OutOfMemoryError('refused');
        };
        const reply = engine.text(...command);
        heap.alloc = alloc;
        checkKeyspace(engine.keyspace);
        if (!wasRefused) run('DEL new', 'DEL small', 'ZADD small 1 a 2 b');
        else expect(reply).toMatch(/^\(error\) OOM/);
        const after = ['large', 'small'].map((key) => run(`ZRANGE ${key} 0 -1 WITHSCORES`));
        expect(after).toEqual(before);
        expect(run('EXISTS new')).toBe('(integer) 0');
      }
    }
  });
});

function parse(reply: Reply): [cursor: string, items: string[]] {
  if (reply.type !== 'array') throw new Error('no array');
  const [cursor, items] = reply.items;
  return [JSON.parse(show(cursor!)) as string, itemsOf(items!).map((item) => JSON.parse(item))];
}
