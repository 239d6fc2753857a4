import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readRepository, SourceFile } from './source-file.ts';
import { checkCommandDocs, checkCommandNames, checkCommandSyntax } from './tidy/commands.ts';
import {
  checkAny,
  checkContracts,
  checkDefaultExports,
  checkUnusedExports,
} from './tidy/exports.ts';
import { checkImportExtensions, checkLayers } from './tidy/layers.ts';
import { checkFileLength, checkFunctionLength, checkLineLength } from './tidy/sizes.ts';
import type { Violation } from './tidy/violation.ts';
import { checkFileName, checkForeignWords } from './tidy/words.ts';
import { tidy } from './tidy.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

const file = (path: string, ...lines: string[]) => new SourceFile(path, lines.join('\n'));
const problems = (violations: Violation[]) => violations.map(({ problem }) => problem);
const places = (violations: Violation[]) => violations.map(({ path, line }) => `${path}:${line}`);

it('this repository is tidy', { timeout: 60_000 }, () => {
  expect(tidy(readRepository(root))).toEqual([]);
});

it('tidy lists every kind of violation by place', () => {
  const files = [
    file('src/values/set.ts', "import '../keyspace/entry.ts';", 'export const size: any = 1;'),
    file('src/commands/set.ts', "const sadd = { name: 'SADD', arity: -3, summary: 'Adds.' };"),
    file('src/engine/misc.ts', 'export default 1;'),
  ];
  expect(tidy(files)).toEqual([
    'src/commands/set.ts:1 SADD has no since',
    'src/commands/set.ts:1 SADD has no group',
    'src/commands/set.ts:1 SADD has no complexity',
    'src/engine/misc.ts:1 the name says only "misc"',
    'src/engine/misc.ts:1 a default export',
    'src/values/set.ts:1 imports upward: src/keyspace/entry.ts',
    'src/values/set.ts:2 the type any',
    'src/values/set.ts:2 nothing imports size',
  ]);
});

