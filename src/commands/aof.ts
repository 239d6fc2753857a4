/** Commands of the append-only file. */
import type { Command } from './command.ts';
import { CommandError } from './errors.ts';
import { integerAt } from './options.ts';
import { timeoutInMsAt } from './timeout.ts';

const NOT_ENABLED: CommandError = new CommandError(
  'ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.',
);
const NOT_POSITIVE: CommandError = new CommandError('ERR value is out of range, must be positive');
const BAD_LOCAL: CommandError = new CommandError('ERR value is out of range, must between 0 and 1');

export const bgrewriteaof: Command = {
  name: 'BGREWRITEAOF',
  group: 'server',
  since: '1.0.0',
  summary: 'Writes the append-only file anew, as short as it can be, while everything goes on.',
  complexity: 'O(1)',
  arity: 1,
  flags: ['admin', 'noscript', 'no_async_loading'],
  run({ client, services }, _args, reply) {
    reply.status(services.appendOnly.rewrite(client.deniesBlocking));
  },
};

export const waitaof: Command = {
  name: 'WAITAOF',
  group: 'generic',
  since: '7.2.0',
  summary: 'Waits until what the client has changed is on the disk, here or with replicas.',
  complexity: 'O(1)',
  arity: 4,
  flags: ['noscript'],
  categories: ['connection'],
  tips: ['request_policy:all_shards', 'response_policy:agg_min'],
  syntax: 'numlocal:integer numreplicas:integer timeout:integer',
  run({ client, services }, args, reply) {
    const { appendOnly } = services;
    const local = integerAt(args, 1, BAD_LOCAL);
    if (local < 0 || local > 1) throw BAD_LOCAL;
    const replicas = integerAt(args, 2, NOT_POSITIVE);
    if (replicas < 0) throw NOT_POSITIVE;
    const timeoutMs = timeoutInMsAt(args, 3);
    if (local > 0 && !appendOnly.isEnabled) throw NOT_ENABLED;
    const isSynced = appendOnly.isSynced(client);
    const isEnough = replicas === 0 && (local === 0 || isSynced);
    if (!isEnough && appendOnly.waitForSync(client, replicas > 0, timeoutMs)) return;
    reply.array(2);
    reply.integer(isSynced ? 1 : 0);
    reply.integer(0);
  },
};
