import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestEngine } from '../../test/support/engine.ts';
import { elementOf } from '../../test/support/murmur.ts';
import { checkKeyspace } from '../keyspace/keyspace-check.ts';

const WRONG_TYPE = '(error) WRONGTYPE Operation against a key holding the wrong kind of value';
const NO_HYPERLOGLOG = '(error) WRONGTYPE Key is not a valid HyperLogLog string value.';
const CORRUPTED = '(error) INVALIDOBJ Corrupted HLL object detected';

const HEADER = `HYLL\x01${'\0'.repeat(10)}\x80`;
const DENSE_LENGTH = '(integer) 12304';

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

function value(key: string): Buffer {
  const reply = engine.run('GET', key);
  if (reply.type !== 'bulk') throw new Error(`${key} is no string`);
  return reply.bytes;
}

/** Adds many elements with as few commands. */
function addMany(key: string, count: number): void {
  for (let i = 0; i < count; i += 100) {
    engine.run('PFADD', key, ...Array.from({ length: 100 }, (_, j) => `element ${i + j}`));
  }
}

describe('PFADD', () => {
  it('creates, and reports a change only when a register changed', () => {
    expect(effect('PFADD h')).toEqual(['(integer) 1', 'new h', 'pfadd h']);
    expect(effect('PFADD h')).toEqual(['(integer) 0']);
    expect(effect('PFADD h a b a')).toEqual(['(integer) 1', 'pfadd h']);
    expect(effect('PFADD h b a')).toEqual(['(integer) 0']);
    expect(effect('PFADD n x')).toEqual(['(integer) 1', 'new n', 'pfadd n']);
    expect(run('PFDEBUG DECODE h', 'OBJECT ENCODING h')).toEqual([
      '"Z:12711 v:2,1 Z:3068 v:1,1 Z:603"',
      '"raw"',
    ]);
  });

  it('keeps the expiry', () => {
    run('PFADD h a', 'PEXPIREAT h 9999999999999', 'PFADD h b c d');
    addMany('h', 3_000);
    expect(run('PEXPIRETIME h', 'STRLEN h')).toEqual(['(integer) 9999999999999', DENSE_LENGTH]);
  });

  it('makes it dense beyond the threshold in force', () => {
    engine.keyspace.thresholds.hyperloglogSparseBytesMax = 20;
    run('PFADD h a', 'PFADD h a');
    expect(run('PFDEBUG ENCODING h', 'STRLEN h')).toEqual(['dense', DENSE_LENGTH]);
    engine.keyspace.thresholds.hyperloglogSparseBytesMax = 21;
    expect(run('PFADD g a', 'PFDEBUG ENCODING g', 'PFADD g b', 'PFDEBUG ENCODING g')).toEqual([
      '(integer) 1',
      'sparse',
      '(integer) 1',
      'dense',
    ]);
    engine.keyspace.thresholds.hyperloglogSparseBytesMax = 16_000;
    addMany('large', 4_000);
    expect(run('PFDEBUG ENCODING large')).toEqual(['sparse']);
  });

  it('makes it dense for a rank that no run can hold', () => {
    engine.run('PFADD', 'h', elementOf(7, 32), elementOf(8, 32), elementOf(8, 1));
    expect(run('PFDEBUG DECODE h')).toEqual(['"z:7 v:32,2 Z:16375"']);
    expect(engine.text('PFADD', 'h', elementOf(9, 33))).toBe('(integer) 1');
    expect(run('PFDEBUG ENCODING h')).toEqual(['dense']);
    expect(engine.text('PFADD', 'h', elementOf(9, 51), elementOf(10, 33))).toBe('(integer) 1');
    const registers = engine.text('PFDEBUG', 'GETREG', 'h').replaceAll('(integer) ', '');
    expect(registers).toMatch(/^\[0, 0, 0, 0, 0, 0, 0, 32, 32, 51, 33, 0, /);
  });
});

describe('PFCOUNT', () => {
  it('keeps its count in the value, which nobody is told of by name', () => {
    run('PFADD h a b c');
    expect(value('h')[15]).toBe(0x80);
    expect(effect('PFCOUNT h')).toEqual(['(integer) 3', 'rewritten h']);
    expect(value('h').subarray(8, 16)).toEqual(Buffer.from([3, 0, 0, 0, 0, 0, 0, 0]));
    expect(effect('PFCOUNT h')).toEqual(['(integer) 3']);
    expect(effect('PFADD h d')).toEqual(['(integer) 1', 'pfadd h']);
    expect(effect('PFCOUNT h')).toEqual(['(integer) 4', 'rewritten h']);
  });

  it('counts what several have together', () => {
    run('PFADD a 1 2 3', 'PFADD b 3 4');
    addMany('dense', 5_000);
    expect(effect('PFCOUNT a b none')).toEqual(['(integer) 4', 'keymiss none']);
    expect(run('PFCOUNT none', 'PFCOUNT none no', 'PFCOUNT a', 'PFCOUNT b')).toEqual([
      '(integer) 0',
      '(integer) 0',
      '(integer) 3',
      '(integer) 2',
    ]);
    const [alone, together] = run('PFCOUNT dense', 'PFCOUNT dense a').map((reply) =>
      Number(reply.replace('(integer) ', '')),
    );
    expect(Math.abs(alone! - 5_000)).toBeLessThan(250);
    expect(together).toBeGreaterThanOrEqual(alone!);
  });

  it('believes the count that it finds, up to 63 bits', () => {
    engine.run('SET', 'h', Buffer.from(`HYLL\x01\0\0\0${'\xff'.repeat(7)}\x7f\x7f\xff`, 'latin1'));
    expect(run('PFCOUNT h', 'OBJECT ENCODING h')).toEqual([
      '(integer) 9223372036854775807',
      '"raw"',
    ]);
  });
});

describe('PFMERGE', () => {
  it('adds to what the target has, and keeps its expiry', () => {
    run('PFADD a 1 2', 'PFADD b 2 3', 'PFADD to 4', 'EXPIRE to 100');
    expect(effect('PFMERGE to a b none')).toEqual(['OK', 'keymiss none', 'pfadd to']);
    expect(run('PFCOUNT to', 'TTL to', 'PFCOUNT a')).toEqual([
      '(integer) 4',
      '(integer) 100',
      '(integer) 2',
    ]);
    expect(effect('PFMERGE new')).toEqual(['OK', 'keymiss new', 'new new', 'pfadd new']);
    expect(effect('PFMERGE new')).toEqual(['OK', 'pfadd new']);
    expect(run('PFCOUNT new')).toEqual(['(integer) 0']);
  });

  it('is dense when one of its sources is, or when it grows too long', () => {
    run('PFADD a 1', 'PFADD b 1', 'PFDEBUG TODENSE b', 'PFMERGE to a b', 'PFMERGE a a');
    expect(run('PFDEBUG ENCODING to', 'PFDEBUG ENCODING a')).toEqual(['dense', 'sparse']);
    for (let i = 0; i < 10; i++) {
      engine.run('PFADD', `part ${i}`, ...Array.from({ length: 300 }, (_, j) => `${i} ${j}`));
    }
    engine.run('PFMERGE', 'all', ...Array.from({ length: 10 }, (_, i) => `part ${i}`));
    expect(run('PFDEBUG ENCODING all')).toEqual(['dense']);
    const count = Number(run('PFCOUNT all')[0]!.replace('(integer) ', ''));
    expect(Math.abs(count - 3_000)).toBeLessThan(150);
  });

  it('leaves the bytes that adding the same in order of registers leaves', () => {
    const ascending = Array.from({ length: 200 }, (_, i) => elementOf(i * 3, 1 + ((i % 4) & 2)));
    engine.run('PFADD', 'source', ...[...ascending].reverse());
    engine.run('PFADD', 'target', elementOf(1, 1), elementOf(2, 3));
    engine.run('PFADD', 'expected', elementOf(1, 1), elementOf(2, 3), ...ascending);
    run('PFMERGE target source');
    expect(value('target')).toEqual(value('expected'));
  });
});

describe('PFDEBUG', () => {
  it('shows how a value is held', () => {
    run('PFADD h a b c');
    expect(effect('PFDEBUG encoding h')).toEqual(['sparse']);
    expect(effect('PFDEBUG Decode h')).toEqual(['"Z:8436 v:1,1 Z:4274 v:2,1 Z:3068 v:1,1 Z:603"']);
    expect(effect('PFDEBUG todense h')).toEqual(['(integer) 1', 'rewritten h']);
    expect(effect('PFDEBUG TODENSE h')).toEqual(['(integer) 0']);
    expect(effect('PFDEBUG DECODE h')).toEqual(['(error) ERR HLL encoding is not sparse']);
    expect(run('PFCOUNT h', 'PFSELFTEST')).toEqual(['(integer) 3', 'OK']);
  });

  it('makes dense what it shows the registers of', () => {
    run('PFADD h a');
    const [registers, ...reported] = effect('PFDEBUG GETREG h');
    expect(registers!.match(/integer/g)).toHaveLength(16_384);
    expect(reported).toEqual(['rewritten h']);
    expect(effect('PFDEBUG GETREG h')).toEqual([registers]);
  });

  it('refuses what is not there', () => {
    run('PFADD h a', 'SET s text');
    expect(
      run('PFDEBUG DECODE none', 'PFDEBUG NONE h', 'PFDEBUG NONE s', 'PFDEBUG DECODE'),
    ).toEqual([
      '(error) ERR The specified key does not exist',
      "(error) ERR Unknown PFDEBUG subcommand 'NONE'",
      NO_HYPERLOGLOG,
      "(error) ERR wrong number of arguments for 'pfdebug' command",
    ]);
    const long = 'x'.repeat(300);
    const shown = long.slice(0, 128);
    expect(run(`PFDEBUG ${long} h`)).toEqual([`(error) ERR Unknown PFDEBUG subcommand '${shown}'`]);
  });
});

describe('values of others', () => {
  const everyUse = [
    'PFADD x',
    'PFADD x a',
    'PFADD x a b',
    'PFCOUNT x',
    'PFCOUNT x h',
    'PFCOUNT h x',
    'PFMERGE x',
    'PFMERGE new h x',
    'PFDEBUG GETREG x',
    'PFDEBUG TODENSE x',
  ];

  it('are refused when they are no strings, or no HyperLogLogs', () => {
    run('PFADD h a', 'RPUSH x a');
    expect(run(...everyUse)).toEqual(everyUse.map(() => WRONG_TYPE));
    for (const other of [
      '',
      '12',
      'HYLL',
      `HYLl${HEADER.slice(4)}\x7f\xff`,
      `HYLL\x02${HEADER.slice(5)}`,
    ]) {
      engine.run('SET', 'x', Buffer.from(other, 'latin1'));
      expect(run(...everyUse)).toEqual(everyUse.map(() => NO_HYPERLOGLOG));
    }
    expect(run('EXISTS new')).toEqual(['(integer) 0']);
  });

  it.each([
    ['too few registers', '\x7f\xfe'],
    ['too many registers', '\x7f\xff\x00'],
    ['registers beyond the last', '\x7f\xfe\x83'],
    ['no registers', ''],
    ['half of a run', '\x7f'],
    ['far too many registers', '\x7f\xff'.repeat(1000)],
  ])('with %s are refused and left as they are', (_, runs) => {
    run('PFADD h a b');
    const damaged = Buffer.from(HEADER + runs, 'latin1');
    engine.run('SET', 'x', damaged);
    const refusing = everyUse.filter((line) => !['PFADD x', 'PFADD x a'].includes(line));
    changes.length = 0;
    expect(run(...refusing)).toEqual(refusing.map(() => CORRUPTED));
    expect(run('PFADD x')).toEqual(['(integer) 0']);
    expect(changes).toEqual(['keymiss new']);
    expect(value('x')).toEqual(damaged);
    expect(run('EXISTS new')).toEqual(['(integer) 0']);
  });

  it('that end in half a run get nothing there', () => {
    const damaged = Buffer.from(`${HEADER}\x3f\x7f`, 'latin1');
    engine.run('SET', 'x', damaged);
    expect(engine.text('PFADD', 'x', elementOf(64, 1))).toBe(CORRUPTED);
    expect(value('x')).toEqual(damaged);
    expect(run('PFDEBUG DECODE x')).toEqual(['"z:64 Z:16129"']);
    expect(engine.text('PFADD', 'x', elementOf(63, 1))).toBe('(integer) 1');
  });

  it('get none of several elements when one cannot be added', () => {
    const damaged = Buffer.from(`${HEADER}\x7f\xf0`, 'latin1');
    engine.run('SET', 'x', damaged);
    expect(engine.text('PFADD', 'x', elementOf(1, 1), elementOf(16383, 1))).toBe(CORRUPTED);
    expect(engine.text('PFADD', 'x', elementOf(16383, 1))).toBe(CORRUPTED);
    expect(engine.text('PFADD', 'x', elementOf(1, 40))).toBe(CORRUPTED);
    expect(value('x')).toEqual(damaged);
    expect(engine.text('PFADD', 'x', elementOf(1, 1))).toBe('(integer) 1');
  });
});
