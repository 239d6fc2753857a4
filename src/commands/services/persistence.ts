/** Data on disk: saving it, and what INFO tells of it. */

import type { ClientState } from './clients.ts';

/** A file that is being loaded. */
export interface LoadingFigures {
  /** When it began, in ms since the epoch. */
  readonly startMs: number;
  readonly totalBytes: number;
  readonly loadedBytes: number;
  /** Memory in use when the file was written, 0 when it does not say. */
  readonly usedMemory: number;
}

/** How DEBUG RELOAD goes about it. */
export interface ReloadOptions {
  /** Whether the file is written first. */
  readonly saves: boolean;
  /** Whether all keys are removed before it is loaded. */
  readonly flushes: boolean;
  /** Whether a key of the file takes the place of one that is there. */
  readonly merges: boolean;
}

/** A snapshot that is being written in the background, to whatever end. */
export interface SavingFigures {
  readonly keys: number;
  readonly keysTotal: number;
  /** Bytes of memory that it takes beside the data, now and at most so far. */
  readonly usedBytes: number;
  readonly peakBytes: number;
}

/** What INFO tells of snapshots that are saved in the background. */
export interface BackgroundSaveFigures {
  readonly isRunning: boolean;
  /** Whether the last one, or any since, came to a good end. */
  readonly isHealthy: boolean;
  /** How long the last one took, -1 where there was none. */
  readonly lastSeconds: number;
  /** For how long one has been written, -1 when none is. */
  readonly currentSeconds: number;
  /** Most memory that the last one took beside the data. */
  readonly lastPeakBytes: number;
  /** What is being written, null for nothing. */
  readonly writing: SavingFigures | null;
}

/** See the file's comment. */
export interface BackgroundSaving extends BackgroundSaveFigures {
  /** Begins to save a snapshot. REQUIRES: it is not running, and `writing` is null. */
  start(): void;
  /** Begins to save one as soon as that is possible, at the earliest when the command is done. */
  schedule(): void;
}

/** See the file's comment. */
export interface Persistence {
  /** Null unless data are being loaded. */
  readonly loading: LoadingFigures | null;
  /** When the last snapshot was finished, or the server started, in ms since the epoch. */
  readonly lastSaveMs: number;
  readonly changesSinceSave: number;
  readonly saves: number;
  /** Keys that the last load found, and those it left out as they were due. */
  readonly keysLoaded: number;
  readonly keysExpired: number;
  readonly background: BackgroundSaving;
  /** Writes a snapshot while everything waits. Returns what failed, or undefined when done. */
  save(): string | undefined;
  /** Loads the snapshot anew, while everything waits. Returns what failed, or undefined. */
  reload(options: ReloadOptions): string | undefined;
  /**
   * Has a client wait until the append-only file was loaded in place of the data; it is answered
   * then. False when it cannot wait, or there is no such file.
   */
  reloadLog(client: ClientState): boolean;
  /** All keys have been removed at once: what was being saved is not wanted any more. */
  emptied(): void;
}
