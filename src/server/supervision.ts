/**
 * Tells a supervisor that the server is ready, and that it stops.
 *
 * systemd listens on a datagram socket of the file system, which Node.js cannot write to; its own
 * `systemd-notify` can (docs/decisions/0014-supervision.md). Upstart waits for the process to stop
 * itself.
 */
import type { Log } from '../engine/log.ts';

/** Who supervises, as INFO shows it. */
export type Supervisor = 'systemd' | 'upstart' | 'no';

/** What a supervisor has put into the environment of the process. */
interface SupervisedEnvironment {
  readonly NOTIFY_SOCKET?: string | undefined;
  readonly UPSTART_JOB?: string | undefined;
}

/** How long a message to systemd may take. */
const NOTIFY_MS_MAX = 10_000;

/** See the file's comment. */
export class Supervision {
  readonly supervisor: Supervisor;
  readonly #log: Log;

  /** `wanted` is what the directive `supervised` says. */
  constructor(wanted: Supervisor | 'auto', environment: SupervisedEnvironment, log: Log) {
    this.#log = log;
    const { NOTIFY_SOCKET: socket, UPSTART_JOB: job } = environment;
    const found = {
      systemd: socket !== undefined && socket !== '',
      upstart: job !== undefined && job !== '',
    };
    if (wanted === 'auto') {
      this.supervisor = found.upstart ? 'upstart' : found.systemd ? 'systemd' : 'no';
      return;
    }
    this.supervisor = wanted === 'no' || found[wanted] ? wanted : 'no';
    if (this.supervisor !== wanted) {
      const variable = wanted === 'systemd' ? 'NOTIFY_SOCKET' : 'UPSTART_JOB';
      log.warning(`${wanted} supervision requested, but ${variable} not found`);
    }
  }

  /** Data are being loaded. */
  starting(): void {
    this.#notify('--status=Loading the data');
  }

  /** Clients are served. */
  ready(): void {
    this.#notify('--ready', '--status=Ready to accept connections');
    // Upstart lets it go on.
    if (this.supervisor === 'upstart') process.kill(process.pid, 'SIGSTOP');
  }

  /** Clients are not served any more. */
  stopping(): void {
    this.#notify('STOPPING=1', '--status=Shutting down');
  }

  #notify(...words: readonly string[]): void {
    if (this.supervisor !== 'systemd') return;
    // Loaded here and not imported: hardly any server needs it.
    const { spawn } = process.getBuiltinModule('node:child_process');
    const notifier = spawn('systemd-notify', words, { stdio: 'ignore', timeout: NOTIFY_MS_MAX });
    const failed = (reason: string) =>
      this.#log.warning('systemd could not be told what the server does', { words, reason });
    notifier.once('error', (problem) => failed(problem.message));
    notifier.once('exit', (code, signal) => {
      if (code !== 0) failed(`systemd-notify ended with ${code ?? signal}`);
    });
  }
}
