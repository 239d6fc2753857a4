/** Commands that put the data on disk. */
import type { Command } from './command.ts';
import { CommandError } from './errors.ts';

/** What Redis says; the reason is in the log. */
const FAILED: CommandError = new CommandError('ERR');

export const save: Command = {
  name: 'SAVE',
  group: 'server',
  since: '1.0.0',
  summary: 'Writes a snapshot of all data to disk, while everything else waits.',
  complexity: 'O(N) where N is the total number of keys in all databases',
  arity: 1,
  flags: ['admin', 'noscript', 'no_async_loading', 'no_multi'],
  run({ services }, _args, reply) {
    if (services.persistence.save() !== undefined) throw FAILED;
    reply.ok();
  },
};

export const lastsave: Command = {
  name: 'LASTSAVE',
  group: 'server',
  since: '1.0.0',
  summary: 'Returns when the last snapshot was finished, in seconds since the epoch.',
  complexity: 'O(1)',
  arity: 1,
  flags: ['loading', 'stale', 'fast'],
  categories: ['admin', 'dangerous'],
  tips: ['nondeterministic_output'],
  run({ services }, _args, reply) {
    reply.integer(Math.floor(services.persistence.lastSaveMs / 1000));
  },
};
