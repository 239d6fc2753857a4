import { describe, expect, it } from 'vitest';
import { formatSyntax, parseSyntax } from './syntax.ts';

const leaf = (name: string, type = 'string') => ({ name, type, displayText: name, flags: [] });
const bare = (token: string, name = token.toLowerCase()) => ({
  ...leaf(name, 'pure-token'),
  token,
});

describe('parseSyntax', () => {
  it('reads nothing as no arguments', () => {
    expect(parseSyntax(' \n ')).toEqual([]);
  });

  it('types an argument by its name or by its mark', () => {
    expect(parseSyntax('field pattern double count:integer at:unix-time')).toEqual([
      leaf('field'),
      leaf('pattern', 'pattern'),
      leaf('double', 'double'),
      leaf('count', 'integer'),
      leaf('at', 'unix-time'),
    ]);
  });

  it('gives a key the first key spec unless it names another', () => {
    expect(parseSyntax('key destination:key#1 BY pattern#2')).toEqual([
      { ...leaf('key', 'key'), keySpecIndex: 0 },
      { ...leaf('destination', 'key'), keySpecIndex: 1 },
      { ...leaf('pattern', 'pattern'), keySpecIndex: 2, token: 'BY' },
    ]);
  });

  it('shows another text than the name, and takes names with any character', () => {
    expect(parseSyntax('filter"ip:port" "yes no" skip-me/not')).toEqual([
      { ...leaf('filter'), displayText: 'ip:port' },
      leaf('yes no'),
      leaf('skip-me/not'),
    ]);
  });

  it('binds a token to the argument after it', () => {
    expect(parseSyntax('EX seconds:integer AUTH2 user')).toEqual([
      { ...leaf('seconds', 'integer'), token: 'EX' },
      { ...leaf('user'), token: 'AUTH2' },
    ]);
  });

  it('leaves a token alone that has a name, a mark or nothing to introduce', () => {
    expect(parseSyntax('force=FORCE a SYNC@1.0 b NX change=CH [XX] c')).toEqual([
      bare('FORCE'),
      leaf('a'),
      { ...bare('SYNC'), since: '1.0' },
      leaf('b'),
      bare('NX'),
      bare('CH', 'change'),
      { ...bare('XX'), flags: ['optional'] },
      leaf('c'),
    ]);
  });

  it('takes symbols and the empty string as tokens', () => {
    expect(parseSyntax('equal== about=~ auto=* last=$ none="" odd="a b"')).toEqual([
      bare('=', 'equal'),
      bare('~', 'about'),
      bare('*', 'auto'),
      bare('$', 'last'),
      bare('', 'none'),
      bare('a b', 'odd'),
    ]);
  });

  it('nests alternatives and blocks', () => {
    expect(parseSyntax('trim(strategy<MAXLEN|MINID> [operator<equal== | about=~>] n)')).toEqual([
      {
        name: 'trim',
        type: 'block',
        flags: [],
        arguments: [
          {
            name: 'strategy',
            type: 'oneof',
            flags: [],
            arguments: [bare('MAXLEN'), bare('MINID')],
          },
          {
            name: 'operator',
            type: 'oneof',
            flags: ['optional'],
            arguments: [bare('=', 'equal'), bare('~', 'about')],
          },
          leaf('n'),
        ],
      },
    ]);
  });

  it('names a group after its token when it has no name of its own', () => {
    const group = {
      name: 'limit',
      token: 'LIMIT',
      type: 'block',
      flags: [],
      arguments: [leaf('n')],
    };
    expect(parseSyntax('LIMIT(n)')).toEqual([group]);
    expect(parseSyntax('LIMIT limit(n)')).toEqual([group]);
    expect(parseSyntax('LIMIT bound(n)')).toEqual([{ ...group, name: 'bound' }]);
    expect(parseSyntax('BY<A | B>')).toEqual([
      { name: 'by', token: 'BY', type: 'oneof', flags: [], arguments: [bare('A'), bare('B')] },
    ]);
  });

  it('tells a repeated argument from one repeated with its token', () => {
    expect(parseSyntax('[ID id...] [GET... pattern] [FORCE...] SET... pair(a)')).toEqual([
      { ...leaf('id'), token: 'ID', flags: ['optional', 'multiple'] },
      {
        ...leaf('pattern', 'pattern'),
        token: 'GET',
        flags: ['optional', 'multiple', 'multiple_token'],
      },
      { ...bare('FORCE'), flags: ['optional', 'multiple'] },
      {
        name: 'pair',
        type: 'block',
        token: 'SET',
        arguments: [leaf('a')],
        flags: ['multiple', 'multiple_token'],
      },
    ]);
  });

  it('reads the versions of values, tokens and groups', () => {
    expect(parseSyntax('a...@6.2.0!7.0.0 x<A@1.0 | B!2.0>@0.9')).toEqual([
      { ...leaf('a'), flags: ['multiple'], since: '6.2.0', deprecatedSince: '7.0.0' },
      {
        name: 'x',
        type: 'oneof',
        since: '0.9',
        flags: [],
        arguments: [
          { ...bare('A'), since: '1.0' },
          { ...bare('B'), deprecatedSince: '2.0' },
        ],
      },
    ]);
  });

  it.each([
    ['[a b]', 'expected one item here: [a b >>> ]'],
    ['[]', 'expected one item here'],
    ['[a', 'expected ]'],
    ['a]', 'nothing is open here: a >>> ]'],
    ['a | b', 'nothing is open here'],
    ['x<a | >', 'expected one item here'],
    ['x<a b | c>', 'expected one item here'],
    ['x<a | b', 'expected >'],
    ['x(a', 'expected )'],
    ['x()', 'a block is empty'],
    ['<A | B>', 'expected a token in capitals or a name in small letters'],
    ['Key', 'expected a token in capitals or a name in small letters'],
    ['EXseconds', 'expected a token in capitals or a name in small letters'],
    [
      'a:number',
      'expected a type: key, string, integer, double, pattern, unix-time: a: >>> number',
    ],
    ['a=', 'expected a token'],
    ['a@new', 'expected a version'],
    ['a:key#', 'expected a version, a number or a type'],
    ['key[value]', 'expected a space'],
    ['GET... pattern...', 'expected a space'],
    ['[a]@1.0', 'expected a space'],
    ['"ip:port', 'expected a token in capitals or a name in small letters'],
  ])('refuses %s', (text, problem) => {
    expect(() => parseSyntax(text)).toThrow(SyntaxError);
    expect(() => parseSyntax(text)).toThrow(`Argument syntax: ${problem}`);
  });
});

