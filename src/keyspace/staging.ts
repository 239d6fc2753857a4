/**
 * Several keys set as one change: all of them or, when memory runs out on the way, none. New
 * records take their places in the table at once and the old ones are held aside until it is known
 * that all have found room. Nobody is told of anything before.
 */

import type { Args } from '../protocol/args.ts';
import type { Database } from './database.ts';
import { type Entry, NO_ENTRY } from './entry.ts';
import { type KeyEvent, NEW } from './events.ts';

const ROOM_MIN = 16;
/** More than this is given up when a command is done. */
const ROOM_KEPT_MAX = 4096;

/** See the file's comment. Used by one command at a time, on one database. */
export class Staging {
  #count = 0;
  #added = new Uint32Array(ROOM_MIN);
  /** What each of them stands in for, or NO_ENTRY. */
  #replaced = new Uint32Array(ROOM_MIN);

  /**
   * As `Database.put` without an expiry, but to be settled or undone. Throws OutOfMemoryError, with
   * this key unchanged.
   */
  put(
    database: Database,
    args: Args,
    key: number,
    type: number,
    encoding: number,
    valueLength: number,
  ): Entry {
    const { entries, keyspace } = database;
    const { table, access, records } = keyspace;
    const old = database.findToChange(args, key);
    if (old === NO_ENTRY) {
      const hash = database.hash(args, key);
      table.reserve(database.root, hash);
      const clock = access.fresh(hash);
      const added = records.create(args, key, type, encoding, clock, valueLength, false);
      table.insert(database.root, hash, added);
      this.#note(added, NO_ENTRY);
      return added;
    }
    const clock = access.used(entries.clock(old));
    const added = records.create(args, key, type, encoding, clock, valueLength, false);
    table.replace(added);
    if (entries.expires(old)) database.wheel.remove(entries.timer(old));
    this.#note(added, old);
    return added;
  }

  /** Keeps what was put, and tells of it: one event for each key, from argument `first` on. */
  settle(database: Database, args: Args, first: number, step: number, event: KeyEvent): void {
    const replaced = this.#replaced;
    for (let i = 0; i < this.#count; i++) {
      const key = first + i * step;
      const old = replaced[i]! as Entry;
      if (old === NO_ENTRY) database.announce(args, key, NEW);
      else database.keyspace.freeEntry(old);
      database.changed(args, key, event);
    }
    this.#forget();
  }

  /** Puts everything back as it was. */
  undo(database: Database): void {
    const { entries, keyspace, wheel } = database;
    const { table } = keyspace;
    for (let i = this.#count - 1; i >= 0; i--) {
      const added = this.#added[i]! as Entry;
      const old = this.#replaced[i]! as Entry;
      if (!table.locate(database.root, table.hashOf(added), added)) {
        throw new Error(`entry ${added} is not in database ${database.id}`);
      }
      if (old === NO_ENTRY) {
        table.remove(database.root);
      } else {
        table.replace(old);
        if (entries.expires(old)) {
          const timer = entries.timer(old);
          wheel.add(timer, wheel.exactDueMs(timer), entries.isLong(old));
        }
      }
      keyspace.heap.free(added);
    }
    this.#forget();
  }

  #note(added: Entry, replaced: Entry): void {
    const at = this.#count;
    if (at === this.#added.length) {
      this.#added = twiceAsLong(this.#added);
      this.#replaced = twiceAsLong(this.#replaced);
    }
    this.#added[at] = added;
    this.#replaced[at] = replaced;
    this.#count = at + 1;
  }

  #forget(): void {
    this.#count = 0;
    if (this.#added.length <= ROOM_KEPT_MAX) return;
    this.#added = new Uint32Array(ROOM_MIN);
    this.#replaced = new Uint32Array(ROOM_MIN);
  }
}

function twiceAsLong(words: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const longer = new Uint32Array(words.length * 2);
  longer.set(words);
  return longer;
}
