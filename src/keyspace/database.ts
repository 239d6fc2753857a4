/**
 * One numbered database: finds, creates, replaces and removes keys, and is the funnel that every
 * change passes.
 *
 * Expiry happens here: a key that is due does not exist for anyone who asks, and the timing wheel
 * removes it when its time comes. Functions that return an Entry may have moved the record: what
 * they return is the only address that holds.
 */

import { NULL, type Ptr } from '../memory/address.ts';
import type { Args } from '../protocol/args.ts';
import { hashBytes } from '../structures/siphash.ts';
import { type TimeMs, TimingWheel } from '../structures/timing-wheel.ts';
import { Entries, type Entry, NO_ENTRY } from './entry.ts';
import type { EntryTable } from './entry-table.ts';
import { EVICTED, EXPIRED, KEY_MISS, type KeyEvent, NEW } from './events.ts';
import type { Keyspace } from './keyspace.ts';
import type { Records } from './records.ts';

/** Expiry arguments of `put`: any other value is a time in ms since the epoch. */
export const NO_EXPIRY = -1;
export const KEEP_EXPIRY = -2;

/** See the file's comment. */
export class Database {
  id: number;
  root: Ptr;
  wheel: TimingWheel;
  readonly keyspace: Keyspace;
  readonly entries: Entries;
  readonly #table: EntryTable;
  readonly #records: Records;

  constructor(keyspace: Keyspace, id: number) {
    this.keyspace = keyspace;
    this.id = id;
    this.entries = keyspace.entries;
    this.#table = keyspace.table;
    this.#records = keyspace.records;
    this.root = this.#table.create();
    this.wheel = new TimingWheel(keyspace.heap, keyspace.nowMs);
  }

  /** Keys, those included that are due but not yet removed. */
  size(): number {
    return this.#table.count(this.root);
  }

  /** Keys with an expiry. */
  expiringSize(): number {
    return this.wheel.count;
  }

  /** The hash of argument `key`, kept in the args: the batch's look ahead may have computed it. */
  hash(args: Args, key: number): number {
    if (args.hashed === key) return args.hash;
    const hash = hashBytes(args.view, args.start(key), args.length(key));
    args.hash = hash;
    args.hashed = key;
    args.ahead = 0;
    return hash;
  }

  /** The entry of a key, or NO_ENTRY. A due key is removed and not found. Counts nothing. */
  find(args: Args, key: number): Entry {
    const entry = this.#search(args, key);
    if (entry !== NO_ENTRY && this.entries.expires(entry) && this.isDue(entry)) {
      if (!this.keyspace.expiryHeld) this.#expireFound(entry);
      return NO_ENTRY;
    }
    return entry;
  }

