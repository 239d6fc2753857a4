/**
 * maxmemory-clients: disconnects the clients that take most when all of them together take too
 * much.
 *
 * Clients are kept in buckets by the power of two that they take, those that were there first in
 * front. What a client takes is looked at when it has sent something or could not be sent
 * something, and now and then in turn; who has to go is decided at the end of the turn of the event
 * loop, so that nobody is disconnected in the middle of a command.
 */
import { memoryOf } from '../commands/client-memory.ts';
import type { Clients } from './clients.ts';
import type { Log } from './log.ts';
import type { Session } from './session.ts';
import type { EngineStatistics } from './statistics.ts';

const BUCKETS = 48;
/** Clients that one turn disconnects, and that one tick looks at. */
const EVICTED_AT_ONCE_MAX = 100;
const LOOKED_AT_MAX = 500;

/** What was found when a client was last looked at. */
interface Share {
  readonly bytes: number;
  /** Null for those that are not to be disconnected. */
  readonly bucket: Set<Session> | null;
}

/** See the file's comment. */
export class ClientEviction {
  readonly #clients: Clients;
  readonly #statistics: EngineStatistics;
  readonly #log: Log;
  readonly #shares = new Map<Session, Share>();
  readonly #buckets: readonly Set<Session>[] = Array.from({ length: BUCKETS }, () => new Set());
  #limitBytes = Number.POSITIVE_INFINITY;
  #totalBytes = 0;
  #isPlanned = false;
  /** Those who are still to be looked at in this round. */
  #round: Iterator<Session> = [].values();

  constructor(clients: Clients, statistics: EngineStatistics, log: Log) {
    this.#clients = clients;
    this.#statistics = statistics;
    this.#log = log;
  }

  /** What all clients take together, as far as it was looked at; 0 while there is no limit. */
  get totalBytes(): number {
    return this.#totalBytes;
  }

  /** Sets what they may take; Infinity for as much as they like. */
  set limitBytes(bytes: number) {
    this.#limitBytes = bytes;
    if (bytes === Number.POSITIVE_INFINITY) {
      this.#clients.memory = null;
      for (const session of [...this.#shares.keys()]) this.forget(session);
      return;
    }
    this.#clients.memory = this;
    for (const session of this.#clients.all()) this.look(session);
    this.#plan();
  }

  /** Looks at what a client takes now. */
  look(session: Session): void {
    // The process itself cannot be disconnected, and who is leaving leaves in any case.
    if (session.transport.kind === 'embedded' || session.closing) return;
    const bytes = memoryOf(session).total;
    const bucket = session.noEvict ? null : this.#bucketOf(bytes);
    const old = this.#shares.get(session);
    if (old !== undefined && old.bytes === bytes && old.bucket === bucket) return;
    this.#totalBytes += bytes - (old?.bytes ?? 0);
    if (old?.bucket !== bucket) {
      old?.bucket?.delete(session);
      bucket?.add(session);
    }
    this.#shares.set(session, { bytes, bucket });
    this.#plan();
  }

  /** Forgets a client that is gone. */
  forget(session: Session): void {
    const share = this.#shares.get(session);
    if (share === undefined) return;
    this.#totalBytes -= share.bytes;
    share.bucket?.delete(session);
    this.#shares.delete(session);
  }

  /** Looks at some clients more, in turn; to be called every 100 ms. */
  tick(): void {
    if (this.#limitBytes === Number.POSITIVE_INFINITY) return;
    for (let left = LOOKED_AT_MAX; left > 0; left--) {
      const next = this.#round.next();
      if (next.done) {
        this.#round = this.#clients.all()[Symbol.iterator]();
        return;
      }
      this.look(next.value);
    }
  }

  /** Has clients disconnected at the end of the turn if there is too much. */
  #plan(): void {
    if (this.#isPlanned || this.#totalBytes <= this.#limitBytes) return;
    this.#isPlanned = true;
    setImmediate(() => {
      this.#isPlanned = false;
      this.#evict();
    });
  }

  #evict(): void {
    for (let left = EVICTED_AT_ONCE_MAX; left > 0; left--) {
      if (this.#totalBytes <= this.#limitBytes) return;
      const bucket = this.#buckets.findLast(({ size }) => size > 0);
      if (bucket === undefined) return;
      const session = bucket.values().next().value!;
      // It may take less by now.
      this.look(session);
      if (bucket.has(session)) this.#disconnect(session);
    }
    this.#plan();
  }

  #disconnect(session: Session): void {
    this.#log.notice('Evicting client: all of them together take more than maxmemory-clients', {
      client: session.transport.address,
      bytes: this.#shares.get(session)!.bytes,
    });
    this.#statistics.clientsEvicted++;
    this.#clients.kill(session, null);
  }

  #bucketOf(bytes: number): Set<Session> {
    return this.#buckets[Math.min(BUCKETS - 1, Math.floor(Math.log2(bytes)))]!;
  }
}
