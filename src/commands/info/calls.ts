/**
 * INFO commandstats, errorstats and latencystats: what was called, what failed, how long it took.
 */
import type { CommandStatistics } from '../services/statistics.ts';
import { type Field, fixed, ratio, type Section } from './section.ts';

export const commandstats: Section = {
  title: 'Commandstats',
  isDefault: false,
  fields({ services: { statistics } }) {
    return [...statistics.commands()].map(callsField);
  },
};

export const errorstats: Section = {
  title: 'Errorstats',
  isDefault: true,
  fields({ services: { statistics } }) {
    return [...statistics.errors]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([code, count]): Field => [`errorstat_${code}`, `count=${count}`]);
  },
};

export const latencystats: Section = {
  title: 'Latencystats',
  isDefault: false,
  fields({ services: { configuration, statistics } }) {
    if (configuration.textOf('latency-tracking') === 'no') return [];
    const words = configuration.textOf('latency-tracking-info-percentiles').split(' ');
    const percentiles = words.filter((word) => word !== '').map(Number);
    return [...statistics.commands()]
      .filter(({ calls }) => calls > 0)
      .map((command) => latencyField(command, percentiles));
  },
};

function callsField({ fullName, calls, microseconds, rejected, failed }: CommandStatistics): Field {
  const figures = [
    `calls=${calls}`,
    `usec=${microseconds}`,
    `usec_per_call=${ratio(microseconds, calls)}`,
    `rejected_calls=${rejected}`,
    `failed_calls=${failed}`,
  ];
  return [`cmdstat_${fullName}`, figures.join(',')];
}

function latencyField(command: CommandStatistics, percentiles: readonly number[]): Field {
  const figures = percentiles.map((percentile) => {
    const microseconds = nanosecondsAt(command.histogram, percentile) / 1000;
    return `p${percentile}=${fixed(microseconds, 3)}`;
  });
  return [`latency_percentiles_usec_${command.fullName}`, figures.join(',')];
}

/**
 * The duration that so many percent of the calls did not exceed. Within a class of the histogram,
 * from 2^i to 2^(i+1) nanoseconds, calls count as evenly spread.
 */
export function nanosecondsAt(histogram: Float64Array, percentile: number): number {
  const calls = histogram.reduce((sum, count) => sum + count, 0);
  const wanted = (calls * percentile) / 100;
  let below = 0;
  for (const [i, count] of histogram.entries()) {
    if (count > 0 && below + count >= wanted) return 2 ** i * (1 + (wanted - below) / count);
    below += count;
  }
  return 0;
}
