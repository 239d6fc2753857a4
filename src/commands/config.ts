/** CONFIG: reads and changes the configuration of the running server. */
import type { Args } from '../protocol/args.ts';
import type { Command, Context } from './command.ts';
import { CommandError, SYNTAX_ERROR } from './errors.ts';
import { replyHelp } from './help.ts';
import { secretsOfConfigSet } from './secrets.ts';

export const config: Command = {
  name: 'CONFIG',
  group: 'server',
  since: '2.0.0',
  summary: 'Reads and changes the configuration.',
  complexity: 'Depends on subcommand.',
  arity: -2,
  flags: [],
  subcommands: [
    {
      name: 'GET',
      group: 'server',
      since: '2.0.0',
      summary: 'Shows the parameters whose names match one of the patterns, and their values.',
      complexity: 'O(N) where N is the number of patterns',
      arity: -3,
      flags: ['admin', 'noscript', 'loading', 'stale'],
      syntax: 'parameter:string...',
      history: [['7.0.0', 'Takes several patterns.']],
      run({ services }, args, reply) {
        const found = services.configuration.get(argumentsFrom(args, 2));
        reply.map(found.length);
        for (const [name, value] of found) {
          reply.text(name);
          reply.text(value);
        }
      },
    },
    {
      name: 'RESETSTAT',
      group: 'server',
      since: '2.0.0',
      summary: 'Sets the counters that INFO shows back to zero.',
      complexity: 'O(1)',
      arity: 2,
      flags: ['admin', 'noscript', 'loading', 'stale'],
      tips: ['request_policy:all_nodes', 'response_policy:all_succeeded'],
      run(context, _args, reply) {
        resetStatistics(context);
        reply.ok();
      },
    },
    {
      name: 'REWRITE',
      group: 'server',
      since: '2.8.0',
      summary: 'Writes the configuration in force to the configuration file.',
      complexity: 'O(1)',
      arity: 2,
      flags: ['admin', 'noscript', 'loading', 'stale'],
      tips: ['request_policy:all_nodes', 'response_policy:all_succeeded'],
      run({ services }, _args, reply) {
        refuseIf(services.configuration.rewrite());
        reply.ok();
      },
    },
    {
      name: 'SET',
      group: 'server',
      since: '2.0.0',
      summary: 'Changes parameters, all of them or none.',
      complexity: 'O(N) where N is the number of parameters',
      arity: -4,
      flags: ['admin', 'noscript', 'loading', 'stale'],
      tips: ['request_policy:all_nodes', 'response_policy:all_succeeded'],
      syntax: 'data(parameter value)...',
      history: [['7.0.0', 'Takes several parameters.']],
      secrets: secretsOfConfigSet,
      run({ services, client }, args, reply) {
        if (args.count % 2 !== 0) throw SYNTAX_ERROR;
        const words = argumentsFrom(args, 2);
        const pairs = words.flatMap((name, i) =>
          i % 2 === 0 ? [[name, words[i + 1]!] as const] : [],
        );
        const problem = services.configuration.set(pairs, client);
        // They may be passwords.
        for (const word of words) word.fill(0);
        refuseIf(problem);
        reply.ok();
      },
    },
    {
      name: 'HELP',
      group: 'server',
      since: '5.0.0',
      summary: 'Shows this text.',
      complexity: 'O(1)',
      arity: 2,
      flags: ['loading', 'stale'],
      run(_context, _args, reply) {
        replyHelp(reply, config);
      },
    },
  ],
};

/** Copies of the arguments from the given one on. */
function argumentsFrom(args: Args, first: number): Buffer[] {
  return Array.from({ length: args.count - first }, (_, i) => args.copy(first + i));
}

function refuseIf(problem: string | undefined): void {
  if (problem !== undefined) throw new CommandError(problem);
}

function resetStatistics({ services, keyspace }: Context): void {
  services.statistics.reset();
  keyspace.hits = 0;
  keyspace.misses = 0;
  keyspace.evicted = 0;
  keyspace.expired = 0;
}
