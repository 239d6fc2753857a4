import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A server process that belongs to one test: its own port, its own empty working directory. */
export type RunningServer = {
  readonly port: number;
  readonly dir: string;
  readonly process: ChildProcess;
  /** Everything the process has written to stdout and stderr so far. */
  output(): string;
  /** Ends the process (SIGTERM, SIGKILL after five seconds), removes dir, answers the exit code. */
  stop(): Promise<number | null>;
};

const REDSTART_CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const READY = 'Ready to accept connections';
const ADDRESS_IN_USE = /address already in use|EADDRINUSE/i;
const START_ATTEMPTS_MAX = 5;
const START_MS_MAX = 20_000;
const STOP_MS_MAX = 5_000;

const running = new Map<ChildProcess, string>();

/**
 * Starts `node dist/cli.js` with these flags; rejects with its output if it does not get ready. It
 * does not rehearse unless they say so: it lives too short for that to pay.
 */
export function startRedstart(flags: readonly string[] = []): Promise<RunningServer> {
  if (!existsSync(REDSTART_CLI)) {
    return Promise.reject(new Error(`${REDSTART_CLI} does not exist: run "npm run build" first`));
  }
  return start(process.execPath, [REDSTART_CLI], ['--rehearsal', 'no', ...flags]);
}

/** Starts redis-server from the PATH with these flags; rejects if it does not get ready. */
export function startRedis(flags: readonly string[] = []): Promise<RunningServer> {
  return start('redis-server', [], flags);
}

/**
 * Starts the server that the tests of clients are about: Redstart, or redis-server where the
 * environment says TEST_SERVER=redis, to see that a test asks for no more than Redis gives.
 */
export function startTestServer(flags: readonly string[] = []): Promise<RunningServer> {
  return process.env.TEST_SERVER === 'redis' ? startRedis(flags) : startRedstart(flags);
}

/** Whether redis-server is on the PATH. */
export function redisAvailable(): boolean {
  return available('redis-server');
}

/** Whether a program of this name is on the PATH and answers --version. */
export function available(program: string): boolean {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0;
}

/** A TCP port of the loopback interface that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => {
        if (address !== null && typeof address === 'object') resolve(address.port);
        else reject(new Error('the system gave no port'));
      });
    });
  });
}

async function start(
  program: string,
  programArgs: readonly string[],
  flags: readonly string[],
): Promise<RunningServer> {
  // Between asking for a free port and binding it another process may take it: then try again.
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOnce(program, programArgs, flags, await freePort());
    } catch (error) {
      const clash = error instanceof Error && ADDRESS_IN_USE.test(error.message);
      if (!clash || attempt === START_ATTEMPTS_MAX) throw error;
    }
  }
}

async function startOnce(
  program: string,
  programArgs: readonly string[],
  flags: readonly string[],
  port: number,
): Promise<RunningServer> {
  const dir = mkdtempSync(join(tmpdir(), 'redstart-test-'));
  const args = [...programArgs, '--port', String(port), '--bind', '127.0.0.1', '--save', ''];
  const child = spawn(program, [...args, ...flags], {
    cwd: dir,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.set(child, dir);
  killWithThisProcess();
  let text = '';
  const output = () => text;
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
  }
  try {
    await untilReady(child, output);
  } catch (error) {
    await stop(child);
    throw error;
  }
  return { port, dir, process: child, output, stop: () => stop(child) };
}

function untilReady(child: ChildProcess, output: () => string): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (what: string) => {
      clearTimeout(timer);
      reject(new Error(`${child.spawnfile} ${what}; its output:\n${output()}`));
    };
    const timer = setTimeout(() => fail(`was not ready after ${START_MS_MAX} ms`), START_MS_MAX);
    child.once('error', (error) => fail(`did not start: ${error.message}`));
    child.once('close', (code) => fail(`ended with code ${code} before it was ready`));
    child.stdout?.on('data', () => {
      if (!output().includes(READY)) return;
      clearTimeout(timer);
      resolve();
    });
  });
}

async function stop(child: ChildProcess): Promise<number | null> {
  if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX);
    await ended;
    clearTimeout(timer);
  }
  const dir = running.get(child);
  running.delete(child);
  if (dir !== undefined) rmSync(dir, { recursive: true, force: true });
  return child.exitCode;
}

let exitHooksInstalled = false;

/** A test that fails, is interrupted or forgets stop() must not leave servers behind. */
function killWithThisProcess(): void {
  if (exitHooksInstalled) return;
  exitHooksInstalled = true;
  const killAll = () => {
    for (const [child, dir] of running) {
      child.kill('SIGKILL');
      rmSync(dir, { recursive: true, force: true });
    }
    running.clear();
  };
  process.once('exit', killAll);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      killAll();
      process.kill(process.pid, signal);
    });
  }
}
