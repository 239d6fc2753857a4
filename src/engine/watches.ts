/**
 * The keys that clients watch: a change of one of them touches every client that watches it, whose
 * EXEC then runs nothing.
 *
 * Each key knows its watchers and each transaction its watches, both as chains through the watches
 * themselves, so that ending a watch costs the same however many there are. The keyspace tells of
 * changes only while somebody watches.
 */
import type { Database } from '../keyspace/database.ts';
import { NO_ENTRY } from '../keyspace/entry.ts';
import {
  CONSUMER_CREATED,
  CONSUMER_DELETED,
  EXPIRED,
  GROUP_CREATED,
  GROUP_DESTROYED,
  GROUP_ID_SET,
  KEY_MISS,
  type KeyEvent,
  PENDING_CHANGED,
  STREAM_ID_SET,
} from '../keyspace/events.ts';
import type { ChangeListener, Keyspace } from '../keyspace/keyspace.ts';
import type { Ptr } from '../memory/address.ts';
import type { Args } from '../protocol/args.ts';
import { IndexedKey, KeyIndex } from './key-index.ts';

/**
 * Events that change nothing which WATCH, or a cache of a client, is about: consumer groups are
 * not, in Redis.
 */
export const UNWATCHED: ReadonlySet<KeyEvent> = new Set([
  KEY_MISS,
  STREAM_ID_SET,
  GROUP_CREATED,
  GROUP_ID_SET,
  GROUP_DESTROYED,
  CONSUMER_CREATED,
  CONSUMER_DELETED,
  PENDING_CHANGED,
]);

/** Who watches keys. */
export interface Watcher {
  /** Whether a key has changed that it watched. */
  isTouched: boolean;
  /** The first of its watches; owned by Watches. */
  watches: Watch | null;
  watchCount: number;
}

/** A key that somebody watches. */
class WatchedKey extends IndexedKey {
  first: Watch | null = null;
  count = 0;
}

/** One watcher of one key. */
export class Watch {
  readonly key: WatchedKey;
  readonly watcher: Watcher;
  /** The key was due already when it was watched: that it goes is no change. */
  wasDue: boolean;
  /** Neighbours among the watches of the key. */
  before: Watch | null = null;
  behind: Watch | null = null;
  nextOfWatcher: Watch | null;

  constructor(key: WatchedKey, watcher: Watcher, wasDue: boolean) {
    this.key = key;
    this.watcher = watcher;
    this.wasDue = wasDue;
    this.nextOfWatcher = watcher.watches;
    watcher.watches = this;
    watcher.watchCount++;
    this.behind = key.first;
    if (key.first !== null) key.first.before = this;
    key.first = this;
    key.count++;
  }
}

/** See the file's comment. */
export class Watches implements ChangeListener {
  readonly #keyspace: Keyspace;
  readonly #keys = new KeyIndex<WatchedKey>();

  constructor(keyspace: Keyspace) {
    this.#keyspace = keyspace;
  }

  /** Keys that are watched. */
  get keyCount(): number {
    return this.#keys.count;
  }

  /** Watches argument `key`, unless `watcher` does already or is touched in any case. */
  add(watcher: Watcher, database: Database, args: Args, key: number): void {
    if (watcher.isTouched) return;
    let watched = this.#keys.find(database, args, key);
    if (watched === null) {
      watched = new WatchedKey(database, args, key);
      this.#keys.add(watched);
      if (this.#keys.count === 1) this.#keyspace.listen(this);
    } else if (isWatching(watcher, watched)) {
      return;
    }
    new Watch(watched, watcher, watched.isDue(database));
  }

  /** Ends all watches of a watcher. */
  clear(watcher: Watcher): void {
    if (watcher.watches === null) return;
    for (let watch = watcher.watches; watch !== null; watch = watch.nextOfWatcher!) {
      const { key, before, behind } = watch;
      if (before === null) key.first = behind;
      else before.behind = behind;
      if (behind !== null) behind.before = before;
      if (--key.count === 0) this.#keys.remove(key);
    }
    watcher.watches = null;
    watcher.watchCount = 0;
    if (this.#keys.count === 0) this.#keyspace.unlisten(this);
  }

  /** Whether a key that was there when it was watched is due by now. */
  haveExpired(watcher: Watcher): boolean {
    for (let watch = watcher.watches; watch !== null; watch = watch.nextOfWatcher) {
      const { key, wasDue } = watch;
      if (!wasDue && key.isDue(this.#keyspace.databases[key.databaseId]!)) return true;
    }
    return false;
  }

  keyChanged(database: Database, args: Args, key: number, event: KeyEvent): void {
    if (UNWATCHED.has(event)) return;
    const watched = this.#keys.find(database, args, key);
    if (watched === null) return;
    for (let watch = watched.first; watch !== null; watch = watch.behind) {
      if (watch.wasDue && event === EXPIRED) watch.wasDue = false;
      else this.#touch(watch.watcher);
    }
  }

  databaseFlushed(database: Database, emptied: Ptr): void {
    this.#replaced(database, emptied, null);
  }

  databasesSwapped(first: Database, second: Database): void {
    if (first === second) return;
    this.#replaced(first, second.root, first.root);
    this.#replaced(second, first.root, second.root);
  }

  /** What was in table `old` is now in table `current`, null when it is nowhere. */
  #replaced(database: Database, old: Ptr, current: Ptr | null): void {
    for (const key of this.#keys.ofDatabase(database.id)) {
      const wasThere = key.recordIn(database, old) !== NO_ENTRY;
      const isThere = current !== null && key.recordIn(database, current) !== NO_ENTRY;
      if (!wasThere && !isThere) continue;
      const isDue = isThere && key.isDue(database);
      for (let watch = key.first; watch !== null; watch = watch.behind) {
        // A key that is due and one that is not there are the same to whoever asks.
        if (watch.wasDue && !isThere) watch.wasDue = false;
        else if (!wasThere && isDue) watch.wasDue = true;
        else if (!watch.wasDue || !isDue) this.#touch(watch.watcher);
      }
    }
  }

  /** Nothing that a touched watcher watches matters any more. */
  #touch(watcher: Watcher): void {
    watcher.isTouched = true;
    this.clear(watcher);
  }
}

function isWatching(watcher: Watcher, key: WatchedKey): boolean {
  if (key.count < watcher.watchCount) {
    for (let watch = key.first; watch !== null; watch = watch.behind) {
      if (watch.watcher === watcher) return true;
    }
    return false;
  }
  for (let watch = watcher.watches; watch !== null; watch = watch.nextOfWatcher) {
    if (watch.key === key) return true;
  }
  return false;
}
