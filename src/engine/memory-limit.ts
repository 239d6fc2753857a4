/**
 * Holds memory at `maxmemory`: evicts keys before a command that needs room, or refuses it.
 *
 * What is limited is the arena, to the byte, and the buffers of clients, which are counted every
 * 100 ms. What waits to be written to the log of changes or to replicas is not, as in Redis, since
 * evicting keys would make it longer.
 *
 * A command finds memory made free for the bytes of its own arguments, so that it does not take
 * more than the limit allows; what it needs beyond that is made good for behind it. Either takes
 * no longer than `maxmemory-eviction-tenacity` allows: then commands go on above the limit, and
 * eviction goes on in slices between them. While nothing is limited, the executor does not know
 * that this is here.
 */
import { FLAG_BITS, type RegisteredCommand, UNQUEUED } from '../commands/registry.ts';
import type { EvictionFigures } from '../commands/services/statistics.ts';
import type { Eviction } from '../keyspace/eviction.ts';
import type { Keyspace } from '../keyspace/keyspace.ts';
import type { Args } from '../protocol/args.ts';
import { maskOf } from './call-mask.ts';
import type { Clients } from './clients.ts';
import type { Executor } from './execute.ts';
import type { LatencyMonitor } from './latency.ts';
import type { CommandGate } from './listeners.ts';
import type { Log } from './log.ts';
import type { Session } from './session.ts';

/** Whether memory is within the limit, will be soon, or cannot be. */
const WITHIN = 0;
const ON_THE_WAY = 1;
const BEYOND = 2;

/**
 * When room is made, some more is made with it, up to this and this share of the limit: evicting
 * many keys in a row costs half as much as one with each command.
 */
const HEADROOM_BYTES = 16 * 1024;
const HEADROOM_SHARE = 1 / 256;

/** Room for what a command adds to the index beside its own bytes. */
const INDEX_BYTES = 8 * 1024;
/** Blocks are up to an eighth larger than what they hold. */
const BLOCK_WASTE = 9 / 8;

/** The longest that tenacity below 100 lets eviction hold up a command: see `setTenacity`. */
const TENACITY_PLAIN_MAX = 10;
/**
 * How much longer eviction goes on when memory has run away by this part of the limit, and by
 * several of it.
 */
const RUNAWAY_SHARE = 1 / 256;
const RUNAWAY_FACTOR_MAX = 4;

/** What the limit needs of the engine. */
export interface MemoryLimitParts {
  readonly keyspace: Keyspace;
  readonly eviction: Eviction;
  readonly executor: Executor;
  readonly clients: Clients;
  readonly latency: LatencyMonitor;
  readonly log: Log;
}

/** See the file's comment. */
export class MemoryLimit implements CommandGate, EvictionFigures {
  readonly #parts: MemoryLimitParts;
  readonly #keyspace: Keyspace;
  readonly #eviction: Eviction;
  #limitBytes = Number.POSITIVE_INFINITY;
  #headroomBytes = 0;
  /** Below this there is room for the index, too. */
  #roomyBytes = 0;
  #sliceMs = 0.5;
  #bufferBytes = 0;
  #exceededMs = 0;
  /** Since when memory is beyond the limit, on the monotonic clock; -1 while it is not. */
  #exceededSinceMs = -1;
  #slice: NodeJS.Immediate | null = null;
  isBeyond = false;
  /** Bytes of buffers that are not limited; for whoever has such buffers to set. */
  countUnlimited: () => number = () => 0;

  constructor(parts: MemoryLimitParts) {
    this.#parts = parts;
    this.#keyspace = parts.keyspace;
    this.#eviction = parts.eviction;
  }

