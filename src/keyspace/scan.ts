/**
 * Going through the keys of a database: SCAN, KEYS and RANDOMKEY.
 *
 * A cursor is a place in the order of the keys' hashes, from 0 to 2^32 - 1. Growing and shrinking
 * moves records but never changes that order, so every key that is there from the first call to the
 * last is returned, whatever happens in between; after shrinking, a few may be returned twice.
 */
import { globMatch } from '../protocol/glob.ts';
import type { Database } from './database.ts';
import { type Entries, type Entry, NO_ENTRY } from './entry.ts';

/** Cursors end here; in place of it, the last call returns 0. */
export const CURSOR_END: number = 2 ** 32;

/** Buckets that a scan visits per key asked for, so that an empty table does not hold it up. */
const BUCKETS_PER_KEY_MAX = 10;
/** Due keys that a search for one that is not passes by. */
const RANDOM_TRIES_MAX = 100;

const STAR = 0x2a;

/** Which keys are wanted. */
export class KeyFilter {
  readonly #pattern: Uint8Array | null;
  readonly #type: number | null;

  /** Keys that match the glob, and have the type; null for any. The pattern is not copied. */
  constructor(pattern: Uint8Array | null, type: number | null) {
    // The glob matcher, as Redis's, takes an empty key for a match of nothing but the empty glob.
    const matchesAll = pattern?.length === 1 && pattern[0] === STAR;
    this.#pattern = matchesAll ? null : pattern;
    this.#type = type;
  }

  accepts(entries: Entries, entry: Entry): boolean {
    if (this.#type !== null && entries.type(entry) !== this.#type) return false;
    const pattern = this.#pattern;
    if (pattern === null) return true;
    const start = entries.keyStart(entry);
    const end = start + entries.keyLength(entry);
    return globMatch(pattern, 0, pattern.length, entries.bytes(entry), start, end, false);
  }
}

/**
 * The cursor after a scan from `cursor` that visits about `keysMax` keys, 0 when it reaches the
 * end. Removes the due keys on the way.
 */
export function scanEnd(database: Database, cursor: number, keysMax: number): number {
  const { table } = database.keyspace;
  let position = cursor;
  let keys = 0;
  let buckets = 0;
  do {
    const count = table.scanBucket(database.root, position);
    position = table.nextPosition;
    for (let i = 0; i < count; i++) database.expireIfDue(table.batch[i]! as Entry);
    keys += count;
    buckets++;
  } while (position !== 0 && keys < keysMax && buckets < keysMax * BUCKETS_PER_KEY_MAX);
  return position;
}

/**
 * Calls back with each wanted key from one cursor to another, where 0 is the end too. Due keys are
 * left out. `visit` may not change the database. Returns the number of calls.
 */
export function visitKeys(
  database: Database,
  from: number,
  to: number,
  filter: KeyFilter,
  visit: (entry: Entry) => void,
): number {
  const { entries } = database;
  const { table } = database.keyspace;
  let position = from;
  let visited = 0;
  do {
    const count = table.scanBucket(database.root, position);
    position = table.nextPosition;
    for (let i = 0; i < count; i++) {
      const entry = table.batch[i]! as Entry;
      if (entries.expires(entry) && database.isDue(entry)) continue;
      if (!filter.accepts(entries, entry)) continue;
      visit(entry);
      visited++;
    }
  } while (position !== 0 && (to === 0 || position < to));
  return visited;
}

/**
 * A key chosen with equal chances, or NO_ENTRY. Removes the due keys that it comes upon; where they
 * stay, because expiry is held, and there may be no other, it gives up and answers one of them.
 */
export function randomKey(database: Database): Entry {
  const { keyspace } = database;
  for (let tries = 1; ; tries++) {
    const entry = keyspace.table.randomRecord(database.root, Math.random) as Entry;
    if (entry === NO_ENTRY || !database.expireIfDue(entry)) return entry;
    const mayBeAll = keyspace.expiryHeld && database.expiringSize() === database.size();
    if (mayBeAll && tries === RANDOM_TRIES_MAX) return entry;
  }
}
