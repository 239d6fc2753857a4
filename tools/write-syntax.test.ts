import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Argument, parseSyntax } from '../src/commands/syntax.ts';
import { foldSyntax, writeSyntax } from './write-syntax.ts';

const seed = process.env.SEED === undefined ? Date.now() | 0 : Number(process.env.SEED);

describe('writeSyntax', () => {
  it.each([
    'key value [condition<NX | XX>@2.6.12] [GET@6.2.0] [expiration<EX seconds:integer | KEEPTTL>]',
    'key [change=CH] data(score:double member)...',
    '[BY pattern#1] [LIMIT(offset:integer count:integer)] [GET... pattern#1] destination:key#2',
    'trim(strategy<MAXLEN | MINID> [operator<equal== | approximately=~>] threshold)',
    'old"ip:port"!2.8.12 "ip:port" none="" force=FORCE path SYNC@1.0 path',
    'SET... pair(a b) LIMIT bounds(n:integer) [AGGREGATE<SUM | MIN | MAX>...]',
  ])('writes back %s', (text) => {
    expect(writeSyntax(parseSyntax(text))).toBe(text);
  });

  it(`writes any tree so that it reads back (SEED=${seed})`, () => {
    const { items } = fc.letrec<{ items: Argument[]; item: Argument }>((tie) => ({
      items: fc.array(tie('item'), { minLength: 1, maxLength: 4 }),
      item: fc.oneof({ maxDepth: 4 }, leaf, bareToken, symbol, group(tie('items'))),
    }));
    const readsBack = fc.property(items, (tree) => {
      expect(parseSyntax(writeSyntax(tree))).toEqual(tree);
    });
    fc.assert(readsBack, { seed, numRuns: 1000 });
  });

  it('folds between the outermost arguments, and within one that is too long', () => {
    const text = 'key value [choice<A first:integer | B... second:integer | third>@1.0.0] [LAST]';
    expect(foldSyntax(parseSyntax(text), 30)).toEqual([
      'key value',
      '[choice<A first:integer |',
      '  B... second:integer |',
      '  third>@1.0.0] [LAST]',
    ]);
    expect(foldSyntax([], 30)).toEqual([]);
  });

  it.each<[string, Partial<Argument>]>([
    ['a key without a spec', { type: 'key' }],
    ['a repeated token without a token', { flags: ['multiple', 'multiple_token'] }],
    ['a binding token that is not in capitals', { token: '*' }],
    ['a pure token without a token', { type: 'pure-token' }],
    ['display text', { type: 'pure-token', token: 'A', displayText: 'b' }],
  ])('refuses %s', (what, change) => {
    const item = { name: 'a', type: 'string', displayText: 'a', flags: [], ...change };
    expect(() => writeSyntax([item as Argument])).toThrow(`no words for ${what}`);
  });
});

const name = fc.oneof(
  { arbitrary: fc.constantFrom('a', 'ex', 'auth2', 'no-touch'), weight: 6 },
  { arbitrary: fc.constantFrom('key', 'pattern', 'slot_end', 'yes/no', 'ip:port'), weight: 2 },
  { arbitrary: fc.string({ minLength: 1 }).filter((text) => !text.includes('"')), weight: 1 },
);
const token = fc.constantFrom('A', 'EX', 'AUTH2', 'NO-TOUCH');

/** Parts of an argument, most often absent, to be spread over the rest of it. */
const versions = fc.constantFrom(...[{}, {}, {}, { since: '6.2' }, { deprecatedSince: '7.0.15' }], {
  since: '1.0.0',
  deprecatedSince: '7.0.15',
});
const flags = fc.constantFrom([], [], ['optional'], ['multiple'], ['optional', 'multiple']);
const introduction = fc.oneof(
  flags.map((flags) => ({ flags })),
  fc.record({ token, flags }),
  fc.record({ token, flags: fc.constant(['multiple', 'multiple_token']) }),
  fc.record({ token, flags: fc.constant(['optional', 'multiple', 'multiple_token']) }),
);
const keySpec = fc.nat(3).map((keySpecIndex) => ({ keySpecIndex }));
const typed = fc.oneof(
  fc.constantFrom('string', 'integer', 'double', 'pattern', 'unix-time').map((type) => ({ type })),
  fc.tuple(fc.constantFrom('key', 'pattern'), keySpec).map(([type, spec]) => ({ type, ...spec })),
);

const leaf = fc
  .tuple(name, fc.option(name), typed, introduction, versions)
  .map(([name, display, ...parts]) => {
    return Object.assign({ name, displayText: display ?? name }, ...parts) as Argument;
  });

const bareToken = fc
  .tuple(token, fc.option(name), flags, versions)
  .map(([token, ownName, flags, versions]) => {
    const name = ownName ?? token.toLowerCase();
    return { name, type: 'pure-token', displayText: name, token, flags, ...versions } as Argument;
  });

const symbol = fc
  .tuple(name, fc.constantFrom('', '*', '$', '=', '~', 'a b', '.'), flags, versions)
  .map(([name, token, flags, versions]) => {
    return { name, type: 'pure-token', displayText: name, token, flags, ...versions } as Argument;
  });

function group(items: fc.Arbitrary<Argument[]>): fc.Arbitrary<Argument> {
  const type = fc.constantFrom('oneof', 'block');
  return fc
    .tuple(fc.record({ name, type, arguments: items }), introduction, versions)
    .map((parts) => Object.assign({}, ...parts) as Argument);
}
