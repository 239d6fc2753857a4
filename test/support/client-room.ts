/**
 * An engine with several clients in one process, for tests of what clients do to each other. Its
 * connections take and give bytes as those of the server do, without a network; its clock stands
 * still unless it is told to go on.
 */
import { COMMANDS } from '../../src/commands/catalog.ts';
import { Registry } from '../../src/commands/registry.ts';
import type { ClientKind, LateReply, Transport } from '../../src/commands/services/clients.ts';
import type { Configuration, PasswordCheck } from '../../src/commands/services/configuration.ts';
import type { Lifecycle } from '../../src/commands/services/lifecycle.ts';
import type { Services } from '../../src/commands/services.ts';
import { Blocking } from '../../src/engine/blocking.ts';
import { CallObservers, timesEachCommand } from '../../src/engine/call-observation.ts';
import { Clients } from '../../src/engine/clients.ts';
import type { Clock } from '../../src/engine/clock.ts';
import { DebugAccess } from '../../src/engine/debug-access.ts';
import { Executor } from '../../src/engine/execute.ts';
import { LatencyMonitor } from '../../src/engine/latency.ts';
import { defaultLimits } from '../../src/engine/limits.ts';
import { SILENT_LOG } from '../../src/engine/log.ts';
import { Monitors } from '../../src/engine/monitors.ts';
import { Session, STOP_CLOSING, STOP_PAUSED } from '../../src/engine/session.ts';
import { Slowlog } from '../../src/engine/slowlog.ts';
import { EngineStatistics } from '../../src/engine/statistics.ts';
import { Tracking } from '../../src/engine/tracking.ts';
import { Transactions } from '../../src/engine/transactions.ts';
import { FineWallClock } from '../../src/engine/wall-clock.ts';
import { Keyspace } from '../../src/keyspace/keyspace.ts';
import { DumpPayloads } from '../../src/persistence/dump-payload.ts';
import { DEFAULT_WRITING } from '../../src/persistence/rdb-writer.ts';
import { Args } from '../../src/protocol/args.ts';
import type { PushMessage } from '../../src/protocol/push-message.ts';
import { RespWriter } from '../../src/protocol/resp-writer.ts';
import { Registry as PubSubRegistry } from '../../src/pubsub/registry.ts';
import { Functions } from '../../src/scripting/functions.ts';
import { ScriptRunner } from '../../src/scripting/script-runner.ts';
import { Scripts } from '../../src/scripting/scripts.ts';
import { START_MS, show } from './engine.ts';
import { memorySnapshots } from './memory-snapshots.ts';
import { NO_APPEND_ONLY } from './no-append-only.ts';
import { type Arg, toBytes } from './resp-client.ts';
import { parseReply } from './resp-reply.ts';

/** A clock that is moved by hand. */
export class SteppedClock implements Clock {
  #wallMs = START_MS;
  #monotonicMs = 1_000;

