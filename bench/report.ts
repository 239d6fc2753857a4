/** How results are shown: the table on the terminal and the chart in the results folder. */
import { styleText } from 'node:util';
import { ratioChart } from './chart.ts';
import type { BenchResults, Verdict, WorkloadResult } from './results.ts';
import { formatTable } from './table.ts';

/** The table of all workloads, what was skipped, and the machine it ran on. */
export function tableOf(results: BenchResults): string {
  const [subject, reference] = results.servers.map(({ name }) => name);
  const serverColumns = (name: string) => [
    { title: `${name} kop/s` },
    { title: 'p50 ms' },
    { title: 'p99 ms' },
    { title: 'us/op' },
  ];
  const columns = [
    { title: 'workload', align: 'left' as const },
    ...serverColumns(subject!),
    ...serverColumns(reference!),
    { title: 'ratio' },
    { title: 'range' },
    { title: 'must' },
    { title: 'stretch' },
    { title: 'verdict', align: 'left' as const },
  ];
  const skipped = results.skipped.map(({ name, reason }) => `skipped ${name}: ${reason}`);
  return [
    formatTable(columns, results.workloads.map(cells)),
    '',
    `us/op: CPU microseconds of the server per operation, median of ${results.options.rounds} rounds.`,
    `ratio: us/op of ${subject} divided by us/op of ${reference}.`,
    ...skipped,
    ...foot(results),
  ].join('\n');
}

/** The chart of the ratios as SVG text. */
export function chartOf(results: BenchResults): string {
  const [subject, reference] = results.servers.map(({ name }) => name);
  const bars = results.workloads.map(({ name, target, summary }) => ({
    label: name,
    ratio: summary.ratio,
    must: target?.must ?? null,
    stretch: target?.stretch ?? null,
  }));
  return ratioChart(
    `CPU per operation, ${subject} / ${reference}`,
    [`below 1.00 ${subject} is cheaper`, results.startedAt.slice(0, 10), machineLine(results)].join(
      ' · ',
    ),
    bars,
  );
}

function cells({ name, target, summary }: WorkloadResult): string[] {
  const { subject, reference, ratio, ratioRange, verdict } = summary;
  const figures = [subject, reference].flatMap((round) => [
    (round.perSecond / 1000).toFixed(0),
    round.p50Ms.toFixed(3),
    round.p99Ms.toFixed(3),
    round.cpuMicrosPerOp.toFixed(2),
  ]);
  return [
    name,
    ...figures,
    ratio.toFixed(2),
    ratioRange.map((end) => end.toFixed(2)).join('-'),
    target?.must.toFixed(2) ?? '',
    target?.stretch.toFixed(2) ?? '',
    colour(verdict),
  ];
}

function foot(results: BenchResults): string[] {
  const versions = Object.entries(results.versions).map(([name, version]) => `${name} ${version}`);
  return [
    '',
    machineLine(results),
    versions.join(', '),
    'Written: bench/results/latest.{json,svg}',
  ];
}

function machineLine({ machine }: BenchResults): string {
  return `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.kernel}`;
}

function colour(verdict: Verdict): string {
  if (verdict === 'no target') return '';
  if (!process.stdout.isTTY) return verdict;
  return styleText(verdict === 'MISS' ? 'red' : 'green', verdict);
}
