/** Programs that lie beside the code: `X.fuzz.ts`, `X.bench.ts`. */
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** How a program ended. */
export interface Run {
  readonly code: number;
  readonly lines: readonly string[];
}

/**
 * Paths of the programs whose names end so and contain one of the words, all of them without words.
 */
export function programsBeside(ending: string, words: readonly string[]): string[] {
  const paths = readdirSync(`${root}src`, { recursive: true, encoding: 'utf8' })
    .map((path) => `src/${path.replaceAll('\\', '/')}`)
    .filter((path) => path.endsWith(ending))
    .filter((path) => words.length === 0 || words.some((word) => path.includes(word)))
    .sort();
  if (paths.length === 0) throw new Error(`no program ends in ${ending} and has such a name`);
  return paths;
}

/** Runs a program to its end; what it prints is shown as it comes unless `isQuiet`. */
export function runProgram(path: string, args: readonly string[], isQuiet = false): Promise<Run> {
  const child = spawn(process.execPath, ['--import', 'tsx', path, ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const output: Buffer[] = [];
  child.stdout.on('data', (bytes: Buffer) => {
    output.push(bytes);
    if (!isQuiet) process.stdout.write(bytes);
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      const text = Buffer.concat(output).toString().trim();
      resolve({ code: code ?? 1, lines: text.split('\n') });
    });
  });
}
