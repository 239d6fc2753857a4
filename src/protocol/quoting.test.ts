import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quote, splitWords } from './quoting.ts';

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
const settings = { seed, numRuns: 3_000 };

function split(line: string): string[] | undefined {
  return splitWords(Buffer.from(line, 'latin1'))?.map((word) => word.toString('latin1'));
}

const PLAIN = /([^ \t\r\n"']*)/;
const DOUBLE_QUOTED = /"((?:\\[\s\S]|[^"\\])*)"(?![^ \t-\r])/;
const SINGLE_QUOTED = /'((?:\\'|\\(?!')|[^'\\])*)'(?![^ \t-\r])/;
const WORD = new RegExp(
  `${PLAIN.source}(?:${DOUBLE_QUOTED.source}|${SINGLE_QUOTED.source}|(?=[ \\t\\r\\n]|$))`,
  'y',
);

/** The same grammar as regular expressions over text. */
function splitByRegExp(line: string): string[] | undefined {
  const text = line.split('\0', 1)[0]!;
  const words: string[] = [];
  let at = 0;
  for (;;) {
    while (/[ \t-\r]/.test(text[at] ?? '')) at++;
    if (at === text.length) return words;
    WORD.lastIndex = at;
    const match = WORD.exec(text);
    if (match === null) return undefined;
    const [whole, plain = '', double = '', single = ''] = match;
    const unescaped = double.replace(/\\(?:x([0-9a-fA-F]{2})|([\s\S]))/g, (_, hex, letter) => {
      if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
      const special = 'nrtba'.indexOf(letter);
      return special < 0 ? letter : '\n\r\t\b\x07'[special];
    });
    words.push(plain + unescaped + single.replace(/\\'/g, "'"));
    at += whole.length;
  }
}

const aPiece = fc.constantFrom(
  ...[' ', ' ', '\t', '\r', '\n', '\v', '\f', '\0', 'a', 'b', 'n', 'x', '4', '1', 'g', '\xff'],
  ...['"', '"', "'", "'", '\\', '\\', '\\"', "\\'", '\\n', '\\x41', '\\xf', '" ', "' ", ' "', " '"],
);
const aLine = fc.string({ unit: aPiece, maxLength: 12 });

describe(`splitting quoted lines (SEED=${seed})`, () => {
  it('agrees with the grammar written as regular expressions', () => {
    fc.assert(
      fc.property(aLine, (line) => {
        expect(split(line)).toEqual(splitByRegExp(line));
      }),
      settings,
    );
  });

  it.each<[string, string[]]>([
    ['', []],
    ['   \t\r\n\v\f', []],
    ['SET name value', ['SET', 'name', 'value']],
    ['  a   b  ', ['a', 'b']],
    ['""', ['']],
    ['\'\' ""', ['', '']],
    ['"a b" c', ['a b', 'c']],
    ['a"b c"', ['ab c']],
    ["a'b c' d", ['ab c', 'd']],
    ['"\\n\\r\\t\\b\\a"', ['\n\r\t\b\x07']],
    ['"\\x00\\xfF\\x4g"', ['\0\xffx4g']],
    ['"\\"\\\\\\q"', ['"\\q']],
    ["'\\n\\'\\\\ '", ["\\n'\\\\ "]],
    ['a\\nb', ['a\\nb']],
    ['a\vb \v c', ['a\vb', 'c']],
    ['"a"\v"b"', ['a', 'b']],
    ['a\0"b', ['a']],
    ['\xff\x80', ['\xff\x80']],
  ])('splits %j', (line, words) => {
    expect(split(line)).toEqual(words);
  });

  it.each(['"', "'", 'a"', '"a', "'a", '"a"b', "'a'b", '"a""b"', '"a\\"', "'a\\'", '"\\', "a''b"])(
    'finds the quotes of %j unbalanced',
    (line) => expect(split(line)).toBeUndefined(),
  );

  it('keeps to its range and copies what it returns', () => {
    const line = Buffer.from('"x one "two" y"', 'latin1');
    const words = splitWords(line, 3, 12);
    line.fill(0);
    expect(words).toEqual([Buffer.from('one'), Buffer.from('two')]);
    const cut = Buffer.from('"a\\"\'', 'latin1');
    expect(splitWords(cut, 0, 3)).toBeUndefined();
    expect(splitWords(Buffer.from("'a\\'"), 0, 3)).toBeUndefined();
    expect(splitWords(Buffer.from('"\\x41"'), 0, 4)).toBeUndefined();
  });
});

describe(`quoting (SEED=${seed})`, () => {
  it.each([
    ['', '""'],
    ['plain text~', '"plain text~"'],
    ['"\\\'', '"\\"\\\\\'"'],
    ['\n\r\t\b\x07', '"\\n\\r\\t\\b\\a"'],
    ['\0\x1b\x7f\x80\xff', '"\\x00\\x1b\\x7f\\x80\\xff"'],
  ])('writes %j as %s', (text, quoted) => {
    expect(quote(Buffer.from(text, 'latin1'))).toBe(quoted);
  });

  it('is read back by the splitting, in printable ASCII', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 4 }), (words) => {
        const line = words.map(quote).join(' ');
        expect(line).toMatch(/^[ -~]*$/);
        expect(splitWords(Buffer.from(line, 'latin1'))).toEqual(
          words.map((word) => Buffer.from(word)),
        );
      }),
      settings,
    );
  });
});
