import { type Clock, SYSTEM_CLOCK } from '../../src/engine/clock.ts';
import type { Executor } from '../../src/engine/execute.ts';
import { type Log, SILENT_LOG } from '../../src/engine/log.ts';
import type { Keyspace } from '../../src/keyspace/keyspace.ts';
import type { SnapshotSettings } from '../../src/persistence/snapshot-settings.ts';
import { type LoadingProgress, Snapshots } from '../../src/persistence/snapshots.ts';
import { MemoryFiles } from './memory-files.ts';

export const SNAPSHOT_SETTINGS: SnapshotSettings = {
  directory: 'dir',
  fileName: 'dump.rdb',
  writing: { compresses: true, version: 11, sums: true, syncsIncrementally: false },
  checks: true,
  isDeep: false,
  use: 'none',
};

export interface MemorySnapshotOptions {
  readonly files?: MemoryFiles;
  readonly clock?: Clock;
  readonly log?: Log;
  readonly progress?: LoadingProgress;
}

/** Snapshots of a keyspace in memory. */
export function memorySnapshots(
  keyspace: Keyspace,
  executor: Executor,
  options: MemorySnapshotOptions = {},
): Snapshots {
  return new Snapshots({
    keyspace,
    executor,
    files: options.files ?? new MemoryFiles(),
    settings: SNAPSHOT_SETTINGS,
    clock: options.clock ?? SYSTEM_CLOCK,
    log: options.log ?? SILENT_LOG,
    progress: options.progress,
  });
}
