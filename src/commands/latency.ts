/** LATENCY: how long commands take, and when they took too long. */
import type { Args } from '../protocol/args.ts';
import type { Command, Context } from './command.ts';
import { CommandError, echo } from './errors.ts';
import { replyHelp } from './help.ts';
import { drawLatencyGraph } from './latency-graph.ts';
import { replyHistograms } from './latency-histogram.ts';
import { reportLatency } from './latency-report.ts';

export const latency: Command = {
  name: 'LATENCY',
  group: 'server',
  since: '2.8.13',
  summary: 'Tells how long commands take, and when they took too long.',
  complexity: 'Depends on subcommand.',
  arity: -2,
  flags: [],
  subcommands: [
    {
      name: 'DOCTOR',
      group: 'server',
      since: '2.8.13',
      summary: 'Reports on latency spikes, in words.',
      complexity: 'O(1)',
      arity: 2,
      flags: ['admin', 'noscript', 'loading', 'stale'],
      tips: ['nondeterministic_output', 'request_policy:all_nodes', 'response_policy:special'],
      run(context, _args, reply) {
        const { configuration, latency: monitor } = context.services;
        const report = reportLatency({
          thresholdMilliseconds: monitor.thresholdMilliseconds,
          slowlogMicroseconds: Number(configuration.textOf('slowlog-log-slower-than')),
          events: monitor.events(),
          nowSeconds: nowSeconds(context),
        });
        reply.verbatim('txt', report);
      },
    },
    {
      name: 'GRAPH',
      group: 'server',
      since: '2.8.13',
      summary: 'Draws the latency spikes of an event.',
      complexity: 'O(1)',
      arity: 3,
      flags: ['admin', 'noscript', 'loading', 'stale'],
      tips: ['nondeterministic_output', 'request_policy:all_nodes', 'response_policy:special'],
      syntax: 'event',
      run(context, args, reply) {
        const event = context.services.latency.event(args.text(2));
        if (event === undefined) {
          throw new CommandError(`ERR No samples available for event '${echo(args, 2)}'`);
        }
        reply.verbatim('txt', drawLatencyGraph(event, nowSeconds(context)));
      },
    },
    {
      name: 'HELP',
      group: 'server',
      since: '2.8.13',
      summary: 'Explains the subcommands.',
      complexity: 'O(1)',
      arity: 2,
      flags: ['loading', 'stale'],
      run(_context, _args, reply) {
        replyHelp(reply, latency);
      },
    },
    {
      name: 'HISTOGRAM',
      group: 'server',
      since: '7.0.0',
      summary: 'Returns how the durations of commands are distributed.',
      complexity: 'O(N) where N is the number of commands asked for',
      arity: -2,
      flags: ['admin', 'noscript', 'loading', 'stale'],
      tips: ['nondeterministic_output', 'request_policy:all_nodes', 'response_policy:special'],
      syntax: '[command...]',
      run(context, args, reply) {
        replyHistograms(context, args, reply);
      },
    },
    {
      name: 'HISTORY',
      group: 'server',
      since: '2.8.13',
      summary: 'Returns the latency spikes of an event.',
      complexity: 'O(1)',
      arity: 3,
      flags: ['admin', 'noscript', 'loading', 'stale'],
      tips: ['nondeterministic_output', 'request_policy:all_nodes', 'response_policy:special'],
      syntax: 'event',
      run({ services }, args, reply) {
        const samples = services.latency.event(args.text(2))?.samples ?? [];
        reply.array(samples.length);
        for (const { timeSeconds, milliseconds } of samples) {
          reply.array(2);
          reply.integer(timeSeconds);
          reply.integer(milliseconds);
        }
      },
    },
    {
      name: 'LATEST',
      group: 'server',
      since: '2.8.13',
      summary: 'Returns the last latency spike of every event, and the worst.',
      complexity: 'O(1)',
      arity: 2,
      flags: ['admin', 'noscript', 'loading', 'stale'],
      tips: ['nondeterministic_output', 'request_policy:all_nodes', 'response_policy:special'],
      run({ services }, _args, reply) {
        const events = services.latency.events();
        reply.array(events.length);
        for (const { name, samples, maxMilliseconds } of events) {
          const { timeSeconds, milliseconds } = samples.at(-1)!;
          reply.array(4);
          reply.text(name);
          reply.integer(timeSeconds);
          reply.integer(milliseconds);
          reply.integer(maxMilliseconds);
        }
      },
    },
    {
      name: 'RESET',
      group: 'server',
      since: '2.8.13',
      summary: 'Forgets the latency spikes of some events, or of all.',
      complexity: 'O(1)',
      arity: -2,
      flags: ['admin', 'noscript', 'loading', 'stale'],
      tips: ['request_policy:all_nodes', 'response_policy:agg_sum'],
      syntax: '[event...]',
      run({ services }, args, reply) {
        reply.integer(services.latency.reset(textsFrom(args, 2)));
      },
    },
  ],
};

function nowSeconds({ keyspace }: Context): number {
  return Math.floor(keyspace.nowMs / 1000);
}

function textsFrom(args: Args, first: number): string[] {
  const texts: string[] = [];
  for (let i = first; i < args.count; i++) texts.push(args.text(i));
  return texts;
}
