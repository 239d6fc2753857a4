import { beforeAll, describe, expect, test } from 'vitest';
import { TestEngine } from '../../test/support/engine.ts';
import {
  bytesOf,
  double,
  idBytes,
  int64,
  intset,
  length,
  listpack,
  sealPayload,
  string,
  ziplist,
  zipmap,
} from '../../test/support/rdb-bytes.ts';
import { checkKeyspace } from '../keyspace/keyspace-check.ts';

const BAD = '(error) ERR Bad data format';
const TEXTS = Array.from({ length: 3000 }, (_, i) => `text ${i}`);
/** A block of a stream with the entries 5-1 and 5-2, and what a stream with it begins with. */
const BLOCK = listpack(2, 0, 1, 'f', 0, 2, 0, 0, 'a', 4, 2, 0, 1, 'b', 4);
const BLOCKS = bytesOf(1, string(idBytes(5, 1)), string(BLOCK));
const FIGURES = bytesOf(2, 5, 2, 5, 1, 0, 0, 2);
const GROUP = bytesOf(string('g'), 5, 2, 2);
const PENDING = bytesOf(idBytes(5, 1), int64(1000), 3);

let engine: TestEngine;
beforeAll(() => {
  engine = new TestEngine();
});

describe('values as they were ever stored', () => {
  test.each([
    ['list of texts', 1, bytesOf(length(3000), ...TEXTS.map(string)), 'quicklist'],
    ['small list', 1, bytesOf(2, string('a'), string('b')), 'listpack'],
    ['large ziplist', 10, string(ziplist(TEXTS)), 'quicklist'],
    ['ziplist with long heads', 10, string(ziplist(['a', 1, 'b'.repeat(300)], true)), 'listpack'],
    ['list of ziplists', 14, bytesOf(2, string(ziplist(['a'])), string(ziplist([1]))), 'quicklist'],
    ['one small node', 18, bytesOf(1, 2, string(listpack('a', 1))), 'listpack'],
    ['a plain node', 18, bytesOf(1, 1, string('x'.repeat(10_000))), 'quicklist'],
    [
      'an empty node among others',
      18,
      bytesOf(2, 2, string(listpack()), 1, string('x')),
      'quicklist',
    ],
    ['large hash', 4, bytesOf(length(1500), ...TEXTS.map(string)), 'hashtable'],
    ['hash with a long value', 4, bytesOf(1, string('f'), string('v'.repeat(65))), 'hashtable'],
    ['hash in a large ziplist', 13, string(ziplist(TEXTS)), 'hashtable'],
    [
      'hash in a zipmap',
      9,
      string(
        zipmap(
          [
            ['f', 'v'],
            ['g', '1'],
          ],
          5,
        ),
      ),
      'listpack',
    ],
    [
      'hash of which no field expires',
      25,
      bytesOf(int64(0), string(listpack('f', 'v', 0))),
      'listpack',
    ],
    ['set of integers', 2, bytesOf(2, 0xc0, 9, 0xc0, 3), 'intset'],
    ['set of integers and a text', 2, bytesOf(2, 0xc0, 9, string('x')), 'listpack'],
    ['large set', 2, bytesOf(length(3000), ...TEXTS.map(string)), 'hashtable'],
    ['set with a long member', 2, bytesOf(1, string('x'.repeat(65))), 'hashtable'],
    ['set in a listpack', 20, string(listpack('a', 1)), 'listpack'],
    [
      'large intset',
      11,
      string(
        intset(
          TEXTS.map((_, i) => i),
          2,
        ),
      ),
      'hashtable',
    ],
    [
      'sorted set with scores in text',
      3,
      bytesOf(2, string('a'), 254, string('b'), 1, '7'),
      'listpack',
    ],
    ['sorted set with a long member', 5, bytesOf(1, string('x'.repeat(65)), double(1)), 'skiplist'],
    ['sorted set of equal scores', 17, string(listpack('a', 1, 'b', 1)), 'listpack'],
    [
      'sorted set in a large ziplist',
      12,
      string(ziplist(TEXTS.flatMap((text, i) => [text, i]))),
      'skiplist',
    ],
    [
      'stream, first form',
      15,
      bytesOf(
        BLOCKS,
        2,
        5,
        2,
        1,
        string('g'),
        5,
        2,
        1,
        PENDING,
        1,
        string('c'),
        int64(9),
        1,
        idBytes(5, 1),
      ),
      'stream',
    ],
    [
      'stream, second form',
      19,
      bytesOf(BLOCKS, FIGURES, 1, GROUP, 1, PENDING, 1, string('c'), int64(9), 1, idBytes(5, 1)),
      'stream',
    ],
    [
      'stream, third form',
      21,
      bytesOf(
        BLOCKS,
        FIGURES,
        1,
        GROUP,
        1,
        PENDING,
        1,
        string('c'),
        int64(9),
        int64(-1),
        1,
        idBytes(5, 1),
      ),
      'stream',
    ],
    ['empty stream', 19, bytesOf(0, 0, 7, 7, 0, 0, 7, 7, 9, 0), 'stream'],
  ])('%s', (_, type, value, encoding) => {
    expect(restore(type, value)).toBe('OK');
    expect(engine.text('OBJECT', 'ENCODING', 'k')).toBe(`"${encoding}"`);
    checkKeyspace(engine.keyspace);
  });

  test('a listpack too large for a node becomes several', () => {
    const parts = Array.from({ length: 2000 }, (_, i) => String(i).padStart(60, 'x'));
    expect(restore(18, bytesOf(1, 2, string(listpack(...parts))))).toBe('OK');
    expect(engine.text('LLEN', 'k')).toBe('(integer) 2000');
    expect(engine.text('LINDEX', 'k', '1999')).toBe(`"${parts[1999]}"`);
    checkKeyspace(engine.keyspace);
  });

  test('what a group has read is found out where it was not stored', () => {
    restore(15, bytesOf(BLOCKS, 2, 5, 2, 1, string('g'), 5, 1, 0, 0));
    expect(engine.text('XINFO', 'GROUPS', 'k')).toContain('"entries-read", (integer) 1');
  });
});

