/** LATENCY DOCTOR: what the latency monitor has seen, in words, and what to look into. */
import type { LatencyEvent } from './services/observation.ts';

const OFF = `The latency monitor is off, so there is nothing to report. Switch it on with
CONFIG SET latency-monitor-threshold <milliseconds>
and ask again once the server has been slow.
`;

const COMMAND_ADVICE = [
  'SLOWLOG GET names the slow commands. Most of them go through more elements than it takes: look for KEYS, for ranges without a limit, and for set operations on large sets.',
  'A script or a transaction counts as one command: make it do less at a time.',
];

const FAST_COMMAND_ADVICE = [
  'Commands that do little have been slow, so the time was probably lost outside of the server: to other processes on its processors, to a virtual machine that was not given any, or to swapping. Compare the CPU time in INFO with the time that has passed.',
];

const ADVICE: ReadonlyMap<string, readonly string[]> = new Map([
  ['command', COMMAND_ADVICE],
  ['fast-command', FAST_COMMAND_ADVICE],
]);

/** What the report is about. */
export interface LatencyFindings {
  readonly thresholdMilliseconds: number;
  readonly slowlogMicroseconds: number;
  readonly events: readonly LatencyEvent[];
  readonly nowSeconds: number;
}

/** The report, in English. */
export function reportLatency(findings: LatencyFindings): string {
  const { events, nowSeconds, thresholdMilliseconds } = findings;
  if (thresholdMilliseconds === 0 && events.length === 0) return OFF;
  if (events.length === 0) {
    return `Nothing has taken ${thresholdMilliseconds} ms or more so far.\n`;
  }
  const seen = events.map((event, i) => `${i + 1}. ${summarize(event, nowSeconds)}`);
  const advice = adviceOn(findings).map((text) => `- ${text}`);
  const parts = ['Latency spikes were seen in these events:', seen.join('\n')];
  if (advice.length > 0) parts.push('What to look into:', advice.join('\n'));
  return `${parts.join('\n\n')}\n`;
}

/** How often the spikes of an event came, how long they were, and how much they differ. */
function summarize({ name, samples, maxMilliseconds }: LatencyEvent, nowSeconds: number): string {
  const count = samples.length;
  const times = samples.map(({ milliseconds }) => milliseconds);
  const average = mean(times);
  const deviation = mean(times.map((time) => Math.abs(time - average)));
  const period = Math.max(1, nowSeconds - samples[0]!.timeSeconds) / count;
  return (
    `${name}: ${count} ${count === 1 ? 'spike' : 'spikes'}, one in ${period.toFixed(2)} s, ` +
    `average ${Math.round(average)} ms, mean deviation ${Math.round(deviation)} ms, ` +
    `worst of all time ${maxMilliseconds} ms`
  );
}

function adviceOn({ events, thresholdMilliseconds, slowlogMicroseconds }: LatencyFindings) {
  const advice = events.flatMap(({ name }) => ADVICE.get(name) ?? []);
  const thresholdMicroseconds = thresholdMilliseconds * 1000;
  const isLogged = slowlogMicroseconds >= 0 && slowlogMicroseconds <= thresholdMicroseconds;
  if (!isLogged && thresholdMilliseconds > 0 && events.some(({ name }) => name === 'command')) {
    const wanted = `CONFIG SET slowlog-log-slower-than ${thresholdMicroseconds}`;
    advice.unshift(`The slow log leaves out some of these commands. To see them all: ${wanted}`);
  }
  return advice;
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}