  wallMs(): number {
    return Math.floor(this.#wallMs);
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  /** Lets time pass; the wall clock may be set to another time on the way. */
  pass(milliseconds: number, wallStepMs = 0): void {
    this.#monotonicMs += milliseconds;
    this.#wallMs += milliseconds + wallStepMs;
  }
}

/** What a room is told beside what it is. */
export interface RoomOptions {
  /** In force as long as it is in this object. */
  password?: string;
  /** What CONFIG would say of slowlog-log-slower-than. */
  readonly slowlogSlowerThan?: number;
}

/** See the file's comment. */
export class ClientRoom {
  readonly clock = new SteppedClock();
  readonly keyspace = new Keyspace(16, START_MS);
  readonly limits = defaultLimits();
  readonly slowlog = new Slowlog();
  readonly latency = new LatencyMonitor();
  readonly debugging = new DebugAccess();
  readonly statistics: EngineStatistics;
  readonly executor: Executor;
  readonly clients: Clients;
  readonly monitors: Monitors;
  readonly scripts: ScriptRunner;
  readonly pubsub = new PubSubRegistry();
  readonly tracking: Tracking;
  /** What commands have put into the server's log. */
  readonly logged: string[] = [];
  readonly services: Services;
  readonly writer = new RespWriter();
  readonly lateWriter = new RespWriter();
  /** Clients whose commands have waited, in the order in which they were answered. */
  readonly answered: number[] = [];

  constructor(options: RoomOptions = {}) {
    const registry = new Registry(COMMANDS);
    const wallClock = new FineWallClock(this.clock);
    this.statistics = new EngineStatistics(registry, START_MS);
    this.executor = new Executor(registry, this.statistics);
    this.clients = new Clients(this.executor, this.keyspace, this.clock);
    const { executor, keyspace, clients } = this;
    this.tracking = new Tracking({ keyspace, executor, clients });
    this.monitors = new Monitors(this.executor, wallClock, this.limits, SILENT_LOG);
    this.executor.observer = new CallObservers([this.slowlog, this.latency]);
    const runner = new ScriptRunner(executor, keyspace, wallClock, SILENT_LOG);
    this.scripts = runner;
    const surroundings = { registry, executor, log: SILENT_LOG, permission: runner };
    this.services = {
      catalog: registry,
      clients: this.clients,
      configuration: configurationOf(options),
      password: passwordOf(options),
      lifecycle: lifecycleThatLogs(this.logged),
      slowlog: this.slowlog,
      latency: this.latency,
      monitors: this.monitors,
      pubsub: this.pubsub,
      statistics: this.statistics,
      debugging: this.debugging,
      wallClock,
      serialization: new DumpPayloads(this.keyspace, DEFAULT_WRITING),
      appendOnly: NO_APPEND_ONLY,
      persistence: memorySnapshots(this.keyspace, this.executor, { clock: this.clock }),
      scripting: new Scripts(surroundings, runner),
      functions: new Functions(surroundings, runner, keyspace),
      transactions: new Transactions(executor, keyspace, wallClock, this.limits, SILENT_LOG),
      blocking: new Blocking(this.executor, this.keyspace, this.clock),
      tracking: this.tracking,
    };
  }

  /** A new client. */
  enter(kind: ClientKind = 'tcp', address?: string): RoomClient {
    return new RoomClient(this, kind, address);
  }

  /** Applies changed thresholds, as the server does after CONFIG SET. */
  followThresholds(): void {
    this.executor.timeEach = timesEachCommand(
      this.slowlog.slowerThanMicroseconds,
      this.latency.thresholdMilliseconds,
    );
  }

  /** Lets time pass. */
  pass(milliseconds: number): void {
    this.clock.pass(milliseconds);
    this.keyspace.setTime(this.clock.wallMs());
  }
}

/** One client of a room, from its own side and from the server's. */
export class RoomClient implements Transport {
  readonly kind: ClientKind;
  readonly address: string;
  readonly localAddress = '127.0.0.1:6379';
  readonly fileDescriptor = 8;
  readonly session: Session;
  /** Bytes that the client has not read, as the server sees it; they are all in `take` too. */
  unreadBytes = 0;
  closed = false;

  readonly #room: ClientRoom;
  #input: (readonly Arg[])[] = [];
  #output: Buffer[] = [];
  /** Messages that wait for the end of the command which has brought them about. */
  #deferred: Buffer[] = [];
  #running = false;

  constructor(room: ClientRoom, kind: ClientKind, address: string | undefined) {
    this.#room = room;
    this.kind = kind;
    const id = room.clients.nextId();
    this.address = address ?? `127.0.0.1:${50_000 + id}`;
    this.session = new Session(id, room.keyspace, room.services, this);
    room.clients.add(this.session);
  }

  queryBytes(): number {
    return this.#input.length;
  }

  queryFreeBytes(): number {
    return 0;
  }

  outputChunks(): number {
    return this.unreadBytes > 0 ? 1 : 0;
  }

  outputBytes(): number {
    return this.unreadBytes;
  }

  push(bytes: Uint8Array): void {
    if (this.#running) this.#room.writer.raw(bytes);
    else this.#output.push(Buffer.from(bytes));
  }

  deliver(message: PushMessage): void {
    const bytes = this.session.resp3 ? message.resp3 : message.resp2;
    if (this.#running) this.#deferred.push(bytes);
    else this.#output.push(bytes);
  }

  answer(late: LateReply): boolean {
    const { answered, lateWriter } = this.#room;
    lateWriter.reset();
    lateWriter.resp3 = this.session.resp3;
    if (!late.write(lateWriter)) return false;
    answered.push(this.session.id);
    this.#output.push(Buffer.from(lateWriter.buffer.subarray(0, lateWriter.length)));
    return true;
  }

  resume(): void {
    this.session.stop &= ~STOP_PAUSED;
    this.#run();
  }

  destroy(): void {
    this.session.stop |= STOP_CLOSING;
    this.#close();
  }

  /** Sends commands, each a list of words, all of them in one piece. */
  send(...commands: readonly (readonly Arg[])[]): void {
    this.#input.push(...commands);
    this.#run();
  }

  /** Everything that has come since the last time, as Latin-1 text. */
  take(): string {
    const text = Buffer.concat(this.#output).toString('latin1');
    this.#output = [];
    return text;
  }

  /** Sends one command and answers its one reply in the short form of `show`. */
  call(...words: readonly Arg[]): string {
    this.send(words);
    const bytes = Buffer.from(this.take(), 'latin1');
    const parsed = parseReply(bytes, 0);
    if (parsed === null || parsed.end !== bytes.length) {
      throw new Error(`not one whole reply: ${JSON.stringify(bytes.toString('latin1'))}`);
    }
    return show(parsed.reply);
  }

  #run(): void {
    const { executor, writer, keyspace } = this.#room;
    this.#running = true;
    writer.reset();
    writer.resp3 = this.session.resp3;
    this.session.activeSeconds = keyspace.nowSeconds;
    executor.beginBatch(performance.now());
    while (this.#input.length > 0 && this.session.stop === 0) {
      executor.execute(this.session, Args.of(...this.#input[0]!.map(toBytes)), writer);
      for (const bytes of this.#deferred.splice(0)) writer.raw(bytes);
      if (!this.session.paused) this.#input.shift();
    }
    executor.endBatch();
    this.#running = false;
    this.push(writer.buffer.subarray(0, writer.length));
    if (this.session.closing) this.#close();
  }

  #close(): void {
    if (this.closed) return;
    this.closed = true;
    this.#input = [];
    if (this.session.monitoring) this.#room.monitors.remove(this.session);
    this.#room.services.transactions.discard(this.session);
    this.#room.clients.remove(this.session);
  }
}

/** Settles what waits for the commands of a connection to be done. */
export function afterwards(): Promise<void> {
  return new Promise((resolve) => queueMicrotask(resolve));
}

function passwordOf(options: RoomOptions): PasswordCheck {
  return {
    get required() {
      return options.password !== undefined;
    },
    matches: (given) => {
      return options.password !== undefined && Buffer.from(options.password).equals(given);
    },
  };
}

/** A configuration of nothing but what commands ask for beside CONFIG. */
function configurationOf({ slowlogSlowerThan = 10_000 }: RoomOptions): Configuration {
  const unused = (): never => {
    throw new Error('this room has no configuration');
  };
  return {
    get: unused,
    set: () => undefined,
    rewrite: unused,
    isSecret: (name) => name.toLowerCase() === 'requirepass',
    textOf: (name) => (name === 'slowlog-log-slower-than' ? String(slowlogSlowerThan) : unused()),
  };
}

/** Only logs: whatever else is asked for fails. */
function lifecycleThatLogs(lines: string[]): Lifecycle {
  const lifecycle: Partial<Lifecycle> = { log: (text) => lines.push(text) };
  // What is missing fails when it is called.
  return lifecycle as Lifecycle;
}
