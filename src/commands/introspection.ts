/** COMMAND: what commands there are, and how they describe themselves. */
import { Args } from '../protocol/args.ts';
import { globMatch } from '../protocol/glob.ts';
import type { Reply } from '../protocol/reply.ts';
import { categoriesOf } from './categories.ts';
import type { Command } from './command.ts';
import { replyDocs } from './command-docs.ts';
import { replyInfo, replyStatusSet, subcommandName } from './command-info.ts';
import { hasKeys, keysOf } from './command-keys.ts';
import { CommandError, SYNTAX_ERROR } from './errors.ts';
import { replyHelp } from './help.ts';
import type { CommandCatalog } from './services/catalog.ts';

const INVALID_COMMAND = new CommandError('ERR Invalid command specified');
const NO_KEY_ARGUMENTS = new CommandError('ERR The command has no key arguments');
const INVALID_ARITY = new CommandError('ERR Invalid number of arguments specified for command');
const INVALID_ARGUMENTS = new CommandError('ERR Invalid arguments specified for command');

/** A command with its name in lower case, `container|subcommand` for a subcommand. */
type Named = readonly [fullName: string, command: Command];

export const command: Command = {
  name: 'COMMAND',
  group: 'server',
  since: '2.8.13',
  summary: 'Describes all commands.',
  complexity: 'O(N) where N is the number of commands',
  arity: -1,
  flags: ['loading', 'stale'],
  categories: ['connection'],
  tips: ['nondeterministic_output_order'],
  subcommands: [
    {
      name: 'COUNT',
      group: 'server',
      since: '2.8.13',
      summary: 'Counts the commands.',
      complexity: 'O(1)',
      arity: 2,
      flags: ['loading', 'stale'],
      categories: ['connection'],
      run({ services }, _args, reply) {
        reply.integer(services.catalog.commands.length);
      },
    },
    {
      name: 'DOCS',
      group: 'server',
      since: '7.0.0',
      summary: 'Documents some commands, or all.',
      complexity: 'O(N) where N is the number of commands asked for',
      arity: -2,
      flags: ['loading', 'stale'],
      categories: ['connection'],
      tips: ['nondeterministic_output_order'],
      syntax: '[command-name...]',
      run({ services: { catalog } }, args, reply) {
        const asked = args.count === 2 ? allCommands(catalog) : namedCommands(catalog, args);
        const known = asked.filter((each) => each !== undefined);
        reply.map(known.length);
        for (const [fullName, each] of known) {
          reply.text(fullName);
          replyDocs(reply, each, fullName);
        }
      },
    },
    {
      name: 'GETKEYS',
      group: 'server',
      since: '2.8.13',
      summary: 'Finds the keys in a call of a command.',
      complexity: 'O(N) where N is the number of arguments of the call',
      arity: -3,
      flags: ['loading', 'stale'],
      categories: ['connection'],
      syntax: 'command [arg...]',
      run({ services }, args, reply) {
        const keys = keysInCall(services.catalog, args);
        reply.array(keys.length);
        for (const { bytes } of keys) reply.blob(bytes);
      },
    },
    {
      name: 'GETKEYSANDFLAGS',
      group: 'server',
      since: '7.0.0',
      summary: 'Finds the keys in a call of a command, and what the call does with each.',
      complexity: 'O(N) where N is the number of arguments of the call',
      arity: -3,
      flags: ['loading', 'stale'],
      categories: ['connection'],
      syntax: 'command [arg...]',
      run({ services }, args, reply) {
        const keys = keysInCall(services.catalog, args);
        reply.array(keys.length);
        for (const { bytes, flags } of keys) {
          reply.array(2);
          reply.blob(bytes);
          replyStatusSet(reply, flags);
        }
      },
    },
    {
      name: 'INFO',
      group: 'server',
      since: '2.8.13',
      summary: 'Describes some commands, or all.',
      complexity: 'O(N) where N is the number of commands asked for',
      arity: -2,
      flags: ['loading', 'stale'],
      categories: ['connection'],
      tips: ['nondeterministic_output_order'],
      syntax: '[command-name...]',
      history: [['7.0.0', 'Without a name, all commands are described.']],
      run({ services: { catalog } }, args, reply) {
        replyInfos(reply, args.count === 2 ? allCommands(catalog) : namedCommands(catalog, args));
      },
    },
    {
      name: 'LIST',
      group: 'server',
      since: '7.0.0',
      summary: 'Lists the names of all commands, or of those that a filter lets through.',
      complexity: 'O(N) where N is the number of commands',
      arity: -2,
      flags: ['loading', 'stale'],
      categories: ['connection'],
      tips: ['nondeterministic_output_order'],
      syntax: '[FILTERBY<MODULE module-name | ACLCAT category | PATTERN pattern>]',
      run({ services: { catalog } }, args, reply) {
        const matches = filterOf(args);
        const names = [...withSubcommands(catalog)].filter(matches).map(([fullName]) => fullName);
        reply.array(names.length);
        for (const name of names) reply.text(name);
      },
    },
    {
      name: 'HELP',
      group: 'server',
      since: '5.0.0',
      summary: 'Shows this text.',
      complexity: 'O(1)',
      arity: 2,
      flags: ['loading', 'stale'],
      categories: ['connection'],
      run(_context, _args, reply) {
        replyHelp(reply, command, command.summary);
      },
    },
  ],
  run({ services }, _args, reply) {
    replyInfos(reply, allCommands(services.catalog));
  },
};

