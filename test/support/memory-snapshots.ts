import type { LibraryStore } from '../../src/commands/services/scripting.ts';
import { type Clock, SYSTEM_CLOCK } from '../../src/engine/clock.ts';
import type { Executor } from '../../src/engine/execute.ts';
import { type Log, SILENT_LOG } from '../../src/engine/log.ts';
import type { Keyspace } from '../../src/keyspace/keyspace.ts';
import { BackgroundSnapshots } from '../../src/persistence/background-snapshot.ts';
import type { FileSystem } from '../../src/persistence/file-system.ts';
import type { SnapshotSettings } from '../../src/persistence/snapshot-settings.ts';
import { type LoadingProgress, Snapshots } from '../../src/persistence/snapshots.ts';
import { MemoryFiles } from './memory-files.ts';
import { MemoryLibraries } from './memory-libraries.ts';

export const SNAPSHOT_SETTINGS: SnapshotSettings = {
  directory: 'dir',
  fileName: 'dump.rdb',
  writing: { compresses: true, version: 11, sums: true, syncsIncrementally: false },
  checks: true,
  isDeep: false,
  use: 'none',
  savePoints: [],
  stopsWrites: true,
  keyDelayMicroseconds: 0,
};

export interface MemorySnapshotOptions {
  readonly libraries?: LibraryStore;
  readonly files?: FileSystem;
  readonly settings?: Partial<SnapshotSettings>;
  readonly background?: BackgroundSnapshots;
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
  const files = options.files ?? new MemoryFiles();
  return new Snapshots({
    keyspace,
    executor,
    libraries: options.libraries ?? new MemoryLibraries(),
    files,
    background: options.background ?? new BackgroundSnapshots(keyspace, files),
    settings: { ...SNAPSHOT_SETTINGS, ...options.settings },
    clock: options.clock ?? SYSTEM_CLOCK,
    log: options.log ?? SILENT_LOG,
    progress: options.progress,
  });
}
