import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const MODULE = fileURLToPath(new URL('compiler-threads.ts', import.meta.url));

/** The niceness of all threads of a process that has called the function, main thread first. */
function niceness(...options: string[]): number[] {
  const program = `
    import { readdirSync, readFileSync } from 'node:fs';
    import { getPriority } from 'node:os';
    import { letMainThreadPrevail } from ${JSON.stringify(MODULE)};
    letMainThreadPrevail();
    const threads = readdirSync('/proc/self/task').map(Number);
    console.log(JSON.stringify(threads.map((thread) => getPriority(thread) - getPriority())));`;
  const loader = ['--import', 'tsx', '--input-type=module', '-e', program];
  return JSON.parse(execFileSync(process.execPath, [...options, ...loader], { encoding: 'utf8' }));
}

it.skipIf(process.platform !== 'linux')('four helpers come after the main thread', () => {
  const [main, ...others] = niceness();
  expect(main).toBe(0);
  expect(others.filter((nice) => nice > 0).length).toBe(4);
  expect(others.at(-1)).toBe(0);
});

it.skipIf(process.platform !== 'linux')('a number of helpers that was chosen is left alone', () => {
  expect(new Set(niceness('--v8-pool-size=2'))).toEqual(new Set([0]));
});
