import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chosenSeed } from '../../test/support/seeded-random.ts';
import { splitWords } from './quoting.ts';
import { ReplyTooLargeError } from './resp-writer.ts';
import { REPLY_BYTES_MAX, type ReplyStyle, replyLine } from './text-protocol.ts';
import { type ExactValue, ReplyError, StatusReply, VerbatimReply } from './value-writer.ts';

function shown(value: ExactValue, style: ReplyStyle = 'quoted'): string {
  const line = replyLine(value, style).toString('latin1');
  expect(line.endsWith('\n')).toBe(true);
  return line.slice(0, -1);
}

function bytes(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

const status = (text: string): StatusReply => new StatusReply(text);
const error = (text: string): ReplyError => new ReplyError(text);

describe('reply lines', () => {
  it.each<[ExactValue, string]>([
    [bytes('vimla'), '"vimla"'],
    [bytes(''), '""'],
    [bytes('a "b" \\ c'), '"a \\"b\\" \\\\ c"'],
    [bytes('a\r\n\t\0\xff'), '"a\\r\\n\\t\\x00\\xff"'],
    [null, '(nil)'],
    [true, '(true)'],
    [false, '(false)'],
    [0, '0'],
    [-5, '-5'],
    [2 ** 53 - 1, '9007199254740991'],
    [2n ** 63n - 1n, '9223372036854775807'],
    [1.5, '1.5'],
    [1e300, '1e+300'],
    [-Infinity, '-inf'],
    [Number.NaN, 'nan'],
    [status('OK'), 'OK'],
    [status('Background saving started'), 'Background saving started'],
    [error('WRONGTYPE Operation'), 'WRONGTYPE Operation'],
    [new VerbatimReply('txt', 'a\nb'), '"a\\nb"'],
    [[], '[]'],
    [[1, null, bytes('a, b'), status('OK')], '[1, (nil), "a, b", OK]'],
    [[[1, []], [bytes('x')]], '[[1, []], ["x"]]'],
    [[error('ERR "no"')], '[(error "ERR \\"no\\"")]'],
    [new Map(), '{}'],
    [
      new Map<ExactValue, ExactValue>([
        [bytes('a'), 1],
        [bytes('b'), [true]],
        [2, new Map([[3, 4]])],
      ]),
      '{"a": 1, "b": [(true)], 2: {3: 4}}',
    ],
  ])('writes reply %#', (value, line) => {
    expect(shown(value)).toBe(line);
  });

  it.each<[string, ExactValue, string]>([
    ['an error without a code', error('My error'), 'ERR My error'],
    ['an error of one word', error('OOPS'), 'ERR OOPS'],
    ['an error with line ends', error('ERR a\r\nb'), 'ERR a  b'],
    ['a status like an error', status('FINE day'), '"FINE day"'],
    ['a status like a string', status('"x"'), '"\\"x\\""'],
    ['a status like nil', status('(nil)'), '"(nil)"'],
    ['a status like a number', status('12'), '"12"'],
    ['a status like infinity', status('inf'), '"inf"'],
    ['an empty status', status(''), '""'],
    ['a status with a line end', status('a\nb'), '"a\\nb"'],
    ['a status of two words in an array', [status('a b')], '["a b"]'],
    ['a status like a number in an array', [status('nan'), status('1')], '["nan", "1"]'],
  ])('lets nobody take %s for it', (_, value, line) => {
    expect(shown(value)).toBe(line);
  });

  it('writes errors as UTF-8', () => {
    expect(replyLine(error('ERR é'), 'quoted').toString()).toBe('ERR é\n');
  });

  it('nests deeper than any stack', () => {
    const depth = 100_000;
    let value: ExactValue = 1;
    for (let i = 0; i < depth; i++) value = [value];
    expect(shown(value)).toBe(`${'['.repeat(depth)}1${']'.repeat(depth)}`);
  });

  it('has a longest line, whatever escapes make of the value', () => {
    const quarter = Buffer.alloc(REPLY_BYTES_MAX / 4);
    expect(() => replyLine(quarter, 'quoted')).toThrow(ReplyTooLargeError);
    expect(replyLine(quarter.fill('a'), 'quoted').length).toBe(quarter.length + 3);
    expect(() => replyLine([quarter, quarter, quarter, quarter], 'quoted')).toThrow(
      ReplyTooLargeError,
    );
  });
});

describe('raw reply lines', () => {
  it.each<[ExactValue, string]>([
    [bytes('vimla'), 'vimla'],
    [bytes(''), ''],
    [bytes('a "b" \\ \t\0\xff'), 'a "b" \\ \t\0\xff'],
    [bytes('(nil)'), '(nil)'],
    [new VerbatimReply('txt', 'some text'), 'some text'],
    [bytes('two\nlines'), '"two\\nlines"'],
    [bytes('\r'), '"\\r"'],
    [bytes('"a"'), '"\\"a\\""'],
    [null, '(nil)'],
    [3, '3'],
    [status('OK'), 'OK'],
    [error('ERR no'), 'ERR no'],
    [[bytes('a'), 1, null], '["a", 1, (nil)]'],
  ])('writes reply %#', (value, line) => {
    expect(shown(value, 'raw')).toBe(line);
  });
});

const seed = chosenSeed();
const someBytes = fc
  .array(fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(10, 13, 34, 92)), {
    maxLength: 20,
  })
  .map((each) => Buffer.from(each));
const anyText = fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(...'AB a_1"(\r\n-') }));

const { value: anyValue } = fc.letrec<{ value: ExactValue; list: ExactValue[] }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    someBytes,
    fc.double(),
    fc.bigInt(),
    fc.boolean(),
    fc.constant(null),
    anyText.map(status),
    anyText.map(error),
    anyText.map((text) => new VerbatimReply('txt', text)),
    tie('list'),
    tie('list').map((values) => new Map(values.map((each) => [each, each]))),
  ),
  list: fc.array(tie('value'), { maxLength: 4 }),
}));

describe(`any reply (SEED=${seed})`, () => {
  it.each<ReplyStyle>(['quoted', 'raw'])('is exactly one %s line', (style) => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const line = replyLine(value, style);
        expect(line.indexOf('\n')).toBe(line.length - 1);
        expect(line.includes('\r')).toBe(false);
      }),
      { seed, numRuns: 2000 },
    );
  });

  it('can be told from replies of another kind', () => {
    const kindOf = (line: string): string => {
      if (/^"/.test(line)) return 'string';
      if (/^[A-Z][A-Z0-9_]* /.test(line)) return 'error';
      if (/^[-\d]|^(inf|nan)$/.test(line)) return 'number';
      if (/^[[{(]/.test(line)) return line[0]!;
      return 'status';
    };
    fc.assert(
      fc.property(anyText, (text) => {
        expect(kindOf(shown(error(text)))).toBe('error');
        expect(['status', 'string']).toContain(kindOf(shown(status(text))));
      }),
      { seed, numRuns: 5000 },
    );
  });

  it('gives every string back, in both styles', () => {
    fc.assert(
      fc.property(someBytes, (value) => {
        expect(splitWords(replyLine(value, 'quoted'))).toEqual([value]);
        const raw = replyLine(value, 'raw').subarray(0, -1);
        if (raw[0] === 0x22) expect(splitWords(raw)).toEqual([value]);
        else expect(raw).toEqual(value);
      }),
      { seed, numRuns: 5000 },
    );
  });
});
