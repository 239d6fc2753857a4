/**
 * Gaps in a server's answers, and whose they are. From the wait for an answer are taken off, in
 * this order: the time in which the server's thread was ready but others had the CPU, by the
 * scheduler's own account; then the time in which the CPU it was on did not run at all. What is
 * left is the server's, whether it was busy or waited for something else than a CPU. In doubt it is
 * the server's: see `explainGap` and `absentMs`.
 */
import type { Absence } from './cpu-watch.ts';
import { type Sample, starvedMs } from './latency-probe.ts';

/** A time in which answers took longer than a limit; late answers that overlap are one gap. */
export interface Gap {
  readonly fromMs: number;
  readonly toMs: number;
  /** The longest wait within it. */
  readonly longest: Sample;
}

/**
 * `server`: more than the limit is left. `machine`: no more than the limit is left, and it takes
 * the CPUs' absences to explain that. `starved`: others that had the CPU explain it
 * alone.
 */
export type Cause = 'machine' | 'starved' | 'server';

export interface CausedGap {
  readonly gap: Gap;
  readonly cause: Cause;
  /** Parts of the longest wait: others had the CPU, and the CPU did not run. */
  readonly starvedMs: number;
  readonly absentMs: number;
  /** The rest of it. */
  readonly ownMs: number;
}

/** The gaps longer than `limitMs` in samples that are in the order they were sent. */
export function findGaps(samples: readonly Sample[], limitMs: number): Gap[] {
  const gaps: Gap[] = [];
  for (const sample of samples) {
    if (sample.latencyMs <= limitMs) continue;
    const last = gaps.at(-1);
    const gap = { fromMs: sample.sentMs, toMs: answeredMs(sample), longest: sample };
    if (last === undefined || sample.sentMs > last.toMs) gaps.push(gap);
    else gaps[gaps.length - 1] = joinGaps(last, gap);
  }
  return gaps;
}

/** Whose gap it is, by what was seen of the server and of the CPUs meanwhile. */
export function explainGap(
  gap: Gap,
  samples: readonly Sample[],
  absences: readonly Absence[],
  limitMs: number,
): CausedGap {
  const { latencyMs } = gap.longest;
  const { before, after } = gap.longest;
  // While a server's own threads run, its main thread may be waiting for one of them.
  const helpersMs = after.helpersRanMs - before.helpersRanMs;
  const starved = Math.max(0, starvedMs(gap.longest) - helpersMs);
  const during = absences.filter(
    ({ fromMs, toMs }) => fromMs < answeredMs(gap.longest) && toMs > gap.longest.sentMs,
  );
  const absent = during.reduce((sum, one) => sum + absentMs(gap.longest, one, samples), 0);
  const ownMs = latencyMs - starved - absent;
  const cause = ownMs > limitMs ? 'server' : latencyMs - starved > limitMs ? 'machine' : 'starved';
  return { gap, cause, starvedMs: starved, absentMs: absent, ownMs };
}

/**
 * What an absence took from the wait for one answer. Only where the thread was on that CPU both
 * when it was last seen before the absence and when it was first seen after it: had it been moved,
 * it may have run elsewhere. And less what the thread has waited for a CPU around that time, which
 * is accounted for already.
 */
function absentMs(wait: Sample, absence: Absence, samples: readonly Sample[]): number {
  const before = samples.findLast(({ sentMs }) => sentMs <= absence.fromMs)?.before;
  const after = samples.find(({ sentMs }) => sentMs >= absence.toMs)?.before;
  if (before?.cpu !== absence.cpu || after?.cpu !== absence.cpu) return 0;
  const fromMs = Math.max(absence.fromMs, wait.sentMs);
  const toMs = Math.min(absence.toMs, answeredMs(wait));
  // The wait for a CPU is accounted when it ends, which the first look afterwards may not show yet.
  const waitedMs = Math.max(after.waitedMs, wait.after.waitedMs) - before.waitedMs;
  return Math.max(0, toMs - fromMs - waitedMs);
}

function answeredMs({ sentMs, latencyMs }: Sample): number {
  return sentMs + latencyMs;
}

function joinGaps(a: Gap, b: Gap): Gap {
  const longest = a.longest.latencyMs >= b.longest.latencyMs ? a.longest : b.longest;
  return { fromMs: a.fromMs, toMs: Math.max(a.toMs, b.toMs), longest };
}
