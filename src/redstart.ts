/**
 * The composition root: the only file that knows everyone. Builds an engine from a configuration,
 * plugs the upper layers into the interfaces that the lower ones declare, and starts and stops it
 * all.
 */
import { COMMANDS } from './commands/catalog.ts';
import { Registry } from './commands/registry.ts';
import type { PasswordCheck } from './commands/services/configuration.ts';
import type { ShutdownOptions } from './commands/services/lifecycle.ts';
import { Blocking } from './engine/blocking.ts';
import { CallObservers, timesEachCommand } from './engine/call-observation.ts';
import { ClientEviction } from './engine/client-eviction.ts';
import { Clients } from './engine/clients.ts';
import { type Clock, SYSTEM_CLOCK } from './engine/clock.ts';
import type { Config } from './engine/config.ts';
import type { DirectiveName } from './engine/config-table.ts';
import { ConfigurationService } from './engine/configuration-service.ts';
import { Cron } from './engine/cron.ts';
import { DebugAccess } from './engine/debug-access.ts';
import { Defragmentation } from './engine/defragmentation.ts';
import { Engine } from './engine/engine.ts';
import { Executor } from './engine/execute.ts';
import { LatencyMonitor } from './engine/latency.ts';
import { defaultLimits, type Limits } from './engine/limits.ts';
import { type Log, SILENT_LOG } from './engine/log.ts';
import type { MemoryLimit } from './engine/memory-limit.ts';
import { limitMemory } from './engine/memory-settings.ts';
import { Monitors } from './engine/monitors.ts';
import { Slowlog } from './engine/slowlog.ts';
import { EngineStatistics } from './engine/statistics.ts';
import { Tracking } from './engine/tracking.ts';
import { Transactions } from './engine/transactions.ts';
import { FineWallClock } from './engine/wall-clock.ts';
import { Defragmenter } from './keyspace/defragmenter.ts';
import { Keyspace } from './keyspace/keyspace.ts';
import { HttpService } from './metrics/http-service.ts';
import type { LogFileSystem } from './persistence/aof-file.ts';
import { DumpPayloads } from './persistence/dump-payload.ts';
import type { FileSystem } from './persistence/file-system.ts';
import type { LoadingProgress } from './persistence/snapshots.ts';
import { KeyspaceNotifications } from './pubsub/notifications.ts';
import { Registry as PubSubRegistry } from './pubsub/registry.ts';
import { Functions } from './scripting/functions.ts';
import { ScriptRunner } from './scripting/script-runner.ts';
import { Scripts } from './scripting/scripts.ts';
import { type ClientEndpoints, ClientListeners } from './server/client-listeners.ts';
import { ServerLifecycle } from './server/lifecycle.ts';
import { Server, type ServerSettings } from './server/server.ts';
import { StoredData } from './stored-data.ts';

/** Longest string that commands may build, whatever proto-max-bulk-len allows: 31-bit offsets. */
const STRING_BYTES_MAX = 2 ** 30;

/**
 * Most unprocessed input, whatever client-query-buffer-limit allows: arguments have 31-bit offsets.
 */
const QUERY_BYTES_MAX = 2 ** 31 - 1;

/** What can be given to a Redstart beside its configuration. */
export interface RedstartOptions {
  readonly log?: Log;
  readonly clock?: Clock;
  readonly files?: FileSystem;
  /** Where the append-only file is. */
  readonly logFiles?: LogFileSystem;
  /** Who shows how far loading is, in place of lines in the log. */
  readonly progress?: LoadingProgress;
  /** Called when a client has asked for SHUTDOWN and everything is stopped. */
  readonly onShutdown?: () => void;
  /** Who is told that the server is ready, for INFO; nobody by default. */
  readonly supervisor?: string;
  /**
   * Whether its timers keep the process alive, as they do by default; whoever listens does in any
   * case.
   */
  readonly keepsProcessAlive?: boolean;
}

/** Where to listen; a port of 0 leaves the choice to the system. */
export interface Endpoints extends ClientEndpoints {
  readonly httpPort?: number | undefined;
}

/** An engine with its server. */
export class Redstart {
  readonly config: Config;
  readonly engine: Engine;
  readonly #data: StoredData;
  readonly #cron: Cron;
  readonly #defragmentation: Defragmentation;
  readonly #memory: MemoryLimit;
  readonly #server: Server;
  readonly #listeners: ClientListeners;
  readonly #http: HttpService;
  readonly #limits: Limits = defaultLimits();
  #isStopped = false;

