/** Calls of functions that libraries have registered. */
import type { Command, Handler } from './command.ts';
import { CommandError } from './errors.ts';
import { integerAt } from './options.ts';
import { ANY_READ, ANY_USE, keyCountOf, scriptKeys } from './scripting-access.ts';

const NO_FUNCTION = new CommandError('ERR Function not found');
/** What a function says of itself counts before it is called. */
const scriptFlags: NonNullable<Command['scriptFlags']> = ({ services }, args) =>
  services.functions.flagsOf(args);

const NO_KEY_COUNT = new CommandError('ERR Bad number of keys provided');

function calling(isReadOnly: boolean): Handler {
  return (context, args, reply) => {
    const { functions, monitors } = context.services;
    monitors.show(context.client, args);
    if (!functions.has(args)) throw NO_FUNCTION;
    integerAt(args, 2, NO_KEY_COUNT);
    functions.call(context, args, reply, isReadOnly, keyCountOf(args));
  };
}

export const fcall: Command = {
  name: 'FCALL',
  group: 'scripting',
  since: '7.0.0',
  summary: 'Calls a function of a library.',
  complexity: 'That of the function',
  arity: -3,
  flags: ['noscript', 'stale', 'skip_monitor', 'may_replicate', 'no_mandatory_keys', 'movablekeys'],
  keys: scriptKeys(ANY_USE, 'A function may do anything with its keys'),
  syntax: 'function numkeys:integer [key...] [arg...]',
  scriptFlags,
  run: calling(false),
};

export const fcallReadOnly: Command = {
  name: 'FCALL_RO',
  group: 'scripting',
  since: '7.0.0',
  summary: 'Calls a function of a library that only reads.',
  complexity: 'That of the function',
  arity: -3,
  flags: ['readonly', 'noscript', 'stale', 'skip_monitor', 'no_mandatory_keys', 'movablekeys'],
  keys: scriptKeys(ANY_READ, 'A function may read anything of its keys'),
  syntax: 'function numkeys:integer [key...] [arg...]',
  scriptFlags,
  run: calling(true),
};
