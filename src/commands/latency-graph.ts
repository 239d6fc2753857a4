/**
 * LATENCY GRAPH: the spikes of an event as a drawing of letters, oldest left, with their ages
 * below.
 */
import type { LatencyEvent, LatencySample } from './services/observation.ts';

const COLUMNS_MAX = 80;
const ROWS = 4;
/** The top of a bar, by how far it reaches into its row. */
const TOPS = '_o#';
const STEPS = ROWS * TOPS.length;

/** The drawing, with a line of figures above. REQUIRES: the event has samples. */
export function drawLatencyGraph(event: LatencyEvent, nowSeconds: number): string {
  const heights = event.samples.map(({ milliseconds }) => milliseconds);
  const high = Math.max(...heights);
  const low = Math.min(...heights);
  const lines = [
    `${event.name} - high ${high} ms, low ${low} ms (all time high ${event.maxMilliseconds} ms)`,
    '-'.repeat(COLUMNS_MAX),
  ];
  for (let first = 0; first < event.samples.length; first += COLUMNS_MAX) {
    const samples = event.samples.slice(first, first + COLUMNS_MAX);
    lines.push(...drawBars(samples, low, high), ' '.repeat(samples.length));
    lines.push(...drawAges(samples, nowSeconds), '');
  }
  return lines.join('\n');
}

function drawBars(samples: readonly LatencySample[], low: number, high: number): string[] {
  const range = Math.max(1, high - low);
  const steps = samples.map(({ milliseconds }) => {
    return Math.min(STEPS - 1, Math.floor(((milliseconds - low) * STEPS) / range));
  });
  return Array.from({ length: ROWS }, (_, row) => {
    const bottom = (ROWS - 1 - row) * TOPS.length;
    return steps.map((step) => partOfBar(step - bottom)).join('');
  });
}

/** `reach` is by how many steps the bar goes beyond the bottom of the row. */
function partOfBar(reach: number): string {
  if (reach < 0) return ' ';
  return TOPS[reach] ?? '|';
}

/** The ages of the samples, each written downwards. */
function drawAges(samples: readonly LatencySample[], nowSeconds: number): string[] {
  const ages = samples.map(({ timeSeconds }) => age(Math.max(0, nowSeconds - timeSeconds)));
  const rows = Math.max(...ages.map((text) => text.length));
  return Array.from({ length: rows }, (_, row) => ages.map((text) => text[row] ?? ' ').join(''));
}

function age(seconds: number): string {
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}
