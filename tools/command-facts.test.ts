import { beforeAll, describe, expect, it } from 'vitest';
import { allCategories } from '../src/commands/categories.ts';
import { parseSyntax } from '../src/commands/syntax.ts';
import { redisAvailable } from '../test/support/server.ts';
import { findFacts, listedCategories, printBlock } from './command-facts.ts';
import { type CommandFacts, readRedisFacts } from './redis-facts.ts';
import { foldSyntax, writeSyntax } from './write-syntax.ts';

const plain: CommandFacts = {
  name: 'TOUCH',
  group: 'generic',
  since: '3.2.1',
  complexity: 'O(N)',
  arity: -2,
  flags: ['readonly', 'fast'],
  categories: ['keyspace', 'read', 'fast'],
  tips: [],
  keys: [],
  arguments: parseSyntax('key...'),
  history: [],
  deprecated: undefined,
  docFlags: [],
  subcommands: [],
};

describe('printBlock', () => {
  it('leaves out what is empty or derived', () => {
    expect(printBlock(['TOUCH'], plain)).toBe(
      [
        'export const touch: Command = {',
        "  name: 'TOUCH',",
        "  group: 'generic',",
        "  since: '3.2.1',",
        "  summary: 'TODO',",
        "  complexity: 'O(N)',",
        '  arity: -2,',
        "  flags: ['readonly', 'fast'],",
        "  syntax: 'key...',",
        '  run(context, args, reply) {},',
        '};',
        '',
      ].join('\n'),
    );
  });

  it('prints every field there is', () => {
    const range = { begin: { index: 1 }, find: { last: 0, step: 1, limit: 0 } };
    const block = printBlock(['OLD'], {
      ...plain,
      categories: ['keyspace', 'read', 'fast', 'dangerous'],
      tips: ['nondeterministic_output'],
      keys: [{ notes: "it's", flags: ['RO'], ...range }],
      history: [['6.2.0', 'Changed.']],
      deprecated: { since: '7.0.0', replacedBy: 'NEW' },
      docFlags: ['syscmd'],
    });
    expect(block).toContain("  categories: ['dangerous'],\n");
    expect(block).toContain("  tips: ['nondeterministic_output'],\n");
    expect(block).toContain(`notes: "it's"`);
    expect(block).toContain('begin: { index: 1 }');
    expect(block).toContain('find: { last: 0, step: 1, limit: 0 }');
    expect(block).toContain("  history: [['6.2.0', 'Changed.']],\n");
    expect(block).toContain("  deprecated: { since: '7.0.0', replacedBy: 'NEW' },\n");
    expect(block).toContain("  docFlags: ['syscmd'],\n");
  });

  it('puts subcommands inside their container, and needs no reserved word as a name', () => {
    const block = printBlock(['EVAL'], { ...plain, subcommands: [{ ...plain, name: 'ONE' }] });
    expect(block).toMatch(/^export const evalCommand: Command = \{\n/);
    expect(block).toContain("  subcommands: [\n    {\n      name: 'ONE',\n");
    expect(printBlock(['CLIENT', 'NO-TOUCH'], plain)).toMatch(/^export const clientNoTouch:/);
  });

  it('folds a grammar that is too long for a line', () => {
    const long =
      'choice<FIRST first-value:integer | SECOND second-value:integer | THIRD third-value>';
    const block = printBlock(['TOUCH'], {
      ...plain,
      arguments: parseSyntax(`key... field [${long}]`),
    });
    expect(block).toContain(`  syntax: \`\n    key... field\n    [${long}]\n  \`,\n`);
  });
});

describe('listedCategories', () => {
  it('refuses facts that no list of categories can give', () => {
    const odd = { ...plain, categories: ['read', 'slow'] as const };
    expect(() => listedCategories(odd)).toThrow('TOUCH has categories read,slow');
  });
});

describe('findFacts', () => {
  const all = [{ ...plain, name: 'CLIENT', subcommands: [{ ...plain, name: 'LIST' }] }];

  it('finds commands and subcommands in any case', () => {
    expect(findFacts(all, ['client']).name).toBe('CLIENT');
    expect(findFacts(all, ['Client', 'list']).name).toBe('LIST');
  });

  it('names the command that there is not', () => {
    expect(() => findFacts(all, ['CLIENT', 'NONE'])).toThrow('no command CLIENT NONE');
    expect(() => findFacts(all, ['NONE', 'LIST'])).toThrow('no command NONE LIST');
  });
});

const reason = redisAvailable() ? '' : ' (skipped: there is no redis-server on the PATH)';

describe.skipIf(reason !== '')(`all commands of redis-server${reason}`, () => {
  let all: [name: string, facts: CommandFacts][];

  beforeAll(async () => {
    all = flatten(await readRedisFacts());
  });

  it('are read', () => {
    expect(all.length).toBeGreaterThan(350);
    expect(new Set(all.map(([name]) => name)).size).toBe(all.length);
  });

  it('have a grammar that can be written and read back, folded or not', () => {
    for (const [name, facts] of all) {
      const written = writeSyntax(facts.arguments);
      const folded = foldSyntax(facts.arguments, 60).join('\n');
      expect(parseSyntax(written), `${name}: ${written}`).toEqual(facts.arguments);
      expect(parseSyntax(folded), `${name}: ${folded}`).toEqual(facts.arguments);
    }
  });

  it('have categories that follow from group and flags, all but these', () => {
    const exceptions = all.flatMap(([name, facts]) => {
      expect(allCategories).toEqual(expect.arrayContaining([...facts.categories]));
      const listed = listedCategories(facts);
      return listed.length > 0 ? [[name, listed.join(' ')]] : [];
    });
    const expected = {
      ASKING: 'connection',
      COMMAND: 'connection',
      'COMMAND COUNT': 'connection',
      DBSIZE: 'keyspace',
      FLUSHALL: 'keyspace dangerous',
      FLUSHDB: 'keyspace dangerous',
      INFO: 'dangerous',
      KEYS: 'dangerous',
      LASTSAVE: 'admin dangerous',
      MIGRATE: 'dangerous',
      READONLY: 'connection',
      READWRITE: 'connection',
      RESTORE: 'dangerous',
      'RESTORE-ASKING': 'keyspace dangerous',
      ROLE: 'admin dangerous',
      SORT: 'set sortedset list dangerous',
      SORT_RO: 'set sortedset list dangerous',
      SWAPDB: 'keyspace dangerous',
      WAIT: 'connection',
    };
    expect(Object.fromEntries(exceptions)).toMatchObject(expected);
    expect(exceptions.length).toBeLessThan(30);
  });
});

function flatten(commands: readonly CommandFacts[], path = ''): [string, CommandFacts][] {
  return commands.flatMap((facts) => {
    const name = path + facts.name;
    return [[name, facts] as [string, CommandFacts], ...flatten(facts.subcommands, `${name} `)];
  });
}
