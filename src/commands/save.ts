/** Commands that put the data on disk. */
import type { Command } from './command.ts';
import { CommandError, SYNTAX_ERROR } from './errors.ts';

/** What Redis says; the reason is in the log. */
const FAILED: CommandError = new CommandError('ERR');

const ALREADY: CommandError = new CommandError('ERR Background save already in progress');
const BUSY: CommandError = new CommandError(
  "ERR Another child process is active (AOF?): can't BGSAVE right now. Use BGSAVE SCHEDULE in " +
    'order to schedule a BGSAVE whenever possible.',
);

export const save: Command = {
  name: 'SAVE',
  group: 'server',
  since: '1.0.0',
  summary: 'Writes a snapshot of all data to disk, while everything else waits.',
  complexity: 'O(N) where N is the total number of keys in all databases',
  arity: 1,
  flags: ['admin', 'noscript', 'no_async_loading', 'no_multi'],
  run({ services }, _args, reply) {
    if (services.persistence.background.isRunning) throw ALREADY;
    if (services.persistence.save() !== undefined) throw FAILED;
    reply.ok();
  },
};

export const bgsave: Command = {
  name: 'BGSAVE',
  group: 'server',
  since: '1.0.0',
  summary: 'Writes a snapshot of all data to disk, as they are now, while everything goes on.',
  complexity: 'O(1)',
  arity: -1,
  flags: ['admin', 'noscript', 'no_async_loading'],
  syntax: '[SCHEDULE@3.2.2]',
  history: [['3.2.2', 'Takes SCHEDULE.']],
  run({ client, services }, args, reply) {
    const schedules = args.count > 1;
    if (args.count > 2 || (schedules && !args.is(1, 'SCHEDULE'))) throw SYNTAX_ERROR;
    const { background } = services.persistence;
    if (background.isRunning) throw ALREADY;
    // What a transaction does is not to be saved by half.
    const isTogether = client.deniesBlocking;
    if (background.writing === null && !isTogether) {
      background.start();
      reply.status('Background saving started');
      return;
    }
    if (!schedules && !isTogether) throw BUSY;
    background.schedule();
    reply.status('Background saving scheduled');
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
