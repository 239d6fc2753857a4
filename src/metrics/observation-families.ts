/** What took long: the slow log and the latency monitor, as SLOWLOG and LATENCY show them. */
import type { InfoSource } from '../commands/info/section.ts';
import type { LatencyEvent, LatencySample } from '../commands/services/observation.ts';
import { type Family, labels, single } from './family.ts';

/** Families of what was slow; those of the latency monitor once it has seen something. */
export function* observationFamilies({ services }: InfoSource): Generator<Family> {
  const { slowlog, latency } = services;
  yield single('redis_slowlog_length', 'gauge', 'Commands in the slow log.', slowlog.length);
  const [last] = slowlog.entries(1);
  if (last !== undefined) {
    yield single('redis_slowlog_last_id', 'gauge', 'Id of the last slow command.', last.id);
    yield single(
      'redis_last_slow_execution_duration_seconds',
      'gauge',
      'How long that command took.',
      last.microseconds / 1e6,
    );
  }
  const events = latency.events();
  yield spikes(
    events,
    'redis_latency_spike_last',
    'When the last spike of an event was, in seconds since the epoch.',
    (spike) => spike.timeSeconds,
  );
  yield spikes(
    events,
    'redis_latency_spike_duration_seconds',
    'How long it was.',
    (spike) => spike.milliseconds / 1000,
  );
}

function spikes(
  events: readonly LatencyEvent[],
  name: string,
  help: string,
  of: (spike: LatencySample) => number,
): Family {
  const samples = events.flatMap((event) => {
    const last = event.samples.at(-1);
    return last === undefined
      ? []
      : [{ value: of(last), labels: labels({ event_name: event.name }) }];
  });
  return { name, type: 'gauge', help, samples };
}
