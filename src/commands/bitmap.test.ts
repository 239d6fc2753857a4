import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestEngine } from '../../test/support/engine.ts';
import { checkKeyspace } from '../keyspace/keyspace-check.ts';

const WRONG_TYPE = '(error) WRONGTYPE Operation against a key holding the wrong kind of value';
const NOT_AN_OFFSET = '(error) ERR bit offset is not an integer or out of range';
const NOT_A_BIT = '(error) ERR bit is not an integer or out of range';
const NOT_AN_INTEGER = '(error) ERR value is not an integer or out of range';
const SYNTAX_ERROR = '(error) ERR syntax error';

const LAST_OFFSET = 2 ** 32 - 1;

let engine: TestEngine;
let changes: string[];

beforeEach(() => {
  engine = new TestEngine();
  changes = engine.watchChanges();
});

afterEach(() => {
  checkKeyspace(engine.keyspace);
});

/** Runs commands, written as words between blanks, and answers their replies. */
function run(...lines: string[]): string[] {
  return lines.map((line) => engine.text(...line.split(' ')));
}

/** What a command answers, and the changes it reports. */
function effect(line: string): [reply: string, ...changes: string[]] {
  changes.length = 0;
  const [reply] = run(line);
  return [reply!, ...changes];
}

/** Replies that are integers. */
function integers(...lines: string[]): number[] {
  return run(...lines).map((reply) => Number(reply.replace('(integer) ', '')));
}

describe('SETBIT and GETBIT', () => {
  it('make the string longer with zeros', () => {
    expect(integers('SETBIT k 20 1', 'STRLEN k', 'GETBIT k 20', 'GETBIT k 19')).toEqual([
      0, 3, 1, 0,
    ]);
    expect(run('GET k')).toEqual(['"\\u0000\\u0000\\b"']);
    expect(integers('SETBIT k 20 0', 'SETBIT k 1000 0', 'STRLEN k', 'BITCOUNT k')).toEqual([
      1, 0, 126, 0,
    ]);
  });

  it('find zeros in memory that was used before', () => {
    for (const length of [5, 300, 40_000]) {
      engine.run('SET', 'used', 'x'.repeat(length));
      run('DEL used');
      expect(integers(`SETBIT k ${length * 8 - 1} 1`, 'BITCOUNT k', 'DEL k')).toEqual([0, 1, 1]);
    }
  });

  it('keep the expiry and turn integers into bytes', () => {
    run('SET k 17 PXAT 9999999999999', 'SETBIT k 7 0');
    expect(run('GET k', 'OBJECT ENCODING k', 'PEXPIRETIME k')).toEqual([
      '"07"',
      '"raw"',
      '(integer) 9999999999999',
    ]);
  });

  it('report a change only when there is one', () => {
    expect(effect('SETBIT k 5 0')).toEqual(['(integer) 0', 'new k', 'setbit k']);
    expect(effect('SETBIT k 5 0')).toEqual(['(integer) 0']);
    expect(effect('SETBIT k 5 1')).toEqual(['(integer) 0', 'setbit k']);
    expect(effect('SETBIT k 5 1')).toEqual(['(integer) 1']);
    expect(effect('SETBIT k 8 0')).toEqual(['(integer) 0', 'setbit k']);
    expect(effect('GETBIT missing 8')).toEqual(['(integer) 0', 'keymiss missing']);
  });

  it('reach the last bit of 512 MB', () => {
    expect(integers(`SETBIT k ${LAST_OFFSET} 1`, 'STRLEN k')).toEqual([0, 2 ** 29]);
    expect(integers(`GETBIT k ${LAST_OFFSET}`, `GETBIT k ${LAST_OFFSET - 1}`)).toEqual([1, 0]);
    expect(integers('BITPOS k 1 -100', 'BITCOUNT k -100 -1')).toEqual([LAST_OFFSET, 1]);
    const fields = `u1 ${LAST_OFFSET} GET u8 ${LAST_OFFSET - 7} GET u63 ${LAST_OFFSET}`;
    expect(run(`BITFIELD k GET ${fields}`)).toEqual([
      `[(integer) 1, (integer) 1, (integer) ${2n ** 62n}]`,
    ]);
    expect(run(`SETBIT k ${LAST_OFFSET + 1} 1`)).toEqual([NOT_AN_OFFSET]);
    run('DEL k');
  });

  it('respect the longest string allowed', () => {
    engine.keyspace.stringBytesMax = 100;
    expect(run('SETBIT k 799 1', 'STRLEN k')).toEqual(['(integer) 0', '(integer) 100']);
    expect(run('SETBIT k 800 1', 'GETBIT k 800', 'BITFIELD k GET u1 #800')).toEqual(
      new Array(3).fill(NOT_AN_OFFSET),
    );
  });

  it('refuse what is no offset and no bit', () => {
    for (const offset of ['-1', 'x', '1.0', '01', '#1', '9223372036854775808', '4294967296']) {
      expect(run(`SETBIT k ${offset} 1`, `GETBIT k ${offset}`)).toEqual([
        NOT_AN_OFFSET,
        NOT_AN_OFFSET,
      ]);
    }
    for (const bit of ['2', '-1', 'x', '01', '9223372036854775807', '99999999999999999999']) {
      expect(run(`SETBIT k 1 ${bit}`)).toEqual([NOT_A_BIT]);
    }
    expect(run('EXISTS k')).toEqual(['(integer) 0']);
  });
});

