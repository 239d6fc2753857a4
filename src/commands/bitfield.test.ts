import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestEngine } from '../../test/support/engine.ts';
import { checkKeyspace } from '../keyspace/keyspace-check.ts';

const MAX = '9223372036854775807';
const MIN = '-9223372036854775808';
const SYNTAX_ERROR = '(error) ERR syntax error';
const NOT_AN_OFFSET = '(error) ERR bit offset is not an integer or out of range';
const INVALID_TYPE =
  '(error) ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported ' +
  'but i64 is.';

let engine: TestEngine;
let changes: string[];

beforeEach(() => {
  engine = new TestEngine();
  changes = engine.watchChanges();
});

afterEach(() => {
  checkKeyspace(engine.keyspace);
});

function run(...lines: string[]): string[] {
  return lines.map((line) => engine.text(...line.split(' ')).replaceAll('(integer) ', ''));
}

/** What a command answers, and the changes it reports. */
function effect(line: string): [reply: string, ...changes: string[]] {
  changes.length = 0;
  const [reply] = run(line);
  return [reply!, ...changes];
}

describe('BITFIELD', () => {
  it('runs its operations in order', () => {
    expect(run('BITFIELD k SET u8 #1 200 INCRBY i5 8 1 GET u8 8 GET u4 0 GET i8 #1')).toEqual([
      '[0, -6, 208, 0, -48]',
    ]);
    expect(run('GET k', 'BITFIELD k', 'BITFIELD k OVERFLOW SAT')).toEqual([
      '"\\u0000Ð"',
      '[]',
      '[]',
    ]);
  });

  it('is exact for 64 bits', () => {
    expect(run(`BITFIELD k SET i64 0 ${MAX} GET i64 0 INCRBY i64 0 1 INCRBY i64 0 -1`)).toEqual([
      `[0, ${MAX}, ${MIN}, ${MAX}]`,
    ]);
    expect(run(`BITFIELD k SET u63 1 ${MAX} INCRBY u63 1 1 INCRBY u63 1 ${MIN}`)).toEqual([
      `[${MAX}, 0, 0]`,
    ]);
    expect(run(`BITFIELD n SET i64 3 ${MIN} GET u63 3 GET i64 3 INCRBY i64 3 ${MIN}`)).toEqual([
      `[0, 4611686018427387904, ${MIN}, 0]`,
    ]);
    expect(run('BITFIELD m SET u53 5 9007199254740991 INCRBY u53 5 9007199254740991')).toEqual([
      '[0, 9007199254740990]',
    ]);
  });

  it('wraps, saturates and fails as OVERFLOW last said', () => {
    const line = 'BITFIELD k SET i8 0 127 OVERFLOW SAT INCRBY i8 0 1 INCRBY i8 0 -300';
    expect(run(`${line} OVERFLOW FAIL INCRBY i8 0 -1 OVERFLOW wrap INCRBY i8 0 -1`)).toEqual([
      '[0, 127, -128, (nil), 127]',
    ]);
    expect(run('BITFIELD k OVERFLOW FAIL SET u8 0 256 SET u8 0 255 GET u8 0')).toEqual([
      '[(nil), 127, 255]',
    ]);
    expect(run('BITFIELD k OVERFLOW SAT SET u8 0 1', 'BITFIELD k INCRBY u8 0 -2')).toEqual([
      '[255]',
      '[255]',
    ]);
  });

  it('takes a negative number for a large one where SET meets an unsigned field', () => {
    expect(run('BITFIELD k OVERFLOW SAT SET u8 0 -1 GET u8 0', 'BITFIELD k SET u8 0 -2')).toEqual([
      '[0, 255]',
      '[255]',
    ]);
    expect(run('BITFIELD k GET u8 0 OVERFLOW FAIL SET u60 0 -1')).toEqual(['[254, (nil)]']);
  });

  it('takes a number 2^63 below the largest for too large, as Redis does', () => {
    expect(run(`BITFIELD k OVERFLOW SAT SET i8 0 ${MIN} GET i8 0`)).toEqual(['[0, 127]']);
    const lowest = '-9223372036854775680';
    expect(run(`BITFIELD k OVERFLOW SAT SET i8 0 ${lowest} GET i8 0`)).toEqual(['[127, -128]']);
  });

  it('reads zeros behind the string and where there is none', () => {
    run('SET k a');
    expect(run('BITFIELD k GET u16 0 GET u8 4 GET u63 4294967295')).toEqual(['[24832, 16, 0]']);
    expect(run('BITFIELD none GET u8 0 GET i64 77', 'EXISTS none')).toEqual(['[0, 0]', '0']);
  });

  it('reports a change when a field has another value or the string grew for it', () => {
    expect(effect('BITFIELD k SET u8 0 0')).toEqual(['[0]', 'new k', 'setbit k']);
    expect(effect('BITFIELD k SET u8 0 0 GET u8 0')).toEqual(['[0, 0]']);
    expect(effect('BITFIELD k SET u8 0 1 INCRBY u8 0 1')).toEqual(['[0, 2]', 'setbit k']);
    expect(effect('BITFIELD k INCRBY i64 0 0')).toEqual(['[144115188075855872]', 'setbit k']);
    expect(effect('BITFIELD k INCRBY i64 0 0')).toEqual(['[144115188075855872]']);
  });

  it('grows the string for what then fails, and says so without a name', () => {
    expect(effect('BITFIELD k OVERFLOW FAIL SET u2 100 5')).toEqual([
      '[(nil)]',
      'new k',
      'rewritten k',
    ]);
    expect(run('STRLEN k', 'BITCOUNT k')).toEqual(['13', '0']);
    expect(effect('BITFIELD k OVERFLOW FAIL SET u2 100 5')).toEqual(['[(nil)]']);
  });

  it('checks all its operations before the first', () => {
    const first = 'BITFIELD k SET u8 0 1';
    expect(run(`${first} SET u8 0`, `${first} FETCH u8 0`, `${first} OVERFLOW`)).toEqual(
      new Array(3).fill(SYNTAX_ERROR),
    );
    for (const type of ['u64', 'i65', 'u0', 'i0', 'x8', 'U8', 'u', 'u08', 'u+8', '8']) {
      expect(run(`${first} GET ${type} 0`)).toEqual([INVALID_TYPE]);
    }
    for (const offset of ['-1', 'x', '#', '#-1', '##1', '4294967296', '#536870912', '0x1']) {
      expect(run(`${first} GET u8 ${offset}`)).toEqual([NOT_AN_OFFSET]);
    }
    expect(run(`${first} OVERFLOW NONE GET u8`)).toEqual([
      '(error) ERR Invalid OVERFLOW type specified',
    ]);
    expect(run(`${first} SET u8 0 x`, `${first} INCRBY u8 0 9223372036854775808`)).toEqual(
      new Array(2).fill('(error) ERR value is not an integer or out of range'),
    );
    expect(run('EXISTS k')).toEqual(['0']);
  });

  it('refuses an offset that 64 bits cannot hold, which Redis lets wrap', () => {
    expect(run('BITFIELD k GET u4 #4611686018427387904')).toEqual([NOT_AN_OFFSET]);
  });

  it('refuses a type with a NUL in it, where Redis stops reading', () => {
    expect(engine.text('BITFIELD', 'k', 'GET', 'u8\0x', '0')).toBe(INVALID_TYPE);
  });

  it('writes no further than one field beyond the longest string', () => {
    engine.keyspace.stringBytesMax = 10;
    expect(run('BITFIELD k SET i64 79 -1', 'STRLEN k', 'BITCOUNT k')).toEqual(['[0]', '18', '64']);
    expect(run('BITFIELD k SET i64 80 -1')).toEqual([NOT_AN_OFFSET]);
  });
});

describe('BITFIELD_RO', () => {
  it('only reads', () => {
    run('SET k a');
    expect(run('BITFIELD_RO k GET u8 0 OVERFLOW SAT GET i4 #1')).toEqual(['[97, 1]']);
    expect(run('BITFIELD_RO k GET u8 0 SET u8 0 1', 'BITFIELD_RO none INCRBY u8 0 1')).toEqual(
      new Array(2).fill('(error) ERR BITFIELD_RO only supports the GET subcommand'),
    );
    expect(run('GET k', 'EXISTS none')).toEqual(['"a"', '0']);
    expect(effect('BITFIELD_RO none GET u8 0')).toEqual(['[0]', 'keymiss none']);
  });
});
