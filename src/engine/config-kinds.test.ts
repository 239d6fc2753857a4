import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Kind, SECRET_MASK, type Setting } from './config-directive.ts';
import {
  BOOLEAN,
  choice,
  INT64_MAX,
  integer,
  MEMORY_OR_PERCENT,
  memory,
  onlyNo,
  PASSWORD,
  PERMISSIONS,
  SECRET,
  text,
  UINT64_MAX,
} from './config-kinds.ts';

function read<T>(kind: Kind<T>, arg: string | Buffer): Setting<T> {
  return kind.parse([Buffer.from(arg)], undefined, false);
}

/** What a kind makes of an argument, or why it refuses it. */
function outcome(kind: Kind<unknown>, arg: string | Buffer): string {
  try {
    return read(kind, arg).text;
  } catch (error) {
    return `refused: ${(error as Error).message}`;
  }
}

/** The line that CONFIG REWRITE would write. */
function line(kind: Kind<unknown>, arg: string): readonly string[] {
  return kind.lines(read(kind, arg));
}

describe('booleans', () => {
  it('are yes or no in any case', () => {
    expect(read(BOOLEAN, 'yes')).toEqual({ value: true, text: 'yes' });
    expect(read(BOOLEAN, 'NO')).toEqual({ value: false, text: 'no' });
  });

  it.each(['', '1', 'true', ' yes', 'yes '])('are not %j', (arg) => {
    expect(outcome(BOOLEAN, arg)).toBe("refused: argument must be 'yes' or 'no'");
  });

  it('may be limited to no, with a reason', () => {
    const kind = onlyNo('it cannot be done');
    expect(outcome(kind, 'no')).toBe('no');
    expect(outcome(kind, 'yes')).toBe('refused: it cannot be done');
    expect(outcome(kind, 'x')).toBe("refused: argument must be 'yes' or 'no'");
  });
});

describe('integers', () => {
  it('lie within their bounds, both included', () => {
    const kind = integer(-1, 65535);
    expect(read(kind, '65535')).toEqual({ value: 65535, text: '65535' });
    expect(read(kind, '-1').value).toBe(-1);
    const refusal = 'refused: argument must be between -1 and 65535 inclusive';
    for (const arg of ['65536', '-2', '9223372036854775807'])
      expect(outcome(kind, arg)).toBe(refusal);
  });

  it.each(['', 'x', '1.5', ' 5', '5 ', '05', '+5', '-0', '1e3', '0x10', '9223372036854775808'])(
    'are not %j',
    (arg) => {
      expect(outcome(integer(0, INT64_MAX), arg)).toBe(
        "refused: argument couldn't be parsed into an integer",
      );
    },
  );

  it('keep the text of a 64-bit number exact', () => {
    const setting = read(integer(0, INT64_MAX), '9223372036854775807');
    expect(setting.text).toBe('9223372036854775807');
    expect(setting.value).toBe(2 ** 63);
  });

  it('may be moved to the nearer end of a narrower range', () => {
    const kind = integer(0, 1000, { from: 1n, to: 500n });
    expect(outcome(kind, '0')).toBe('1');
    expect(outcome(kind, '500')).toBe('500');
    expect(outcome(kind, '501')).toBe('500');
    expect(outcome(kind, '1001')).toMatch(/^refused/);
  });
});

describe('permissions', () => {
  it.each([
    ['700', 0o700, '700'],
    ['0700', 0o700, '700'],
    ['', 0, '0'],
    ['+7', 7, '7'],
  ])('%j is octal', (arg, value, shown) => {
    expect(read(PERMISSIONS, arg)).toEqual({ value, text: shown });
  });

  it('refuse other digits and bits', () => {
    const notOctal = "refused: argument couldn't be parsed as an octal number";
    for (const arg of ['8', '08', '0o7', '0x7', 'rwx'])
      expect(outcome(PERMISSIONS, arg)).toBe(notOctal);
    const range = 'refused: argument must be between 0 and 777 inclusive';
    for (const arg of ['1000', '-1']) expect(outcome(PERMISSIONS, arg)).toBe(range);
  });
});

describe('memory sizes', () => {
  it.each([
    ['0', 0],
    ['1', 1],
    ['1b', 1],
    ['1k', 1000],
    ['1kb', 1024],
    ['2M', 2_000_000],
    ['2mB', 2 * 1024 ** 2],
    ['3g', 3e9],
    ['3GB', 3 * 1024 ** 3],
    ['007kb', 7168],
  ])('%s', (arg, bytes) => {
    expect(read(memory(), arg)).toEqual({ value: bytes, text: String(bytes) });
  });

  it.each([
    '',
    'kb',
    '-1',
    '+5',
    ' 5',
    '5 kb',
    '1.5gb',
    '0x10',
    '5tb',
    '1kbx',
    '18446744073709551616',
  ])('refuse %j', (arg) => {
    expect(outcome(memory(0n, UINT64_MAX), arg)).toBe('refused: argument must be a memory value');
  });

  it('refuse a size that would wrap around instead of wrapping', () => {
    expect(outcome(memory(0n, UINT64_MAX), '18446744073709551615')).toBe('18446744073709551615');
    expect(outcome(memory(0n, UINT64_MAX), '17179869184gb')).toMatch(/^refused/);
    expect(outcome(memory(), `${'9'.repeat(1000)}gb`)).toMatch(/^refused/);
  });

  it('have bounds of their own', () => {
    expect(outcome(memory(1024n * 1024n), '1')).toBe(
      'refused: argument must be between 1048576 and 9223372036854775807 inclusive',
    );
  });

  it('are written in the largest unit that is exact', () => {
    expect(line(memory(), '1073741824')).toEqual(['1gb']);
    expect(line(memory(), '1500mb')).toEqual(['1500mb']);
    expect(line(memory(), '10240')).toEqual(['10kb']);
    expect(line(memory(), '1500')).toEqual(['1500']);
    expect(line(memory(), '0')).toEqual(['0']);
  });
});

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));

