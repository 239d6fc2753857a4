/**
 * The engine without a server, for tests of commands: `engine.run('SET', 'a', 'b')` takes the one
 * way that every command takes, through the executor into a keyspace, and answers what a client
 * would read off the wire.
 */
import { COMMANDS } from '../../src/commands/catalog.ts';
import type { Command } from '../../src/commands/command.ts';
import { Registry } from '../../src/commands/registry.ts';
import type { Transport } from '../../src/commands/services/clients.ts';
import type { Services } from '../../src/commands/services.ts';
import { Executor } from '../../src/engine/execute.ts';
import { Session } from '../../src/engine/session.ts';
import { EngineStatistics } from '../../src/engine/statistics.ts';
import type { Database } from '../../src/keyspace/database.ts';
import type { KeyEvent } from '../../src/keyspace/events.ts';
import { type ChangeListener, Keyspace } from '../../src/keyspace/keyspace.ts';
import { BackgroundSnapshots } from '../../src/persistence/background-snapshot.ts';
import { DumpPayloads } from '../../src/persistence/dump-payload.ts';
import { DEFAULT_WRITING } from '../../src/persistence/rdb-writer.ts';
import type { Snapshots } from '../../src/persistence/snapshots.ts';
import { Args } from '../../src/protocol/args.ts';
import { RespWriter } from '../../src/protocol/resp-writer.ts';
import { Registry as PubSubRegistry } from '../../src/pubsub/registry.ts';
import { AnnouncedChanges } from './announced-changes.ts';
import { MemoryFiles } from './memory-files.ts';
import { type MemorySnapshotOptions, memorySnapshots } from './memory-snapshots.ts';
import { NO_APPEND_ONLY } from './no-append-only.ts';
import { type Arg, toBytes } from './resp-client.ts';
import { parseReply, type Reply } from './resp-reply.ts';

/** When a fresh engine's clock stands: 2024-01-01. */
export const START_MS = 1_704_067_200_000;

export interface EngineOptions {
  readonly databases?: number;
  /** What to register; all commands by default. */
  readonly commands?: readonly Command[];
  /** Services that the commands under test use. Using any other fails and says which one it was. */
  readonly services?: Partial<Services>;
  /** Where snapshots go; nowhere that outlives the engine by default. */
  readonly disk?: MemorySnapshotOptions;
}

/** See the file's comment. One session, unless `session()` makes more. */
export class TestEngine {
  readonly keyspace: Keyspace;
  readonly registry: Registry;
  readonly statistics: EngineStatistics;
  readonly executor: Executor;
  readonly snapshots: Snapshots;
  /** What is written in the background. */
  readonly background: BackgroundSnapshots;
  /** The session that `run` and `text` use. */
  readonly client: Session;
  readonly #services: Services;
  readonly #changes: AnnouncedChanges;
  readonly #writer = new RespWriter();
  #clients = 0;

  constructor(options: EngineOptions = {}) {
    this.keyspace = new Keyspace(options.databases ?? 16, START_MS);
    this.#changes = new AnnouncedChanges(this.keyspace);
    this.registry = new Registry(options.commands ?? COMMANDS);
    this.statistics = new EngineStatistics(this.registry, START_MS);
    this.executor = new Executor(this.registry, this.statistics);
    const files = options.disk?.files ?? new MemoryFiles();
    this.background = new BackgroundSnapshots(this.keyspace, files);
    this.snapshots = memorySnapshots(this.keyspace, this.executor, {
      files,
      background: this.background,
      clock: { wallMs: () => this.keyspace.nowMs, monotonicMs: () => performance.now() },
      ...options.disk,
    });
    this.#services = only({
      catalog: this.registry,
      password: { required: false, matches: () => true },
      statistics: this.statistics,
      pubsub: new PubSubRegistry(),
      serialization: new DumpPayloads(this.keyspace, DEFAULT_WRITING),
      appendOnly: NO_APPEND_ONLY,
      persistence: this.snapshots,
      ...options.services,
    });
    this.client = this.session();
  }

  /** One more client. */
  session(): Session {
    return new Session(++this.#clients, this.keyspace, this.#services, SILENT_TRANSPORT);
  }

  /** Runs a command and answers its one reply. A string stands for its Latin-1 bytes. */
  run(...args: readonly Arg[]): Reply {
    return this.runAs(this.client, ...args);
  }

  /** As `run`, for another session. */
  runAs(session: Session, ...args: readonly Arg[]): Reply {
    const writer = this.#writer;
    writer.reset();
    writer.resp3 = session.resp3;
    this.executor.beginBatch(performance.now());
    this.#changes.during(() => {
      this.executor.execute(session, Args.of(...args.map(toBytes)), writer);
    });
    this.executor.endBatch();
    session.resp3 = writer.resp3;
    const bytes = Buffer.from(writer.buffer.subarray(0, writer.length));
    const parsed = parseReply(bytes, 0);
    if (parsed === null || parsed.end !== bytes.length) {
      throw new Error(`not one whole reply: ${JSON.stringify(bytes.toString('latin1'))}`);
    }
    return parsed.reply;
  }

  /** As `run`, the reply in the short form of `show`. */
  text(...args: readonly Arg[]): string {
    return show(this.run(...args));
  }

  /** Moves the clock forward. */
  sleep(milliseconds: number): void {
    this.setTime(this.keyspace.nowMs + milliseconds);
  }

  /** Sets the clock, in ms since the epoch; it may also step back. */
  setTime(nowMs: number): void {
    this.keyspace.setTime(nowMs);
  }

  /** Starts to note every change as `event key`, in order; the array grows as commands run. */
  watchChanges(): string[] {
    const changes: string[] = [];
    this.keyspace.listener = new ChangeLog(changes);
    return changes;
  }
}

