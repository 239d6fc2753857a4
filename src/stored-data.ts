/** The data of an engine on disk: snapshots and the append-only file, put together. */
import type { ShutdownOptions } from './commands/services/lifecycle.ts';
import type { LibraryStore } from './commands/services/scripting.ts';
import type { Clock } from './engine/clock.ts';
import type { Config } from './engine/config.ts';
import type { Cron } from './engine/cron.ts';
import type { Engine } from './engine/engine.ts';
import type { Executor } from './engine/execute.ts';
import type { Log } from './engine/log.ts';
import { Propagation } from './engine/propagation.ts';
import type { Keyspace } from './keyspace/keyspace.ts';
import { type LogFileSystem, SYSTEM_LOG_FILES } from './persistence/aof-file.ts';
import type { ReloadAttempt } from './persistence/aof-reload.ts';
import { type AofSettings, aofSettings } from './persistence/aof-settings.ts';
import { AofStartup } from './persistence/aof-startup.ts';
import { AppendOnlyFile } from './persistence/append-only-file.ts';
import { BackgroundSnapshots } from './persistence/background-snapshot.ts';
import { type FileSystem, SYSTEM_FILES } from './persistence/file-system.ts';
import { isProcessAlive, removeLeftovers } from './persistence/leftover-files.ts';
import { type SnapshotSettings, snapshotSettings } from './persistence/snapshot-settings.ts';
import { type LoadingProgress, Snapshots } from './persistence/snapshots.ts';

const NOT_NOW = 'ERR Errors trying to SHUTDOWN. Check logs.';

/** What data on disk are put together from. */
export interface StoredDataParts {
  readonly config: Config;
  readonly keyspace: Keyspace;
  readonly executor: Executor;
  readonly clock: Clock;
  readonly log: Log;
  readonly keepsProcessAlive: boolean;
  readonly libraries: LibraryStore;
  readonly files?: FileSystem | undefined;
  readonly logFiles?: LogFileSystem | undefined;
  readonly progress?: LoadingProgress | undefined;
}

/** See the file's comment. */
export class StoredData {
  readonly snapshots: Snapshots;
  readonly appendOnly: AppendOnlyFile;
  readonly settings: SnapshotSettings;
  readonly #parts: StoredDataParts;
  readonly #logFiles: LogFileSystem;
  readonly #logSettings: AofSettings;
  #startup: AofStartup | null = null;

  constructor(parts: StoredDataParts) {
    this.#parts = parts;
    const { config, keyspace, executor, keepsProcessAlive, files = SYSTEM_FILES } = parts;
    const settings = snapshotSettings(config);
    const background = new BackgroundSnapshots(keyspace, files, keepsProcessAlive);
    this.settings = settings;
    this.snapshots = new Snapshots({ ...parts, files, settings, background });
    this.#logFiles = parts.logFiles ?? SYSTEM_LOG_FILES;
    this.#logSettings = aofSettings(config);
    this.appendOnly = new AppendOnlyFile({
      ...parts,
      propagation: new Propagation(keyspace, executor),
      files: this.#logFiles,
      settings: this.#logSettings,
      snapshots: background,
      snapshotSettings: settings,
    });
  }

  /** Serves an engine, as the configuration says it now and later. */
  attach(engine: Engine, cron: Pick<Cron, 'onTick'>): void {
    const { config, clock, libraries, log, progress } = this.#parts;
    engine.commits = this.appendOnly.commits;
    this.#startup = new AofStartup({
      engine,
      appendOnly: this.appendOnly,
      files: this.#logFiles,
      settings: this.#logSettings,
      snapshotSettings: this.settings,
      libraries,
      state: this.snapshots,
      clock,
      log,
      progress,
    });
    this.snapshots.logReload = () => this.#reload();
    const { background } = this.snapshots;
    background.applyHealth();
    config.onAnyChange(['save', 'stop-writes-on-bgsave-error'], () => {
      background.applyHealth();
      return undefined;
    });
    // What a busy script does is one thing, and it is not done: no snapshot begins in its middle.
    cron.onTick(() => engine.executor.isBusy || this.snapshots.tick());
    cron.onTick(() => this.appendOnly.tick());
    config.onChange('appendfsync', () => {
      this.appendOnly.followPolicy();
      return undefined;
    });
    config.onChange('appendonly', (isOn) =>
      isOn ? this.#beginAppendOnly() : this.#endAppendOnly(),
    );
  }

  /** Loads what there is, in slices. Rejects with SnapshotLoadError. REQUIRES: `attach`. */
  async load(): Promise<void> {
    const { config, log } = this.#parts;
    await (config.values.appendonly ? this.#startup!.load() : this.snapshots.load());
    removeLeftovers(this.#logFiles, config.values.dir, isProcessAlive, log);
  }

  /** Gives up loading, and the snapshot that is being written. */
  abandon(): void {
    this.snapshots.abandon();
    this.#startup?.abandon();
  }

  /**
   * Ends what is under way; resolves when the append-only file is on the disk. REQUIRES: nobody
   * runs commands any more.
   */
  async end(): Promise<void> {
    this.abandon();
    await this.appendOnly.end();
  }

  /** See `Redstart.saveAtShutdown`. */
  saveAtShutdown({ save, force }: ShutdownOptions): string | undefined {
    const { config, log } = this.#parts;
    const { values } = config;
    if (this.appendOnly.isUnfinished && !force) {
      log.warning("Writing the first base of the append only file, can't exit");
      return NOT_NOW;
    }
    const isWanted = save === 'save' || (save === 'default' && values.save.length > 0);
    if (!isWanted || this.snapshots.isLoading) return undefined;
    const problem = this.snapshots.saveAtEnd();
    return problem === undefined || force ? undefined : NOT_NOW;
  }

  #reload(): ReloadAttempt {
    if (!this.appendOnly.isEnabled) return 'failed';
    const isLoaded = this.appendOnly.beside(() => this.#startup!.reload());
    if (isLoaded === null) return 'waiting';
    return isLoaded ? 'loaded' : 'failed';
  }

  #beginAppendOnly(): string | undefined {
    try {
      this.appendOnly.begin();
    } catch (problem) {
      const reason = problem instanceof Error ? problem.message : String(problem);
      this.#parts.log.warning('The append only file cannot be begun', { reason });
      return 'Unable to turn on AOF. Check server logs.';
    }
    return undefined;
  }

  #endAppendOnly(): undefined {
    void this.appendOnly.end();
  }
}
