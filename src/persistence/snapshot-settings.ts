/** Where snapshots are, and how they are read and written, as the configuration says it. */
import type { Config } from '../engine/config.ts';
import type { SavePoint } from '../engine/config-list-kinds.ts';
import type { SnapshotFacts } from './keyspace-writer.ts';
import type { SnapshotWriting } from './snapshot-file.ts';

/** Current at any time. */
export interface SnapshotSettings {
  readonly directory: string;
  readonly fileName: string;
  readonly writing: SnapshotWriting;
  /** Whether a checksum must be right, where there is one. */
  readonly checks: boolean;
  /** Whether collections are searched for elements that are there twice. */
  readonly isDeep: boolean;
  /** What is noted of each key's use. */
  readonly use: SnapshotFacts['use'];
  /** When a snapshot is saved by itself. */
  readonly savePoints: readonly SavePoint[];
  /** Whether writes are refused after a failure, where there are save points. */
  readonly stopsWrites: boolean;
  /** For tests: how long saving in the background waits for each key, in microseconds. */
  readonly keyDelayMicroseconds: number;
}

/** Settings that follow a configuration. */
export function snapshotSettings(config: Config): SnapshotSettings {
  const { values } = config;
  const writing = snapshotWriting(config);
  return {
    get directory() {
      return values.dir;
    },
    get fileName() {
      return values.dbfilename;
    },
    writing,
    get checks() {
      return values.rdbchecksum;
    },
    get isDeep() {
      return values['sanitize-dump-payload'] === 'yes';
    },
    get use() {
      const policy = values['maxmemory-policy'];
      if (policy.endsWith('-lfu')) return 'frequency';
      return policy.endsWith('-lru') ? 'idle' : 'none';
    },
    get savePoints() {
      return values.save;
    },
    get stopsWrites() {
      return values['stop-writes-on-bgsave-error'];
    },
    get keyDelayMicroseconds() {
      const delay = values['rdb-key-save-delay'];
      return delay < 0 ? -1 / delay : delay;
    },
  };
}

function snapshotWriting({ values }: Config): SnapshotWriting {
  return {
    get sums() {
      return values.rdbchecksum;
    },
    get syncsIncrementally() {
      return values['rdb-save-incremental-fsync'];
    },
    get compresses() {
      return values.rdbcompression;
    },
    get version() {
      return values['rdb-version'];
    },
  };
}
