import { describe, expect, it } from 'vitest';
import { TestEngine } from '../../test/support/engine.ts';
import { chosenSeed, SeededRandom } from '../../test/support/seeded-random.ts';
import { checkKeyspace } from '../keyspace/keyspace-check.ts';

const seed = chosenSeed();

/** The elements of a reply that is an array, as Latin-1. */
function elements(engine: TestEngine, ...command: string[]): string[] {
  const reply = engine.run(...command);
  if (reply.type !== 'array') throw new Error(`no array: ${JSON.stringify(reply)}`);
  return reply.items.map((item) => (item.type === 'bulk' ? item.bytes.toString('latin1') : ''));
}

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a, 'latin1'), Buffer.from(b, 'latin1'));
}

describe(`SORT of many, SEED=${seed}`, () => {
  it('sorts numbers, whatever they are held as', () => {
    const random = new SeededRandom(seed);
    const engine = new TestEngine();
    const numbers = Array.from({ length: 5000 }, (_, i) =>
      i % 3 === 0 ? String(random.integer(-1e9, 1e9)) : String((random.fraction() - 0.5) * 1e6),
    );
    engine.run('RPUSH', 'l', ...numbers);
    const expected = [...numbers].sort((a, b) => Number(a) - Number(b));
    expect(elements(engine, 'SORT', 'l')).toEqual(expected);
    expect(elements(engine, 'SORT', 'l', 'DESC')).toEqual([...expected].reverse());
    expect(elements(engine, 'SORT', 'l', 'LIMIT', '100', '7')).toEqual(expected.slice(100, 107));
  });

  it.each(['', 'user:profile:', 'ab\xffcdefgh'])('sorts texts that begin with "%s"', (prefix) => {
    const random = new SeededRandom(seed);
    const engine = new TestEngine();
    const texts = Array.from({ length: 3000 }, () => prefix + random.text('ab\x01\xff', 0, 12));
    engine.run('RPUSH', 'l', ...texts);
    engine.run('RPUSH', 'l', prefix);
    const expected = [...texts, prefix].sort(byBytes);
    expect(elements(engine, 'SORT', 'l', 'ALPHA')).toEqual(expected);
    expect(elements(engine, 'SORT', 'l', 'ALPHA', 'DESC')).toEqual([...expected].reverse());
    engine.run('SORT', 'l', 'ALPHA', 'STORE', 'd');
    expect(elements(engine, 'LRANGE', 'd', '0', '-1')).toEqual(expected);
  });

  it('sorts by weights elsewhere, in part too', () => {
    const random = new SeededRandom(seed);
    const engine = new TestEngine();
    const weights = new Map<string, number>();
    for (let i = 0; i < 2000; i++) {
      weights.set(`e${i}`, random.integer(0, 1e6));
      engine.run('SET', `w_e${i}`, String(weights.get(`e${i}`)));
      engine.run('HSET', `h_e${i}`, 'w', String(weights.get(`e${i}`)));
    }
    engine.run('SADD', 's', ...weights.keys());
    const expected = [...weights.keys()].sort(
      (a, b) => weights.get(a)! - weights.get(b)! || byBytes(a, b),
    );
    expect(elements(engine, 'SORT', 's', 'BY', 'w_*')).toEqual(expected);
    const part = elements(engine, 'SORT', 's', 'BY', 'h_*->w', 'LIMIT', '700', '30');
    expect(part).toEqual(expected.slice(700, 730));
  });
});