describe('formatSyntax', () => {
  it.each([
    ['key value:string', 'key value'],
    ['[condition<NX | XX>] [get=GET]', '[NX | XX] [GET]'],
    ['where<BEFORE | AFTER> pivot', '<BEFORE | AFTER> pivot'],
    ['[expiry<EX seconds:integer | KEEPTTL>]', '[EX seconds | KEEPTTL]'],
    ['[AGGREGATE<SUM | MIN>]', '[AGGREGATE <SUM | MIN>]'],
    ['key...', 'key [key ...]'],
    ['[WEIGHTS weight:integer...]', '[WEIGHTS weight [weight ...]]'],
    ['[GET... pattern]', '[GET pattern [GET pattern ...]]'],
    ['data(score:double member)...', 'score member [score member ...]'],
    ['[LIMIT(offset:integer count:integer)]', '[LIMIT offset count]'],
    ['[change<A | B>...]', '[<A | B> [<A | B> ...]]'],
    ['from<key | none="">', '<key | "">'],
    ['[old"ip:port"]', '[ip:port]'],
    ['a(b [c<D | e(f [G])>]) h', 'b [D | f [G]] h'],
  ])('shows %s as %s', (text, line) => {
    expect(formatSyntax(parseSyntax(text))).toBe(line);
  });
});