class ChangeLog implements ChangeListener {
  readonly #changes: string[];

  constructor(changes: string[]) {
    this.#changes = changes;
  }

  keyChanged(_database: Database, args: Args, key: number, event: KeyEvent): void {
    this.#changes.push(`${event.name} ${args.text(key)}`);
  }

  databaseFlushed(database: Database): void {
    this.#changes.push(`flushed ${database.id}`);
  }

  databasesSwapped(first: Database, second: Database): void {
    this.#changes.push(`swapped ${first.id} ${second.id}`);
  }
}

/**
 * A reply in the form that redis-cli made familiar: `OK`, `(error) ERR ...`, `(integer) 1`,
 * `(nil)`, `"bulk"` as Latin-1 in JSON, `[...]` for arrays, `~[...]` for sets, `{...}` for maps.
 */
export function show(reply: Reply): string {
  switch (reply.type) {
    case 'simple':
      return reply.text;
    case 'error':
      return `(error) ${reply.text}`;
    case 'integer':
      return `(integer) ${reply.value}`;
    case 'bulk':
      return JSON.stringify(reply.bytes.toString('latin1'));
    case 'null':
    case 'null-bulk':
      return '(nil)';
    case 'null-array':
      return '(nil array)';
    case 'boolean':
      return `(${reply.value})`;
    case 'double':
      return `(double) ${reply.text}`;
    case 'big-number':
      return `(big number) ${reply.digits}`;
    case 'bulk-error':
      return `(error) ${reply.bytes.toString('latin1')}`;
    case 'verbatim':
      return `(${reply.format}) ${JSON.stringify(reply.bytes.toString('latin1'))}`;
    case 'array':
      return showItems('', reply.items);
    case 'set':
      return showItems('~', reply.items);
    case 'push':
      return showItems('>', reply.items);
    case 'map':
      return `{${reply.entries.map(([key, value]) => `${show(key)}: ${show(value)}`).join(', ')}}`;
    case 'attribute':
      return show(reply.reply);
  }
}

function showItems(prefix: string, items: readonly Reply[]): string {
  return `${prefix}[${items.map(show).join(', ')}]`;
}

/** The given services; reading any other throws and names it. */
function only(given: Partial<Services>): Services {
  const services = new Proxy(given, {
    get(target, name) {
      if (Reflect.has(target, name)) return Reflect.get(target, name);
      throw new Error(`this test gives the engine no service "${String(name)}"`);
    },
  });
  // What is missing throws when it is read.
  return services as Services;
}

/** Of a client that nobody can reach from outside. */
export const SILENT_TRANSPORT: Transport = {
  kind: 'embedded',
  address: 'test:0',
  localAddress: 'test:0',
  fileDescriptor: -1,
  queryBytes: () => 0,
  queryFreeBytes: () => 0,
  outputChunks: () => 0,
  outputBytes: () => 0,
  push: () => {
    throw new Error('this test has no connection to push to');
  },
  deliver: () => {
    throw new Error('this test has no connection to deliver to');
  },
  answer: () => false,
  resume: () => undefined,
  destroy: () => undefined,
};