describe('BITCOUNT', () => {
  it('counts all, or a range of bytes or bits', () => {
    run('SET k foobar');
    expect(
      integers('BITCOUNT k', 'BITCOUNT k 0 0', 'BITCOUNT k 1 1', 'BITCOUNT k 1 1 byte'),
    ).toEqual([26, 4, 6, 6]);
    expect(integers('BITCOUNT k 5 30 BIT', 'BITCOUNT k -2 -1', 'BITCOUNT k 0 -5 bit')).toEqual([
      17, 7, 25,
    ]);
    expect(integers('BITCOUNT k 5 4', 'BITCOUNT k 6 9', 'BITCOUNT k -9 0', 'BITCOUNT no')).toEqual([
      0, 0, 4, 0,
    ]);
  });

  it('takes a range that ends before it begins for empty, however far before the string', () => {
    run('SET k foobar');
    const far = '-9223372036854775807 -9223372036854775808';
    expect(integers(`BITCOUNT k ${far}`, 'BITCOUNT k -9 -10', 'BITCOUNT k -10 -9')).toEqual([
      0, 0, 4,
    ]);
    expect(integers('BITCOUNT k -9223372036854775808 -9223372036854775807')).toEqual([4]);
  });

  it('looks at its arguments as late as Redis does', () => {
    run('SET k foobar');
    expect(run('BITCOUNT k -1 -2 NIBBLE', 'BITCOUNT missing x y z')).toEqual([
      '(integer) 0',
      '(integer) 0',
    ]);
    expect(run('BITCOUNT k 1 2 NIBBLE', 'BITCOUNT k 1', 'BITCOUNT k 1 2 BIT 3')).toEqual(
      new Array(3).fill(SYNTAX_ERROR),
    );
    expect(run('BITCOUNT k x 1', 'BITCOUNT k 1 x BIT')).toEqual([NOT_AN_INTEGER, NOT_AN_INTEGER]);
  });
});

describe('BITPOS', () => {
  it('finds the first bit', () => {
    engine.run('SET', 'k', '\0\xff\xf0');
    expect(integers('BITPOS k 1', 'BITPOS k 0', 'BITPOS k 1 2', 'BITPOS k 0 1')).toEqual([
      8, 0, 16, 20,
    ]);
    expect(integers('BITPOS k 1 -1 -1', 'BITPOS k 0 1 1', 'BITPOS k 1 9 -1 BIT')).toEqual([
      16, -1, 9,
    ]);
  });

  it('finds a zero behind the string unless it was told where to end', () => {
    engine.run('SET', 'k', '\xff\xff');
    expect(integers('BITPOS k 0', 'BITPOS k 0 1', 'BITPOS k 0 0 -1', 'BITPOS k 0 5')).toEqual([
      16, 16, -1, -1,
    ]);
    engine.run('SET', 'e', '');
    expect(integers('BITPOS e 0', 'BITPOS e 1', 'BITPOS no 0', 'BITPOS no 1')).toEqual([
      -1, -1, 0, -1,
    ]);
  });

  it('refuses other bits and other units', () => {
    run('SET k foobar');
    const wrong = '(error) ERR The bit argument must be 1 or 0.';
    expect(run('BITPOS k 2', 'BITPOS no -1', 'BITPOS no x')).toEqual([
      wrong,
      wrong,
      NOT_AN_INTEGER,
    ]);
    expect(run('BITPOS k 1 0 1 NIBBLE', 'BITPOS k 1 0 x NIBBLE', 'BITPOS k 1 0 1 BIT 1')).toEqual(
      new Array(3).fill(SYNTAX_ERROR),
    );
    expect(run('BITPOS k 1 x 1 NIBBLE', 'BITPOS no 1 x')).toEqual([NOT_AN_INTEGER, '(integer) -1']);
  });
});

describe('commands on bits', () => {
  it('refuse other types', () => {
    run('RPUSH l x');
    const lines = [
      'SETBIT l 1 1',
      'GETBIT l 1',
      'BITCOUNT l',
      'BITCOUNT l x',
      'BITPOS l 1 x',
      'BITFIELD l',
      'BITFIELD l SET u8 0 1',
      'BITFIELD_RO l GET u8 0',
      'BITOP AND d l',
      'BITOP NOT l l',
    ];
    expect(run(...lines)).toEqual(lines.map(() => WRONG_TYPE));
    expect(run('TYPE l', 'EXISTS d')).toEqual(['list', '(integer) 0']);
  });
});
