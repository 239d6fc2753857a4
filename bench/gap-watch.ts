/**
 * Watches from outside whether a server ever stands still, beside an idle redis-server that the
 * same process watches at the same time, as the measure of what the machine itself does.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { stolenMillis } from './cpu.ts';
import { type Cause, causeOf, findGaps, type Gap, type Sample } from './latency-probe.ts';
import type { ProbeReport, Watched } from './probe-process.ts';
import type { Server } from './servers.ts';

/** A slice of work longer than this is one too many. */
export const GAP_MS = 5;

/** What was seen of both servers. */
export interface Watch {
  readonly subject: readonly Sample[];
  readonly control: readonly Sample[];
  /** What the hypervisor kept to itself meanwhile. */
  readonly stolenMs: number;
}

export interface CausedGap {
  readonly gap: Gap;
  readonly cause: Cause;
}

/** Watches both servers while `work` goes on. */
export async function watchDuring(
  subject: Server,
  idle: Server,
  work: () => Promise<void>,
): Promise<Watch> {
  const watched: Watched[] = [subject, idle].map(({ port, pid }) => ({ port, pid }));
  const prober = childModule('probe-process.ts', watched);
  const reported = message<ProbeReport>(prober);
  const stolenBefore = stolenMillis();
  try {
    // Only a failed prober reports before it is told to stop.
    await Promise.race([work(), reported]);
    prober.send('stop');
    const [ofSubject, ofControl] = (await reported).samples;
    return { subject: ofSubject!, control: ofControl!, stolenMs: stolenMillis() - stolenBefore };
  } finally {
    prober.kill();
  }
}

/** The subject's gaps with their causes, those within [fromMs, toMs] of the epoch. */
export function causedGaps(
  { subject, control }: Watch,
  fromMs = 0,
  toMs: number = Number.POSITIVE_INFINITY,
): CausedGap[] {
  const controlGaps = findGaps(control, GAP_MS);
  return findGaps(subject, GAP_MS)
    .filter((gap) => gap.fromMs >= fromMs && gap.fromMs < toMs)
    .map((gap) => ({ gap, cause: causeOf(gap, controlGaps, GAP_MS) }));
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