  constructor(config: Config, options: RedstartOptions = {}) {
    this.config = config;
    const log = options.log ?? SILENT_LOG;
    const clock = options.clock ?? SYSTEM_CLOCK;
    const keyspace = new Keyspace(config.values.databases, clock.wallMs());
    const registry = new Registry(COMMANDS);
    const statistics = new EngineStatistics(registry, clock.wallMs());
    const executor = new Executor(registry, statistics);
    const clients = new Clients(executor, keyspace, clock);
    const slowlog = new Slowlog();
    const latency = new LatencyMonitor();
    const wallClock = new FineWallClock(clock);
    const monitors = new Monitors(executor, wallClock, this.#limits, log);
    executor.observer = new CallObservers([slowlog, latency]);
    const pubsub = new PubSubRegistry();
    const tracking = new Tracking({ keyspace, executor, clients });
    const debugging = debugAccess(config);
    const keepsProcessAlive = options.keepsProcessAlive ?? true;
    const scripts = scriptsOf(registry, executor, keyspace, wallClock, log);
    const surroundings = { config, keyspace, executor, clock, log, keepsProcessAlive };
    this.#data = new StoredData({ ...options, ...surroundings, libraries: scripts.functions });
    const lifecycle = this.#createLifecycle(log, options);
    this.engine = new Engine({
      keyspace,
      executor,
      statistics,
      clients,
      clock,
      log,
      limits: this.#limits,
      services: {
        catalog: registry,
        clients,
        configuration: this.#createConfigurationService(lifecycle),
        password: passwordCheck(config),
        lifecycle,
        slowlog,
        latency,
        monitors,
        pubsub,
        statistics,
        debugging,
        wallClock,
        serialization: new DumpPayloads(keyspace, this.#data.settings.writing),
        persistence: this.#data.snapshots,
        appendOnly: this.#data.appendOnly,
        scripting: scripts.scripting,
        functions: scripts.functions,
        transactions: new Transactions(executor, keyspace, wallClock, this.#limits, log),
        blocking: new Blocking(executor, keyspace, clock),
        tracking,
      },
    });
    this.#cron = new Cron(this.engine, keepsProcessAlive);
    this.#data.attach(this.engine, this.#cron);
    const defragmenter = new Defragmenter(keyspace);
    this.#defragmentation = new Defragmentation(defragmenter, keepsProcessAlive);
    this.#server = new Server(this.engine, () => serverSettings(config));
    this.#listeners = new ClientListeners(this.#server, config, log);
    this.#http = new HttpService(this.engine.info, log);
    this.#followLimits();
    this.#memory = limitMemory(this.engine, config, latency, log);
    this.#followObservation(slowlog, latency);
    this.#followNotifications(new KeyspaceNotifications(keyspace, pubsub));
    this.#followTracking(tracking);
    this.#followClientMemory(new ClientEviction(clients, statistics, log));
    this.#followDefragmentation(defragmenter);
    this.#followScripts(scripts.runner, scripts.functions);
    this.#cron.onTick(() => this.#tick());
  }

  /** Begins to keep time, expire and clean up. */
  start(): void {
    this.#cron.start();
  }

  /**
   * Loads the data that are on disk, in slices; clients who come meanwhile are told to wait.
   * Rejects with SnapshotLoadError.
   */
  load(): Promise<void> {
    return this.#data.load();
  }

  /**
   * Saves the data if they are to be saved at the end. Returns an error text when that fails and
   * the server must therefore go on.
   */
  saveAtShutdown(options: ShutdownOptions): string | undefined {
    return this.#data.saveAtShutdown(options);
  }

  /** Listens wherever the configuration says. Throws ListenError, with everything stopped. */
  async listen(): Promise<void> {
    const { values } = this.config;
    try {
      await this.listenOn({
        port: values.port === 0 ? undefined : values.port,
        textPort: values['text-port'] === 0 ? undefined : values['text-port'],
        unixSocket: values.unixsocket === '' ? undefined : values.unixsocket,
        httpPort: values['http-port'] === 0 ? undefined : values['http-port'],
      });
    } catch (problem) {
      await this.stop();
      throw problem;
    }
  }

  /** Listens on these. Throws ListenError, with no listener left open. */
  async listenOn({ httpPort, ...endpoints }: Endpoints): Promise<void> {
    const { values } = this.config;
    const backlog = values['tcp-backlog'];
    try {
      if (httpPort !== undefined) {
        await this.#http.listen({ addresses: values['http-bind'], port: httpPort, backlog });
      }
      await this.#listeners.listen(endpoints);
    } catch (problem) {
      await this.#closeListeners();
      throw problem;
    }
  }

  /** The TCP ports listened on, 0 for none: tell which ones the system chose. */
  get ports(): { readonly port: number; readonly textPort: number; readonly httpPort: number } {
    return { ...this.#listeners.ports, httpPort: this.#http.port };
  }

  /** Whether `stop` was called. */
  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** Closes listeners and connections and stops all work. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#data.abandon();
    this.#cron.stop();
    this.#defragmentation.stop();
    this.#memory.stop();
    await this.#closeListeners();
    this.#server.closeAll();
    await this.#data.end();
  }

  async #closeListeners(): Promise<void> {
    await this.#listeners.close();
    await this.#http.close();
  }

  #tick(): void {
    this.#memory.countBuffers();
    this.#server.checkConnections();
  }

  #createConfigurationService(lifecycle: ServerLifecycle): ConfigurationService {
    return new ConfigurationService(this.config, {
      isLoading: () => lifecycle.loading,
      userLines: () => undefined,
    });
  }

