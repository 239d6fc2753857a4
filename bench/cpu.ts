/**
 * CPU time of another process, from the operating system's own accounting.
 *
 * /proc/PID/task/TID/schedstat opens with the nanoseconds (user + system) that the scheduler has
 * charged to one thread; summed over all threads it covers V8's compiler and collector threads and
 * Redis's background threads too. It is preferred to /proc/PID/stat, whose figures are rounded to
 * ticks of 10 ms, which is 1 % of a one-second round. stat has one merit: it keeps the time of
 * threads that have ended, which vanishes from task/. So both are read, and when stat shows more
 * than schedstat by more than its own rounding, stat is believed.
 *
 * The second field of schedstat is the time a thread was ready to run but waited for a CPU: that
 * tells a server that paused from a server that was not given the machine.
 */
import { readdirSync, readFileSync } from 'node:fs';

/** USER_HZ: what /proc shows to user space on every Linux architecture that Node.js supports. */
const TICKS_PER_SECOND = 100;
/** User and system time are rounded down separately, at both ends of the window. */
const STAT_ROUNDING_US = (2 * 1e6) / TICKS_PER_SECOND;

export interface CpuReading {
  /** Thread id to nanoseconds on a CPU. */
  readonly threads: ReadonlyMap<number, number>;
  /** The same for the whole process, ended threads included, in steps of 10 ms. */
  readonly processMicros: number;
}

/** Reads what process `pid` has used so far. Throws when there is no such process. */
export function readCpu(pid: number): CpuReading {
  const threads = new Map<number, number>();
  for (const name of readdirSync(`/proc/${pid}/task`)) {
    const text = readUnlessGone(`/proc/${pid}/task/${name}/schedstat`);
    if (text !== undefined) threads.set(Number(name), parseSchedstat(text).ranNanos);
  }
  return { threads, processMicros: parseStat(readFileSync(`/proc/${pid}/stat`, 'latin1')) };
}

/** Microseconds of CPU used between two readings of the same process, all threads together. */
export function cpuMicrosBetween(before: CpuReading, after: CpuReading): number {
  let nanos = 0;
  for (const [id, ran] of after.threads) nanos += ran - (before.threads.get(id) ?? 0);
  const atLeast = after.processMicros - before.processMicros - STAT_ROUNDING_US;
  return Math.max(nanos / 1000, atLeast);
}

/**
 * Nanoseconds one thread ran and nanoseconds it waited for a CPU, from the text of a schedstat
 * file.
 */
export function parseSchedstat(text: string): { ranNanos: number; waitedNanos: number } {
  const [ran, waited] = text.trim().split(' ').map(Number);
  if (ran === undefined || waited === undefined || Number.isNaN(ran + waited)) {
    throw new Error(`unexpected schedstat line: ${JSON.stringify(text)}`);
  }
  return { ranNanos: ran, waitedNanos: waited };
}

/**
 * User + system microseconds from the text of /proc/PID/stat. The command name may hold anything.
 */
export function parseStat(text: string): number {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  if (Number.isNaN(ticks)) throw new Error(`unexpected stat line: ${JSON.stringify(text)}`);
  return (ticks * 1e6) / TICKS_PER_SECOND;
}

/** The CPU that a thread is on or was on last, from the text of /proc/PID/task/TID/stat. */
export function parseCpu(text: string): number {
  const cpu = Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[36]);
  if (Number.isNaN(cpu)) throw new Error(`unexpected stat line: ${JSON.stringify(text)}`);
  return cpu;
}

/**
 * Milliseconds, in steps of 10, that the hypervisor has kept from this machine's CPUs since it
 * started. No process sees such a pause as its own, so a gap of that kind looks like the server's.
 */
export function stolenMillis(): number {
  return parseStolen(readFileSync('/proc/stat', 'latin1'));
}

/** The steal column of the first line of /proc/stat, as milliseconds. */
export function parseStolen(text: string): number {
  const ticks = Number(/^cpu +(?:\d+ ){7}(\d+)/.exec(text)?.[1]);
  if (Number.isNaN(ticks)) throw new Error(`unexpected /proc/stat: ${text.slice(0, 80)}`);
  return (ticks * 1000) / TICKS_PER_SECOND;
}

/** Resident memory of process `pid` in bytes. */
export function residentBytes(pid: number): number {
  const match = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'));
  if (match === null) throw new Error(`no VmRSS in /proc/${pid}/status`);
  return Number(match[1]) * 1024;
}

/** A thread may end between the listing and the read; that is the one error expected here. */
function readUnlessGone(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ESRCH') return undefined;
    throw error;
  }
}
