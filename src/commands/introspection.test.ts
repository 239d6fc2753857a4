import { describe, expect, it } from 'vitest';
import { show, TestEngine } from '../../test/support/engine.ts';
import type { Command } from './command.ts';
import { command as introspection } from './introspection.ts';

const at = (index: number) => ({ begin: { index }, find: { last: 0, step: 1, limit: 0 } });

const TAKE: Command = {
  name: 'TAKE',
  group: 'list',
  since: '1.2.0',
  summary: 'Takes one.',
  complexity: 'O(1)',
  arity: -2,
  flags: ['write', 'fast'],
  tips: ['nondeterministic_output'],
  keys: [{ notes: 'Or nothing', flags: ['RW', 'delete'], ...at(1) }],
  syntax: 'key [LIMIT count:integer@6.2.0]',
  history: [['6.2.0', 'The option LIMIT.']],
  deprecated: { since: '7.0.0', replacedBy: '`GIVE`' },
  docFlags: ['syscmd'],
};

const BOX: Command = {
  name: 'BOX',
  group: 'server',
  since: '2.0.0',
  summary: 'Boxes.',
  complexity: 'O(1)',
  arity: -2,
  flags: [],
  subcommands: [
    {
      name: 'OPEN',
      group: 'server',
      since: '2.0.1',
      summary: 'Opens one.',
      complexity: 'O(N)',
      arity: 3,
      flags: ['admin', 'no_mandatory_keys'],
      keys: [{ flags: ['RO'], ...at(2) }],
      syntax: 'key',
    },
  ],
};

const COUNTED: Command = {
  name: 'COUNTED',
  group: 'scripting',
  since: '7.0.0',
  summary: 'Counts.',
  complexity: 'O(N)',
  arity: -2,
  flags: ['no_mandatory_keys'],
  keys: [{ flags: ['RW'], begin: { index: 1 }, find: { keynumIndex: 0, firstKey: 1, step: 1 } }],
};

const engine = new TestEngine({ commands: [TAKE, BOX, COUNTED, introspection] });

const TAKE_INFO =
  '["take", (integer) -2, [write, fast], (integer) 1, (integer) 1, (integer) 1, ' +
  '[@write, @list, @fast], ["nondeterministic_output"], [["notes", "Or nothing", "flags", ' +
  '[RW, delete], "begin_search", ["type", "index", "spec", ["index", (integer) 1]], "find_keys", ' +
  '["type", "range", "spec", ["lastkey", (integer) 0, "keystep", (integer) 1, "limit", ' +
  '(integer) 0]]]], []]';

const OPEN_DOCS =
  '["summary", "Opens one.", "since", "2.0.1", "group", "server", "complexity", "O(N)", ' +
  '"arguments", [["name", "key", "type", "key", "display_text", "key", "key_spec_index", ' +
  '(integer) 0]]]';

describe('COMMAND', () => {
  it('describes all commands', () => {
    const infos = engine.text('COMMAND');
    expect(infos).toBe(engine.text('COMMAND', 'INFO'));
    expect(infos.startsWith(`[${TAKE_INFO}, ["box", (integer) -2, [], `)).toBe(true);
    expect(infos).toContain('[], [], [["box|open", (integer) 3, [admin, no_mandatory_keys], ');
  });

  it('COUNT counts them without subcommands', () => {
    expect(engine.text('COMMAND', 'COUNT')).toBe('(integer) 4');
  });
});

