/** MEMORY: what the data takes. */
import { NO_ENTRY } from '../keyspace/entry.ts';
import type { Args } from '../protocol/args.ts';
import type { Command } from './command.ts';
import { SYNTAX_ERROR } from './errors.ts';
import { replyHelp } from './help.ts';
import { memoryFigures } from './memory-figures.ts';
import { arenaTable, diagnose, replyStats } from './memory-report.ts';
import { integerAt } from './options.ts';

const SAMPLES_DEFAULT = 5;

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
      name: 'DOCTOR',
      group: 'server',
      since: '4.0.0',
      summary: 'Says in words whether something is wrong with the use of memory.',
      complexity: 'O(1)',
      arity: 2,
      flags: [],
      tips: ['nondeterministic_output', 'request_policy:all_shards', 'response_policy:special'],
      run(context, _args, reply) {
        const { count } = context.services.clients;
        reply.verbatim('txt', diagnose(memoryFigures(context), count));
      },
    },
    {
      name: 'MALLOC-STATS',
      group: 'server',
      since: '4.0.0',
      summary: 'Shows how the arena is divided up.',
      complexity: 'O(N) where N is the number of pages of the arena',
      arity: 2,
      flags: [],
      tips: ['nondeterministic_output', 'request_policy:all_shards', 'response_policy:special'],
      run({ keyspace }, _args, reply) {
        reply.verbatim('txt', arenaTable(keyspace.heap));
      },
    },
    {
      name: 'PURGE',
      group: 'server',
      since: '4.0.0',
      summary: 'Does nothing: memory that is free goes back to the system by itself.',
      complexity: 'O(1)',
      arity: 2,
      flags: [],
      tips: ['request_policy:all_shards', 'response_policy:all_succeeded'],
      run(_context, _args, reply) {
        reply.ok();
      },
    },
    {
      name: 'STATS',
      group: 'server',
      since: '4.0.0',
      summary: 'Shows where the memory is, as numbers.',
      complexity: 'O(1)',
      arity: 2,
      flags: [],
      tips: ['nondeterministic_output', 'request_policy:all_shards', 'response_policy:special'],
      run(context, _args, reply) {
        replyStats(reply, memoryFigures(context));
      },
    },
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
        const samples = samplesOf(args);
        const entry = database.find(args, 2);
        if (entry === NO_ENTRY) reply.nil();
        else reply.integer(keyspace.usageBytes(entry, samples));
      },
    },
  ],
};

/** From how many elements of a large value its size is estimated; 0 is all of them. */
function samplesOf(args: Args): number {
  let samples = SAMPLES_DEFAULT;
  for (let i = 3; i < args.count; i += 2) {
    if (i + 1 === args.count || !args.is(i, 'SAMPLES')) throw SYNTAX_ERROR;
    samples = integerAt(args, i + 1);
    if (samples < 0) throw SYNTAX_ERROR;
  }
  return samples;
}
