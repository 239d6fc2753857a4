/**
 * Makes room: evicts a few keys at a time, as the policy says.
 *
 *   lru, lfu   the best of a sample, see eviction-candidates.ts
 *   random     any key
 *   ttl        the key that falls due next
 *   s3fifo     see fifo-queues.ts
 *
 * `allkeys` policies choose among all keys, `volatile` ones among those with an expiry.
 */
import { NULL } from '../memory/address.ts';
import type { Database } from './database.ts';
import { Entries, type Entry, NO_ENTRY } from './entry.ts';
import { CANDIDATES_MAX, EvictionCandidates } from './eviction-candidates.ts';
import { EvictionSamples, SAMPLE_MAX } from './eviction-samples.ts';
import { FifoEviction } from './fifo-eviction.ts';
import { FifoQueues } from './fifo-queues.ts';
import type { Keyspace } from './keyspace.ts';

/** Values of maxmemory-policy, Redis's own first and in its order. */
export const EVICTION_POLICIES = [
  'volatile-lru',
  'volatile-lfu',
  'volatile-random',
  'volatile-ttl',
  'allkeys-lru',
  'allkeys-lfu',
  'allkeys-random',
  'noeviction',
  'allkeys-s3fifo',
  'volatile-s3fifo',
] as const;
export type EvictionPolicy = (typeof EVICTION_POLICIES)[number];

/** Timers of one list that are compared to find the one that falls due next. */
const TIMERS_COMPARED = 32;
/** As many keys are compared to find one as to find so many. */
const COMPARED_FOR_MIN = 4;
/** A random key is one of so many, about as many as there are in a bucket. */
const RANDOM_STEPS = 8;

/** See the file's comment. */
export class Eviction {
  /** maxmemory-samples: keys looked at, at least, to find one. */
  sampleCount = 5;
  readonly #keyspace: Keyspace;
  readonly #samples: EvictionSamples;
  readonly #candidates = new EvictionCandidates();
  #fifo: FifoEviction | null = null;
  #kind = 'noeviction';

  constructor(keyspace: Keyspace) {
    this.#keyspace = keyspace;
    this.#samples = new EvictionSamples(keyspace);
  }

  /** Sets the policy, and what access clocks say from now on. */
  set policy(policy: EvictionPolicy) {
    const { access, heap } = this.#keyspace;
    this.#kind = policy.slice(policy.indexOf('-') + 1);
    this.#samples.expiringOnly = policy.startsWith('volatile-');
    this.#samples.wantsClocks = this.#kind !== 'random';
    access.counting = this.#kind === 'lfu';
    if (this.#kind !== 's3fifo') {
      access.queues?.release();
      access.queues = null;
      this.#fifo = null;
      return;
    }
    access.queues ??= new FifoQueues(heap);
    this.#fifo = new FifoEviction(this.#keyspace, access.queues, this.#samples);
  }

  /** Whether there is a policy that evicts. */
  get isOn(): boolean {
    return this.#kind !== 'noeviction';
  }

  /**
   * Evicts at least one key and at most a few, until the arena uses no more than `targetBytes`;
   * false when there is none that may go.
   */
  evict(targetBytes: number): boolean {
    if (this.#fifo !== null) return this.#fifo.evict(this.sampleCount, targetBytes);
    switch (this.#kind) {
      case 'lru':
      case 'lfu':
        return this.#evictSampled(targetBytes);
      case 'random':
        return this.#evictRandom(targetBytes);
      case 'ttl':
        return this.#evictSoonest(targetBytes);
      default:
        return false;
    }
  }

  #evictSampled(targetBytes: number): boolean {
    const samples = this.#samples;
    const candidates = this.#candidates;
    const { access } = this.#keyspace;
    const { recency } = access;
    const { heads } = samples;
    if (samples.count() === 0) return false;
    const wanted = samples.keysFor(targetBytes);
    const found = samples.take(this.sampleCount * Math.max(wanted, COMPARED_FOR_MIN));
    candidates.begin(wanted);
    if (access.counting) {
      for (let i = 0; i < found; i++) {
        candidates.offer(i, -access.frequency(Entries.clockIn(heads[i]!)));
      }
    } else {
      for (let i = 0; i < found; i++) {
        candidates.offer(i, recency.idleTicks(Entries.clockIn(heads[i]!)));
      }
    }
    const evicted = candidates.evict(samples, targetBytes);
    if (!access.counting) recency.evicted(evicted, samples.size);
    return true;
  }

  /** One of each few that the hand meets. */
  #evictRandom(targetBytes: number): boolean {
    const samples = this.#samples;
    const candidates = this.#candidates;
    if (samples.count() === 0) return false;
    const wanted = samples.keysFor(targetBytes);
    const found = samples.take(wanted * RANDOM_STEPS);
    candidates.begin(wanted);
    for (let first = 0; first < found; first += RANDOM_STEPS) {
      const chosen = first + Math.floor(Math.random() * Math.min(RANDOM_STEPS, found - first));
      candidates.offer(chosen, 0);
    }
    candidates.evict(samples, targetBytes);
    return true;
  }

  #evictSoonest(targetBytes: number): boolean {
    const { heap } = this.#keyspace;
    for (let evicted = 0; evicted < CANDIDATES_MAX; evicted++) {
      // Timers beyond all waiting are on no list, and come last.
      if (!this.#evictNext()) return evicted > 0 || this.#evictRandom(targetBytes);
      if (heap.usedBytes <= targetBytes || this.#keyspace.hasGarbage) break;
    }
    return true;
  }

  /** Evicts the key whose timer is the next one of all that are on a list; false without any. */
  #evictNext(): boolean {
    let soonest: Database | null = null;
    let entry: Entry = NO_ENTRY;
    let soonestMs = Number.POSITIVE_INFINITY;
    const { databases } = this.#keyspace;
    for (let i = 0; i < databases.length; i++) {
      const { wheel } = databases[i]!;
      if (wheel.count === 0) continue;
      const compared = Math.min(Math.max(TIMERS_COMPARED, this.sampleCount), SAMPLE_MAX);
      const timer = wheel.soonest(compared);
      if (timer === NULL || wheel.dueMs(timer) >= soonestMs) continue;
      soonest = databases[i]!;
      soonestMs = wheel.dueMs(timer);
      entry = Entries.ofTimer(timer, wheel.markOf(timer));
    }
    soonest?.evict(entry, this.#keyspace.table.hashOf(entry));
    return soonest !== null;
  }
}
