import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './server.ts';

const WAIT_MS_MAX = 30_000;

/** One series of an answer: its labels, and its value now. */
export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** An alert that is pending or firing. */
export interface Alert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly state: string;
}

/** A Prometheus of one test: it has its own port and directory. */
export class Prometheus {
  readonly port: number;
  readonly #process: ChildProcess;
  readonly #dir: string;
  #output = '';

  private constructor(port: number, dir: string) {
    this.port = port;
    this.#dir = dir;
    this.#process = spawn(
      'prometheus',
      [
        '--config.file=prometheus.yml',
        '--storage.tsdb.path=data',
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      { cwd: dir, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text;
      });
    }
  }

  /** Starts one with these files in its directory, of which prometheus.yml is its configuration. */
  static async start(files: Readonly<Record<string, string>>): Promise<Prometheus> {
    const dir = mkdtempSync(join(tmpdir(), 'redstart-prometheus-'));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
    const started = new Prometheus(await freePort(), dir);
    await started.until(async () => {
      const answer = await fetch(`http://127.0.0.1:${started.port}/-/ready`).catch(() => null);
      return answer?.ok === true;
    });
    return started;
  }

  /** The series that an expression selects now. */
  async query(expression: string): Promise<readonly Series[]> {
    const data = (await this.#get(`query?query=${encodeURIComponent(expression)}`)) as {
      readonly result: readonly { metric: Record<string, string>; value: [number, string] }[];
    };
    return data.result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
  }

  /** Alerts that are pending or firing. */
  async alerts(): Promise<readonly Alert[]> {
    const data = (await this.#get('alerts')) as { readonly alerts: readonly Alert[] };
    return data.alerts;
  }

  /** Waits until something holds; throws when it is late, or when Prometheus has ended. */
  async until(holds: () => Promise<boolean>): Promise<void> {
    const deadline = Date.now() + WAIT_MS_MAX;
    while (!(await holds())) {
      if (this.#process.exitCode !== null || Date.now() > deadline) {
        throw new Error(`it did not come; Prometheus said:\n${this.#output}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    if (this.#process.exitCode === null) {
      this.#process.kill('SIGTERM');
      await ended;
    }
    rmSync(this.#dir, { recursive: true, force: true });
  }

  async #get(path: string): Promise<unknown> {
    const answer = await fetch(`http://127.0.0.1:${this.port}/api/v1/${path}`);
    const { status, data, error } = (await answer.json()) as Record<string, unknown>;
    if (status !== 'success') throw new Error(`Prometheus says: ${error}`);
    return data;
  }
}
