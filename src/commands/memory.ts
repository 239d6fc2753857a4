/** MEMORY: what the data takes. */
import { NO_ENTRY } from '../keyspace/entry.ts';
import type { Args } from '../protocol/args.ts';
import type { Command } from './command.ts';
import { SYNTAX_ERROR } from './errors.ts';
import { replyHelp } from './help.ts';
import { integerAt } from './options.ts';

export const memory: Command = {
  name: 'MEMORY',
  group: 'server',
  since: '4.0.0',
  summary: 'Commands that tell what the data takes in memory.',
  complexity: 'Depends on the subcommand.',
  arity: -2,
  flags: [],
  subcommands: [
    {
      name: 'HELP',
      group: 'server',
      since: '4.0.0',
      summary: 'Lists the subcommands.',
      complexity: 'O(1)',
      arity: 2,
      flags: ['loading', 'stale'],
      run(_context, _args, reply) {
        replyHelp(reply, memory);
      },
    },
    {
      name: 'USAGE',
      group: 'server',
      since: '4.0.0',
      summary: 'Counts the bytes that a key and its value take.',
      complexity: 'O(N) where N is the number of samples.',
      arity: -3,
      flags: ['readonly'],
      keys: [{ flags: ['RO'], begin: { index: 2 }, find: { last: 0, step: 1, limit: 0 } }],
      syntax: 'key [SAMPLES count:integer]',
      run({ database, keyspace }, args, reply) {
        requireSamples(args);
        const entry = database.find(args, 2);
        if (entry === NO_ENTRY) reply.nil();
        else reply.integer(keyspace.usageBytes(entry));
      },
    },
  ],
};

/** Nothing is sampled: what the allocator has given out is known exactly. */
function requireSamples(args: Args): void {
  for (let i = 3; i < args.count; i += 2) {
    if (i + 1 === args.count || !args.is(i, 'SAMPLES')) throw SYNTAX_ERROR;
    if (integerAt(args, i + 1) < 0) throw SYNTAX_ERROR;
  }
}