describe(`any memory size (SEED=${seed})`, () => {
  it('reads back from the line it is written as', () => {
    const kind = memory(0n, UINT64_MAX);
    const anySize = fc.tuple(fc.bigInt(0n, UINT64_MAX), fc.constantFrom(0n, 10n, 20n, 30n));
    const property = fc.property(anySize, ([bytes, shift]) => {
      const rounded = String((bytes >> shift) << shift);
      expect(read(kind, kind.lines(read(kind, rounded))[0]!).text).toBe(rounded);
    });
    fc.assert(property, { seed });
  });
});

describe('memory sizes or percentages', () => {
  it('are one or the other', () => {
    expect(read(MEMORY_OR_PERCENT, '1kb').value).toEqual({ unit: 'bytes', amount: 1024 });
    expect(read(MEMORY_OR_PERCENT, '5%')).toEqual({
      value: { unit: 'percent', amount: 5 },
      text: '5%',
    });
    expect(outcome(MEMORY_OR_PERCENT, '100%')).toBe('100%');
    expect(outcome(MEMORY_OR_PERCENT, '0%')).toBe('0');
    expect(line(MEMORY_OR_PERCENT, '5%')).toEqual(['5%']);
    expect(line(MEMORY_OR_PERCENT, '2048')).toEqual(['2kb']);
  });

  it('refuse the rest', () => {
    expect(outcome(MEMORY_OR_PERCENT, '101%')).toBe(
      'refused: percentage argument must be less or equal to 100',
    );
    for (const arg of ['%', '-5%', '5.5%', '5 %', 'x', '']) {
      expect(outcome(MEMORY_OR_PERCENT, arg)).toBe(
        'refused: argument must be a memory or percent value',
      );
    }
  });
});

describe('choices', () => {
  const kind = choice('everysec', 'always', 'no');

  it('are words in any case', () => {
    expect(read(kind, 'ALWAYS')).toEqual({ value: 'always', text: 'always' });
  });

  it.each(['', 'sometimes', 'always no', '__proto__'])('are not %j', (arg) => {
    expect(outcome(kind, arg)).toBe(
      'refused: argument(s) must be one of the following: everysec, always, no',
    );
  });
});

describe('texts', () => {
  it('are UTF-8, and quoted in a file', () => {
    expect(read(text('<path>'), 'grün')).toEqual({ value: 'grün', text: 'grün' });
    expect(line(text('<path>'), 'a "b"\n')).toEqual(['"a \\"b\\"\\n"']);
  });

  it('are not other bytes', () => {
    const refusal = 'refused: argument must be UTF-8 text without NUL bytes';
    for (const arg of [Buffer.from([0x61, 0xff]), Buffer.from('a\0b')]) {
      expect(outcome(text('<path>'), arg)).toBe(refusal);
    }
  });

  it('may be checked', () => {
    const kind = text('<word>', (word) => (word === 'bad' ? 'not this one' : undefined));
    expect(outcome(kind, 'good')).toBe('good');
    expect(outcome(kind, 'bad')).toBe('refused: not this one');
  });
});

describe('secrets', () => {
  it('are masked when they are shown, and kept when they must be sent on', () => {
    const secret = read(SECRET, 'a"b\x01');
    expect(secret.text).toBe(SECRET_MASK);
    expect(secret.value).toEqual(Buffer.from('a"b\x01'));
    expect(SECRET.lines(secret)).toEqual(['"a\\"b\\x01"']);
  });

  it('are kept as a copy, so that the argument can be erased', () => {
    const argument = Buffer.from('secret');
    const secret = SECRET.parse([argument], undefined, false);
    argument.fill(0);
    expect(secret.value?.toString()).toBe('secret');
  });

  it('are only a hash when it is enough to compare', () => {
    const password = read(PASSWORD, 'foo');
    expect(password.text).toBe(SECRET_MASK);
    expect(password.value?.matches(Buffer.from('foo'))).toBe(true);
    expect(PASSWORD.lines(password)).toEqual([]);
  });

  it.each([
    ['SECRET', SECRET],
    ['PASSWORD', PASSWORD],
  ] as const)('%s: differ when they mean different, although they look the same', (_, kind) => {
    const generic: Kind<unknown> = kind;
    expect(generic.same(read(generic, 'a'), read(generic, 'a'))).toBe(true);
    expect(generic.same(read(generic, 'a'), read(generic, 'b'))).toBe(false);
    expect(generic.same(read(generic, ''), read(generic, ''))).toBe(true);
    expect(generic.same(read(generic, ''), read(generic, 'a'))).toBe(false);
    expect(read(generic, '')).toEqual({ value: undefined, text: '' });
  });

  it.each([SECRET, PASSWORD])('are never the mask itself', (kind) => {
    expect(outcome(kind, SECRET_MASK)).toBe(
      'refused: the mask that CONFIG GET shows in place of a secret is not a secret',
    );
  });
});
