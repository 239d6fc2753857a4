/**
 * Measures structures one operation at a time: `npm run bench:micro`, `npm run bench:micro --
 * --runs 5 heap wheel`.
 *
 * Runs the `*.bench.ts` beside the code, each in a process of its own, so that its code is compiled
 * for it alone, and prints the median over the runs. A program prints a line per operation, see
 * test/support/stopwatch.ts; a word chooses the programs whose path contains it.
 */
import { parseArgs } from 'node:util';
import { programsBeside, runProgram } from '../tools/programs.ts';
import { median } from './statistics.ts';
import { formatTable } from './table.ts';

const RUNS_DEFAULT = 3;
const LINE = /^ *([\d.]+) ns +(\S+) B {2}(.+)$/;

interface Measured {
  readonly nanoseconds: number[];
  /** Bytes left on the JavaScript heap. */
  readonly bytes: string[];
}

const { values, positionals } = parseArgs({
  options: { runs: { type: 'string' } },
  allowPositionals: true,
});
const runs = Number(values.runs ?? RUNS_DEFAULT);
const rows: string[][] = [];
for (const path of programsBeside('.bench.ts', positionals)) {
  rows.push([path.replace(/^src\/|\.bench\.ts$/g, '')]);
  for (const [name, { nanoseconds, bytes }] of await measure(path)) {
    const [middle, low, high] = [
      median(nanoseconds),
      Math.min(...nanoseconds),
      Math.max(...nanoseconds),
    ].map((ns) => ns.toFixed(1));
    rows.push([`  ${name}`, middle!, low!, high!, bytes.at(-1)!]);
  }
}
const columns = ['ns', 'lowest', 'highest', 'heap B'].map((title) => ({ title }));
console.log(formatTable([{ title: 'operation', align: 'left' }, ...columns], rows));

async function measure(path: string): Promise<Map<string, Measured>> {
  const operations = new Map<string, Measured>();
  for (let run = 0; run < runs; run++) {
    process.stderr.write(`${path}, run ${run + 1} of ${runs}\n`);
    const { code, lines } = await runProgram(path, [], true);
    if (code !== 0) throw new Error(`${path} ended with code ${code}`);
    for (const line of lines) {
      const [, nanoseconds, bytes, name] = LINE.exec(line) ?? [];
      if (name === undefined) continue;
      const measured = operations.get(name) ?? { nanoseconds: [], bytes: [] };
      measured.nanoseconds.push(Number(nanoseconds));
      measured.bytes.push(bytes!);
      operations.set(name, measured);
    }
  }
  return operations;
}
