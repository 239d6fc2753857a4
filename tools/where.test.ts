import { describe, expect, it } from 'vitest';
import { SourceFile } from './source-file.ts';
import { locate } from './where.ts';

const files = [
  new SourceFile(
    'src/commands/hash.ts',
    [
      "import { readFields } from '../values/hash.ts';",
      "import { Hash as Table, type Ptr } from '../structures/hash-table.ts';",
      "import { wrongType } from './errors.ts';",
      '',
      'export const hset: Command = {',
      "  name: 'HSET',",
      '  arity: -4,',
      '  run(context) { store(context); },',
      '};',
      "export const hget: Command = { name: 'HGET', arity: 3, run(context) { wrongType(); } };",
      'function store(context) { return readFields(new Table(context)); }',
    ].join('\n'),
  ),
  new SourceFile(
    'src/values/hash.ts',
    'const size = 1;\n\n/** Reads. */\nexport function readFields() {}\n',
  ),
  new SourceFile(
    'src/commands/client.ts',
    [
      "import { tracking as track } from './tracking.ts';",
      "const list = { name: 'LIST', arity: -2 };",
      'export const client = {',
      "  name: 'CLIENT',",
      '  arity: -2,',
      '  subcommands: [',
      "    { name: 'ID', arity: 2 },",
      '    list,',
      '    ...track,',
      '  ],',
      '};',
      "export const acl = { name: 'ACL', arity: -2, subcommands: [{ name: 'LIST', arity: 2 }] };",
    ].join('\n'),
  ),
  new SourceFile(
    'src/commands/tracking.ts',
    "export const tracking = [{ name: 'TRACKING', arity: -3 }];",
  ),
  new SourceFile('src/commands/hash.test.ts', "const fake = { name: 'HSET', arity: 1 };"),
  new SourceFile('src/engine/config.ts', "const other = { name: 'HSET', arity: 1 };"),
];

describe('locate', () => {
  it('names file and line of a command, and what it goes through', () => {
    expect(locate(files, 'hset')).toEqual([
      'src/commands/hash.ts:5',
      '  src/structures/hash-table.ts Hash',
      '  src/values/hash.ts:4 readFields',
    ]);
  });

  it('leaves out what only other commands of the file go through', () => {
    expect(locate(files, 'HGET')).toEqual(['src/commands/hash.ts:10']);
  });

  it.each([
    ['client', 'src/commands/client.ts:3'],
    ['client id', 'src/commands/client.ts:7'],
    ['client list', 'src/commands/client.ts:2'],
    ['CLIENT|TRACKING', 'src/commands/tracking.ts:1'],
    ['acl  list', 'src/commands/client.ts:12'],
  ])('finds %s', (name, place) => {
    expect(locate(files, name)).toEqual([place]);
  });

  it('names commands like the one that there is not', () => {
    expect(() => locate(files, 'list')).toThrow('no command LIST; there are ACL LIST, CLIENT LIST');
    expect(() => locate(files, 'nope')).toThrow(/^no command NOPE$/);
  });
});
