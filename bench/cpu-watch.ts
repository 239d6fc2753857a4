/**
 * When each CPU of this machine did not run at all. A virtual CPU stops whenever its host has other
 * things to do, and whoever is on it seems to pause. So a thread of real-time priority is bound to
 * each CPU and wakes once a millisecond: nothing in this machine may keep it waiting, and when it
 * comes late, the CPU was not there.
 *
 * What it cannot see: a part of the kernel that runs for milliseconds without a break looks the
 * same as a CPU that is away.
 */
import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';

/** Priorities of SCHED_FIFO: who measures the CPUs comes before who measures the servers. */
export const WATCHER_PRIORITY = 50;
export const PROBER_PRIORITY = 40;

/** A time in which a CPU did not run, in milliseconds since the epoch. */
export interface Absence {
  readonly cpu: number;
  readonly fromMs: number;
  readonly toMs: number;
}

/** What a watcher says: that it has begun (null) or why not, and in the end what it has seen. */
export type WatcherReport =
  | { readonly refusal: string | null }
  | { readonly absences: readonly Absence[] };

const WATCHER = fileURLToPath(new URL('cpu-watch-process.ts', import.meta.url));

/** One watcher per CPU. */
export class CpuWatch {
  readonly #watchers: readonly ChildProcess[];
  /** Why the CPUs cannot be watched; undefined when they are. */
  readonly refusal: string | undefined;

  private constructor(watchers: readonly ChildProcess[], refusal: string | undefined) {
    this.#watchers = watchers;
    this.refusal = refusal;
  }

  /** Starts to watch; where real-time priority is refused, the reason is in `refusal`. */
  static async start(): Promise<CpuWatch> {
    const watchers = cpus().map((_, cpu) => fork(WATCHER, [String(cpu)]));
    const refusals = await Promise.all(
      watchers.map(async (watcher) => {
        const report = await nextReport(watcher);
        return 'refusal' in report ? report.refusal : 'a watcher has ended too early';
      }),
    );
    const refusal = refusals.find((reason) => reason !== null) ?? undefined;
    if (refusal !== undefined) for (const watcher of watchers) watcher.kill();
    return new CpuWatch(watchers, refusal);
  }

  /** Ends the watch and answers what was seen, undefined where nothing could be. */
  async stop(): Promise<readonly Absence[] | undefined> {
    if (this.refusal !== undefined) return undefined;
    const reports = this.#watchers.map(async (watcher) => {
      const reported = nextReport(watcher);
      watcher.send('stop');
      const report = await reported;
      return 'absences' in report ? report.absences : [];
    });
    return (await Promise.all(reports)).flat();
  }

  /** Ends the watch without asking what was seen. */
  abandon(): void {
    for (const watcher of this.#watchers) watcher.kill();
  }
}

/**
 * Gives a thread real-time priority, on one CPU only if one is named. Answers why it could not.
 */
export function makeRealTime(thread: number, priority: number, cpu?: number): string | undefined {
  try {
    if (cpu !== undefined) quietly('taskset', ['-p', '-c', String(cpu), String(thread)]);
    quietly('chrt', ['--fifo', '-p', String(priority), String(thread)]);
    return undefined;
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string };
    return stderr?.trim() || message;
  }
}

function quietly(program: string, args: readonly string[]): void {
  execFileSync(program, args, { stdio: 'pipe', encoding: 'utf8' });
}

async function nextReport(watcher: ChildProcess): Promise<WatcherReport> {
  const lost = new AbortController();
  const ended = once(watcher, 'exit', { signal: lost.signal }).then(
    ([code]) => Promise.reject(new Error(`a CPU watcher ended with ${code}`)),
    () => undefined,
  );
  const [report] = (await Promise.race([once(watcher, 'message'), ended])) as [WatcherReport];
  lost.abort();
  return report;
}
