/** MONITOR: watching the server at work. */
import type { Command } from './command.ts';
import { CommandError } from './errors.ts';

const NOT_ONE_REPLY = new CommandError("ERR MONITOR isn't allowed for DENY BLOCKING client");

export const monitor: Command = {
  name: 'MONITOR',
  group: 'server',
  since: '1.0.0',
  summary: 'Sends every command that the server runs to this client, from now on.',
  complexity: 'O(1), and then O(N) with each command, where N is the number of watching clients',
  arity: 1,
  flags: ['admin', 'noscript', 'loading', 'stale'],
  run({ client, services }, _args, reply) {
    if (client.deniesBlocking) throw NOT_ONE_REPLY;
    // A client that watches already hears of no second one, and gets no reply.
    if (client.monitoring) return;
    services.monitors.add(client);
    reply.ok();
  },
};
