/**
 * An engine with an append-only file on a disk of its own, for tests of what is left of it: no
 * network, and time goes on when a test says so.
 */
import { COMMANDS } from '../../src/commands/catalog.ts';
import { Registry } from '../../src/commands/registry.ts';
import type { Services } from '../../src/commands/services.ts';
import { Blocking } from '../../src/engine/blocking.ts';
import { Clients } from '../../src/engine/clients.ts';
import type { Clock } from '../../src/engine/clock.ts';
import { Config } from '../../src/engine/config.ts';
import { Settings } from '../../src/engine/config-settings.ts';
import { DebugAccess } from '../../src/engine/debug-access.ts';
import { Engine } from '../../src/engine/engine.ts';
import { Executor } from '../../src/engine/execute.ts';
import { defaultLimits } from '../../src/engine/limits.ts';
import { SILENT_LOG } from '../../src/engine/log.ts';
import type { Session } from '../../src/engine/session.ts';
import { EngineStatistics } from '../../src/engine/statistics.ts';
import { Transactions } from '../../src/engine/transactions.ts';
import { FineWallClock } from '../../src/engine/wall-clock.ts';
import { Keyspace } from '../../src/keyspace/keyspace.ts';
import type { LogFileSystem } from '../../src/persistence/aof-file.ts';
import type { SyncPolicy } from '../../src/persistence/aof-writer.ts';
import { DumpPayloads } from '../../src/persistence/dump-payload.ts';
import { Args } from '../../src/protocol/args.ts';
import { RespWriter } from '../../src/protocol/resp-writer.ts';
import { Registry as PubSubRegistry } from '../../src/pubsub/registry.ts';
import { StoredData } from '../../src/stored-data.ts';
import { SILENT_TRANSPORT, START_MS, show } from './engine.ts';
import { MemoryLibraries } from './memory-libraries.ts';
import { type Arg, toBytes } from './resp-client.ts';
import { parseReply } from './resp-reply.ts';

/** Where its data are. */
export const DIRECTORY = '/data';

/** See the file's comment. */
export class DurableEngine {
  nowMs: number = START_MS;
  readonly config: Config;
  readonly keyspace: Keyspace;
  readonly data: StoredData;
  readonly engine: Engine;
  readonly client: Session;
  readonly libraries: MemoryLibraries = new MemoryLibraries();
  readonly #jobs: (() => void)[] = [];
  readonly #writer = new RespWriter();

  /** `usesSnapshots`: whether the bases of its append-only file are snapshots, or else commands. */
  constructor(files: LogFileSystem, policy: SyncPolicy, usesSnapshots = true) {
    this.config = new Config(new Settings(DIRECTORY));
    this.config.assign('save', '');
    this.config.assign('appendonly', 'yes');
    this.config.assign('appendfsync', policy);
    this.config.assign('aof-use-rdb-preamble', usesSnapshots ? 'yes' : 'no');
    const clock: Clock = { wallMs: () => this.nowMs, monotonicMs: () => this.nowMs };
    const { config } = this;
    const keyspace = new Keyspace(4, this.nowMs);
    const registry = new Registry(COMMANDS);
    const statistics = new EngineStatistics(registry, this.nowMs);
    const executor = new Executor(registry, statistics);
    const clients = new Clients(executor, keyspace, clock);
    const limits = defaultLimits();
    const log = SILENT_LOG;
    const debugging = new DebugAccess();
    debugging.permission = 'yes';
    this.keyspace = keyspace;
    this.data = new StoredData({
      config,
      keyspace,
      executor,
      clock,
      log,
      keepsProcessAlive: true,
      libraries: this.libraries,
      files,
      logFiles: files,
    });
    const services: Partial<Services> = {
      catalog: registry,
      clients,
      password: { required: false, matches: () => true },
      statistics,
      debugging,
      pubsub: new PubSubRegistry(),
      serialization: new DumpPayloads(keyspace, this.data.settings.writing),
      persistence: this.data.snapshots,
      appendOnly: this.data.appendOnly,
      transactions: new Transactions(executor, keyspace, new FineWallClock(clock), limits, log),
      blocking: new Blocking(executor, keyspace, clock),
    };
    this.engine = new Engine({
      keyspace,
      executor,
      statistics,
      // The commands of these tests ask for no others.
      services: services as Services,
      clients,
      limits,
      clock,
      log,
    });
    this.data.attach(this.engine, { onTick: (job) => void this.#jobs.push(job) });
    this.client = this.engine.openSession(SILENT_TRANSPORT);
  }

  /** Runs a command and answers what a client would read, in the short form of `show`. */
  text(...words: readonly Arg[]): string {
    this.together(words);
    const writer = this.#writer;
    const reply = parseReply(Buffer.from(writer.buffer.subarray(0, writer.length)), 0);
    return reply === null ? '' : show(reply.reply);
  }

  /** Runs commands in one batch. */
  together(...commands: readonly (readonly Arg[])[]): void {
    const writer = this.#writer;
    writer.reset();
    this.engine.beginBatch();
    for (const words of commands) {
      this.engine.executor.execute(this.client, Args.of(...words.map(toBytes)), writer);
    }
    this.engine.endBatch();
  }

  digest(): string {
    return this.text('DEBUG', 'DIGEST');
  }

  /** Whether the client may hear of what it did. */
  get isAcknowledged(): boolean {
    return !(this.engine.commits?.holds(this.client) ?? false);
  }

  /** Lets time pass, and does what is done ten times a second. */
  tick(milliseconds = 100): void {
    this.nowMs += milliseconds;
    this.engine.tick();
    for (const job of this.#jobs) job();
  }
}

/** Lets the disk do something. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
