/**
 * Watches from outside whether a server ever stands still, beside an idle redis-server, and beside
 * the CPUs themselves, so that the machine's pauses can be told from the server's.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { stolenMillis } from './cpu.ts';
import { type Absence, CpuWatch } from './cpu-watch.ts';
import { type CausedGap, explainGap, findGaps } from './gaps.ts';
import type { Sample } from './latency-probe.ts';
import type { ProbeReport, Watched } from './probe-process.ts';
import type { Server } from './servers.ts';

/** A slice of work longer than this is one too many. */
export const GAP_MS = 5;

/** What was seen of both servers and of the machine. */
export interface Watch {
  readonly subject: readonly Sample[];
  readonly control: readonly Sample[];
  /** When CPUs did not run; undefined when that could not be watched. */
  readonly absences: readonly Absence[] | undefined;
  /** Why real-time priority was refused to who watches; undefined when it was not. */
  readonly refusal: string | undefined;
  /** What the hypervisor kept to itself meanwhile, by its own account. */
  readonly stolenMs: number;
}

/** Watches both servers while `work` goes on. */
export async function watchDuring(
  subject: Server,
  idle: Server,
  work: () => Promise<void>,
): Promise<Watch> {
  const watched: Watched[] = [subject, idle].map(({ port, pid }) => ({ port, pid }));
  const cpuWatch = await CpuWatch.start();
  const prober = childModule('probe-process.ts', watched);
  const reported = message<ProbeReport>(prober);
  const stolenBefore = stolenMillis();
  try {
    // Only a failed prober reports before it is told to stop.
    await Promise.race([work(), reported]);
    prober.send('stop');
    const seen = await reported;
    const absences = await cpuWatch.stop();
    return {
      subject: seen.subject,
      control: seen.control,
      absences,
      refusal: cpuWatch.refusal ?? seen.refusal,
      stolenMs: stolenMillis() - stolenBefore,
    };
  } finally {
    prober.kill();
    cpuWatch.abandon();
  }
}

/** The subject's gaps with their causes, those within [fromMs, toMs] of the epoch. */
export function causedGaps(
  { subject, absences = [] }: Watch,
  fromMs = 0,
  toMs: number = Number.POSITIVE_INFINITY,
): CausedGap[] {
  return findGaps(subject, GAP_MS)
    .filter((gap) => gap.fromMs >= fromMs && gap.fromMs < toMs)
    .map((gap) => explainGap(gap, subject, absences, GAP_MS));
}

/** In sentences: how the machine's gaps were told from the server's. */
export function howCausesWereTold({ absences, refusal, stolenMs }: Watch): string {
  const stolen = `The hypervisor says that it kept CPUs to itself for ${stolenMs} ms meanwhile.`;
  if (absences === undefined || refusal !== undefined) {
    return (
      `WARNING: real-time priority was refused (${refusal}), so the absence of a CPU and the\n` +
      `lateness of the watcher itself count as the server's. ${stolen}`
    );
  }
  const total = absences.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
  return (
    'Watched by a real-time thread on each CPU, of which one saw its CPU stand still ' +
    `${absences.length} times\nfor more than 2 ms, ${total.toFixed(0)} ms in all. ${stolen}\n` +
    "A gap's own part is what is left without the time in which other processes had the CPU\n" +
    "that the server's main thread was ready for, and without the time in which its CPU stood still."
  );
}

/** A module of this folder as a child process, its one argument as JSON. */
export function childModule(module: string, argument: unknown): ChildProcess {
  const path = fileURLToPath(new URL(module, import.meta.url));
  return fork(path, [JSON.stringify(argument)]);
}

/** Resolves when a child process has ended well. */
export function ended(process: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    process.once('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`the load process ended with ${code}`)),
    );
  });
}

function message<T>(process: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    process.once('message', (received: T) => resolve(received));
    process.once('exit', (code) => reject(new Error(`the probe process ended with ${code}`)));
  });
}
