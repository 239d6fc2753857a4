/**
 * Starting with an append-only file: what there is is loaded in slices, between which clients are
 * told to wait, and then it goes on. A file that cannot be loaded stops the start, and is left as
 * it is.
 */
import { basename, dirname } from 'node:path';
import type { Transport } from '../commands/services/clients.ts';
import type { LoadingFigures } from '../commands/services/persistence.ts';
import type { LibraryStore } from '../commands/services/scripting.ts';
import type { Clock } from '../engine/clock.ts';
import type { Engine } from '../engine/engine.ts';
import type { Log } from '../engine/log.ts';
import type { LogFileSystem } from './aof-file.ts';
import { AofLoader } from './aof-loader.ts';
import type { AofSettings } from './aof-settings.ts';
import type { AppendOnlyFile } from './append-only-file.ts';
import type { SnapshotSettings } from './snapshot-settings.ts';
import { type LoadingProgress, SnapshotLoadError } from './snapshots.ts';
import { runSteps } from './steps.ts';

/** Longest slice of loading: clients that ask meanwhile wait so long to hear that. */
const SLICE_MS = 5;

/** Who tells clients how far loading is. */
export interface LoadingState {
  isLoading: boolean;
  loading: LoadingFigures | null;
  keysLoaded: number;
}

/** What a start works with. */
export interface StartupSurroundings {
  readonly engine: Engine;
  readonly appendOnly: AppendOnlyFile;
  readonly files: LogFileSystem;
  readonly settings: AofSettings;
  readonly snapshotSettings: SnapshotSettings;
  readonly libraries: LibraryStore;
  readonly state: LoadingState;
  readonly clock: Clock;
  readonly log: Log;
  readonly progress?: LoadingProgress | undefined;
}

/** See the file's comment. */
export class AofStartup {
  readonly #around: StartupSurroundings;
  #isAbandoned = false;

  constructor(around: StartupSurroundings) {
    this.#around = around;
  }

  /** Ends the loading that may be under way. */
  abandon(): void {
    this.#isAbandoned = true;
  }

  /** Loads what there is and goes on with it. Rejects with SnapshotLoadError. */
  async load(): Promise<void> {
    const { appendOnly, settings } = this.#around;
    const { files } = appendOnly;
    const hasManifest = files.read();
    const oldFile = files.oldFile();
    if (oldFile !== null) {
      await this.#load(dirname(oldFile), [basename(oldFile)]);
    } else if (hasManifest) {
      const names = files.manifest.parts.map(({ name }) => name);
      await this.#load(files.directory, names);
    }
    if (this.#isAbandoned) return;
    try {
      if (oldFile !== null) files.takeOver(oldFile);
      if (hasManifest || oldFile !== null) appendOnly.continue();
      else appendOnly.beginAtOnce();
    } catch (problem) {
      const reason = problem instanceof Error ? problem.message : String(problem);
      throw new SnapshotLoadError(files.path(settings.fileName), -1, reason);
    }
  }

  /** Loads the files again, in place of the data, while everything waits; whether that was done. */
  reload(): boolean {
    const { appendOnly, engine, libraries, log } = this.#around;
    const { files } = appendOnly;
    const names = files.manifest.parts.map(({ name }) => name);
    for (const database of engine.keyspace.databases) database.flush();
    libraries.replace([]);
    const { loader, ended } = this.#begin();
    engine.beginBatch();
    try {
      runSteps(loader.load(files.directory, names, false));
    } catch (problem) {
      if (!(problem instanceof SnapshotLoadError)) throw problem;
      log.warning(problem.message);
      return false;
    } finally {
      engine.endBatch();
      ended();
    }
    this.#loaded(loader);
    return true;
  }

  async #load(directory: string, names: readonly string[]): Promise<void> {
    const { files, settings, state } = this.#around;
    const { loader, ended } = this.#begin();
    try {
      await this.#runSlices(loader, directory, names);
    } finally {
      ended();
    }
    if (this.#isAbandoned) return;
    state.keysLoaded = loader.keys;
    this.#loaded(loader);
    if (loader.cut !== null && settings.mayBeCut) {
      files.truncate(loader.cut.path, loader.cut.length);
    }
  }

  /** Begins to load: who does it, and what is to be done at the end, whatever that is. */
  #begin(): { readonly loader: AofLoader; readonly ended: () => void } {
    const { engine, files, libraries, settings, snapshotSettings, state, progress } = this.#around;
    const { stopsAtRefusal } = settings;
    const { executor, keyspace } = engine;
    const { checks, isDeep } = snapshotSettings;
    const session = engine.openSession(REPLAYING);
    session.replays = true;
    session.deniesBlocking = true;
    const reading = { checks, isDeep, dropsExpired: false, replaces: false };
    const around = { files, keyspace, executor, session, reading, libraries, stopsAtRefusal };
    const loader = new AofLoader(around);
    const changes = keyspace.dirty;
    state.isLoading = true;
    executor.loading = true;
    keyspace.replaying = true;
    const ended = (): void => {
      keyspace.replaying = false;
      keyspace.dirty = changes;
      state.isLoading = false;
      state.loading = null;
      executor.loading = false;
      engine.closeSession(session);
      progress?.ended();
    };
    return { loader, ended };
  }

  async #runSlices(loader: AofLoader, directory: string, names: readonly string[]): Promise<void> {
    const { engine, settings, state, clock, progress } = this.#around;
    const totalBytes = this.#sizeOf(directory, names);
    const startMs = clock.wallMs();
    const steps = loader.load(directory, names, settings.mayBeCut);
    for (let isDone = false; !isDone && !this.#isAbandoned; ) {
      engine.beginBatch();
      const endMs = clock.monotonicMs() + SLICE_MS;
      do isDone = steps.next().done === true;
      while (!isDone && clock.monotonicMs() < endMs);
      engine.endBatch();
      const { loadedBytes, keys, commands } = loader;
      state.loading = { startMs, totalBytes, loadedBytes, usedMemory: 0 };
      progress?.advanced(loadedBytes, totalBytes, keys + commands);
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (this.#isAbandoned) steps.return();
  }

  #loaded({ keys, commands, refused, cut }: AofLoader): void {
    const { log } = this.#around;
    log.notice('DB loaded from append only file', { keys, commands });
    if (refused > 0) log.warning('Commands of the append only file were refused', { refused });
    if (cut === null) return;
    const { path, length, bytesLost } = cut;
    log.warning('The append only file is cut off behind its last whole command', {
      file: path,
      bytes: length,
      lost: bytesLost,
    });
  }

  #sizeOf(directory: string, names: readonly string[]): number {
    const { files } = this.#around;
    let sum = 0;
    for (const name of names) {
      const path = `${directory}/${name}`;
      try {
        const file = files.openToRead(path);
        sum += file.size();
        file.close();
      } catch (problem) {
        const reason = problem instanceof Error ? problem.message : String(problem);
        throw new SnapshotLoadError(path, -1, reason);
      }
    }
    return sum;
  }
}

/** The connection of the client that does again what the file says: there is none. */
const REPLAYING: Transport = {
  kind: 'embedded',
  address: 'append-only-file:0',
  localAddress: 'append-only-file:0',
  fileDescriptor: -1,
  queryBytes: () => 0,
  queryFreeBytes: () => 0,
  outputChunks: () => 0,
  outputBytes: () => 0,
  push: () => undefined,
  deliver: () => undefined,
  answer: () => false,
  resume: () => undefined,
  destroy: () => undefined,
};