describe('COMMAND INFO', () => {
  it('describes those that there are, in any case', () => {
    expect(engine.text('COMMAND', 'INFO', 'Take', 'nosuch')).toBe(`[${TAKE_INFO}, (nil)]`);
    expect(engine.text('COMMAND', 'INFO', 'BOX|OPEN')).toMatch(/^\[\["box\|open", /);
    expect(engine.text('COMMAND', 'INFO', 'box|open|x', '__proto__', '')).toBe(
      '[(nil), (nil), (nil)]',
    );
  });

  it('is of sets and maps in RESP3', () => {
    const client = engine.session();
    client.resp3 = true;
    expect(show(engine.runAs(client, 'COMMAND', 'INFO', 'take'))).toBe(
      '[["take", (integer) -2, ~[write, fast], (integer) 1, (integer) 1, (integer) 1, ' +
        '~[@write, @list, @fast], ~["nondeterministic_output"], ~[{"notes": "Or nothing", ' +
        '"flags": ~[RW, delete], "begin_search": {"type": "index", "spec": {"index": ' +
        '(integer) 1}}, "find_keys": {"type": "range", "spec": {"lastkey": (integer) 0, ' +
        '"keystep": (integer) 1, "limit": (integer) 0}}}], ~[]]]',
    );
  });
});

describe('COMMAND DOCS', () => {
  it('documents those that there are', () => {
    expect(engine.text('COMMAND', 'DOCS', 'box|OPEN', 'nosuch')).toBe(`["box|open", ${OPEN_DOCS}]`);
    expect(engine.text('COMMAND', 'DOCS', 'box')).toContain(
      `"subcommands", ["box|open", ${OPEN_DOCS}]]]`,
    );
    expect(engine.text('COMMAND', 'DOCS', 'nosuch')).toBe('[]');
  });

  it('tells what changed, what replaces it and what its arguments are', () => {
    expect(engine.text('COMMAND', 'DOCS', 'take')).toBe(
      '["take", ["summary", "Takes one.", "since", "1.2.0", "group", "list", ' +
        '"complexity", "O(1)", "doc_flags", [deprecated, syscmd], "deprecated_since", "7.0.0", ' +
        '"replaced_by", "`GIVE`", "history", [["6.2.0", "The option LIMIT."]], "arguments", ' +
        '[["name", "key", "type", "key", "display_text", "key", "key_spec_index", (integer) 0], ' +
        '["name", "count", "type", "integer", "display_text", "count", "token", "LIMIT", ' +
        '"since", "6.2.0", "flags", [optional]]]]]',
    );
  });

  it('documents all commands without a name', () => {
    const reply = engine.run('COMMAND', 'DOCS');
    expect(reply.type === 'array' && reply.items.length).toBe(8);
  });
});

describe('COMMAND LIST', () => {
  const list = (...filter: string[]) => engine.text('COMMAND', 'LIST', ...filter);

  it('names everything without a filter', () => {
    expect(list()).toMatch(
      /^\["take", "box", "box\|open", "counted", "command", "command\|count", /,
    );
  });

  it('filters by pattern, category and module', () => {
    expect(list('FILTERBY', 'PATTERN', 'B?X*')).toBe('["box", "box|open"]');
    expect(list('filterby', 'pattern', '')).toBe('[]');
    expect(list('FILTERBY', 'ACLCAT', 'List')).toBe('["take"]');
    expect(list('FILTERBY', 'ACLCAT', '@list')).toBe('[]');
    expect(list('FILTERBY', 'MODULE', 'json')).toBe('[]');
  });

  it.each([['FILTERBY'], ['FILTERBY', 'PATTERN'], ['FILTERBY', 'X', 'y'], ['BY', 'PATTERN', '*']])(
    'refuses other filters: %s %s %s',
    (...filter) => {
      expect(list(...filter)).toBe('(error) ERR syntax error');
    },
  );
});

describe('COMMAND GETKEYS', () => {
  it('finds keys with any bytes', () => {
    expect(engine.text('COMMAND', 'GETKEYS', 'take', 'a\0\r\n\xff')).toBe(
      '["a\\u0000\\r\\n\u00ff"]',
    );
    expect(engine.text('COMMAND', 'GETKEYS', 'BOX', 'open', 'k')).toBe('["k"]');
    expect(engine.text('COMMAND', 'GETKEYSANDFLAGS', 'take', 'a')).toBe('[["a", [RW, delete]]]');
  });

  it.each([
    ['nosuch k', 'ERR Invalid command specified'],
    ['box nosuch k', 'ERR Invalid command specified'],
    ['box|open k k', 'ERR Invalid command specified'],
    ['box', 'ERR The command has no key arguments'],
    ['command count', 'ERR The command has no key arguments'],
    ['take', 'ERR Invalid number of arguments specified for command'],
    ['box open', 'ERR Invalid number of arguments specified for command'],
    ['box open a b', 'ERR Invalid number of arguments specified for command'],
  ])('refuses %s', (call, error) => {
    const words = call.split(' ');
    expect(engine.text('COMMAND', 'GETKEYS', ...words)).toBe(`(error) ${error}`);
    expect(engine.text('COMMAND', 'GETKEYSANDFLAGS', ...words)).toBe(`(error) ${error}`);
  });

  it('answers with none only for a command that can do without', () => {
    expect(engine.text('COMMAND', 'GETKEYS', 'counted', '0')).toBe('[]');
    const strict = new TestEngine({ commands: [{ ...COUNTED, flags: [] }, introspection] });
    expect(strict.text('COMMAND', 'GETKEYS', 'counted', '0')).toBe(
      '(error) ERR Invalid arguments specified for command',
    );
  });
});

it('COMMAND HELP names the subcommands', () => {
  const help = engine.text('COMMAND', 'HELP');
  for (const name of ['COUNT', 'DOCS', 'GETKEYS', 'INFO', 'LIST', 'HELP']) {
    expect(help).toContain(`, ${name}`);
  }
});
