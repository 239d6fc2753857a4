/**
 * Keys that clients watch or wait for, by database and name. The names are hashed with the keyed
 * hash of the databases, so that nobody can choose names that collide.
 */
import type { Database } from '../keyspace/database.ts';
import { type Entry, NO_ENTRY } from '../keyspace/entry.ts';
import type { Ptr } from '../memory/address.ts';
import { equalBytes } from '../memory/bytes.ts';
import type { Args } from '../protocol/args.ts';

const BUCKETS_MIN = 16;

/** One key of an index. */
export class IndexedKey {
  readonly databaseId: number;
  readonly hash: number;
  readonly bytes: Buffer;
  readonly view: DataView;
  /** The next one with the same bucket. */
  next: IndexedKey | null = null;

  /** Copies the name out of argument `key`. */
  constructor(database: Database, args: Args, key: number) {
    this.databaseId = database.id;
    this.hash = database.hash(args, key);
    this.bytes = args.copy(key);
    this.view = new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.length);
  }

  /** The record of this key in a table, NO_ENTRY when there is none. It may be due. */
  recordIn(database: Database, root: Ptr): Entry {
    const { bytes, view, hash } = this;
    const { table } = database.keyspace;
    return table.find(root, hash, bytes, view, 0, bytes.length) as Entry;
  }

  /** Whether the key is in its database, though it is due. */
  isDue(database: Database): boolean {
    const entry = this.recordIn(database, database.root);
    return entry !== NO_ENTRY && database.entries.expires(entry) && database.isDue(entry);
  }
}

/** See the file's comment. */
export class KeyIndex<Key extends IndexedKey> {
  count = 0;
  #buckets: (Key | null)[] = new Array(BUCKETS_MIN).fill(null);

  /** The key of argument `key`, or null. */
  find(database: Database, args: Args, key: number): Key | null {
    const hash = database.hash(args, key);
    const length = args.length(key);
    let candidate: Key | null = this.#buckets[hash & (this.#buckets.length - 1)]!;
    while (candidate !== null) {
      if (candidate.hash === hash && candidate.databaseId === database.id) {
        const { bytes, view } = candidate;
        const start = args.start(key);
        const isSameLength = bytes.length === length;
        if (isSameLength && equalBytes(args.bytes, args.view, start, bytes, view, 0, length)) {
          return candidate;
        }
      }
      // An index holds keys of one kind only.
      candidate = candidate.next as Key | null;
    }
    return null;
  }

  /** The key with this hash that comes first, if any: most likely the one that is meant. */
  guess(hash: number): Key | null {
    let candidate: Key | null = this.#buckets[hash & (this.#buckets.length - 1)]!;
    while (candidate !== null && candidate.hash !== hash) candidate = candidate.next as Key | null;
    return candidate;
  }

  /** REQUIRES: the key is not there. */
  add(key: Key): void {
    if (++this.count > this.#buckets.length) this.#grow();
    this.#link(key);
  }

  /** REQUIRES: the key is there. */
  remove(key: Key): void {
    this.count--;
    const bucket = key.hash & (this.#buckets.length - 1);
    const next = key.next as Key | null;
    let before: IndexedKey = this.#buckets[bucket]!;
    if (before === key) {
      this.#buckets[bucket] = next;
      return;
    }
    while (before.next !== key) before = before.next!;
    before.next = next;
  }

  /** All keys, in no order. */
  *[Symbol.iterator](): Generator<Key, void, undefined> {
    for (const first of this.#buckets) {
      for (let key = first; key !== null; key = key.next as Key | null) yield key;
    }
  }

  /** All keys of a database as they are now. */
  ofDatabase(databaseId: number): Key[] {
    return [...this].filter((key) => key.databaseId === databaseId);
  }

  #link(key: Key): void {
    const bucket = key.hash & (this.#buckets.length - 1);
    key.next = this.#buckets[bucket]!;
    this.#buckets[bucket] = key;
  }

  #grow(): void {
    const old = this.#buckets;
    this.#buckets = new Array(old.length * 2).fill(null);
    for (const first of old) {
      for (let key: Key | null = first; key !== null; ) {
        const next = key.next as Key | null;
        this.#link(key);
        key = next;
      }
    }
  }
}
