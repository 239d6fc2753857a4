/**
 * The snapshot of an engine's data: loaded when it starts, in slices between which clients are told
 * to wait, and saved when somebody asks for it.
 */

import { join } from 'node:path';
import type { ClientState } from '../commands/services/clients.ts';
import type {
  LoadingFigures,
  Persistence,
  ReloadOptions,
} from '../commands/services/persistence.ts';
import type { LibraryStore } from '../commands/services/scripting.ts';
import { REDIS_VERSION } from '../commands/version.ts';
import type { Clock } from '../engine/clock.ts';
import type { Executor } from '../engine/execute.ts';
import type { Log } from '../engine/log.ts';
import { sessionOf } from '../engine/session.ts';
import type { Keyspace } from '../keyspace/keyspace.ts';
import { OutOfMemoryError } from '../memory/heap.ts';
import { type ReloadAttempt, waitForReload } from './aof-reload.ts';
import { BackgroundSaves } from './background-saves.ts';
import type { BackgroundSnapshots } from './background-snapshot.ts';
import type { FileSystem, OpenFile } from './file-system.ts';
import { KeyspaceReader, type RdbReading } from './keyspace-reader.ts';
import type { SnapshotFacts } from './keyspace-writer.ts';
import { RdbError } from './rdb-error.ts';
import { RdbReader } from './rdb-reader.ts';
import { SaveRecord } from './save-record.ts';
import { FileSource, saveSnapshot } from './snapshot-file.ts';
import type { SnapshotSettings } from './snapshot-settings.ts';
import { runSteps, type Steps } from './steps.ts';

/** Longest slice of loading: clients that ask meanwhile wait so long to hear that. */
const SLICE_MS = 5;
/** Between two words about how far loading is. */
const PROGRESS_MS = 2000;

/** Who shows how far loading is. */
export interface LoadingProgress {
  advanced(loadedBytes: number, totalBytes: number, keys: number): void;
  /** Loading is over, or was given up. */
  ended(): void;
}

/** What snapshots work with. */
export interface SnapshotSurroundings {
  readonly keyspace: Keyspace;
  readonly executor: Executor;
  readonly files: FileSystem;
  readonly settings: SnapshotSettings;
  readonly background: BackgroundSnapshots;
  readonly clock: Clock;
  readonly log: Log;
  readonly libraries: LibraryStore;
  /** In place of lines in the log, where there is one. */
  readonly progress?: LoadingProgress | undefined;
}

/** A snapshot that cannot be loaded: which, where and why. It was left as it is. */
export class SnapshotLoadError extends Error {
  override name = 'SnapshotLoadError';
  readonly path: string;
  /** Bytes from the beginning; -1 when it was not even read. */
  readonly offset: number;
  readonly reason: string;

  constructor(path: string, offset: number, reason: string) {
    super(`${path} cannot be loaded${offset < 0 ? '' : ` from byte ${offset} on`}: ${reason}`);
    this.path = path;
    this.offset = offset;
    this.reason = reason;
  }
}

/** See the file's comment. */
export class Snapshots implements Persistence {
  isLoading = false;
  loading: LoadingFigures | null = null;
  keysLoaded = 0;
  keysExpired = 0;
  readonly background: BackgroundSaves;
  /** Tries to load the append-only file again; plugged in by whoever has both. */
  logReload: (() => ReloadAttempt) | null = null;
  readonly #record: SaveRecord;
  readonly #around: SnapshotSurroundings;
  #abandoned = false;

