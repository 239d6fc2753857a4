/**
 * Families as the text that Prometheus reads, made in slices: a server with hundreds of commands in
 * use has ten thousand lines to show, and its clients do not wait for them.
 */
import type { Family, FamilySource, Sample } from './family.ts';

/** What the text is: version 0.0.4 of the format, which every Prometheus reads. */
export const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** Longest that the event loop is held. */
const SLICE_MS = 0.5;
/** Lines between two readings of the clock. */
const LINES_PER_READING = 32;

/**
 * The text of all families. A family without samples is left out. `breathe` lets the event loop
 * turn; between two calls of it the work takes about half a millisecond.
 */
export async function exposition(
  sources: readonly FamilySource[],
  breathe: () => Promise<unknown>,
): Promise<string> {
  // Joined slice by slice, since joining ten thousand lines takes its time, too.
  const slices: string[] = [];
  let lines: string[] = [];
  let startMs = performance.now();
  for (const line of linesOf(sources)) {
    if (line !== '') lines.push(line);
    const looksAtClock = line === '' || lines.length % LINES_PER_READING === 0;
    if (!looksAtClock || performance.now() - startMs < SLICE_MS) continue;
    slices.push(`${lines.join('\n')}\n`);
    lines = [];
    await breathe();
    startMs = performance.now();
  }
  if (lines.length > 0) slices.push(`${lines.join('\n')}\n`);
  return slices.join('');
}

/** The lines, and an empty one behind each source: there the clock is looked at. */
function* linesOf(sources: readonly FamilySource[]): Generator<string> {
  for (const source of sources) {
    for (const family of source()) yield* familyLines(family);
    yield '';
  }
}

function* familyLines({ name, type, help, samples }: Family): Generator<string> {
  let isFirst = true;
  for (const sample of samples) {
    if (isFirst) yield `# HELP ${name} ${help}\n# TYPE ${name} ${type}`;
    isFirst = false;
    yield sampleLine(name, sample);
  }
}

function sampleLine(name: string, { value, labels = '', suffix = '' }: Sample): string {
  return `${name}${suffix}${labels} ${numberText(value)}`;
}

/** A number as the format writes it. */
function numberText(value: number): string {
  if (Number.isFinite(value)) return String(value);
  if (Number.isNaN(value)) return 'NaN';
  return value > 0 ? '+Inf' : '-Inf';
}
