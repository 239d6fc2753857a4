/**
 * The best keys to evict of one sample. Several are taken of each, those that many keys have been
 * compared for: eight of forty is as near to an exact order as one of five, best sixteen kept, is
 * in Redis, and needs nothing to be remembered from one sample to the next.
 *
 * Rejected: a pool of the best that earlier samples have shown (what it holds moves, goes and is
 * used again, so that each has to be found anew before it is evicted).
 */
import type { EvictionSamples } from './eviction-samples.ts';

/** Keys of one sample that may be evicted. */
export const CANDIDATES_MAX = 8;

/** See the file's comment. Candidates lie in order of their scores, the best one last. */
export class EvictionCandidates {
  /** Which keys of the sample they are. */
  readonly #numbers = new Int32Array(CANDIDATES_MAX);
  readonly #scores = new Int32Array(CANDIDATES_MAX);
  #count = 0;
  #countMax = CANDIDATES_MAX;

  /** Begins with a sample of which so many keys may go, `CANDIDATES_MAX` at most. */
  begin(countMax: number): void {
    this.#count = 0;
    this.#countMax = Math.min(countMax, CANDIDATES_MAX);
  }

  /**
   * Keeps a key of the sample if it is among the best; the higher its score, an integer, the sooner
   * it goes.
   */
  offer(number: number, score: number): void {
    const scores = this.#scores;
    const numbers = this.#numbers;
    let at = 0;
    if (this.#count < this.#countMax) {
      at = this.#count++;
      for (; at > 0 && scores[at - 1]! > score; at--) {
        scores[at] = scores[at - 1]!;
        numbers[at] = numbers[at - 1]!;
      }
    } else {
      if (score <= scores[0]!) return;
      // The worst one makes way.
      for (; at + 1 < this.#count && scores[at + 1]! < score; at++) {
        scores[at] = scores[at + 1]!;
        numbers[at] = numbers[at + 1]!;
      }
    }
    scores[at] = score;
    numbers[at] = number;
  }

  /**
   * Evicts from the best one on, until no more than `targetBytes` are in use; how many. Nothing may
   * have changed since they were offered.
   */
  evict(samples: EvictionSamples, targetBytes: number): number {
    const { keyspace } = samples.database;
    let evicted = 0;
    while (this.#count > 0) {
      samples.evict(this.#numbers[--this.#count]!);
      evicted++;
      // What is gone already is freed before more goes.
      if (keyspace.heap.usedBytes <= targetBytes || keyspace.hasGarbage) break;
    }
    return evicted;
  }
}