  /** maxmemory; 0 is no limit. Eviction begins at once when more is in use. */
  setLimit(bytes: number): void {
    this.#limitBytes = bytes === 0 ? Number.POSITIVE_INFINITY : bytes;
    this.#roomyBytes = bytes - INDEX_BYTES;
    this.#headroomBytes = Math.min(HEADROOM_BYTES, Math.floor(bytes * HEADROOM_SHARE));
    this.#parts.executor.memory = bytes === 0 ? null : this;
    this.countBuffers();
    const usedBytes = this.usedBytes;
    if (usedBytes <= this.#limitBytes) {
      this.#noteState(WITHIN);
      return;
    }
    this.#parts.log.warning(
      'maxmemory is below what is in use: keys will be evicted, or writes refused',
      { maxmemory: bytes, used: usedBytes },
    );
    this.#evictLater();
  }

  /**
   * maxmemory-eviction-tenacity: how long eviction may hold up a command. Up to 10 that is half a
   * millisecond at most, from there on 15 % more with each step, and at 100 there is no limit.
   */
  setTenacity(tenacity: number): void {
    const beyond = tenacity - TENACITY_PLAIN_MAX;
    if (tenacity === 100) this.#sliceMs = Number.POSITIVE_INFINITY;
    else this.#sliceMs = beyond <= 0 ? tenacity * 0.05 : 0.5 * 1.15 ** beyond;
  }

  /** What is compared with the limit. */
  get usedBytes(): number {
    return this.#keyspace.heap.usedBytes + this.#bufferBytes;
  }

  get unlimitedBytes(): number {
    return this.countUnlimited();
  }

  get currentExceededMs(): number {
    return this.#exceededSinceMs < 0 ? 0 : performance.now() - this.#exceededSinceMs;
  }

  get totalExceededMs(): number {
    return this.#exceededMs + this.currentExceededMs;
  }

  resetExceeded(): void {
    this.#exceededMs = 0;
    if (this.#exceededSinceMs >= 0) this.#exceededSinceMs = performance.now();
  }

  /** To be called every 100 ms. */
  countBuffers(): void {
    this.#bufferBytes = 0;
    if (this.#limitBytes === Number.POSITIVE_INFINITY) return;
    for (const { transport, transaction } of this.#parts.clients.all()) {
      this.#bufferBytes +=
        transport.queryBytes() +
        transport.queryFreeBytes() +
        transport.outputBytes() +
        (transaction?.queuedBytes ?? 0);
    }
  }

  admits(session: Session, command: RegisteredCommand, args: Args): boolean {
    // Nearly always there is room for twice of what came, whatever command that is.
    if (this.usedBytes + lengthOf(args) * 2 <= this.#roomyBytes && !session.queueing) {
      if (this.#exceededSinceMs >= 0) this.#noteState(WITHIN);
      this.isBeyond = false;
      return true;
    }
    const { transaction } = session;
    const runsQueue = command.fullName === 'exec' && transaction !== null;
    const grows = (maskOf(session, command, args) & FLAG_BITS.denyoom) !== 0;
    // Whatever is queued takes memory, too.
    const queues = session.queueing && (command.mask & UNQUEUED) === 0;
    let needBytes = 0;
    if (grows && this.#eviction.isOn) {
      const bytes = runsQueue ? transaction.queuedBytes : lengthOf(args);
      needBytes = bytes * BLOCK_WASTE + INDEX_BYTES;
      // What is larger than the limit finds no room however many keys go.
      if (needBytes > this.#limitBytes) needBytes = 0;
    }
    this.isBeyond = this.#makeRoom(needBytes) === BEYOND;
    return !this.isBeyond || !(grows || queues);
  }

  settle(): void {
    if (this.usedBytes > this.#limitBytes && this.#eviction.isOn) this.#makeRoom(0);
  }

  stop(): void {
    if (this.#slice !== null) clearImmediate(this.#slice);
    this.#slice = null;
  }

  #makeRoom(needBytes: number): number {
    const targetBytes = this.#limitBytes - needBytes;
    if (this.usedBytes <= targetBytes) {
      if (this.#exceededSinceMs >= 0) this.#noteState(WITHIN);
      return WITHIN;
    }
    // While CLIENT PAUSE freezes the data set nothing goes and nothing is refused.
    if (this.#keyspace.expiryHeld) return ON_THE_WAY;
    const { latency } = this.#parts;
    const isTimed = latency.thresholdMilliseconds > 0;
    const startMs = isTimed ? performance.now() : 0;
    let state = this.#evict(targetBytes - this.#headroomBytes, isTimed);
    if (isTimed) this.#record('eviction-cycle', startMs);
    if (state !== WITHIN && this.usedBytes <= this.#limitBytes) state = WITHIN;
    this.#noteState(state);
    if (state === ON_THE_WAY) this.#evictLater();
    return state;
  }

  /** Frees memory until no more than this is used, time is over, or nothing is left to free. */
  #evict(targetBytes: number, isTimed: boolean): number {
    const { heap } = this.#keyspace;
    const keyspace = this.#keyspace;
    // What counts beside the arena does not change meanwhile.
    const arenaBytes = targetBytes - this.#bufferBytes;
    let endMs = -1;
    while (heap.usedBytes > arenaBytes) {
      // What is gone already is freed before more goes.
      if (keyspace.hasGarbage) keyspace.freeGarbage();
      else if (isTimed) {
        if (!this.#evictTimed(arenaBytes)) return BEYOND;
      } else if (!this.#eviction.evict(arenaBytes)) return BEYOND;
      const nowMs = performance.now();
      if (endMs < 0) endMs = nowMs + this.#patienceMs();
      else if (nowMs >= endMs) return ON_THE_WAY;
    }
    return WITHIN;
  }

  #evictTimed(arenaBytes: number): boolean {
    const startMs = performance.now();
    const isEvicted = this.#eviction.evict(arenaBytes);
    if (isEvicted) this.#record('eviction-del', startMs);
    return isEvicted;
  }

  /** How long eviction may go on now: longer when commands add more than is evicted. */
  #patienceMs(): number {
    const runaway = (this.usedBytes - this.#limitBytes) / (this.#limitBytes * RUNAWAY_SHARE);
    return this.#sliceMs * Math.min(RUNAWAY_FACTOR_MAX, 1 + Math.max(0, runaway));
  }

  #evictLater(): void {
    if (this.#slice !== null) return;
    this.#slice = setImmediate(() => {
      this.#slice = null;
      if (this.#limitBytes === Number.POSITIVE_INFINITY) return;
      const { executor } = this.#parts;
      executor.beginBatch(performance.now());
      this.#makeRoom(0);
      // Those who have heard of it pass it on.
      executor.endBatch();
    });
  }

  #noteState(state: number): void {
    if (state === WITHIN) {
      this.#exceededMs += this.currentExceededMs;
      this.#exceededSinceMs = -1;
    } else if (this.#exceededSinceMs < 0) {
      this.#exceededSinceMs = performance.now();
    }
  }

  #record(event: string, startMs: number): void {
    this.#parts.latency.record(event, performance.now() - startMs, this.#keyspace.nowMs);
  }
}

/** Bytes of all arguments, which lie one behind the other, and of what is between them. */
function lengthOf(args: Args): number {
  const last = args.count - 1;
  return args.start(last) + args.length(last) - args.start(0);
}