  #createLifecycle(log: Log, { onShutdown, supervisor = 'no' }: RedstartOptions): ServerLifecycle {
    return new ServerLifecycle({
      configFile: this.config.source.file ?? '',
      supervisor,
      log,
      listeners: () => this.#listeners.addresses(),
      isLoading: () => this.#data.snapshots.isLoading,
      save: (options) => this.saveAtShutdown(options),
      stop: () => void this.stop().then(() => onShutdown?.()),
    });
  }

  /** Copies limits and policies to where they are looked at per command, now and at each change. */
  #followLimits(): void {
    this.#followThresholds();
    const { values } = this.config;
    const { keyspace } = this.engine;
    this.#follow(
      ['proto-max-bulk-len', 'client-query-buffer-limit', 'client-output-buffer-limit'],
      () => {
        const { normal, pubsub } = values['client-output-buffer-limit'];
        this.#limits.bulkBytesMax = values['proto-max-bulk-len'];
        this.#limits.queryBytesMax = Math.min(values['client-query-buffer-limit'], QUERY_BYTES_MAX);
        this.#limits.output = normal;
        this.#limits.subscriberOutput = pubsub;
        this.engine.writer.limitBytes = normal.hardBytes || Number.POSITIVE_INFINITY;
        this.engine.lateWriter.limitBytes = this.engine.writer.limitBytes;
        keyspace.stringBytesMax = Math.min(values['proto-max-bulk-len'], STRING_BYTES_MAX);
      },
    );
  }

  #followScripts(runner: ScriptRunner, functions: Functions): void {
    const { values } = this.config;
    functions.writing = this.#data.settings.writing;
    this.#follow(['busy-reply-threshold'], () => {
      runner.thresholdMs = values['busy-reply-threshold'] || Number.POSITIVE_INFINITY;
    });
  }

  /** Copies the sizes at which values change their encoding. */
  #followThresholds(): void {
    const { values } = this.config;
    const { thresholds, lists, hashes, sets, sortedSets, streams } = this.engine.keyspace;
    this.#follow(['hll-sparse-max-bytes', 'list-max-listpack-size'], () => {
      thresholds.hyperloglogSparseBytesMax = values['hll-sparse-max-bytes'];
      lists.limits.setSize(values['list-max-listpack-size']);
    });
    this.#follow(['hash-max-listpack-entries', 'hash-max-listpack-value'], () => {
      hashes.limits.entriesMax = values['hash-max-listpack-entries'];
      hashes.limits.valueBytesMax = values['hash-max-listpack-value'];
    });
    this.#follow(
      ['set-max-intset-entries', 'set-max-listpack-entries', 'set-max-listpack-value'],
      () => {
        sets.limits.intsetMembers = values['set-max-intset-entries'];
        sets.limits.listpackMembers = values['set-max-listpack-entries'];
        sets.limits.listpackMemberBytes = values['set-max-listpack-value'];
      },
    );
    this.#follow(['zset-max-listpack-entries', 'zset-max-listpack-value'], () => {
      sortedSets.limits.entriesMax = values['zset-max-listpack-entries'];
      sortedSets.limits.memberBytesMax = values['zset-max-listpack-value'];
    });
    this.#follow(['stream-node-max-bytes', 'stream-node-max-entries'], () => {
      streams.limits.set(values['stream-node-max-bytes'], values['stream-node-max-entries']);
    });
  }

  #followObservation(slowlog: Slowlog, latency: LatencyMonitor): void {
    const { values } = this.config;
    this.#follow(
      ['slowlog-log-slower-than', 'slowlog-max-len', 'latency-monitor-threshold'],
      () => {
        slowlog.slowerThanMicroseconds = values['slowlog-log-slower-than'];
        slowlog.lengthMax = values['slowlog-max-len'];
        latency.thresholdMilliseconds = values['latency-monitor-threshold'];
        this.engine.executor.timeEach = timesEachCommand(
          slowlog.slowerThanMicroseconds,
          latency.thresholdMilliseconds,
        );
      },
    );
  }

  #followNotifications(notifications: KeyspaceNotifications): void {
    this.#follow(['notify-keyspace-events'], () => {
      notifications.select(this.config.values['notify-keyspace-events']);
    });
  }

  #followClientMemory(eviction: ClientEviction): void {
    const { values } = this.config;
    this.#follow(['maxmemory-clients', 'maxmemory'], () => {
      const { unit, amount } = values['maxmemory-clients'];
      const bytes = unit === 'bytes' ? amount : Math.floor((values.maxmemory * amount) / 100);
      eviction.limitBytes = bytes === 0 ? Number.POSITIVE_INFINITY : bytes;
    });
    this.#cron.onTick(() => eviction.tick());
  }

  #followDefragmentation(defragmenter: Defragmenter): void {
    const { values } = this.config;
    this.engine.statistics.defragmentation = this.#defragmentation;
    this.#follow(['active-defrag-ignore-bytes', 'active-defrag-threshold-lower'], () => {
      defragmenter.wasteBytesMin = values['active-defrag-ignore-bytes'];
      defragmenter.wastePercentMin = values['active-defrag-threshold-lower'];
    });
    this.#follow(['activedefrag'], () => {
      this.#defragmentation.enabled = values.activedefrag;
    });
    this.#cron.onTick(() => this.#defragmentation.tick());
  }

  #followTracking(tracking: Tracking): void {
    this.#follow(['tracking-table-max-keys'], () => {
      const keysMax = this.config.values['tracking-table-max-keys'];
      tracking.keysMax = keysMax === 0 ? Number.POSITIVE_INFINITY : keysMax;
    });
    this.#cron.onTick(() => tracking.tick());
  }

  #follow(names: readonly DirectiveName[], apply: () => void): void {
    apply();
    this.config.onAnyChange(names, () => {
      apply();
      return undefined;
    });
  }
}

function passwordCheck(config: Config): PasswordCheck {
  return {
    get required() {
      return config.values.requirepass !== undefined;
    },
    matches: (password) => config.values.requirepass?.matches(password) ?? true,
  };
}

function serverSettings({ values }: Config): ServerSettings {
  return {
    maxClients: values.maxclients,
    protectedMode: values['protected-mode'],
    passwordSet: values.requirepass !== undefined,
    idleSecondsMax: values.timeout,
    keepAliveSeconds: values['tcp-keepalive'],
    textReplies: values['text-replies'],
  };
}

function debugAccess({ values }: Config): DebugAccess {
  const debugging = new DebugAccess();
  debugging.permission = values['enable-debug-command'];
  return debugging;
}

/** Scripts and functions, of which one runs at a time. */
function scriptsOf(
  registry: Registry,
  executor: Executor,
  keyspace: Keyspace,
  wallClock: FineWallClock,
  log: Log,
) {
  const runner = new ScriptRunner(executor, keyspace, wallClock, log);
  const around = { registry, executor, log, permission: runner };
  const scripting = new Scripts(around, runner);
  return { runner, scripting, functions: new Functions(around, runner, keyspace) };
}