it('readRepository reads what is written by hand, and no more', () => {
  const paths = readRepository(root).map(({ path }) => path);
  expect(paths).toContain('tools/tidy/layers.ts');
  expect(paths).toContain('.ci/run');
  expect(paths).toContain('package.json');
  expect(paths.filter((path) => /^(node_modules|dist|\.git)\//.test(path))).toEqual([]);
});

describe('checkLayers', () => {
  it.each([
    ['src/structures/dict.ts', "import { Heap } from '../memory/heap.ts';"],
    ['src/structures/dict.ts', "import { glob } from '../protocol/glob.ts';"],
    ['src/replication/link.ts', "import { loadRdb } from '../persistence/rdb-load.ts';"],
    ['src/values/set.ts', "import { readFileSync } from 'node:fs';"],
    ['src/values/set.test.ts', "import { seeded } from '../../test/support/random.ts';"],
    ['src/cli.ts', "import { start } from './redstart.ts';"],
    ['tools/where.ts', "import { Registry } from '../src/commands/registry.ts';"],
  ])('lets %s say %s', (path, line) => {
    expect(checkLayers(file(path, line))).toEqual([]);
  });

  it.each([
    ['src/memory/heap.ts', "import { Dict } from '../structures/dict.ts';"],
    ['src/values/set.ts', "import type { Database } from '../keyspace/database.ts';"],
    ['src/commands/set.ts', "export { run } from '../engine/execute.ts';"],
    ['src/commands/set.ts', "export * from '../engine/execute.ts';"],
    ['src/commands/set.ts', "type Run = import('../engine/execute.ts').Run;"],
    ['src/commands/set.ts', "const engine = await import('../engine/execute.ts');"],
    ['src/server/listener.ts', "import '../cli.ts';"],
    ['src/values/set.ts', "import { seeded } from '../../test/support/random.ts';"],
    ['src/values/set.test.ts', "import { Database } from '../keyspace/database.ts';"],
    ['src/server/listener.ts', "import { version } from '../../package.json';"],
  ])('does not let %s say %s', (path, line) => {
    expect(problems(checkLayers(file(path, line)))).toEqual([
      expect.stringContaining('imports upward: '),
    ]);
  });

  it('knows every folder', () => {
    expect(problems(checkLayers(file('src/extra/thing.ts')))).toEqual(['belongs to no layer']);
    expect(problems(checkLayers(file('src/thing.ts')))).toEqual(['belongs to no layer']);
  });
});

describe('checkImportExtensions', () => {
  it('wants the name of the file', () => {
    const imports = ["import 'node:fs';", "import './a.ts';", "import './b.json';"];
    expect(checkImportExtensions(file('tools/a.ts', ...imports))).toEqual([]);
    const wrong = ["import './a.js';", "export * from '../b';"];
    expect(places(checkImportExtensions(file('tools/a.ts', ...wrong)))).toEqual([
      'tools/a.ts:1',
      'tools/a.ts:2',
    ]);
  });
});

describe('checkFileLength', () => {
  it('allows 500 lines', () => {
    const lines = Array<string>(500).fill('//');
    expect(checkFileLength(file('src/a.ts', ...lines))).toEqual([]);
    expect(checkFileLength(new SourceFile('src/a.ts', `${lines.join('\n')}\n`))).toEqual([]);
    expect(problems(checkFileLength(file('src/a.ts', ...lines, '//')))).toEqual([
      '501 lines, more than 500',
    ]);
    expect(checkFileLength(file('package-lock.json', ...lines, '//'))).toEqual([]);
  });
});

describe('checkFunctionLength', () => {
  const body = (count: number) => Array<string>(count).fill('  step();');

  it.each([
    ['function f() {', '}'],
    ['const f = () => {', '};'],
    ['const o = { run(a) {', '} };'],
    ['class C { #run() {', '} }'],
    ["it('does', async () => {", '});'],
  ])('allows 70 lines of %s', (first, last) => {
    expect(checkFunctionLength(file('src/a.ts', first, ...body(68), last))).toEqual([]);
    expect(problems(checkFunctionLength(file('src/a.ts', first, ...body(69), last)))).toEqual([
      'a function of 71 lines, more than 70',
    ]);
  });

  it('does not count a list of tests, but counts each test', () => {
    const long = ["describe.skipIf(x)('a', () => {", ...body(90), '});'];
    expect(checkFunctionLength(file('src/a.test.ts', ...long))).toEqual([]);
    const nested = ["describe('a', () => {", "it('b', () => {", ...body(70), '});', '});'];
    expect(places(checkFunctionLength(file('src/a.test.ts', ...nested)))).toEqual([
      'src/a.test.ts:2',
    ]);
  });
});

describe('checkLineLength', () => {
  const text = 'x'.repeat(90);

  it.each([
    `const a = ${'x'.repeat(89)};`,
    `const a = '${text}';`,
    `const a = \`${text}\`;`,
    `const a = /${text}/;`,
    `// see https://example.org/${text}`,
  ])('allows %s', (line) => {
    expect(checkLineLength(file('src/a.ts', line))).toEqual([]);
  });

  it('allows every line of a template', () => {
    expect(checkLineLength(file('src/a.ts', 'f(`', `${text} ${text}`, '`);'))).toEqual([]);
  });

  it.each([
    `const a = ${'x'.repeat(90)};`,
    `// ${text} ${text}`,
    `const a = '${'x'.repeat(80)}' + value;`,
    `// see https://example.org ${text}`,
  ])('does not allow %s', (line) => {
    const violations = checkLineLength(file('src/a.ts', 'f();', line));
    expect(violations).toEqual([
      { path: 'src/a.ts', line: 2, problem: `${line.length} columns, more than 100` },
    ]);
  });
});

describe('checkFileName', () => {
  it.each(['src/utils.ts', 'tools/string-util.ts', 'src/Common.ts', 'test/helpers.test.ts'])(
    'refuses %s',
    (path) => expect(checkFileName(file(path))).toHaveLength(1),
  );

  it('looks for whole words', () => {
    expect(checkFileName(file('src/memory/commonplace.ts'))).toEqual([]);
  });
});

describe('checkForeignWords', () => {
  it.each([
    ['a sub', 'agent did'],
    ['Helper', ' session 2'],
    ['in "/wor', 'k/main"'],
  ])('finds %s%s', (start, end) => {
    const violations = checkForeignWords(file('docs/notes.md', 'fine', start + end));
    expect(places(violations)).toEqual(['docs/notes.md:2']);
  });

  it.each(['a worker session', 'https://example.org/work/a', './work/dump.rdb', '/workspace/a'])(
    'does not mind %s',
    (text) => expect(checkForeignWords(file('docs/notes.md', text))).toEqual([]),
  );
});

describe('checkUnusedExports', () => {
  const lonely = file('src/values/a.ts', 'export const one = 1;', 'export class Two {}');

  it('lets types be exported for declarations', () => {
    expect(checkUnusedExports([file('src/values/a.ts', 'export interface Three {}')])).toEqual([]);
  });

  it('names the exports that nothing imports', () => {
    const violations = checkUnusedExports([lonely]);
    expect(problems(violations)).toEqual(['nothing imports one', 'nothing imports Two']);
    expect(places(violations)).toEqual(['src/values/a.ts:1', 'src/values/a.ts:2']);
  });

  it.each([
    "import { one, Two as Second } from '../src/values/a.ts';",
    "import * as a from '../src/values/a.ts';",
    "export { one, Two } from '../src/values/a.ts';",
    "export * from '../src/values/a.ts';",
    "const a = await import('../src/values/a.ts');",
  ])('counts %s', (line) => {
    expect(checkUnusedExports([lonely, file('test/b.ts', line)])).toEqual([]);
  });

  it('looks at re-exports too, but not at what is exported to users or by tests', () => {
    const reexport = file('src/values/b.ts', "export { one, Two } from './a.ts';");
    expect(problems(checkUnusedExports([lonely, reexport]))).toHaveLength(2);
    const outside = ['src/index.ts', 'src/values/a.test.ts', 'tools/a.ts'];
    for (const path of outside) {
      expect(checkUnusedExports([file(path, 'export const one = 1;')])).toEqual([]);
    }
  });
});

describe('checkDefaultExports', () => {
  it.each(['export default 1;', 'const a = 1; export { a as default };'])('refuses %s', (line) => {
    expect(places(checkDefaultExports(file('src/values/a.ts', '', line)))).toEqual([
      'src/values/a.ts:2',
    ]);
    expect(checkDefaultExports(file('vitest.config.ts', line))).toEqual([]);
  });
});

describe('checkAny', () => {
  it.each(['let a: any;', 'f(a as any);', 'type A = Map<string, any[]>;'])('refuses %s', (line) => {
    expect(problems(checkAny(file('test/a.ts', line)))).toEqual(['the type any']);
  });

  it('does not mind the word', () => {
    expect(checkAny(file('test/a.ts', 'const any: unknown = "any"; // any'))).toEqual([]);
  });
});

describe('checkContracts', () => {
  it.each([
    'export function f() {}',
    'export const f = () => 1;',
    'export class f {}',
    'function f() {}\nexport { f };',
    'export async function* f() {}',
  ])('wants a doc comment on %s', (code) => {
    expect(problems(checkContracts(file('src/a.ts', code)))).toEqual(['f has no doc comment']);
    expect(problems(checkContracts(file('src/a.ts', '// Note.', code)))).toHaveLength(1);
    expect(
      problems(checkContracts(file('src/a.ts', '/** For b. */', 'const b = 1;', code))),
    ).toEqual(['f has no doc comment']);
    expect(checkContracts(file('src/a.ts', '/** Answers f. */', code))).toEqual([]);
    expect(checkContracts(file('src/a.ts', '/** F. */', '// biome-ignore x: y', code))).toEqual([]);
  });

  it('wants one for all overloads, none on constants, types, tests and what is private', () => {
    const overloads = [
      '/** One or two. */',
      'export function f(a: 1): 1;',
      'export function f(a: 2): 2;',
      'export function f(a: 1 | 2): 1 | 2 { return a; }',
    ];
    expect(checkContracts(file('src/a.ts', ...overloads))).toEqual([]);
    const free = ['export const a = 1;', 'export interface B {}', 'function c() {}'];
    expect(checkContracts(file('src/a.ts', ...free))).toEqual([]);
    expect(checkContracts(file('src/a.test.ts', 'export function f() {}'))).toEqual([]);
  });
});

describe('command metadata', () => {
  const documented = "group: 'set', since: '1.0.0', complexity: 'O(1)'";

  it('finds two blocks of one name', () => {
    const files = [
      file('src/commands/a.ts', `const a = { name: 'SADD', arity: -3 };`),
      file('src/commands/b.ts', '', `const b = { name: 'sadd', arity: -3 };`),
    ];
    expect(problems(checkCommandNames(files))).toEqual(['SADD is at src/commands/a.ts:1 too']);
    expect(places(checkCommandNames(files))).toEqual(['src/commands/b.ts:2']);
    const subcommands = file(
      'src/commands/a.ts',
      "const a = { name: 'ACL', arity: -2, subcommands: [{ name: 'LIST', arity: 2 }] };",
      "const b = { name: 'CLIENT', arity: -2, subcommands: [{ name: 'LIST', arity: 2 }] };",
    );
    expect(checkCommandNames([subcommands])).toEqual([]);
  });

  it('misses a field that is not there, is empty or is left to do', () => {
    const check = (fields: string) => {
      const block = `const a = { name: 'SADD', arity: -3, ${fields} };`;
      return problems(checkCommandDocs([file('src/commands/a.ts', block)]));
    };
    expect(check(`summary: 'Adds.', ${documented}`)).toEqual([]);
    expect(check(`summary: '', ${documented}`)).toEqual(['SADD has no summary']);
    expect(check(`summary: 'TODO', ${documented}`)).toEqual(['SADD has no summary']);
    expect(check("summary: `Adds.`, since: '1.0.0'")).toEqual([
      'SADD has no group',
      'SADD has no complexity',
    ]);
  });

  it('takes texts in pieces, and does not judge what is not a text', () => {
    const fields = "summary: 'Adds ' + `members.`, group: GROUP, since: '1.0' + PATCH";
    const block = `const a = { name: 'SADD', arity: -3, ${fields} };`;
    expect(problems(checkCommandDocs([file('src/commands/a.ts', block)]))).toEqual([
      'SADD has no complexity',
    ]);
  });

  it('finds a grammar that does not parse', () => {
    const block = (syntax: string) => `const a = { name: 'SADD', arity: -3, ${syntax} };`;
    const good = file('src/commands/a.ts', block("syntax: 'key ' + `member...`"), block('x: 1'));
    expect(checkCommandSyntax([good])).toEqual([]);
    const bad = file('src/commands/a.ts', block("syntax: 'key [member'"));
    expect(problems(checkCommandSyntax([bad]))).toEqual([
      'SADD SyntaxError: Argument syntax: expected ]: key [member >>> ',
    ]);
  });
});