  /** The record of a key, due or not: mostly the one that was found ahead of the command. */
  #search(args: Args, key: number): Entry {
    const { root } = this;
    const table = this.#table;
    const hash = this.hash(args, key);
    const { ahead, bytes, view } = args;
    const start = args.start(key);
    const length = args.length(key);
    if (ahead !== 0 && this.keyspace.lookAhead.knows(this)) {
      const record = (ahead >>> 0) as Ptr;
      if (table.isFound(root, hash, record, bytes, view, start, length)) return record as Entry;
    }
    return table.find(root, hash, bytes, view, start, length) as Entry;
  }

  /** As `find`, for what is about to change: a due key makes room even while expiry is held. */
  findToChange(args: Args, key: number): Entry {
    const { keyspace } = this;
    if (keyspace.witness !== null) keyspace.witness.keyChanging(this, this.hash(args, key));
    const entry = this.find(args, key);
    if (entry !== NO_ENTRY || !keyspace.expiryHeld) return entry;
    keyspace.expiryHeld = false;
    this.find(args, key);
    keyspace.expiryHeld = true;
    return NO_ENTRY;
  }

  /** Finds a key for a command that asks about it: counts hits and misses. */
  look(args: Args, key: number): Entry {
    const entry = this.find(args, key);
    if (entry === NO_ENTRY) {
      this.keyspace.misses++;
      this.keyspace.listener?.keyChanged(this, args, key, KEY_MISS);
    } else {
      this.keyspace.hits++;
    }
    return entry;
  }

  /** Finds a key for a command that reads it: counts as `look`, and advances the access clock. */
  read(args: Args, key: number): Entry {
    const entry = this.look(args, key);
    if (entry !== NO_ENTRY) this.use(entry);
    return entry;
  }

  /** As `read`, for a command that may change what it finds. */
  readToChange(args: Args, key: number): Entry {
    const { witness } = this.keyspace;
    if (witness !== null) witness.keyChanging(this, this.hash(args, key));
    return this.read(args, key);
  }

  /** Finds a key for a command that changes it. */
  write(args: Args, key: number): Entry {
    const entry = this.findToChange(args, key);
    if (entry !== NO_ENTRY) this.use(entry);
    return entry;
  }

  /** Advances the access clock of an entry. */
  use(entry: Entry): void {
    if (!this.keyspace.touching) return;
    const clock = this.entries.clock(entry);
    const next = this.keyspace.access.used(clock);
    if (next !== clock) this.entries.setClock(entry, next);
  }

  /**
   * Gives a key a value of `valueLength` bytes, to be filled by the caller: creates it, or replaces
   * what it holds. `expiry` is a time in ms, NO_EXPIRY or KEEP_EXPIRY.
   */
  put(
    args: Args,
    key: number,
    type: number,
    encoding: number,
    valueLength: number,
    expiry: TimeMs,
  ): Entry {
    const old = this.findToChange(args, key);
    if (old !== NO_ENTRY) return this.#overwrite(old, type, encoding, valueLength, expiry);
    this.#reserve(args, key);
    const clock = this.keyspace.access.fresh(args.hash);
    const entry = this.#records.create(args, key, type, encoding, clock, valueLength, expiry >= 0);
    this.#attach(args, key, entry, expiry);
    return entry;
  }

  /** Gives a key that is not there a value of `valueLength` zero bytes, without an expiry. */
  putZeros(args: Args, key: number, type: number, encoding: number, valueLength: number): Entry {
    const entry = this.put(args, key, type, encoding, valueLength, NO_EXPIRY);
    this.#records.clearValue(entry, 0, true);
    return entry;
  }

  /** Removes a key; whether it was there. Announces nothing. */
  remove(args: Args, key: number): boolean {
    const entry = this.findToChange(args, key);
    if (entry === NO_ENTRY) return false;
    this.#removeFound(entry);
    return true;
  }

  /** Removes an entry by its address. Announces nothing. */
  removeEntry(entry: Entry): void {
    this.#locate(entry);
    this.#removeFound(entry);
  }

  /**
   * Removes an entry to make room, and tells of it. `near` is the hash of its key, or a position in
   * the bucket where it was seen: a guess that may be wrong.
   */
  evict(entry: Entry, near: number): void {
    const { keyspace } = this;
    const isFound = keyspace.witness === null && this.#table.locate(this.root, near, entry);
    if (!isFound) this.#locate(entry);
    const args = keyspace.listener === null ? null : keyspace.argsOfKey(entry);
    this.#removeFound(entry);
    keyspace.evicted++;
    if (args !== null) keyspace.listener?.keyChanged(this, args, 0, EVICTED);
  }

  /** Removes an entry if it is due, unless expiry is held; whether it was due. */
  expireIfDue(entry: Entry): boolean {
    if (!this.entries.expires(entry) || !this.isDue(entry)) return false;
    if (this.keyspace.expiryHeld) return true;
    this.#locate(entry);
    this.#expireFound(entry);
    return true;
  }

  /**
   * Gives what key `from` holds to key `to`, with its expiry, in place of what that may hold.
   * REQUIRES: `from` is there, and is another key than `to`.
   */
  rename(args: Args, from: number, to: number): void {
    const old = this.findToChange(args, from);
    const dueMs = this.expiryMs(old);
    this.#reserve(args, to);
    const renamed = this.#records.duplicate(args, to, old, this.entries.clock(old));
    this.remove(args, to);
    this.#locate(old);
    this.#detachFound(old);
    // What the value owns belongs to the new record now.
    this.keyspace.heap.free(old);
    this.#attach(args, to, renamed, dueMs);
  }

  /**
   * Gives a copy of what key `from` holds to key `to` of a database, with its expiry, in place of
   * what that may hold. REQUIRES: `from` is there, and is another key than `to` of `target`.
   */
  copy(args: Args, from: number, target: Database, to: number): void {
    const original = this.find(args, from);
    const dueMs = this.expiryMs(original);
    target.#reserve(args, to);
    const clock = this.keyspace.access.fresh(target.hash(args, to));
    const copy = this.#records.duplicate(args, to, original, clock);
    try {
      this.keyspace.copyStructure(copy);
    } catch (problem) {
      this.keyspace.heap.free(copy);
      throw problem;
    }
    target.remove(args, to);
    target.#attach(args, to, copy, dueMs);
  }

  /** Gives a key to another database. REQUIRES: it is here, and not there. */
  move(args: Args, key: number, target: Database): void {
    const entry = this.findToChange(args, key);
    const dueMs = this.expiryMs(entry);
    this.keyspace.witness?.keyChanging(target, this.hash(args, key));
    target.#reserve(args, key);
    this.#detachFound(entry);
    target.#attach(args, key, entry, dueMs);
  }

  /**
   * Says that a key has changed, after the change: the one source of invalidation, notification,
   * dirty count and propagation. Several elements count for as many changes.
   */
  changed(args: Args, key: number, event: KeyEvent, changes = 1): void {
    this.keyspace.dirty += changes;
    const listener = this.keyspace.listener;
    if (listener !== null) listener.keyChanged(this, args, key, event);
  }

  /** Tells of one more event that the change last reported brought about. */
  announce(args: Args, key: number, event: KeyEvent): void {
    this.keyspace.listener?.keyChanged(this, args, key, event);
  }

  /** Time in ms at which an entry falls due, or NO_EXPIRY. */
  expiryMs(entry: Entry): TimeMs {
    if (!this.entries.expires(entry)) return NO_EXPIRY;
    return this.wheel.exactDueMs(this.entries.timer(entry));
  }

  isDue(entry: Entry): boolean {
    const { keyspace } = this;
    return this.wheel.dueMs(this.entries.timer(entry)) <= keyspace.nowMs && !keyspace.replaying;
  }

  /** Sets or changes when an entry falls due, in ms since the epoch. */
  setExpiry(entry: Entry, dueMs: TimeMs): Entry {
    if (this.entries.expires(entry)) {
      this.#tellWitness(entry);
      this.wheel.remove(this.entries.timer(entry));
      this.#startTimer(entry, dueMs);
      return entry;
    }
    return this.#rewrite(entry, this.entries.valueLength(entry), dueMs);
  }

  /** Takes the expiry off an entry. */
  clearExpiry(entry: Entry): Entry {
    if (!this.entries.expires(entry)) return entry;
    return this.#rewrite(entry, this.entries.valueLength(entry), NO_EXPIRY);
  }

  /**
   * Changes the length of an entry's value, keeping its bytes up to the shorter of both.
   * `slackBytes` asks for room behind it, for values that grow piece by piece.
   */
  resizeValue(entry: Entry, valueLength: number, slackBytes = 0): Entry {
    const entries = this.entries;
    const capacity = this.keyspace.heap.capacity(entry);
    const expires = entries.expires(entry);
    const form = entries.form(entry);
    const needed = Entries.sizeBytes(form, entries.keyLength(entry), valueLength, expires);
    const shrinks = valueLength < entries.valueLength(entry) && needed * 2 < capacity;
    if (needed <= capacity && !shrinks && entries.keepsForm(entry, valueLength)) {
      entries.setValueLength(entry, valueLength);
      return entry;
    }
    return this.#rewrite(entry, valueLength, this.expiryMs(entry), slackBytes);
  }

  /** As `resizeValue`, to a greater length; the bytes it adds are zero. */
  extendValue(entry: Entry, valueLength: number, slackBytes = 0): Entry {
    const oldLength = this.entries.valueLength(entry);
    const extended = this.resizeValue(entry, valueLength, slackBytes);
    this.#records.clearValue(extended, oldLength, extended !== entry);
    return extended;
  }

  /** Removes up to `keysMax` due keys; returns what is left of that number. */
  removeExpired(keysMax: number): number {
    let left = keysMax;
    while (left > 0) {
      const timer = this.wheel.step(this.keyspace.nowMs);
      if (timer === -1) break;
      left--;
      if (timer === NULL) continue;
      const entry = Entries.ofTimer(timer, this.wheel.markOf(timer));
      this.#locate(entry);
      this.#expireFound(entry);
    }
    return left;
  }

  nextExpiryMs(): number {
    return this.wheel.nextMs();
  }

  /** Removes all keys. */
  flush(): void {
    const root = this.root;
    this.keyspace.dirty += this.size();
    this.root = this.#table.create();
    this.wheel = new TimingWheel(this.keyspace.heap, this.keyspace.nowMs);
    this.keyspace.listener?.databaseFlushed(this, root);
    const isKept = this.keyspace.witness?.databaseEmptied(this) ?? false;
    if (!isKept) this.keyspace.discardTable(root);
  }

  /** Exchanges contents with another database. */
  exchange(other: Database): void {
    const { root, wheel } = this;
    this.root = other.root;
    this.wheel = other.wheel;
    other.root = root;
    other.wheel = wheel;
  }

  /** Makes room for argument `key`, so that nothing can fail once changes have begun. */
  #reserve(args: Args, key: number): void {
    this.#table.reserve(this.root, this.hash(args, key));
  }

  /**
   * Adds a record to the database. REQUIRES: it has the key of argument `key`, which is new, and
   * for which room was reserved.
   */
  #attach(args: Args, key: number, entry: Entry, dueMs: TimeMs): void {
    if (dueMs >= 0) this.#startTimer(entry, dueMs);
    this.#table.insert(this.root, this.hash(args, key), entry);
    this.keyspace.listener?.keyChanged(this, args, key, NEW);
  }

  #overwrite(
    old: Entry,
    type: number,
    encoding: number,
    valueLength: number,
    expiry: TimeMs,
  ): Entry {
    const { entries, keyspace } = this;
    const hadExpiry = entries.expires(old);
    const dueMs = expiry === KEEP_EXPIRY ? this.expiryMs(old) : expiry;
    const expires = dueMs >= 0;
    const keyLength = entries.keyLength(old);
    const form = Entries.formFor(keyLength, valueLength, expires);
    const needed = Entries.sizeBytes(form, keyLength, valueLength, expires);
    const clock = keyspace.access.used(entries.clock(old));
    const isSameShape = expires === hadExpiry && entries.form(old) === form;
    if (isSameShape && this.keyspace.heap.fits(keyspace.heap.capacity(old), needed)) {
      if (hadExpiry) this.wheel.remove(entries.timer(old));
      keyspace.releaseStructure(old);
      entries.writeHeader(old, form, type, encoding, clock, keyLength, valueLength, expires);
      if (expires) this.#startTimer(old, dueMs);
      return old;
    }
    const moved = keyspace.heap.alloc(needed) as Ptr as Entry;
    entries.writeHeader(moved, form, type, encoding, clock, keyLength, valueLength, expires);
    this.#records.copyRange(old, entries.keyStart(old), moved, entries.keyStart(moved), keyLength);
    this.#table.replace(moved);
    if (hadExpiry) this.wheel.remove(entries.timer(old));
    keyspace.freeEntry(old);
    if (expires) this.#startTimer(moved, dueMs);
    return moved;
  }

  /** Moves an entry to a block of another shape; `dueMs` is its expiry there, or NO_EXPIRY. */
  #rewrite(entry: Entry, valueLength: number, dueMs: TimeMs, slackBytes = 0): Entry {
    const { entries, keyspace } = this;
    const keyLength = entries.keyLength(entry);
    const oldLength = entries.valueLength(entry);
    const expires = dueMs >= 0;
    const form =
      slackBytes > 0
        ? Entries.roomyFormFor(keyLength, valueLength)
        : Entries.formFor(keyLength, valueLength, expires);
    const needed = Entries.sizeBytes(form, keyLength, valueLength, expires);
    // What can fail comes before the first change.
    const moved = keyspace.heap.alloc(needed + slackBytes) as Ptr as Entry;
    entries.writeHeader(
      moved,
      form,
      entries.type(entry),
      entries.encoding(entry),
      entries.clock(entry),
      keyLength,
      valueLength,
      expires,
    );
    const kept = keyLength + Math.min(oldLength, valueLength);
    this.#records.copyRange(entry, entries.keyStart(entry), moved, entries.keyStart(moved), kept);
    this.#locate(entry);
    this.#table.replace(moved);
    if (entries.expires(entry)) this.wheel.remove(entries.timer(entry));
    keyspace.heap.free(entry);
    if (expires) this.#startTimer(moved, dueMs);
    return moved;
  }

  #startTimer(entry: Entry, dueMs: TimeMs): void {
    this.wheel.add(this.entries.timer(entry), dueMs, this.entries.isLong(entry));
  }

  /** Finds the slot of an entry that is about to change. */
  #locate(entry: Entry): void {
    const hash = this.#table.hashOf(entry);
    this.keyspace.witness?.keyChanging(this, hash);
    if (!this.#table.locate(this.root, hash, entry)) {
      throw new Error(`entry ${entry} is not in database ${this.id}`);
    }
  }

  /** REQUIRES: the last search of the table found this entry. */
  #removeFound(entry: Entry): void {
    this.#detachFound(entry);
    this.keyspace.freeEntry(entry);
  }

  /** Takes a record out of the database without freeing it. REQUIRES: as `#removeFound`. */
  #detachFound(entry: Entry): void {
    if (this.entries.expires(entry)) this.wheel.remove(this.entries.timer(entry));
    this.#table.remove(this.root);
  }

  /** Says that an entry is about to change. */
  #tellWitness(entry: Entry): void {
    const { witness } = this.keyspace;
    if (witness !== null) witness.keyChanging(this, this.#table.hashOf(entry));
  }

  #expireFound(entry: Entry): void {
    const { keyspace } = this;
    this.#tellWitness(entry);
    const args = keyspace.listener === null ? null : keyspace.argsOfKey(entry);
    this.#removeFound(entry);
    keyspace.expired++;
    keyspace.dirty++;
    if (args !== null) keyspace.listener?.keyChanged(this, args, 0, EXPIRED);
  }
}