describe('values that are damaged are refused, and nothing is left of them', () => {
  test.each([
    ['an empty list', 1, bytesOf(0)],
    ['a list without nodes', 18, bytesOf(0)],
    ['a list of an empty node', 18, bytesOf(1, 2, string(listpack()))],
    ['a node of a third kind', 18, bytesOf(1, 3, string('x'))],
    ['a listpack that is cut', 18, bytesOf(1, 2, string(listpack('a', 'b').subarray(0, -1)))],
    ['a ziplist with a wrong tail', 10, string(changed(ziplist(['a', 'b']), 4, 10))],
    ['a ziplist with a wrong count', 10, string(changed(ziplist(['a', 'b']), 8, 3))],
    ['a ziplist whose entry is longer', 10, string(changed(ziplist(['a', 'b']), 11, 60))],
    ['a ziplist with a wrong length before', 10, string(changed(ziplist(['a', 'b']), 13, 9))],
    ['a second ziplist that is damaged', 14, bytesOf(2, string(ziplist(['a'])), string('x'))],
    ['a field without a value', 16, string(listpack('a'))],
    ['a field that is there twice', 16, string(listpack('a', 'b', 'a', 'c'))],
    ['a field that is there twice, unlike', 16, string(listpack(1, 'b', '1', 'c'))],
    [
      'a field that is there twice in a table',
      4,
      bytesOf(length(1500), ...TEXTS.map(() => string('a'))),
    ],
    ['a zipmap that is cut', 9, string(zipmap([['f', 'v']]).subarray(0, -1))],
    ['a zipmap with more unused bytes', 9, string(changed(zipmap([['f', 'v']]), 4, 9))],
    ['a field that expires', 25, bytesOf(int64(5), string(listpack('f', 'v', 6)))],
    ['a field that expires, in a table', 24, bytesOf(int64(5), 1, 1, string('f'), string('v'))],
    ['a member that is there twice', 20, string(listpack('a', 'a'))],
    ['an integer that is there twice', 2, bytesOf(2, 0xc0, 9, 0xc0, 9)],
    ['an intset out of order', 11, string(intset([2, 1], 2))],
    ['an intset of a width that is none', 11, string(changed(intset([1, 2], 2), 0, 3))],
    ['a score that is none', 17, string(listpack('a', 'b'))],
    ['a score that is not a number', 5, bytesOf(1, string('a'), double(Number.NaN))],
    ['scores out of order', 17, string(listpack('a', 2, 'b', 1))],
    ['members out of order', 17, string(listpack('b', 1, 'a', 1))],
    ['a member with two scores', 17, string(listpack('a', 1, 'a', 2))],
    [
      'a member with two scores in a tree',
      5,
      bytesOf(2, string('a'), double(1), string('a'), double(2)),
    ],
    ['a block that is no listpack', 15, bytesOf(1, string(idBytes(5, 1)), string('x'), 0, 5, 1, 0)],
    [
      'a block of another key',
      15,
      bytesOf(1, string(idBytes(5, 1)), string(changed(BLOCK, 21, 1)), 2, 5, 9, 0),
    ],
    [
      'blocks out of order',
      15,
      bytesOf(
        2,
        string(idBytes(5, 1)),
        string(BLOCK),
        string(idBytes(5, 1)),
        string(BLOCK),
        4,
        5,
        9,
        0,
      ),
    ],
    ['a last id before the last entry', 15, bytesOf(BLOCKS, 2, 5, 1, 0)],
    [
      'a wrong count of entries',
      15,
      bytesOf(1, string(idBytes(5, 1)), string(changed(BLOCK, 6, 3)), 2, 5, 2, 0),
    ],
    ['two groups of a name', 19, bytesOf(BLOCKS, FIGURES, 2, GROUP, 0, 0, GROUP, 0, 0)],
    [
      'two consumers of a name',
      19,
      bytesOf(BLOCKS, FIGURES, 1, GROUP, 0, 2, string('c'), int64(9), 0, string('c'), int64(9), 0),
    ],
    ['an entry pending with nobody', 19, bytesOf(BLOCKS, FIGURES, 1, GROUP, 1, PENDING, 0)],
    [
      'an entry pending with a consumer only',
      19,
      bytesOf(BLOCKS, FIGURES, 1, GROUP, 0, 1, string('c'), int64(9), 1, idBytes(5, 1)),
    ],
    [
      'an entry pending with two',
      19,
      bytesOf(
        BLOCKS,
        FIGURES,
        1,
        GROUP,
        1,
        PENDING,
        2,
        string('c'),
        int64(9),
        1,
        idBytes(5, 1),
        string('d'),
        int64(9),
        1,
        idBytes(5, 1),
      ),
    ],
    ['an entry pending twice', 19, bytesOf(BLOCKS, FIGURES, 1, GROUP, 2, PENDING, PENDING, 0)],
    ['a value of a module', 7, bytesOf(5, 0)],
    ['a type that is none', 30, bytesOf(0)],
  ])('%s', (_, type, value) => {
    const before = engine.keyspace.heap.usedBytes;
    engine.run('DEL', 'k');
    expect(restore(type, value)).toBe(BAD);
    checkKeyspace(engine.keyspace);
    expect(engine.keyspace.heap.usedBytes).toBeLessThanOrEqual(before);
  });
});

function restore(type: number, value: Buffer): string {
  return engine.text('RESTORE', 'k', '0', sealPayload(bytesOf(type, value)), 'REPLACE');
}

/** The bytes with another one at a place. */
function changed(bytes: Buffer, at: number, value: number): Buffer {
  const other = Buffer.from(bytes);
  other[at] = value;
  return other;
}
