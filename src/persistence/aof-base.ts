/** How the base of an append-only file is written: as a snapshot, or as commands. */
import { REDIS_VERSION } from '../commands/version.ts';
import type { Clock } from '../engine/clock.ts';
import type { AofSettings } from './aof-settings.ts';
import type { SnapshotFacts } from './keyspace-writer.ts';
import { VERSION } from './rdb-format.ts';
import type { SnapshotWriting } from './snapshot-file.ts';
import type { SnapshotSettings } from './snapshot-settings.ts';

/** The form of a base that is written now. */
export function baseWriting(
  settings: AofSettings,
  snapshots: SnapshotSettings,
  clock: Clock,
): SnapshotWriting {
  const { syncsIncrementally, usesSnapshots, notesTime } = settings;
  if (usesSnapshots) {
    const { compresses, version, sums } = snapshots.writing;
    return { compresses, version, sums, syncsIncrementally };
  }
  const second = notesTime ? secondsOf(clock) : null;
  return {
    commands: { second },
    compresses: false,
    version: VERSION,
    sums: false,
    syncsIncrementally,
  };
}

/** What a base says beside its keys, and with which libraries. */
export function baseFacts(
  snapshots: SnapshotSettings,
  clock: Clock,
  usedBytes: number,
  libraries: readonly Buffer[],
): SnapshotFacts {
  return {
    aux: [
      ['redis-ver', REDIS_VERSION],
      ['redis-bits', '64'],
      ['ctime', String(secondsOf(clock))],
      ['used-mem', String(usedBytes)],
      ['aof-base', '1'],
    ],
    libraries,
    use: snapshots.use,
  };
}

function secondsOf(clock: Clock): number {
  return Math.floor(clock.wallMs() / 1000);
}
