/** Replication, as far as a server without replicas has any. */
import type { Command } from './command.ts';

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
