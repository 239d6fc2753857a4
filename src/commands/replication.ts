/** Replication, as far as a server without replicas has any. */
import type { Command } from './command.ts';
import { integerAt } from './options.ts';
import { NO_TYPE } from './services/blocking.ts';
import { timeoutInMsAt } from './timeout.ts';

export const role: Command = {
  name: 'ROLE',
  group: 'server',
  since: '2.8.12',
  summary: 'Says whether the server is a master or a replica, and of whom.',
  complexity: 'O(1)',
  arity: 1,
  flags: ['noscript', 'loading', 'stale', 'fast'],
  categories: ['admin', 'dangerous'],
  run(_context, _args, reply) {
    reply.array(3);
    reply.text('master');
    reply.integer(0);
    reply.array(0);
  },
};

export const wait: Command = {
  name: 'WAIT',
  group: 'generic',
  since: '3.0.0',
  summary: 'Waits until so many replicas have what this client has written; answers how many do.',
  complexity: 'O(1)',
  arity: 3,
  flags: [],
  categories: ['connection'],
  tips: ['request_policy:all_shards', 'response_policy:agg_min'],
  syntax: 'numreplicas:integer timeout:integer',
  run(context, args, reply) {
    const replicas = integerAt(args, 1);
    const timeoutMs = timeoutInMsAt(args, 2);
    // There are none, so only time can end it.
    const time = { type: NO_TYPE, firstKey: 0, keyCount: 0, group: 0, timeoutMs };
    const waits = replicas > 0 && context.services.blocking.wait(context, args, time);
    if (!waits) reply.integer(0);
  },
};
