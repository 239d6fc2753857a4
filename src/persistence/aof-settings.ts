/** The append-only file as the configuration says it is to be. */
import type { AppendOnlySizes } from '../commands/services/append-only.ts';
import type { Config } from '../engine/config.ts';
import type { SyncPolicy } from './aof-writer.ts';

/** Current at any time. */
export interface AofSettings {
  readonly isEnabled: boolean;
  /** The data directory, and the one of the files in it. */
  readonly dataDirectory: string;
  readonly directoryName: string;
  readonly fileName: string;
  readonly policy: SyncPolicy;
  /** Whether the end of the last file may be cut off where it is not whole. */
  readonly mayBeCut: boolean;
  /** Whether a command that is refused stops the start. */
  readonly stopsAtRefusal: boolean;
  /** Whether the time is noted. */
  readonly notesTime: boolean;
  readonly restsDuringRewrite: boolean;
  /** Whether a base is a snapshot, or else commands. */
  readonly usesSnapshots: boolean;
  /** Whether a base is synchronised bit by bit. */
  readonly syncsIncrementally: boolean;
  /** Growth in percent, and bytes, that start a rewrite; 0 percent is never. */
  readonly rewritePercentage: number;
  readonly rewriteBytesMin: number;
  /** Whether files that were replaced stay. */
  readonly keepsHistory: boolean;
}

/** Settings that follow a configuration. */
export function aofSettings({ values }: Config): AofSettings {
  return {
    get isEnabled() {
      return values.appendonly;
    },
    get dataDirectory() {
      return values.dir;
    },
    get directoryName() {
      return values.appenddirname;
    },
    get fileName() {
      return values.appendfilename;
    },
    get policy() {
      return values.appendfsync;
    },
    get mayBeCut() {
      return values['aof-load-truncated'];
    },
    get stopsAtRefusal() {
      return values['propagation-error-behavior'] === 'panic';
    },
    get notesTime() {
      return values['aof-timestamp-enabled'];
    },
    get restsDuringRewrite() {
      return values['no-appendfsync-on-rewrite'];
    },
    get usesSnapshots() {
      return values['aof-use-rdb-preamble'];
    },
    get syncsIncrementally() {
      return values['aof-rewrite-incremental-fsync'];
    },
    get rewritePercentage() {
      return values['auto-aof-rewrite-percentage'];
    },
    get rewriteBytesMin() {
      return values['auto-aof-rewrite-min-size'];
    },
    get keepsHistory() {
      return values['aof-disable-auto-gc'];
    },
  };
}

/** Whether the files have grown so much that they are to be written anew. */
export function hasGrown(settings: AofSettings, sizes: AppendOnlySizes | null): boolean {
  const { rewritePercentage, rewriteBytesMin } = settings;
  if (sizes === null || rewritePercentage === 0) return false;
  if (sizes.currentBytes <= rewriteBytesMin) return false;
  const growth = sizes.currentBytes - sizes.baseBytes;
  return growth * 100 >= rewritePercentage * Math.max(1, sizes.baseBytes);
}
