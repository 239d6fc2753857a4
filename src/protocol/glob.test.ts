import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { globMatch } from './glob.ts';

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));

function matches(pattern: string, subject: string, ignoreCase = false): boolean {
  // Something on either side, so that reading past a range would show.
  const patternBytes = Buffer.from(`*${pattern}]*`, 'latin1');
  const subjectBytes = Buffer.from(`]${subject}*`, 'latin1');
  const patternEnd = 1 + pattern.length;
  return globMatch(patternBytes, 1, patternEnd, subjectBytes, 1, 1 + subject.length, ignoreCase);
}

/** One element of a pattern: how it is written and the bytes it takes; undefined stands for `*`. */
interface Element {
  readonly written: string;
  readonly takes: ((byte: string) => boolean) | undefined;
}

/** The plainest matcher: tries everything a star could take. */
function matchElements(elements: readonly Element[], subject: string): boolean {
  const [first, ...rest] = elements;
  if (first === undefined) return subject === '';
  if (first.takes !== undefined) {
    return subject !== '' && first.takes(subject[0]!) && matchElements(rest, subject.slice(1));
  }
  for (let taken = 0; taken <= subject.length; taken++) {
    if (matchElements(rest, subject.slice(taken))) return true;
  }
  return false;
}

const aByte = fc.constantFrom('a', 'b', 'c', '-', ']', '^', '*', '?', '[', '\\');
const aLetter = fc.constantFrom('a', 'b', 'c', 'd');
const literal = fc.constantFrom('a', 'b', 'c', '-', ']', '^').map((byte): Element => {
  return { written: byte, takes: (other) => other === byte };
});
const escaped = aByte.map((byte): Element => {
  return { written: `\\${byte}`, takes: (other) => other === byte };
});
const star = fc.constant<Element>({ written: '*', takes: undefined });
const question = fc.constant<Element>({ written: '?', takes: () => true });
const aSet = fc
  .tuple(
    fc.boolean(),
    fc.array(fc.oneof(fc.tuple(aLetter, aLetter), fc.tuple(aByte)), { maxLength: 4 }),
  )
  .map(([negated, members]): Element => {
    const inside = members.map(([from, to]) => (to ? `${from}-${to}` : `\\${from}`)).join('');
    const holds = (byte: string) =>
      members.some(([from, to]) => {
        const bounds = [from, to ?? from].sort();
        return byte >= bounds[0]! && byte <= bounds[1]!;
      });
    return {
      written: `[${negated ? '^' : ''}${inside}]`,
      takes: (byte) => holds(byte) !== negated,
    };
  });
const anElement = fc.oneof(literal, literal, escaped, star, star, question, aSet);
const aSubject = fc.string({ unit: aByte, minLength: 1, maxLength: 8 });

describe(`glob (SEED=${seed})`, () => {
  it('agrees with a matcher that tries everything', () => {
    fc.assert(
      fc.property(fc.array(anElement, { maxLength: 7 }), aSubject, (elements, subject) => {
        const pattern = elements.map((element) => element.written).join('');
        expect(matches(pattern, subject)).toBe(matchElements(elements, subject));
      }),
      { seed, numRuns: 5_000 },
    );
  });

  it('accepts what a pattern was made from', () => {
    const piece = fc.string({
      unit: fc.constantFrom('a', 'b', '*', '[', '\\', '\xff', '\0'),
      maxLength: 4,
    });
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 5 }), piece, (pieces, filling) => {
        const pattern = pieces.map((text) => text.replace(/[*[\\]/g, '\\$&')).join('*');
        const subject = pieces.join(filling);
        expect(matches(pattern, subject)).toBe(subject !== '' || pattern === '');
      }),
      { seed, numRuns: 2_000 },
    );
  });

  it.each([
    ['', ''],
    ['*', 'anything'],
    ['**', 'a'],
    ['h?llo', 'hello'],
    ['h*llo', 'heeeello'],
    ['h*llo*', 'hllo'],
    ['h[ae]llo', 'hallo'],
    ['h[^e]llo', 'hbllo'],
    ['h[a-b]llo', 'hbllo'],
    ['[z-a]', 'm'],
    ['[^]', 'x'],
    ['[^', 'x'],
    ['[a', 'a'],
    ['x[ab', 'xb'],
    ['[a-', '-'],
    ['[a-]', '_'],
    ['[a-]x', 'x'],
    ['[-a]', '-'],
    ['[\\]]', ']'],
    ['[\\', '\\'],
    ['\\', '\\'],
    ['\\\\', '\\'],
    ['\\*', '*'],
    ['a\\', 'a\\'],
    ['[a-\\]', ']'],
    ['[\x80-\xff]', '\x90'],
    ['[a-\xff]', '\xff'],
    ['[a-\xff]', 'A'],
    ['a\0b', 'a\0b'],
    ['*a*b*c', 'xxaxxbxxcxxc'],
  ])('%j matches %j', (pattern, subject) => {
    expect(matches(pattern, subject)).toBe(true);
  });

  it.each([
    ['', 'a'],
    ['a', ''],
    ['*', ''],
    ['?', ''],
    ['h?llo', 'hllo'],
    ['h[^e]llo', 'hello'],
    ['[]', ']'],
    ['[', '['],
    ['[', 'x'],
    ['[a-]', 'b'],
    ['[a-]', '-'],
    ['[a-\xff]', '\x80'],
    ['[a-\xff]', 'b'],
    ['\\*', 'a'],
    ['a*b', 'abc'],
    ['A', 'a'],
    ['[A-Z]', 'a'],
  ])('%j does not match %j', (pattern, subject) => {
    expect(matches(pattern, subject)).toBe(false);
  });

  it.each([
    ['HELLO', 'hello', true],
    ['hello', 'HeLLo', true],
    ['\\A', 'a', true],
    ['[ABC]', 'b', true],
    ['[^ABC]', 'b', false],
    ['[a-c]', 'B', true],
    ['[\\A]', 'a', false],
    ['[\\A]', 'A', true],
    // The bounds are put in order first: Z..a, folded, is z..a and holds nothing.
    ['[Z-a]', 'z', false],
    ['[a-Z]', 'a', false],
    ['\xc4', '\xe4', false],
    ['[', '{', false],
    ['@', '`', false],
  ])('%j against %j ignoring case: %s', (pattern, subject, expected) => {
    expect(matches(pattern, subject, true)).toBe(expected);
  });

  it('takes time proportional to pattern x subject for hostile patterns', () => {
    const stars = '*a'.repeat(2_000);
    const classes = '*[a-b]'.repeat(500);
    const subject = 'a'.repeat(5_000);
    const started = performance.now();
    expect(matches(`${stars}*b`, subject)).toBe(false);
    expect(matches(`${classes}c`, subject)).toBe(false);
    expect(matches(`*${'a'.repeat(1_000)}b`, subject)).toBe(false);
    // About 2e7 steps; a matcher that backtracks into earlier stars would not end in a lifetime.
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  it('walks once over a subject of a megabyte, however many stars there are', () => {
    const startMs = performance.now();
    expect(matches(`${'a*'.repeat(5_000)}b`, 'a'.repeat(2 ** 20))).toBe(false);
    expect(matches(`${'a*'.repeat(5_000)}b`, `${'a'.repeat(2 ** 20)}b`)).toBe(true);
    // Some 10 ms; what tries all that the stars could take never ends.
    expect(performance.now() - startMs).toBeLessThan(2_000);
  });
});