  constructor(around: SnapshotSurroundings) {
    this.#around = around;
    this.#record = new SaveRecord(around.keyspace, around.clock.wallMs());
    const facts = (): SnapshotFacts => this.#facts();
    this.background = new BackgroundSaves({ ...around, record: this.#record, facts });
  }

  get lastSaveMs(): number {
    return this.#record.lastSaveMs;
  }

  get saves(): number {
    return this.#record.saves;
  }

  get changesSinceSave(): number {
    return this.#record.changesSinceSave;
  }

  // --- Saving

  save(): string | undefined {
    this.#record.saves++;
    return this.#save();
  }

  emptied(): void {
    this.background.abandon();
    if (this.#around.settings.savePoints.length > 0) this.#save();
  }

  /** To be called every 100 ms. */
  tick(): void {
    if (!this.isLoading) this.background.tick();
  }

  /** As `save`, for nobody who asked for it. */
  saveAtEnd(): string | undefined {
    this.background.abandon();
    return this.#save();
  }

  #save(): string | undefined {
    const { files, settings, keyspace, clock, log } = this.#around;
    const { directory, fileName, writing } = settings;
    const startMs = clock.monotonicMs();
    try {
      const bytes = saveSnapshot(files, directory, fileName, keyspace, writing, this.#facts());
      const milliseconds = Math.round(clock.monotonicMs() - startMs);
      log.notice('DB saved on disk', { file: fileName, bytes, milliseconds });
    } catch (problem) {
      const reason = reasonOf(problem);
      log.warning('Error saving DB on disk', { directory, file: fileName, reason });
      return reason;
    }
    this.#record.saved(keyspace.dirty, clock.wallMs());
    this.background.applyHealth();
    return undefined;
  }

  #facts(): SnapshotFacts {
    const { keyspace, clock, libraries, settings } = this.#around;
    return {
      aux: [
        ['redis-ver', REDIS_VERSION],
        ['redis-bits', '64'],
        ['ctime', String(Math.floor(clock.wallMs() / 1000))],
        ['used-mem', String(keyspace.heap.usedBytes)],
        ['aof-base', '0'],
      ],
      libraries: libraries.codes,
      use: settings.use,
    };
  }

  // --- Loading

  /**
   * Loads the snapshot if there is one, in slices; returns when it is done, or `abandon` was
   * called. Rejects with SnapshotLoadError.
   */
  async load(): Promise<void> {
    const path = this.#path();
    const file = this.#open(path);
    if (file === null) return;
    this.#setLoading(true);
    try {
      await this.#loadFile(file, path);
    } finally {
      this.#around.progress?.ended();
      file.close();
      this.#setLoading(false);
    }
  }

  #setLoading(isLoading: boolean): void {
    this.isLoading = isLoading;
    this.loading = null;
    this.#around.executor.loading = isLoading;
  }

  /** Ends the loading, or the saving, that may be under way. */
  abandon(): void {
    this.#abandoned = true;
    this.background.abandon();
  }

  reloadLog(client: ClientState): boolean {
    const { deniesBlocking, transport } = client;
    // A client inside this process is not answered late.
    if (this.logReload === null || deniesBlocking || transport.kind === 'embedded') return false;
    waitForReload(sessionOf(client), this.logReload);
    return true;
  }

  reload({ saves, flushes, merges }: ReloadOptions): string | undefined {
    if (saves) {
      const problem = this.#save();
      if (problem !== undefined) return problem;
    }
    const { keyspace, log } = this.#around;
    const path = this.#path();
    try {
      const file = this.#open(path);
      if (file === null) throw new SnapshotLoadError(path, -1, 'there is no such file');
      try {
        if (flushes) this.#empty();
        const reader = RdbReader.ofSource(new FileSource(file), this.#around.settings.checks);
        const into = new KeyspaceReader(keyspace, { ...this.#reading(), replaces: merges });
        this.#run(path, reader, () => {
          runSteps(into.read(reader));
          this.#loaded(into);
        });
      } finally {
        file.close();
      }
    } catch (problem) {
      if (!(problem instanceof SnapshotLoadError)) throw problem;
      log.warning('DB could not be reloaded', { reason: problem.message });
      return problem.message;
    }
    log.warning('DB reloaded by DEBUG RELOAD');
    return undefined;
  }

  async #loadFile(file: OpenFile, path: string): Promise<void> {
    const { keyspace, clock, log, settings, progress } = this.#around;
    const source = new FileSource(file);
    const reader = RdbReader.ofSource(source, settings.checks);
    const into = new KeyspaceReader(keyspace, this.#reading());
    const steps = into.read(reader);
    const startMs = clock.monotonicMs();
    const wallMs = clock.wallMs();
    let saidMs = startMs;
    for (let isDone = false; !isDone && !this.#abandoned; ) {
      isDone = this.#run(path, reader, () => this.#runSlice(steps));
      if (isDone) this.#run(path, reader, () => this.#loaded(into));
      this.loading = {
        startMs: wallMs,
        totalBytes: source.size,
        loadedBytes: reader.offset,
        usedMemory: Number(into.facts.get('used-mem') ?? 0),
      };
      const nowMs = clock.monotonicMs();
      if (progress !== undefined) {
        progress.advanced(reader.offset, source.size, into.loaded);
      } else if (nowMs - saidMs >= PROGRESS_MS) {
        saidMs = nowMs;
        const percent = Math.floor((reader.offset / source.size) * 100);
        log.notice('Loading', { file: path, percent, keys: into.loaded });
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (this.#abandoned) {
      // What is half read belongs to nobody yet.
      steps.return();
      return;
    }
    const seconds = ((clock.monotonicMs() - startMs) / 1000).toFixed(3);
    log.notice('DB loaded from disk', {
      file: path,
      keys: into.loaded,
      expired: into.expired,
      seconds,
    });
    if (into.empty > 0) log.warning('Empty keys were left out', { keys: into.empty });
  }

  /** Loads for a while; whether all is loaded. */
  #runSlice(steps: Steps): boolean {
    const { clock } = this.#around;
    const endMs = clock.monotonicMs() + SLICE_MS;
    do {
      if (steps.next().done === true) return true;
    } while (clock.monotonicMs() < endMs);
    return false;
  }

  /** Runs a part of loading; what is wrong with the file is told as SnapshotLoadError. */
  #run<Result>(path: string, reader: RdbReader, part: () => Result): Result {
    try {
      return part();
    } catch (problem) {
      if (problem instanceof RdbError) {
        throw new SnapshotLoadError(path, problem.offset, problem.message);
      }
      if (problem instanceof OutOfMemoryError || isOfSystem(problem)) {
        throw new SnapshotLoadError(path, reader.offset, reasonOf(problem));
      }
      throw problem;
    }
  }

  #loaded(from: KeyspaceReader): void {
    this.keysLoaded = from.loaded;
    this.keysExpired = from.expired;
    from.replaceLibraries(this.#around.libraries);
    this.#record.loaded();
  }

  /** The file, null if there is none. */
  #open(path: string): OpenFile | null {
    try {
      return this.#around.files.openToRead(path);
    } catch (problem) {
      if (isMissing(problem)) return null;
      throw new SnapshotLoadError(path, -1, reasonOf(problem));
    }
  }

  #empty(): void {
    const { keyspace } = this.#around;
    for (const database of keyspace.databases) database.flush();
    while (keyspace.hasGarbage) keyspace.freeGarbage();
  }

  #path(): string {
    const { directory, fileName } = this.#around.settings;
    return join(directory, fileName);
  }

  #reading(): RdbReading {
    const { checks, isDeep } = this.#around.settings;
    return { checks, isDeep, dropsExpired: true, replaces: false };
  }
}

function isMissing(problem: unknown): boolean {
  return isOfSystem(problem) && problem.code === 'ENOENT';
}

/** Whether the system refused something. */
function isOfSystem(problem: unknown): problem is NodeJS.ErrnoException {
  return problem instanceof Error && 'code' in problem;
}

function reasonOf(problem: unknown): string {
  return problem instanceof Error ? problem.message : String(problem);
}