function replyInfos(reply: Reply, commands: readonly (Named | undefined)[]): void {
  reply.array(commands.length);
  for (const each of commands) {
    if (each === undefined) reply.nil();
    else replyInfo(reply, each[1], each[0]);
  }
}

function allCommands(catalog: CommandCatalog): Named[] {
  return catalog.commands.map((each) => [each.name.toLowerCase(), each]);
}

/** Every command, its subcommands behind it. */
function* withSubcommands(catalog: CommandCatalog): Generator<Named> {
  for (const named of allCommands(catalog)) {
    yield named;
    const [fullName, { subcommands = [] }] = named;
    for (const sub of subcommands) yield [subcommandName(fullName, sub), sub];
  }
}

/** The commands that the arguments from the third on name. */
function namedCommands(catalog: CommandCatalog, args: Args): (Named | undefined)[] {
  return Array.from({ length: args.count - 2 }, (_, i) => {
    const name = args.text(i + 2).toLowerCase();
    const found = catalog.byName(name);
    return found && [name, found];
  });
}

/** The filter that COMMAND LIST asks for; lets all through without one. */
function filterOf(args: Args): (named: Named) => boolean {
  if (args.count === 2) return () => true;
  if (args.count !== 5 || !args.is(2, 'FILTERBY')) throw SYNTAX_ERROR;
  // There are no modules, so no command is of one.
  if (args.is(3, 'MODULE')) return () => false;
  if (args.is(3, 'ACLCAT')) {
    const wanted = args.text(4).toLowerCase();
    return ([, each]) => categoriesOf(each).some((category) => category === wanted);
  }
  if (!args.is(3, 'PATTERN')) throw SYNTAX_ERROR;
  const pattern = args.copy(4);
  return ([fullName]) => {
    const name = Buffer.from(fullName);
    return globMatch(pattern, 0, pattern.length, name, 0, name.length, true);
  };
}

/**
 * The keys of the call that begins with the third argument. Throws when it is no call with keys.
 */
function keysInCall(
  catalog: CommandCatalog,
  args: Args,
): { readonly bytes: Buffer; readonly flags: readonly string[] }[] {
  const call = new Args();
  call.reset(args.bytes, args.view);
  for (let i = 2; i < args.count; i++) call.push(args.start(i), args.length(i));

  const called = commandOf(catalog, call);
  if (called === undefined) throw INVALID_COMMAND;
  if (!hasKeys(called)) throw NO_KEY_ARGUMENTS;
  const { arity, flags } = called;
  const fits = arity < 0 ? call.count >= -arity : call.count === arity;
  if (!fits) throw INVALID_ARITY;
  const keys = keysOf(called, call);
  if (keys.length === 0 && !flags.includes('no_mandatory_keys')) throw INVALID_ARGUMENTS;
  return keys.map((key) => ({ bytes: call.copy(key.index), flags: key.flags }));
}

/** The command or subcommand that a call runs. */
function commandOf(catalog: CommandCatalog, call: Args): Command | undefined {
  const name = call.text(0);
  if (name.includes('|')) return undefined;
  const found = catalog.byName(name);
  const isContainer = found?.subcommands !== undefined && found.subcommands.length > 0;
  return isContainer && call.count > 1 ? catalog.byName(`${name}|${call.text(1)}`) : found;
}
