/**
 * V8's helper threads beside the main thread: see
 * docs/decisions/0016-priority-of-compiler-threads.md.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { setPriority } from 'node:os';

/** Of a CPU that is wanted by both, the main thread gets ten times as much as a helper. */
const HELPER_NICENESS = 10;
/** What Node starts unless it is told otherwise. */
const HELPERS = 4;
/** Threads that Node starts before them: the main thread, and one that keeps time. */
const THREADS_BEFORE = 2;
/** Errors of systems that have no such files, or let nobody set priorities. */
const EXPECTED_ERRORS = ['ENOENT', 'EACCES', 'EPERM', 'ESRCH', 'ENOSYS'];

/**
 * Lets the compiler's helper threads have a CPU that the main thread wants only after it, where the
 * system allows that. To be called before the process gets its title: its name tells which threads
 * are nameless. Threads that write to disks keep their priority.
 */
export function letMainThreadPrevail(): void {
  if (process.platform !== 'linux' || isPoolSizeGiven()) return;
  try {
    for (const thread of helperThreads()) setPriority(thread, HELPER_NICENESS);
  } catch (problem) {
    const { code, info } = problem as { code?: string; info?: { code?: string } };
    if (!EXPECTED_ERRORS.includes(info?.code ?? code ?? '')) throw problem;
  }
}

/** Who has chosen a number of helpers has weighed what they cost. */
function isPoolSizeGiven(): boolean {
  const { NODE_OPTIONS = '' } = process.env;
  return [...process.execArgv, NODE_OPTIONS].some((given) => given.includes('--v8-pool-size'));
}

/** By their names; where Node gives none (version 20), by the order in which it starts them. */
function helperThreads(): number[] {
  const folder = '/proc/self/task';
  const names = new Map(
    readdirSync(folder).map((id) => [
      Number(id),
      readFileSync(`${folder}/${id}/comm`, 'latin1').trim(),
    ]),
  );
  const threads = [...names.keys()];
  const named = threads.filter((id) => names.get(id)!.includes('V8Worker'));
  if (named.length > 0) return named;
  const isNamed = new Set(names.values()).size > 1;
  return isNamed ? [] : threads.slice(THREADS_BEFORE, THREADS_BEFORE + HELPERS);
}
