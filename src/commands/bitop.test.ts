import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { TestEngine } from '../../test/support/engine.ts';
import { checkKeyspace } from '../keyspace/keyspace-check.ts';

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));

let engine: TestEngine;
let changes: string[];

beforeEach(() => {
  engine = new TestEngine();
  changes = engine.watchChanges();
});

function run(...lines: string[]): string[] {
  return lines.map((line) => engine.text(...line.split(' ')));
}

/** What a command answers, and the changes it reports. */
function effect(line: string): [reply: string, ...changes: string[]] {
  changes.length = 0;
  const [reply] = run(line);
  return [reply!, ...changes];
}

/** What BITOP makes of strings: the shorter ones continue with zeros. */
function model(operation: string, sources: readonly Buffer[]): Buffer {
  const length = Math.max(...sources.map((source) => source.length));
  const padded = sources.map((source) => Buffer.concat([source], length));
  const [first, ...others] = padded;
  if (operation === 'NOT') return Buffer.from(first!.map((byte) => ~byte));
  return others.reduce((result, source) => {
    const pairs = Array.from(result, (byte, i): [number, number] => [byte, source[i]!]);
    if (operation === 'AND') return Buffer.from(pairs.map(([a, b]) => a & b));
    if (operation === 'OR') return Buffer.from(pairs.map(([a, b]) => a | b));
    return Buffer.from(pairs.map(([a, b]) => a ^ b));
  }, first!);
}

describe('BITOP', () => {
  it(`combines any strings into any key, its sources included (SEED=${seed})`, () => {
    const keys = ['a', 'b', 'c', 'd'];
    const key = fc.constantFrom(...keys);
    const value = fc.uint8Array({ maxLength: 70 });
    const values = fc.tuple(value, value, value);
    const operation = fc.constantFrom('AND', 'OR', 'XOR', 'NOT');
    const call = fc.record({
      operation,
      target: key,
      sources: fc.array(key, { minLength: 1, maxLength: 6 }),
    });
    fc.assert(
      fc.property(values, fc.array(call, { maxLength: 6 }), (initial, calls) => {
        const state = new Map<string, Buffer>();
        engine.run('DEL', ...keys);
        for (const [i, bytes] of initial.entries()) {
          state.set(keys[i]!, Buffer.from(bytes));
          engine.run('SET', keys[i]!, Buffer.from(bytes), 'EX', '100');
        }
        for (const { operation, target, sources } of calls) {
          const used = operation === 'NOT' ? sources.slice(0, 1) : sources;
          const result = model(
            operation,
            used.map((name) => state.get(name) ?? Buffer.alloc(0)),
          );
          expect(engine.text('BITOP', operation, target, ...used)).toBe(
            `(integer) ${result.length}`,
          );
          if (result.length > 0) state.set(target, result);
          else state.delete(target);
          const found = engine.run('GET', target);
          expect(found.type === 'bulk' ? found.bytes : undefined).toEqual(state.get(target));
          expect(engine.text('TTL', target)).toBe(`(integer) ${result.length > 0 ? -1 : -2}`);
        }
        for (const [name, bytes] of state) {
          expect(engine.run('GET', name)).toMatchObject({ bytes });
        }
      }),
      { seed, numRuns: 400 },
    );
    checkKeyspace(engine.keyspace);
  });

  it('sets the target like SET, or deletes it', () => {
    run('SET a foo', 'SET d 1 EX 100');
    expect(effect('BITOP AND d a')).toEqual(['(integer) 3', 'set d']);
    expect(run('TTL d', 'OBJECT ENCODING d')).toEqual(['(integer) -1', '"raw"']);
    expect(effect('BITOP OR d no none')).toEqual([
      '(integer) 0',
      'keymiss no',
      'keymiss none',
      'del d',
    ]);
    expect(effect('BITOP OR d no')).toEqual(['(integer) 0', 'keymiss no']);
    expect(effect('BITOP XOR new a a')).toEqual(['(integer) 3', 'new new', 'set new']);
    expect(effect('BITOP OR none none a')).toEqual([
      '(integer) 3',
      'keymiss none',
      'new none',
      'set none',
    ]);
    expect(run('GET none')).toEqual(['"foo"']);
  });

  it('works on long strings, and on one that grows into the target', () => {
    const [long, short] = ['\x0f'.repeat(5_000_001), '\xff'.repeat(3)];
    engine.run('SET', 'long', long);
    engine.run('SET', 'short', short);
    expect(run('BITOP XOR short short long', 'BITCOUNT short', 'BITCOUNT short 0 2')).toEqual([
      '(integer) 5000001',
      '(integer) 20000004',
      '(integer) 12',
    ]);
    expect(run('BITOP NOT long long', 'BITCOUNT long', 'BITPOS long 0')).toEqual([
      '(integer) 5000001',
      '(integer) 20000004',
      '(integer) 4',
    ]);
    checkKeyspace(engine.keyspace);
  });

  it('refuses what it does not know', () => {
    const onlyOne = '(error) ERR BITOP NOT must be called with a single source key.';
    expect(run('BITOP NAND d a', 'BITOP DIFF d a b', 'BITOP NOT d a b')).toEqual([
      '(error) ERR syntax error',
      '(error) ERR syntax error',
      onlyOne,
    ]);
    expect(run('BITOP AND d')).toEqual([
      "(error) ERR wrong number of arguments for 'bitop' command",
    ]);
  });
});
