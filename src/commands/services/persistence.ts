/** Data on disk: saving it, and what INFO tells of it. */

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
  /** Writes a snapshot while everything waits. Returns what failed, or undefined when done. */
  save(): string | undefined;
  /** Loads the snapshot anew, while everything waits. Returns what failed, or undefined. */
  reload(options: ReloadOptions): string | undefined;
}
