/** Transactions: commands that run together, or not at all. */
import type { Command } from './command.ts';
import { CommandError } from './errors.ts';
import type { ClientState } from './services/clients.ts';

const NESTED = new CommandError('ERR MULTI calls can not be nested');
const WATCH_INSIDE = new CommandError('ERR WATCH inside MULTI is not allowed');
const EXEC_WITHOUT_MULTI = new CommandError('ERR EXEC without MULTI');
const DISCARD_WITHOUT_MULTI = new CommandError('ERR DISCARD without MULTI');

export const multi: Command = {
  name: 'MULTI',
  group: 'transactions',
  since: '1.2.0',
  summary: 'Begins a transaction: the commands that follow are queued until `EXEC`.',
  complexity: 'O(1)',
  arity: 1,
  flags: ['noscript', 'loading', 'stale', 'fast', 'allow_busy'],
  isQueued: false,
  run({ client, services }, _args, reply) {
    if (isOpen(client)) throw NESTED;
    services.transactions.begin(client);
    reply.ok();
  },
};

export const exec: Command = {
  name: 'EXEC',
  group: 'transactions',
  since: '1.2.0',
  summary: 'Runs the queued commands, with none of another client in between.',
  complexity: 'That of the queued commands together',
  arity: 1,
  flags: ['noscript', 'loading', 'stale', 'skip_slowlog'],
  isQueued: false,
  run({ client, services }, _args, reply) {
    if (!isOpen(client)) throw EXEC_WITHOUT_MULTI;
    services.transactions.execute(client, reply);
  },
};

export const discard: Command = {
  name: 'DISCARD',
  group: 'transactions',
  since: '2.0.0',
  summary: 'Forgets the queued commands and ends the transaction.',
  complexity: 'O(N) where N is the number of keys that are watched',
  arity: 1,
  flags: ['noscript', 'loading', 'stale', 'fast', 'allow_busy'],
  isQueued: false,
  run({ client, services }, _args, reply) {
    if (!isOpen(client)) throw DISCARD_WITHOUT_MULTI;
    services.transactions.discard(client);
    reply.ok();
  },
};

export const watch: Command = {
  name: 'WATCH',
  group: 'transactions',
  since: '2.2.0',
  summary: 'Lets the next `EXEC` run nothing if one of these keys has changed by then.',
  complexity: 'O(1) for each key',
  arity: -2,
  flags: ['noscript', 'loading', 'stale', 'fast', 'allow_busy'],
  keys: [{ flags: ['RO'], begin: { index: 1 }, find: { last: -1, step: 1, limit: 0 } }],
  syntax: 'key...',
  isQueued: false,
  run({ client, database, services }, args, reply) {
    if (isOpen(client)) throw WATCH_INSIDE;
    for (let i = 1; i < args.count; i++) services.transactions.watch(client, database, args, i);
    reply.ok();
  },
};

export const unwatch: Command = {
  name: 'UNWATCH',
  group: 'transactions',
  since: '2.2.0',
  summary: 'Forgets all keys that are watched.',
  complexity: 'O(N) where N is the number of keys that are watched',
  arity: 1,
  flags: ['noscript', 'loading', 'stale', 'fast', 'allow_busy'],
  run({ client, services }, _args, reply) {
    services.transactions.unwatch(client);
    reply.ok();
  },
};

function isOpen({ transaction }: ClientState): boolean {
  return transaction?.isOpen === true;
}
