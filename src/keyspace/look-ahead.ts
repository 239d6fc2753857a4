/**
 * Looking ahead for commands on many keys, as `Executor.touch` does for pipelines: hashes the next
 * keys and fetches their buckets and records together, so that the cache misses overlap.
 */
import type { Args } from '../protocol/args.ts';
import { PREFETCH_MAX } from '../structures/hash-table.ts';
import { hashBytes } from '../structures/siphash.ts';
import type { Database } from './database.ts';

/** Fewer keys than this are not worth it. */
const KEYS_MIN = 4;

/** See the file's comment. */
export class LookAhead {
  readonly #hashes = new Int32Array(PREFETCH_MAX);
  readonly #fetched = new Int32Array(PREFETCH_MAX);
  /** Sum of what was read, so that the reads cannot be optimised away. */
  sum = 0;

  /**
   * To be called with each key in turn, just before it is looked up: `first`, `first + step` and so
   * on to the last argument.
   */
  visit(database: Database, args: Args, key: number, first: number, step: number): void {
    const index = ((key - first) / step) % PREFETCH_MAX;
    if (index === 0) {
      if ((args.count - key) / step < KEYS_MIN) return;
      this.#fetch(database, args, key, step);
    } else if ((args.count - key + index * step) / step < KEYS_MIN) {
      return;
    }
    args.hash = this.#hashes[index]!;
    args.hashed = key;
  }

  #fetch(database: Database, args: Args, from: number, step: number): void {
    const hashes = this.#hashes;
    let count = 0;
    for (let key = from; key < args.count && count < PREFETCH_MAX; key += step) {
      hashes[count++] = hashBytes(args.view, args.start(key), args.length(key));
    }
    this.#fetched.set(hashes);
    this.sum = database.keyspace.table.prefetch(database.root, this.#fetched, count);
  }
}
