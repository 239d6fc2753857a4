/** A server of a crash test: it is started in a directory that stays, and killed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { show } from '../support/engine.ts';
import { RespClient } from '../support/resp-client.ts';

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const PAGE_CACHE = fileURLToPath(new URL('page-cache.mjs', import.meta.url));
const START_MS_MAX = 30_000;
const POLL_MS = 4;

/** How a server is started. */
export interface VictimOptions {
  readonly port: number;
  readonly dir: string;
  /** Of `appendfsync`. */
  readonly policy: string;
  /** Whether what was not synchronised is lost with the process. */
  readonly losesPower: boolean;
  /** How its disk lies, empty for one that does not; see page-cache.mjs. */
  readonly lie: string;
}

/** Thrown, with its output, when a server ends or takes too long before it is ready. */
export class NotReadyError extends Error {}

/** See the file's comment. */
export class Victim {
  readonly #child: ChildProcess;
  readonly #port: number;
  #output = '';

  constructor({ port, dir, policy, losesPower, lie }: VictimOptions) {
    const preload = losesPower ? ['--import', PAGE_CACHE] : [];
    const flags = ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, '--save', ''];
    const aof = ['--appendonly', 'yes', '--appendfsync', policy];
    const growth = ['--auto-aof-rewrite-min-size', '3mb', '--auto-aof-rewrite-percentage', '60'];
    this.#port = port;
    this.#child = spawn(process.execPath, [...preload, CLI, ...flags, ...aof, ...growth], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, REDSTART_LIE: lie },
    });
    for (const stream of [this.#child.stdout!, this.#child.stderr!]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text;
      });
    }
  }

  get #hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** A connection to it once it has loaded; rejects with its output if it does not get so far. */
  async ready(): Promise<RespClient> {
    const deadlineMs = performance.now() + START_MS_MAX;
    while (performance.now() < deadlineMs && !this.#hasEnded) {
      const client = await RespClient.connect(this.#port).catch(() => null);
      // Whoever is too early is told LOADING, or has nobody to talk to.
      const reply = await client?.call('PING').catch(() => null);
      if (client && reply && show(reply) === 'PONG') return client;
      await client?.close();
      await sleep(POLL_MS);
    }
    throw new NotReadyError(`the server did not get ready; its output:\n${this.#output}`);
  }

  async kill(): Promise<void> {
    if (this.#hasEnded) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }
}

export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
