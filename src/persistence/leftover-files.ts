/** What a process that was killed has left behind: snapshots that it was writing. */
import type { Log } from '../engine/log.ts';
import type { LogFileSystem } from './aof-file.ts';

const TEMPORARY = /^temp-(?:bg-)?(\d{1,10})\.rdb$/;

/**
 * Removes the unfinished snapshots in a directory whose processes are not there any more. What
 * cannot be removed is told and left.
 */
export function removeLeftovers(
  files: LogFileSystem,
  directory: string,
  isAlive: (processId: number) => boolean,
  log: Log,
): void {
  try {
    for (const name of files.names(directory)) {
      const processId = TEMPORARY.exec(name)?.[1];
      if (processId === undefined || isAlive(Number(processId))) continue;
      files.remove(`${directory}/${name}`);
      log.notice('Removed an unfinished snapshot', { file: name });
    }
  } catch (problem) {
    const reason = problem instanceof Error ? problem.message : String(problem);
    log.warning('Unfinished snapshots could not be removed', { directory, reason });
  }
}

/** Whether there is a process of this number, who ever may own it. */
export function isProcessAlive(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (problem) {
    return !(problem instanceof Error && 'code' in problem && problem.code === 'ESRCH');
  }
}