describe('SORT', () => {
  it('takes strings for what C takes them for, but for what it stores', () => {
    const engine = new TestEngine();
    engine.run('RPUSH', 'l', 'b', 'a\0z', 'a\0b', 'a');
    expect(elements(engine, 'SORT', 'l', 'ALPHA')).toEqual(['a\0z', 'a\0b', 'a', 'b']);
    engine.run('SORT', 'l', 'ALPHA', 'STORE', 'd');
    expect(elements(engine, 'LRANGE', 'd', '0', '-1')).toEqual(['a', 'a\0b', 'a\0z', 'b']);
    engine.run('DEL', 'l');
    engine.run('RPUSH', 'l', '2\0x', '10', '', ' 1');
    expect(elements(engine, 'SORT', 'l')).toEqual(['', ' 1', '2\0x', '10']);
  });

  it.each(['x', '1x', '1 ', 'nan', '1e400', '1e-400', '5e-324'])('refuses "%s"', (text) => {
    const engine = new TestEngine();
    engine.run('RPUSH', 'l', '1', text);
    const error = "(error) ERR One or more scores can't be converted into double";
    expect(engine.text('SORT', 'l')).toBe(error);
    engine.run('SET', 'd', 'kept');
    expect(engine.text('SORT', 'l', 'STORE', 'd')).toBe(error);
    expect(engine.text('GET', 'd')).toBe('"kept"');
  });

  it('does not see what has expired', () => {
    const engine = new TestEngine();
    engine.run('RPUSH', 'l', '1', '2', '3');
    for (const [key, weight] of ['1:5', '2:1', '3:3'].map((pair) => pair.split(':'))) {
      engine.run('SET', `w_${key}`, weight!, 'PX', key === '1' ? '10' : '1000');
    }
    expect(engine.text('SORT', 'l', 'BY', 'w_*')).toBe('["2", "3", "1"]');
    engine.sleep(20);
    expect(engine.text('SORT', 'l', 'BY', 'w_*', 'GET', '#', 'GET', 'w_*')).toBe(
      '["1", (nil), "2", "1", "3", "3"]',
    );
    checkKeyspace(engine.keyspace);
  });

  it('makes keys of elements of any length', () => {
    const engine = new TestEngine();
    const long = 'x'.repeat(2000);
    engine.run('RPUSH', 'l', long, 'y');
    engine.run('MSET', `w_${long}_w`, '2', 'w_y_w', '1', `w_${long}`, '0');
    expect(elements(engine, 'SORT', 'l', 'BY', 'w_*_w')).toEqual(['y', long]);
    expect(elements(engine, 'SORT', 'l', 'BY', 'w_*')).toEqual([long, 'y']);
  });
});

describe('SORT STORE', () => {
  it('makes a list, small or large, and says so', () => {
    const engine = new TestEngine();
    const { keyspace } = engine;
    engine.run('RPUSH', 'l', ...Array.from({ length: 3000 }, (_, i) => String(3000 - i)));
    const before = keyspace.heap.usedBytes;
    const changes = engine.watchChanges();
    expect(engine.text('SORT', 'l', 'STORE', 'd', 'LIMIT', '0', '3')).toBe('(integer) 3');
    expect(engine.text('OBJECT', 'ENCODING', 'd')).toBe('"listpack"');
    expect(engine.text('SORT', 'l', 'STORE', 'd', 'GET', '#', 'GET', 'none')).toBe(
      '(integer) 6000',
    );
    expect(engine.text('OBJECT', 'ENCODING', 'd')).toBe('"quicklist"');
    expect(engine.text('LRANGE', 'd', '0', '3')).toBe('["1", "", "2", ""]');
    expect(changes).toEqual(['new d', 'sortstore d', 'sortstore d']);
    expect(engine.text('SORT', 'none', 'STORE', 'd')).toBe('(integer) 0');
    expect(engine.text('SORT', 'none', 'STORE', 'd')).toBe('(integer) 0');
    expect(changes.slice(3)).toEqual(['keymiss none', 'del d', 'keymiss none']);
    while (keyspace.hasGarbage) keyspace.freeGarbage();
    checkKeyspace(keyspace);
    expect(keyspace.heap.usedBytes).toBe(before);
  });

  it('can store where it reads', () => {
    const engine = new TestEngine();
    engine.run('SADD', 's', '3', '1', '2');
    expect(engine.text('SORT', 's', 'DESC', 'STORE', 's')).toBe('(integer) 3');
    expect(engine.text('LRANGE', 's', '0', '-1')).toBe('["3", "2", "1"]');
    checkKeyspace(engine.keyspace);
  });
});
