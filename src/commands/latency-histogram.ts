/** LATENCY HISTOGRAM: how many calls of a command took at most so long. */
import type { Args } from '../protocol/args.ts';
import type { Reply } from '../protocol/reply.ts';
import type { Context } from './command.ts';
import type { CommandStatistics } from './services/statistics.ts';

/** Calls shorter than 2^10 ns, and longer than 2^30 ns, are not told apart. */
const SHORTEST_EXPONENT = 10;
const LONGEST_EXPONENT = 30;

/**
 * Answers for the commands named from argument 2 on, and for the subcommands of containers, or for
 * all.
 */
export function replyHistograms(context: Context, args: Args, reply: Reply): void {
  const figures = args.count === 2 ? allFigures(context) : namedFigures(context, args);
  const called = figures.filter(({ calls }) => calls > 0);
  reply.map(called.length);
  for (const each of called) {
    reply.text(each.fullName);
    reply.map(2);
    reply.text('calls');
    reply.integer(each.calls);
    reply.text('histogram_usec');
    replyBuckets(each.histogram, reply);
  }
}

function allFigures({ services }: Context): readonly CommandStatistics[] {
  return [...services.statistics.commands()];
}

function namedFigures({ services }: Context, args: Args): readonly CommandStatistics[] {
  const found: CommandStatistics[] = [];
  for (let i = 2; i < args.count; i++) {
    const name = args.text(i).toLowerCase();
    const command = services.catalog.byName(name);
    const subcommands = command?.subcommands ?? [];
    const names = [name, ...subcommands.map((sub) => `${name}|${sub.name.toLowerCase()}`)];
    for (const each of names) {
      const figures = services.statistics.ofCommand(each);
      if (figures !== undefined) found.push(figures);
    }
  }
  return found;
}

/**
 * Pairs of a time in microseconds and the number of calls that took no longer, where that number
 * grows.
 */
function replyBuckets(histogram: Float64Array, reply: Reply): void {
  const cumulative: (readonly [microseconds: number, calls: number])[] = [];
  let calls = 0;
  let index = 0;
  for (let exponent = SHORTEST_EXPONENT; exponent <= LONGEST_EXPONENT; exponent++) {
    const before = calls;
    const end = exponent === LONGEST_EXPONENT ? histogram.length : exponent;
    while (index < end) calls += histogram[index++]!;
    if (calls > before) cumulative.push([upperBoundMicroseconds(exponent), calls]);
  }
  reply.map(cumulative.length);
  for (const [microseconds, count] of cumulative) {
    reply.integer(microseconds);
    reply.integer(count);
  }
}

/**
 * The end of the bucket of 2^exponent ns, as a histogram of two significant digits has it: 33 us
 * for 2^15.
 */
function upperBoundMicroseconds(exponent: number): number {
  return Math.floor((2 ** exponent + 2 ** (exponent - 7) - 1) / 1000);
}
