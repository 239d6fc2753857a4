/** What the system tells about this process. */
import { readFileSync } from 'node:fs';
import type { CpuSeconds } from '../commands/services/lifecycle.ts';

/** Clock ticks per second in /proc: fixed in Linux's interface to programs. */
const TICKS_PER_SECOND = 100;
/** Places of user and system time, counted from behind the program's name. */
const STAT_USER = 11;
const STAT_SYSTEM = 12;

/** CPU time of the whole process. */
export function processCpuSeconds(): CpuSeconds {
  const { user, system } = process.cpuUsage();
  return { user: user / 1e6, system: system / 1e6 };
}

/**
 * CPU time of the calling thread, or undefined where the system does not tell it: only Linux does.
 */
export function threadCpuSeconds(): CpuSeconds | undefined {
  if (process.platform !== 'linux') return undefined;
  const stat = readFileSync('/proc/thread-self/stat', 'latin1');
  // The name comes second, in parentheses, and may hold spaces and parentheses itself.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return {
    user: Number(fields[STAT_USER]) / TICKS_PER_SECOND,
    system: Number(fields[STAT_SYSTEM]) / TICKS_PER_SECOND,
  };
}

/** Resident set size in bytes. */
export function residentBytes(): number {
  return process.memoryUsage.rss();
}
