/**
 * A running engine, as those see it who bring it commands: connections, the text listener, the
 * embedded API. It opens sessions, keeps the time and lends the one reply writer; what a command
 * does is not its business.
 */
import type { InfoSource } from '../commands/info/section.ts';
import type { Transport } from '../commands/services/clients.ts';
import type { Services } from '../commands/services.ts';
import type { Keyspace } from '../keyspace/keyspace.ts';
import { RespWriter } from '../protocol/resp-writer.ts';
import type { Clients } from './clients.ts';
import type { Clock } from './clock.ts';
import type { CommitGate } from './commit-gate.ts';
import type { Executor } from './execute.ts';
import type { Limits } from './limits.ts';
import type { Log } from './log.ts';
import { Session } from './session.ts';
import type { EngineStatistics } from './statistics.ts';

/** What an engine is put together from. */
export interface EngineParts {
  readonly keyspace: Keyspace;
  readonly executor: Executor;
  readonly statistics: EngineStatistics;
  readonly services: Services;
  readonly clients: Clients;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly log: Log;
}

/** See the file's comment. */
export class Engine {
  readonly keyspace: Keyspace;
  readonly executor: Executor;
  readonly statistics: EngineStatistics;
  readonly clients: Clients;
  readonly limits: Limits;
  readonly log: Log;
  /** Who says when clients may hear of what they have changed; null when they may at once. */
  commits: CommitGate | null = null;
  /** Replies of the batch that runs; flushed by whoever began the batch. */
  readonly writer: RespWriter = new RespWriter();
  /** One reply of a command that has waited; flushed at once. */
  readonly lateWriter: RespWriter = new RespWriter();

  readonly #services: Services;
  readonly #clock: Clock;
  /** Wall clock minus monotonic clock, so that a batch reads one clock only. */
  #wallOffsetMs = 0;

  constructor(parts: EngineParts) {
    this.keyspace = parts.keyspace;
    this.executor = parts.executor;
    this.statistics = parts.statistics;
    this.clients = parts.clients;
    this.limits = parts.limits;
    this.log = parts.log;
    this.#services = parts.services;
    this.#clock = parts.clock;
    this.tick();
  }

  /** What INFO is made from, for others who tell of it. */
  get info(): InfoSource {
    return { keyspace: this.keyspace, services: this.#services };
  }

  openSession(transport: Transport): Session {
    const session = new Session(this.clients.nextId(), this.keyspace, this.#services, transport);
    this.clients.add(session);
    return session;
  }

  closeSession(session: Session): void {
    if (session.monitoring) this.#services.monitors.remove(session);
    this.#services.transactions.discard(session);
    this.clients.remove(session);
  }

  /** To be called before the commands of one read are executed. */
  beginBatch(): void {
    const monotonicMs = this.#clock.monotonicMs();
    this.keyspace.nowMs = Math.floor(monotonicMs + this.#wallOffsetMs);
    this.executor.beginBatch(monotonicMs);
  }

  /** To be called after them. */
  endBatch(): void {
    this.executor.endBatch();
  }

  /** Follows the machine's clocks; to be called every 100 ms. */
  tick(): void {
    const wallMs = this.#clock.wallMs();
    this.#wallOffsetMs = wallMs - this.#clock.monotonicMs();
    this.keyspace.setTime(wallMs);
    this.statistics.sample(wallMs, this.keyspace.heap.usedBytes);
  }
}
