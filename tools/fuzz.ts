/**
 * Runs the fuzz programs beside the code, one after another: `npm run fuzz`, `npm run fuzz --
 * --seconds 60 heap wheel`. A word chooses the programs whose path contains it. Each gets so many
 * seconds; one that ends earlier is started again. The seeds are in what they print; the summary
 * repeats them, and says which failed.
 */
import { parseArgs } from 'node:util';
import { programsBeside, type Run, runProgram } from './programs.ts';

const SECONDS_DEFAULT = 10;

/** One line of the summary, and whether it is a failure. */
async function fuzz(path: string, seconds: number): Promise<{ failed: boolean; line: string }> {
  const startMs = performance.now();
  const elapsed = () => (performance.now() - startMs) / 1000;
  let starts = 0;
  let run: Run;
  do {
    const left = Math.max(1, Math.ceil(seconds - elapsed()));
    run = await runProgram(path, ['--seconds', String(left)]);
    starts++;
    // With a seed that was asked for, a second start would repeat the first.
  } while (run.code === 0 && elapsed() < seconds && process.env.SEED === undefined);
  const verdict = run.code === 0 ? 'passed' : 'FAILED';
  const about = run.lines.findLast((line) => /SEED=|skipped/.test(line)) ?? '';
  const spent = `${elapsed().toFixed(0)} s${starts === 1 ? '' : `, ${starts} starts`}`;
  return { failed: run.code !== 0, line: `${verdict}  ${path}  ${spent}  ${about}` };
}

const { values, positionals } = parseArgs({
  options: { seconds: { type: 'string' } },
  allowPositionals: true,
});
const outcomes = [];
for (const path of programsBeside('.fuzz.ts', positionals)) {
  console.log(`--- ${path}`);
  outcomes.push(await fuzz(path, Number(values.seconds ?? SECONDS_DEFAULT)));
}
console.log('---');
for (const { line } of outcomes) console.log(line);
if (outcomes.some(({ failed }) => failed)) process.exitCode = 1;
