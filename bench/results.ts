/** What a run found out: the shape of results/latest.json, and what is derived from the rounds. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { median } from './statistics.ts';
import type { Target } from './workloads.ts';

/** One counted round on one server. */
export interface Round {
  readonly commands: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly cpuMicrosPerOp: number;
}

export type Verdict = 'stretch' | 'pass' | 'MISS' | 'no target';

export interface WorkloadResult {
  readonly name: string;
  readonly clients: number;
  readonly pipeline: number;
  readonly requests: number;
  readonly target: Target | null;
  readonly subject: readonly Round[];
  readonly reference: readonly Round[];
  readonly summary: Summary;
}

export interface Summary {
  readonly subject: Round;
  readonly reference: Round;
  /** Median CPU per operation of the subject divided by the reference's. */
  readonly ratio: number;
  /** The lowest and highest ratio of two rounds that ran one after the other. */
  readonly ratioRange: readonly [number, number];
  readonly verdict: Verdict;
}

export interface SkippedWorkload {
  readonly name: string;
  readonly reason: string;
}

export interface BenchResults {
  readonly startedAt: string;
  readonly elapsedSeconds: number;
  readonly machine: Record<string, string | number>;
  readonly versions: Record<string, string>;
  readonly servers: readonly { name: string; commandLine: string }[];
  readonly options: { rounds: number; seed: number; quick: boolean };
  readonly workloads: readonly WorkloadResult[];
  readonly skipped: readonly SkippedWorkload[];
}

/** Medians of the rounds, field by field, and the verdict on their ratio. */
export function summarise(
  subject: readonly Round[],
  reference: readonly Round[],
  target: Target | null,
): Summary {
  const medians = { subject: medianRound(subject), reference: medianRound(reference) };
  const ratio = medians.subject.cpuMicrosPerOp / medians.reference.cpuMicrosPerOp;
  const ratios = subject.map((round, i) => round.cpuMicrosPerOp / reference[i]!.cpuMicrosPerOp);
  return {
    ...medians,
    ratio,
    ratioRange: [Math.min(...ratios), Math.max(...ratios)],
    verdict: judge(ratio, target),
  };
}

/** A ratio equal to the target reaches it. Compared as printed, with two decimals. */
export function judge(ratio: number, target: Target | null): Verdict {
  if (target === null) return 'no target';
  const shown = Math.round(ratio * 100) / 100;
  if (shown <= target.stretch) return 'stretch';
  return shown <= target.must ? 'pass' : 'MISS';
}

/** Writes `latest.json` and `latest.svg` into bench/results/ and answers that folder's path. */
export function saveResults(folder: URL, results: BenchResults, chart: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(new URL('latest.json', folder), `${JSON.stringify(results, null, 2)}\n`);
  writeFileSync(new URL('latest.svg', folder), chart);
}

function medianRound(rounds: readonly Round[]): Round {
  const of = (field: keyof Round) => median(rounds.map((round) => round[field]));
  return {
    commands: of('commands'),
    perSecond: of('perSecond'),
    p50Ms: of('p50Ms'),
    p99Ms: of('p99Ms'),
    cpuMicrosPerOp: of('cpuMicrosPerOp'),
  };
}
