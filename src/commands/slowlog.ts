/** SLOWLOG: the commands that took longest. */
import type { Args } from '../protocol/args.ts';
import type { Command } from './command.ts';
import { CommandError, unknownUse } from './errors.ts';
import { replyHelp } from './help.ts';
import { integerAt } from './options.ts';

const COUNT_DEFAULT = 10;
/** As a count: as many as there are. */
const ALL = -1;

const BAD_COUNT = new CommandError('ERR count should be greater than or equal to -1');

export const slowlog: Command = {
  name: 'SLOWLOG',
  group: 'server',
  since: '2.2.12',
  summary: 'Deals with the log of slow commands.',
  complexity: 'Depends on subcommand.',
  arity: -2,
  flags: [],
  subcommands: [
    {
      name: 'GET',
      group: 'server',
      since: '2.2.12',
      summary: 'Returns the newest entries of the slow log.',
      complexity: 'O(N) where N is the number of entries returned',
      arity: -2,
      flags: ['admin', 'loading', 'stale'],
      tips: ['request_policy:all_nodes', 'nondeterministic_output'],
      syntax: '[count:integer]',
      history: [['4.0.0', 'Entries tell the address and the name of the client.']],
      run({ services }, args, reply) {
        if (args.count > 3) throw unknownUse(args);
        const count = args.count === 3 ? countAt(args, 2) : COUNT_DEFAULT;
        const entries = services.slowlog.entries(count === ALL ? services.slowlog.length : count);
        reply.array(entries.length);
        for (const entry of entries) {
          reply.array(6);
          reply.integer(entry.id);
          reply.integer(entry.timeSeconds);
          reply.integer(entry.microseconds);
          reply.array(entry.args.length);
          for (const arg of entry.args) reply.blob(arg);
          reply.text(entry.clientAddress);
          reply.text(entry.clientName);
        }
      },
    },
    {
      name: 'HELP',
      group: 'server',
      since: '6.2.0',
      summary: 'Explains the subcommands.',
      complexity: 'O(1)',
      arity: 2,
      flags: ['loading', 'stale'],
      run(_context, _args, reply) {
        replyHelp(reply, slowlog);
      },
    },
    {
      name: 'LEN',
      group: 'server',
      since: '2.2.12',
      summary: 'Counts the entries of the slow log.',
      complexity: 'O(1)',
      arity: 2,
      flags: ['admin', 'loading', 'stale'],
      tips: ['request_policy:all_nodes', 'response_policy:agg_sum', 'nondeterministic_output'],
      run({ services }, _args, reply) {
        reply.integer(services.slowlog.length);
      },
    },
    {
      name: 'RESET',
      group: 'server',
      since: '2.2.12',
      summary: 'Empties the slow log.',
      complexity: 'O(N) where N is the number of entries in the slow log',
      arity: 2,
      flags: ['admin', 'loading', 'stale'],
      tips: ['request_policy:all_nodes', 'response_policy:all_succeeded'],
      run({ services }, _args, reply) {
        services.slowlog.reset();
        reply.ok();
      },
    },
  ],
};

function countAt(args: Args, i: number): number {
  const count = integerAt(args, i, BAD_COUNT);
  if (count < ALL) throw BAD_COUNT;
  return count;
}
