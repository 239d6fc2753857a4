/** What was called, how often, for how long, and what failed: the figures of INFO commandstats. */
import type { CommandStatistics, Statistics } from '../commands/services/statistics.ts';
import { type Family, labels, type Sample } from './family.ts';

const MICROSECONDS_PER_SECOND = 1e6;

/** Classes of the histograms: from 2^10 ns, some microsecond, to 2^30 ns, some second. */
const FIRST_EXPONENT = 10;
const LAST_EXPONENT = 30;
const BOUNDS: readonly string[] = Array.from(
  { length: LAST_EXPONENT - FIRST_EXPONENT + 1 },
  (_, i) => String(2 ** (FIRST_EXPONENT + i) / 1000),
);

/** Families of commands, and of errors by their code; `showsLatency` as latency-tracking says. */
export function* commandFamilies(statistics: Statistics, showsLatency: boolean): Generator<Family> {
  const commands = [...statistics.commands()];
  const counter = (name: string, help: string, of: (command: CommandStatistics) => number) =>
    counterByCommand(commands, name, help, of);
  yield counter('redis_commands_total', 'Calls of each command.', ({ calls }) => calls);
  yield counter(
    'redis_commands_duration_seconds_total',
    'Time spent in each command.',
    ({ microseconds }) => microseconds / MICROSECONDS_PER_SECOND,
  );
  yield counter(
    'redis_commands_rejected_calls_total',
    'Calls that were refused before they ran.',
    ({ rejected }) => rejected,
  );
  yield counter(
    'redis_commands_failed_calls_total',
    'Calls that failed while they ran.',
    ({ failed }) => failed,
  );
  if (showsLatency) yield latencies(commands);
  yield {
    name: 'redis_errors_total',
    type: 'counter',
    help: 'Error replies by their code.',
    samples: [...statistics.errors].map(([err, value]) => ({ value, labels: labels({ err }) })),
  };
}

function counterByCommand(
  commands: readonly CommandStatistics[],
  name: string,
  help: string,
  of: (command: CommandStatistics) => number,
): Family {
  return { name, type: 'counter', help, samples: counterSamples(commands, of) };
}

function* counterSamples(
  commands: readonly CommandStatistics[],
  of: (command: CommandStatistics) => number,
): Generator<Sample> {
  for (const command of commands) {
    yield { value: of(command), labels: labels({ cmd: command.fullName }) };
  }
}

function latencies(commands: readonly CommandStatistics[]): Family {
  return {
    name: 'redis_commands_latencies_usec',
    type: 'histogram',
    help: 'How many calls of each command took at most so many microseconds.',
    samples: histograms(commands.filter(({ calls }) => calls > 0)),
  };
}

function* histograms(commands: readonly CommandStatistics[]): Generator<Sample> {
  for (const { fullName, histogram, microseconds } of commands) {
    // A copy: the counters go on while the event loop turns, and the samples must fit together.
    yield* histogramSamples(fullName, histogram.slice(), microseconds);
  }
}

function* histogramSamples(
  cmd: string,
  histogram: Float64Array,
  microseconds: number,
): Generator<Sample> {
  let calls = 0;
  let exponent = 0;
  for (const [i, le] of BOUNDS.entries()) {
    while (exponent < FIRST_EXPONENT + i) calls += histogram[exponent++]!;
    yield { suffix: '_bucket', labels: labels({ cmd, le }), value: calls };
  }
  while (exponent < histogram.length) calls += histogram[exponent++]!;
  yield { suffix: '_bucket', labels: labels({ cmd, le: '+Inf' }), value: calls };
  yield { suffix: '_sum', labels: labels({ cmd }), value: microseconds };
  yield { suffix: '_count', labels: labels({ cmd }), value: calls };
}
