/** SCRIPT: the scripts that the server knows, and the one that runs. */
import type { Command } from './command.ts';
import { CommandError } from './errors.ts';
import { replyHelp } from './help.ts';
import { checkFlushMode } from './scripting-access.ts';

const NO_FLUSH_OPTION = new CommandError('ERR SCRIPT FLUSH only support SYNC|ASYNC option');
const NO_DEBUG_MODE = new CommandError('ERR Use SCRIPT DEBUG YES/SYNC/NO');
const NO_DEBUGGER = new CommandError('ERR There is no debugger for scripts here');

const debug: Command = {
  name: 'DEBUG',
  group: 'scripting',
  since: '3.2.0',
  summary: 'Would have scripts run in a debugger, of which there is none: NO alone is allowed.',
  complexity: 'O(1)',
  arity: 3,
  flags: ['noscript'],
  syntax: 'mode<YES | SYNC | NO>',
  run(_context, args, reply) {
    if (args.is(2, 'YES') || args.is(2, 'SYNC')) throw NO_DEBUGGER;
    if (!args.is(2, 'NO')) throw NO_DEBUG_MODE;
    reply.ok();
  },
};

const exists: Command = {
  name: 'EXISTS',
  group: 'scripting',
  since: '2.6.0',
  summary: 'Returns which scripts the server knows, by the SHA-1 of their code.',
  complexity: 'O(N) where N is the number of scripts that are asked for',
  arity: -3,
  flags: ['noscript'],
  tips: ['request_policy:all_shards', 'response_policy:agg_logical_and'],
  syntax: 'sha1...',
  run({ services }, args, reply) {
    reply.array(args.count - 2);
    for (let i = 2; i < args.count; i++) {
      reply.integer(Number(services.scripting.has(args.text(i))));
    }
  },
};

const flush: Command = {
  name: 'FLUSH',
  group: 'scripting',
  since: '2.6.0',
  summary: 'Forgets all scripts.',
  complexity: 'O(N) where N is the number of scripts that the server knows',
  arity: -2,
  flags: ['noscript'],
  tips: ['request_policy:all_nodes', 'response_policy:all_succeeded'],
  syntax: '[async<ASYNC | SYNC>@6.2.0]',
  history: [['6.2.0', '`ASYNC` and `SYNC`.']],
  run({ services }, args, reply) {
    checkFlushMode(args, 2, NO_FLUSH_OPTION);
    services.scripting.flush();
    reply.ok();
  },
};

const kill: Command = {
  name: 'KILL',
  group: 'scripting',
  since: '2.6.0',
  summary: 'Ends the script that runs, unless it has written something.',
  complexity: 'O(1)',
  arity: 2,
  flags: ['noscript', 'allow_busy'],
  tips: ['request_policy:all_shards', 'response_policy:one_succeeded'],
  run({ services }, _args, reply) {
    services.scripting.kill(false);
    reply.ok();
  },
};

const load: Command = {
  name: 'LOAD',
  group: 'scripting',
  since: '2.6.0',
  summary: 'Keeps a script, to be run by the SHA-1 of its code, which it returns.',
  complexity: 'O(N) where N is the length of the script in bytes',
  arity: 3,
  flags: ['noscript', 'stale'],
  tips: ['request_policy:all_nodes', 'response_policy:all_succeeded'],
  syntax: 'script',
  run({ services }, args, reply) {
    reply.text(services.scripting.load(args.copy(2)));
  },
};

const help: Command = {
  name: 'HELP',
  group: 'scripting',
  since: '5.0.0',
  summary: 'Returns what the subcommands do.',
  complexity: 'O(1)',
  arity: 2,
  flags: ['loading', 'stale'],
  run(_context, _args, reply) {
    replyHelp(reply, script);
  },
};

export const script: Command = {
  name: 'SCRIPT',
  group: 'scripting',
  since: '2.6.0',
  summary: 'The scripts that the server knows: a container of subcommands.',
  complexity: 'Depends on the subcommand',
  arity: -2,
  flags: [],
  subcommands: [debug, exists, flush, kill, load, help],
};
