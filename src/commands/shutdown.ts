/** SHUTDOWN: ends the server. */
import type { Args } from '../protocol/args.ts';
import type { Command } from './command.ts';
import { CommandError, SYNTAX_ERROR } from './errors.ts';
import type { ShutdownOptions } from './services/lifecycle.ts';

const NO_SHUTDOWN = new CommandError('ERR No shutdown in progress.');

export const shutdown: Command = {
  name: 'SHUTDOWN',
  group: 'server',
  since: '1.0.0',
  summary: 'Saves the data if it is to be saved, and ends the server.',
  complexity: 'O(N) when saving, where N is the number of keys in all databases; otherwise O(1)',
  arity: -1,
  flags: ['admin', 'noscript', 'loading', 'stale', 'no_multi', 'allow_busy'],
  syntax: '[save-selector<NOSAVE | SAVE>] [NOW@7.0.0] [FORCE@7.0.0] [ABORT@7.0.0]',
  history: [['7.0.0', 'Takes NOW, FORCE and ABORT.']],
  run({ services, client }, args, reply) {
    const options = readOptions(args);
    if (options === 'abort') {
      if (!services.lifecycle.abortShutdown()) throw NO_SHUTDOWN;
      reply.ok();
      return;
    }
    const problem = services.lifecycle.shutdown(options, client);
    if (problem !== undefined) throw new CommandError(problem);
  },
};

function readOptions(args: Args): ShutdownOptions | 'abort' {
  const given = new Set<string>();
  for (let i = 1; i < args.count; i++) {
    const word = OPTIONS.find((option) => args.is(i, option));
    if (word === undefined) throw SYNTAX_ERROR;
    given.add(word);
  }
  if (given.has('SAVE') && given.has('NOSAVE')) throw SYNTAX_ERROR;
  if (given.has('ABORT')) {
    if (given.size > 1) throw SYNTAX_ERROR;
    return 'abort';
  }
  return {
    save: given.has('SAVE') ? 'save' : given.has('NOSAVE') ? 'nosave' : 'default',
    now: given.has('NOW'),
    force: given.has('FORCE'),
  };
}

const OPTIONS = ['NOSAVE', 'SAVE', 'NOW', 'FORCE', 'ABORT'] as const;
