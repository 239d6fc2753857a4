/** Scripts in Lua: EVAL and its relatives. */
import type { Command, Handler } from './command.ts';
import { ANY_READ, ANY_USE, keyCountOf, scriptKeys } from './scripting-access.ts';
import type { ScriptNaming } from './services/scripting.ts';

const ANY_USE_NOTES = 'A script may do anything with its keys';
const ANY_READ_NOTES = 'A script may read anything of its keys';

function running(naming: ScriptNaming, isReadOnly: boolean): Handler {
  return (context, args, reply) => {
    const { monitors, scripting } = context.services;
    monitors.show(context.client, args);
    if (naming === 'sha1') scripting.requireSha1(args);
    const keyCount = keyCountOf(args);
    scripting.run(context, args, reply, naming, isReadOnly, keyCount);
  };
}

function flagsOf(naming: ScriptNaming): NonNullable<Command['scriptFlags']> {
  return ({ services }, args) => services.scripting.flagsOf(args, naming);
}

export const evalCommand: Command = {
  name: 'EVAL',
  group: 'scripting',
  since: '2.6.0',
  summary: 'Runs a script in Lua.',
  complexity: 'That of the script',
  arity: -3,
  flags: ['noscript', 'stale', 'skip_monitor', 'may_replicate', 'no_mandatory_keys', 'movablekeys'],
  keys: scriptKeys(ANY_USE, ANY_USE_NOTES),
  syntax: 'script numkeys:integer [key...] [arg...]',
  scriptFlags: flagsOf('code'),
  run: running('code', false),
};

export const evalSha: Command = {
  name: 'EVALSHA',
  group: 'scripting',
  since: '2.6.0',
  summary: 'Runs a script that the server knows, by the SHA-1 of its code.',
  complexity: 'That of the script',
  arity: -3,
  flags: ['noscript', 'stale', 'skip_monitor', 'may_replicate', 'no_mandatory_keys', 'movablekeys'],
  keys: scriptKeys(ANY_USE),
  syntax: 'sha1 numkeys:integer [key...] [arg...]',
  scriptFlags: flagsOf('sha1'),
  run: running('sha1', false),
};

export const evalReadOnly: Command = {
  name: 'EVAL_RO',
  group: 'scripting',
  since: '7.0.0',
  summary: 'Runs a script in Lua that may only read.',
  complexity: 'That of the script',
  arity: -3,
  flags: ['readonly', 'noscript', 'stale', 'skip_monitor', 'no_mandatory_keys', 'movablekeys'],
  keys: scriptKeys(ANY_READ, ANY_READ_NOTES),
  syntax: 'script numkeys:integer [key...] [arg...]',
  scriptFlags: flagsOf('code'),
  run: running('code', true),
};

export const evalShaReadOnly: Command = {
  name: 'EVALSHA_RO',
  group: 'scripting',
  since: '7.0.0',
  summary: 'Runs a script that the server knows and that may only read.',
  complexity: 'That of the script',
  arity: -3,
  flags: ['readonly', 'noscript', 'stale', 'skip_monitor', 'no_mandatory_keys', 'movablekeys'],
  keys: scriptKeys(ANY_READ),
  syntax: 'sha1 numkeys:integer [key...] [arg...]',
  scriptFlags: flagsOf('sha1'),
  run: running('sha1', true),
};
