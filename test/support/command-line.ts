import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const WAIT_MS_MAX = 20_000;

/** How and where to run. */
export interface RunOptions {
  readonly cwd: string;
  /** What comes on the standard input; nothing by default. */
  readonly input?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** The command; what has been built, by default. */
  readonly cli?: string;
}

/** A run of the `redstart` command with exactly these arguments. */
export class CommandLineRun {
  readonly process: ChildProcess;
  readonly startedMs: number = performance.now();
  /** What it has written so far. */
  stdout = '';
  stderr = '';
  readonly #closed: Promise<number | null>;
  #changed: () => void = () => undefined;

  constructor(
    args: readonly string[],
    { cwd, input = '', environment = {}, cli = CLI }: RunOptions,
  ) {
    if (!existsSync(cli)) throw new Error(`${cli} does not exist: run "npm run build" first`);
    const env = { ...process.env, ...environment };
    const child = spawn(process.execPath, [cli, ...args], { cwd, env, stdio: 'pipe' });
    this.process = child;
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
      this.#changed();
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
      this.#changed();
    });
    this.#closed = new Promise((resolve) => {
      child.once('close', (code) => {
        resolve(code);
        this.#changed();
      });
    });
    // A run that fails at once does not read its input.
    child.stdin.on('error', () => undefined).end(input);
  }

  /** Waits until the output contains a text; throws when the run ends first, or when it is late. */
  async until(text: string): Promise<void> {
    const deadline = Date.now() + WAIT_MS_MAX;
    while (!this.stdout.includes(text) && !this.stderr.includes(text)) {
      const over = this.process.exitCode !== null || this.process.signalCode !== null;
      if (over || Date.now() > deadline) {
        throw new Error(`no "${text}" in:\n${this.stdout}\n${this.stderr}`);
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 100);
        this.#changed = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /** Waits until it serves. */
  ready(): Promise<void> {
    return this.until('Ready to accept connections');
  }

  /** Waits for the end and answers the exit code, null after a signal; throws when it is late. */
  async ended(): Promise<number | null> {
    const timer = setTimeout(() => this.process.kill('SIGKILL'), WAIT_MS_MAX);
    const code = await this.#closed;
    clearTimeout(timer);
    if (this.process.signalCode === 'SIGKILL') throw new Error('it did not end by itself');
    return code;
  }

  /** Sends a signal and answers the exit code. */
  signal(name: 'SIGTERM' | 'SIGINT'): Promise<number | null> {
    this.process.kill(name);
    return this.ended();
  }

  /** Ends it, if it has not ended. */
  async kill(): Promise<void> {
    if (this.process.exitCode === null && this.process.signalCode === null) {
      this.process.kill('SIGKILL');
    }
    await this.#closed;
  }

  /** The lines of the log, each of which has to be JSON. */
  log(): Record<string, unknown>[] {
    return parseLog(this.stdout);
  }
}

/** The records of a log; throws where a line is not JSON. */
export function parseLog(text: string): Record<string, unknown>[] {
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}
