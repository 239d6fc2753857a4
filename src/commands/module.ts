/** MODULE, for those who ask which ones are loaded: there are none, and none can be. */
import type { Command, Handler } from './command.ts';
import { CommandError } from './errors.ts';
import { replyHelp } from './help.ts';

const NOT_ALLOWED = new CommandError(
  'ERR MODULE command not allowed. If the enable-module-command option is set to "local", you can run it from a local connection, otherwise you need to set this option in the configuration file, and then restart the server.',
);
const NOT_LOADED = new CommandError(
  'ERR Error loading the extension. Please check the server logs.',
);
const NOT_UNLOADED = new CommandError('ERR Error unloading module: no such module with that name');

export const module: Command = {
  name: 'MODULE',
  group: 'server',
  since: '4.0.0',
  summary: 'Lists the modules that are loaded, of which there are none.',
  complexity: 'Depends on subcommand.',
  arity: -2,
  flags: [],
  subcommands: [
    {
      name: 'LIST',
      group: 'server',
      since: '4.0.0',
      summary: 'Lists the modules that are loaded.',
      complexity: 'O(1)',
      arity: 2,
      flags: ['admin', 'noscript'],
      tips: ['nondeterministic_output_order'],
      run(_context, _args, reply) {
        reply.array(0);
      },
    },
    {
      name: 'LOAD',
      group: 'server',
      since: '4.0.0',
      summary: 'Would load a module; it is always refused.',
      complexity: 'O(1)',
      arity: -3,
      flags: ['admin', 'noscript', 'no_async_loading'],
      syntax: 'path:string [arg:string...]',
      run: refusedWith(NOT_LOADED),
    },
    {
      name: 'LOADEX',
      group: 'server',
      since: '7.0.0',
      summary: 'Would load a module with its own configuration; it is always refused.',
      complexity: 'O(1)',
      arity: -3,
      flags: ['admin', 'noscript', 'no_async_loading'],
      syntax:
        'path:string [CONFIG... configs(name:string value:string)] [ARGS args(arg:string)...]',
      run: refusedWith(NOT_LOADED),
    },
    {
      name: 'UNLOAD',
      group: 'server',
      since: '4.0.0',
      summary: 'Would unload a module; it is always refused.',
      complexity: 'O(1)',
      arity: 3,
      flags: ['admin', 'noscript', 'no_async_loading'],
      syntax: 'name:string',
      run: refusedWith(NOT_UNLOADED),
    },
    {
      name: 'HELP',
      group: 'server',
      since: '5.0.0',
      summary: 'Lists the subcommands.',
      complexity: 'O(1)',
      arity: 2,
      flags: ['loading', 'stale'],
      run(_context, _args, reply) {
        replyHelp(reply, module);
      },
    },
  ],
};

/** Refuses with this, where the configuration lets modules be loaded at all. */
function refusedWith(problem: CommandError): Handler {
  return ({ services }) => {
    const isAllowed = services.configuration.textOf('enable-module-command') !== 'no';
    throw isAllowed ? problem : NOT_ALLOWED;
  };
}
