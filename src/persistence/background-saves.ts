/**
 * Snapshots that are saved while everything goes on: BGSAVE, and by themselves when enough has
 * changed. Also what follows when that fails: commands that write are refused until it succeeds.
 */
import { join } from 'node:path';
import { CommandError } from '../commands/errors.ts';
import type {
  BackgroundSaveFigures,
  BackgroundSaving,
  SavingFigures,
} from '../commands/services/persistence.ts';
import type { Clock } from '../engine/clock.ts';
import type { Executor } from '../engine/execute.ts';
import type { Log } from '../engine/log.ts';
import type { Keyspace } from '../keyspace/keyspace.ts';
import type { BackgroundSnapshots, RunningSnapshot } from './background-snapshot.ts';
import type { FileSystem } from './file-system.ts';
import type { SnapshotFacts } from './keyspace-writer.ts';
import type { SaveRecord } from './save-record.ts';
import type { SnapshotSettings } from './snapshot-settings.ts';

/** After a failure, before the next attempt that nobody has asked for. */
const RETRY_MS = 5000;

const MISCONF: CommandError = new CommandError(
  "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to " +
    'disk. Commands that may modify the data set are disabled, because this instance is ' +
    'configured to report errors during writes if RDB snapshotting fails ' +
    '(stop-writes-on-bgsave-error option). Please check the Redis logs for details about the RDB ' +
    'error.',
);

/** What it works with. */
export interface BackgroundSaveParts {
  readonly keyspace: Keyspace;
  readonly executor: Executor;
  readonly files: FileSystem;
  readonly settings: SnapshotSettings;
  readonly clock: Clock;
  readonly log: Log;
  readonly background: BackgroundSnapshots;
  readonly record: SaveRecord;
  readonly facts: () => SnapshotFacts;
}

/** A save that is under way. */
interface Save {
  readonly startMs: number;
  /** Changes that there were when it began. */
  readonly changes: number;
  readonly running: RunningSnapshot;
}

/** See the file's comment. */
export class BackgroundSaves implements BackgroundSaving, BackgroundSaveFigures {
  lastSeconds = -1;
  lastPeakBytes = 0;
  readonly #parts: BackgroundSaveParts;
  #save: Save | null = null;
  #isScheduled = false;
  #lastTryMs = Number.NEGATIVE_INFINITY;

  constructor(parts: BackgroundSaveParts) {
    this.#parts = parts;
  }

  get isRunning(): boolean {
    return this.#save !== null;
  }

  get isHealthy(): boolean {
    return this.#parts.record.isHealthy;
  }

  get currentSeconds(): number {
    if (this.#save === null) return -1;
    return Math.floor((this.#parts.clock.monotonicMs() - this.#save.startMs) / 1000);
  }

  get writing(): SavingFigures | null {
    return this.#parts.background.current;
  }

  start(): void {
    this.#begin();
  }

  schedule(): void {
    this.#isScheduled = true;
  }

  /** To be called every 100 ms: saves what was scheduled, or when a save point is reached. */
  tick(): void {
    const { record, background, clock, settings, log } = this.#parts;
    if (this.#save !== null || background.current !== null) return;
    const nowMs = clock.monotonicMs();
    if (!record.isHealthy && nowMs - this.#lastTryMs <= RETRY_MS) return;
    if (this.#isScheduled) {
      this.#begin();
      return;
    }
    const changes = record.changesSinceSave;
    const seconds = (clock.wallMs() - record.lastSaveMs) / 1000;
    const due = settings.savePoints.find(
      (point) => changes >= point.changes && seconds > point.seconds,
    );
    if (due === undefined) return;
    log.notice(`${due.changes} changes in ${due.seconds} seconds. Saving...`);
    this.#begin();
  }

  /** Gives up the save that is under way, if any. */
  abandon(): void {
    const save = this.#save;
    if (save === null) return;
    this.#save = null;
    // It may be complete, and another one under way, while it is given its name.
    this.#parts.background.abandon(save.running);
    this.#parts.log.warning('Background saving was given up');
  }

  /** Refuses or allows writes, as the last save and the settings have it. */
  applyHealth(): void {
    const { executor, record, settings } = this.#parts;
    const stops = settings.stopsWrites && settings.savePoints.length > 0;
    executor.refuseWrites('snapshot', stops && !record.isHealthy ? MISCONF : null);
  }

  #begin(): void {
    const { background, clock, facts, keyspace, log, record, settings } = this.#parts;
    const { directory, fileName, keyDelayMicroseconds, writing } = settings;
    const startMs = clock.monotonicMs();
    const temporary = join(directory, `temp-bg-${process.pid}.rdb`);
    this.#isScheduled = false;
    this.#lastTryMs = startMs;
    record.saves++;
    const save: Save = {
      startMs,
      changes: keyspace.dirty,
      running: background.start({
        path: temporary,
        writing,
        facts: facts(),
        keyDelayMicroseconds,
        onEnd: (failure) => {
          if (failure !== null) this.#failed(save, failure.problem);
          else void this.#install(save, temporary, directory, fileName);
        },
      }),
    };
    this.#save = save;
    log.notice('Background saving started', { file: fileName });
  }

  /** Puts a complete file in its place. */
  async #install(save: Save, temporary: string, directory: string, name: string): Promise<void> {
    const { files } = this.#parts;
    try {
      files.rename(temporary, join(directory, name));
    } catch (problem) {
      removeIfPossible(files, temporary);
      this.#failed(save, problem);
      return;
    }
    try {
      await files.syncDirectoryInBackground(directory);
    } catch (problem) {
      this.#failed(save, problem);
      return;
    }
    if (this.#save === save) this.#succeeded(save, name);
  }

  #succeeded(save: Save, name: string): void {
    const { clock, log, record } = this.#parts;
    this.#ended(save);
    record.saved(save.changes, clock.wallMs());
    this.applyHealth();
    const { bytes, keys } = save.running;
    const milliseconds = Math.round(clock.monotonicMs() - save.startMs);
    log.notice('Background saving terminated with success', {
      file: name,
      keys,
      bytes,
      milliseconds,
    });
  }

  #failed(save: Save, problem: unknown): void {
    if (this.#save !== save) return;
    const { directory, fileName } = this.#parts.settings;
    this.#ended(save);
    this.#parts.record.isHealthy = false;
    this.applyHealth();
    const reason = problem instanceof Error ? problem.message : String(problem);
    this.#parts.log.warning('Background saving error', { directory, file: fileName, reason });
  }

  #ended({ startMs, running }: Save): void {
    this.#save = null;
    this.lastSeconds = Math.floor((this.#parts.clock.monotonicMs() - startMs) / 1000);
    this.lastPeakBytes = running.peakBytes;
  }
}

function removeIfPossible(files: FileSystem, path: string): void {
  try {
    files.remove(path);
  } catch {
    // What made the save fail is told; a file that cannot be removed does no more harm.
  }
}
