/** What clients of a server feel while it saves, and what memory that takes. */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Control } from './control.ts';
import { parseSchedstat } from './cpu.ts';
import { childModule } from './gap-watch.ts';
import { nowMs } from './latency-probe.ts';
import type { PacedOrder, PacedReport } from './paced-process.ts';
import type { Server } from './servers.ts';
import { percentile } from './statistics.ts';

/** What a server does while it is measured. */
export type Phase = 'quiet' | 'BGSAVE' | 'rewrite';

/** The latencies of one phase. */
export interface Latencies {
  readonly p50Ms: number;
  readonly p999Ms: number;
  readonly worstMs: number;
  readonly tookMs: number;
  /** Part of the time for which the server's thread was ready but had no CPU. */
  readonly starvedMs: number;
  /** The longest time for which the load was behind its schedule. */
  readonly lateMsMax: number;
}

const SETTLE_MS = 1000;
const QUIET_MS = 2000;
const POLL_MS = 20;
const PHASE_MS_MAX = 60_000;
const MEMORY_POLL_MS = 50;

/** Latencies of clients that keep sending while a server goes through a phase. */
export async function latenciesDuring(
  server: Server,
  control: Control,
  phase: Phase,
  load: Omit<PacedOrder, 'port'>,
): Promise<Latencies> {
  let starvedMs = 0;
  let fromMs = 0;
  let toMs = 0;
  const report = await underLoad(server, load, async () => {
    starvedMs = waitedMs(server.pid);
    fromMs = nowMs();
    await goThrough(control, phase);
    toMs = nowMs();
    starvedMs = waitedMs(server.pid) - starvedMs;
  });
  const within = report.latencyMs.filter((_, i) => {
    return report.sentMs[i]! >= fromMs && report.sentMs[i]! < toMs;
  });
  return {
    p50Ms: percentile(within, 0.5),
    p999Ms: percentile(within, 0.999),
    worstMs: percentile(within, 1),
    tookMs: toMs - fromMs,
    starvedMs,
    lateMsMax: report.lateMsMax,
  };
}

/**
 * Bytes that a server and the processes it starts take at most during BGSAVE under load, beyond the
 * most that it took just before under the same load.
 */
export async function extraBytesDuringSave(
  server: Server,
  control: Control,
  load: Omit<PacedOrder, 'port'>,
): Promise<number> {
  let extra = 0;
  await underLoad(server, load, async () => {
    const before = await peakBytes(server.pid, () => goThrough(control, 'quiet'));
    extra = (await peakBytes(server.pid, () => goThrough(control, 'BGSAVE'))) - before;
  });
  return extra;
}

async function underLoad(
  server: Server,
  load: Omit<PacedOrder, 'port'>,
  work: () => Promise<void>,
): Promise<PacedReport> {
  const order: PacedOrder = { ...load, port: server.port };
  const child = childModule('paced-process.ts', order);
  const reported = new Promise<PacedReport>((resolve, reject) => {
    child.once('message', (report: PacedReport) => resolve(report));
    child.once('exit', (code) => reject(new Error(`the load process ended with ${code}`)));
  });
  try {
    await sleep(SETTLE_MS);
    // Only a load that has failed reports before it is told to stop.
    await Promise.race([work(), reported]);
    child.send('stop');
    return await reported;
  } finally {
    child.kill();
  }
}

async function goThrough(control: Control, phase: Phase): Promise<void> {
  if (phase === 'quiet') return sleep(QUIET_MS);
  const [command, sign] =
    phase === 'BGSAVE'
      ? ['BGSAVE', 'rdb_bgsave_in_progress']
      : ['BGREWRITEAOF', 'aof_rewrite_in_progress'];
  await control.call(command);
  await untilOver(control, sign);
}

/** Waits until INFO says 0 of something that is in progress. */
export async function untilOver(control: Control, sign: string): Promise<void> {
  const deadlineMs = nowMs() + PHASE_MS_MAX;
  while ((await control.info('persistence')).get(sign) !== '0') {
    if (nowMs() > deadlineMs) throw new Error(`${sign} for more than ${PHASE_MS_MAX} ms`);
    await sleep(POLL_MS);
  }
}

/** The most that a process and its children take while something is done. */
async function peakBytes(pid: number, work: () => Promise<void>): Promise<number> {
  let peak = 0;
  const look = () => {
    peak = Math.max(peak, proportionalBytes(pid) + sum(childrenOf(pid).map(proportionalBytes)));
  };
  const timer = setInterval(look, MEMORY_POLL_MS);
  try {
    look();
    await work();
    return peak;
  } finally {
    clearInterval(timer);
  }
}

/** Memory of a process in which a page that n share counts as 1/n; 0 for one that has ended. */
function proportionalBytes(pid: number): number {
  try {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1');
    return Number(/^Pss:\s+(\d+) kB$/m.exec(text)![1]) * 1024;
  } catch (problem) {
    const { code } = problem as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') return 0;
    throw problem;
  }
}

function childrenOf(pid: number): number[] {
  const tasks = readdirSync(`/proc/${pid}/task`);
  return tasks.flatMap((task) => {
    const text = readFileSync(`/proc/${pid}/task/${task}/children`, 'latin1');
    return text.trim() === '' ? [] : text.trim().split(' ').map(Number);
  });
}

/** How long the main thread of a process has waited for a CPU since it began. */
function waitedMs(pid: number): number {
  const text = readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'latin1');
  return parseSchedstat(text).waitedNanos / 1e6;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, each) => all + each, 0);
}
