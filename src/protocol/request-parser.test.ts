import { describe, expect, it } from 'vitest';
import { chosenSeed, SeededRandom } from '../../test/support/seeded-random.ts';
import { Args } from './args.ts';
import { COMPLETE, INCOMPLETE, RequestParser } from './request-parser.ts';

const BULK_BYTES_MAX = 1024 * 1024;
/** What an earlier read has left in the buffer behind the input. */
const STALE = '$4\r\nolder\r\n*1\r\n$4\r\nPING\r\n'.repeat(20);

function encode(words: readonly string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join('')}`;
}

/** All commands of a text that arrives in pieces which end at the given places, or the error. */
function parse(text: string, ends: readonly number[]): string[][] | string {
  const bytes = Buffer.from(text + STALE, 'latin1');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const parser = new RequestParser(BULK_BYTES_MAX);
  const args = new Args();
  const commands: string[][] = [];
  for (const end of [...ends, text.length]) {
    for (;;) {
      if (!parser.midCommand) args.reset(bytes, view);
      const outcome = parser.parse(bytes, end, args);
      if (outcome === INCOMPLETE) break;
      if (outcome !== COMPLETE) return parser.error;
      expect(args.end).toBe(parser.position);
      if (args.count === 0) continue;
      commands.push(Array.from({ length: args.count }, (_, i) => args.text(i)));
    }
  }
  expect(parser.position).toBe(text.length);
  return commands;
}

describe('commands', () => {
  it.each([
    [['PING']],
    [['SET', 'key', '']],
    [['SET', 'x'.repeat(9), 'x'.repeat(10)]],
    [['SET', 'x'.repeat(99), 'x'.repeat(100)]],
    [['SET', 'x'.repeat(63), 'x'.repeat(5000)]],
    [['DEL', ...'12345678']],
    [['DEL', ...'123456789']],
    [['DEL', ...'1234567890']],
    [['GET', '\r\n$1\r\n']],
  ])('%j, wherever it is split', (words) => {
    const text = encode(words);
    expect(parse(text, [])).toEqual([words]);
    for (let at = 0; at < text.length; at++) expect(parse(text, [at])).toEqual([words]);
  });

  it('one behind the other, however they arrive', () => {
    const seed = chosenSeed();
    const random = new SeededRandom(seed);
    for (let round = 0; round < 300; round++) {
      const commands = Array.from({ length: random.integer(1, 8) }, () =>
        Array.from({ length: random.integer(1, 12) }, () => random.text('a$*\r\n5', 0, 120)),
      );
      const text = commands.map(encode).join('');
      const ends = Array.from({ length: random.integer(0, 5) }, () =>
        random.integer(0, text.length),
      ).sort((a, b) => a - b);
      expect(parse(text, ends), `SEED=${seed}, round ${round}`).toEqual(commands);
    }
  });

  it.each(['*0\r\n', '*-1\r\n', '*-5\r\n', '\r\n'])('%j is none', (empty) => {
    expect(parse(`${empty}${encode(['PING'])}`, [])).toEqual([['PING']]);
  });
});

it.each([
  ['*x\r\n', 'invalid multibulk length'],
  ['*01\r\n$4\r\nPING\r\n', 'invalid multibulk length'],
  ['*1\r\n:4\r\nPING\r\n', "expected '$', got ':'"],
  ['*1\r\n$-1\r\n', 'invalid bulk length'],
  ['*1\r\n$-\r\n', 'invalid bulk length'],
  ['*1\r\n$04\r\nPING\r\n', 'invalid bulk length'],
  ['*1\r\n$4x\r\nPING\r\n', 'invalid bulk length'],
  ['*1\r\n$x4\r\nPING\r\n', 'invalid bulk length'],
  ['*1\r\n$:\r\nPING\r\n', 'invalid bulk length'],
  ['*2\r\n$3\r\nGET\r\n$/\r\n', 'invalid bulk length'],
  ['*1\r\n$1048577\r\n', 'invalid bulk length'],
])('%j is refused', (text, error) => {
  expect(parse(text, [])).toBe(error);
  for (let at = 0; at < text.length; at++) expect(parse(text, [at])).toBe(error);
});

it('lets a client without the password send little', () => {
  const refused = (text: string): string => {
    const bytes = Buffer.from(text, 'latin1');
    const parser = new RequestParser(BULK_BYTES_MAX);
    const args = new Args();
    args.reset(bytes, new DataView(bytes.buffer, bytes.byteOffset, bytes.length));
    parser.unauthenticated = true;
    parser.parse(bytes, bytes.length, args);
    return parser.error;
  };
  expect(refused('*10\r\n')).toBe('');
  expect(refused('*11\r\n')).toBe('unauthenticated multibulk length');
  expect(refused('*2\r\n$4\r\nAUTH\r\n$16384\r\n')).toBe('');
  expect(refused('*2\r\n$4\r\nAUTH\r\n$16385\r\n')).toBe('unauthenticated bulk length');
});
