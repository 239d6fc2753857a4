import { describe, expect, it } from 'vitest';
import { chosenSeed, SeededRandom } from '../../test/support/seeded-random.ts';
import type { Ptr } from '../memory/address.ts';
import { checkHeap } from '../memory/heap-check.ts';
import { Args } from '../protocol/args.ts';
import { type Database, KEEP_EXPIRY, NO_EXPIRY } from './database.ts';
import { type Entry, NO_ENTRY, TYPE_STRING } from './entry.ts';
import { Keyspace } from './keyspace.ts';
import { KeyFilter, visitKeys } from './scan.ts';

const START_MS = 1_704_067_200_000;
const DATABASES = 3;
const STEPS = 6_000;
const INT64_MAX = 2n ** 63n - 1n;

/** Among them the empty one, some that differ little, and some that need the long record form. */
const KEYS = [
  '',
  ...Array.from({ length: 24 }, (_, i) => `key:${i}`),
  ...Array.from({ length: 6 }, (_, i) => `${'long'.repeat(256)}${i}`),
];

interface Held {
  value: string;
  dueMs: number | bigint;
}

/** A keyspace of strings beside the simplest thing that behaves like one. */
class Twins {
  readonly keyspace = new Keyspace(DATABASES, START_MS);
  readonly model: Map<string, Held>[] = this.keyspace.databases.map(() => new Map());
  readonly #random: SeededRandom;
  nowMs = START_MS;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  step(): void {
    const [db, key] = this.#place();
    const database = this.keyspace.databases[db]!;
    const held = this.held(db, key);
    const args = keyArgs(key);
    const draw = this.#random.integer(0, 99);
    if (draw < 30) this.#put(db, key);
    else if (draw < 42) this.#setExpiry(db, key);
    else if (draw < 50) this.#clearExpiry(db, key);
    else if (draw < 58) expect(this.#remove(database, args, db, key)).toBe(held !== undefined);
    else if (draw < 66) this.#rename(db, key);
    else if (draw < 74) this.#copy(db, key);
    else if (draw < 80) this.#move(db, key);
    else if (draw < 88) this.#resize(db, key);
    else if (draw < 90) this.#swap();
    else if (draw < 91) this.#flush(db);
    else if (draw < 96) this.#sleep();
    else this.keyspace.removeExpired(this.#random.integer(1, 5));
    this.#compareKey(db, key);
  }

  /** What the model has, or undefined when it is not there or its time has come. */
  held(db: number, key: string): Held | undefined {
    const held = this.model[db]!.get(key);
    if (held === undefined || !this.#isDue(held)) return held;
    this.model[db]!.delete(key);
    return undefined;
  }

  compareAll(): void {
    for (let db = 0; db < DATABASES; db++) {
      const database = this.keyspace.databases[db]!;
      for (const key of KEYS) this.#compareKey(db, key);
      const model = this.model[db]!;
      const expiring = [...model.values()].filter(({ dueMs }) => dueMs !== NO_EXPIRY);
      expect(database.size()).toBe(model.size);
      expect(database.expiringSize()).toBe(expiring.length);
    }
  }

  /** Lets time pass until only what never falls due is left, without anybody asking for a key. */
  outliveTimers(): void {
    this.setTime(START_MS + 2 ** 42);
    while (this.keyspace.removeExpired(100));
    for (const model of this.model) {
      for (const [key, held] of model) if (this.#isDue(held)) model.delete(key);
    }
  }

  setTime(nowMs: number): void {
    this.nowMs = nowMs;
    this.keyspace.setTime(nowMs);
  }

  #isDue({ dueMs }: Held): boolean {
    return dueMs !== NO_EXPIRY && dueMs <= this.nowMs;
  }

  #place(): [number, string] {
    return [this.#random.integer(0, DATABASES - 1), this.#random.pick(KEYS)];
  }

  #put(db: number, key: string): void {
    const value = this.#value();
    const choice = this.#random.integer(0, 2);
    const asked = choice === 0 ? NO_EXPIRY : choice === 1 ? KEEP_EXPIRY : this.#dueMs();
    const kept = this.held(db, key)?.dueMs ?? NO_EXPIRY;
    const args = Args.of(Buffer.from(key), Buffer.from(value));
    const database = this.keyspace.databases[db]!;
    const entry = database.put(args, 0, TYPE_STRING, 0, value.length, asked);
    fill(database, entry, 0, value);
    this.model[db]!.set(key, { value, dueMs: asked === KEEP_EXPIRY ? kept : asked });
  }

  #setExpiry(db: number, key: string): void {
    const held = this.held(db, key);
    const database = this.keyspace.databases[db]!;
    const entry = database.find(keyArgs(key), 0);
    expect(entry !== NO_ENTRY).toBe(held !== undefined);
    if (held === undefined) return;
    held.dueMs = this.#dueMs();
    const moved = database.setExpiry(entry, held.dueMs);
    expect(database.expiryMs(moved)).toBe(held.dueMs);
  }

  #clearExpiry(db: number, key: string): void {
    const held = this.held(db, key);
    const database = this.keyspace.databases[db]!;
    const entry = database.find(keyArgs(key), 0);
    if (held === undefined || entry === NO_ENTRY) return;
    held.dueMs = NO_EXPIRY;
    expect(database.expiryMs(database.clearExpiry(entry))).toBe(NO_EXPIRY);
  }

  #remove(database: Database, args: Args, db: number, key: string): boolean {
    this.model[db]!.delete(key);
    return database.remove(args, 0);
  }

  #rename(db: number, from: string): void {
    const to = this.#random.pick(KEYS);
    const held = this.held(db, from);
    if (held === undefined || from === to) return;
    this.keyspace.databases[db]!.rename(keyArgs(from, to), 0, 1);
    this.model[db]!.delete(from);
    this.model[db]!.set(to, held);
    this.#compareKey(db, to);
  }

  #copy(db: number, from: string): void {
    const [target, to] = this.#place();
    const held = this.held(db, from);
    if (held === undefined || (db === target && from === to)) return;
    const { databases } = this.keyspace;
    databases[db]!.copy(keyArgs(from, to), 0, databases[target]!, 1);
    this.model[target]!.set(to, { ...held });
    this.#compareKey(target, to);
  }

  #move(db: number, key: string): void {
    const [target] = this.#place();
    const held = this.held(db, key);
    if (held === undefined || this.held(target, key) !== undefined) return;
    const { databases } = this.keyspace;
    // Looking it up removes a due key, as the commands do before they move one there.
    expect(databases[target]!.find(keyArgs(key), 0)).toBe(NO_ENTRY);
    databases[db]!.move(keyArgs(key), 0, databases[target]!);
    this.model[db]!.delete(key);
    this.model[target]!.set(key, held);
    this.#compareKey(target, key);
  }

  #resize(db: number, key: string): void {
    const held = this.held(db, key);
    const database = this.keyspace.databases[db]!;
    const entry = database.find(keyArgs(key), 0);
    if (held === undefined || entry === NO_ENTRY) return;
    const length = this.#random.integer(0, held.value.length * 2);
    const kept = Math.min(length, held.value.length);
    const moved = database.resizeValue(entry, length, this.#random.pick([0, 64]));
    held.value = held.value.slice(0, length).padEnd(length, '+');
    fill(database, moved, kept, held.value.slice(kept));
  }

  #swap(): void {
    const [first, second] = [this.#place()[0], this.#place()[0]];
    const { databases } = this.keyspace;
    this.keyspace.swap(databases[first]!, databases[second]!);
    const { model } = this;
    [model[first], model[second]] = [model[second]!, model[first]!];
  }

  #flush(db: number): void {
    this.keyspace.databases[db]!.flush();
    this.model[db]!.clear();
  }

  #sleep(): void {
    this.setTime(this.nowMs + this.#random.integer(0, this.#random.pick([10, 1_000, 100_000])));
  }

  #value(): string {
    const lengthMax = this.#random.pick([0, 10, 10, 100, 100, 2_000, 40_000]);
    return this.#random.text('abcdef', 0, lengthMax);
  }

  /** A time to come: soon, some day, or so far away that a timer does not wait for it. */
  #dueMs(): number | bigint {
    const choice = this.#random.integer(0, 9);
    if (choice === 0) return this.#random.pick([INT64_MAX, 2n ** 53n, INT64_MAX - 1n]);
    if (choice === 1) return this.#random.pick([2 ** 48 - 1, 2 ** 48, 2 ** 53 - 1]);
    const span = this.#random.pick([5, 500, 50_000, 5_000_000, 2 ** 41]);
    return this.nowMs + this.#random.integer(1, span);
  }

  #compareKey(db: number, key: string): void {
    const database = this.keyspace.databases[db]!;
    const held = this.held(db, key);
    const entry = database.find(keyArgs(key), 0);
    if (held === undefined) {
      expect(entry).toBe(NO_ENTRY);
      return;
    }
    expect(entry).not.toBe(NO_ENTRY);
    expect(textOf(database, entry)).toBe(held.value);
    expect(database.expiryMs(entry)).toBe(held.dueMs);
  }
}

describe('Database', () => {
  const seed = chosenSeed();

  it(`is like a map whose keys expire (SEED=${seed})`, () => {
    const twins = new Twins(new SeededRandom(seed));
    for (let i = 0; i < STEPS; i++) {
      twins.step();
      if (i % 500 === 0) twins.compareAll();
    }
    twins.compareAll();
    checkHeap(twins.keyspace.heap, blocksOf(twins.keyspace));
    twins.outliveTimers();
    twins.compareAll();
    checkHeap(twins.keyspace.heap, blocksOf(twins.keyspace));
    expect(twins.keyspace.nextExpiryMs()).toBeGreaterThan(twins.nowMs);
  });

  it('expires a key that was renamed, copied or moved at the time it had', () => {
    const keyspace = new Keyspace(2, START_MS);
    const [database, other] = keyspace.databases as [Database, Database];
    for (const key of ['renamed', 'copied', 'moved']) {
      database.put(keyArgs(key), 0, TYPE_STRING, 0, 0, START_MS + 1000);
    }
    database.rename(keyArgs('renamed', 'new name'), 0, 1);
    database.copy(keyArgs('copied', 'copy'), 0, other, 1);
    database.move(keyArgs('moved'), 0, other);
    keyspace.setTime(START_MS + 999);
    keyspace.removeExpired(100);
    expect(namesOf(database)).toEqual(['copied', 'new name']);
    expect(namesOf(other)).toEqual(['copy', 'moved']);
    keyspace.setTime(START_MS + 1000);
    keyspace.removeExpired(100);
    expect(keyspace.keyCount()).toBe(0);
    expect(keyspace.expired).toBe(4);
  });

  it('lets no database wait until another has nothing more to expire', () => {
    const keyspace = new Keyspace(3, START_MS);
    for (const database of keyspace.databases) {
      for (let i = 0; i < 50; i++) {
        database.put(keyArgs(`${i}`), 0, TYPE_STRING, 0, 0, START_MS + 1);
      }
    }
    keyspace.setTime(START_MS + 2);
    for (let i = 0; i < 3; i++) expect(keyspace.removeExpired(20)).toBe(true);
    for (const database of keyspace.databases) expect(database.size()).toBeLessThan(50);
    while (keyspace.removeExpired(20));
    expect(keyspace.keyCount()).toBe(0);
  });

  it('renames to the name of a key that is due, and to a longer one', () => {
    const keyspace = new Keyspace(1, START_MS);
    const database = keyspace.databases[0]!;
    fill(database, database.put(keyArgs('a'), 0, TYPE_STRING, 0, 5, NO_EXPIRY), 0, 'value');
    database.put(keyArgs('b'), 0, TYPE_STRING, 0, 0, START_MS + 1);
    keyspace.setTime(START_MS + 1);
    database.rename(keyArgs('a', 'b'), 0, 1);
    expect(namesOf(database)).toEqual(['b']);
    const long = 'x'.repeat(5000);
    database.rename(keyArgs('b', long), 0, 1);
    expect(namesOf(database)).toEqual([long]);
    expect(textOf(database, database.find(keyArgs(long), 0))).toBe('value');
    checkHeap(keyspace.heap, blocksOf(keyspace));
  });

  it('counts what a flush removes and frees it in slices', () => {
    const keyspace = new Keyspace(1, START_MS);
    const database = keyspace.databases[0]!;
    const count = 10_000;
    for (let i = 0; i < count; i++) {
      database.put(keyArgs(`k${i}`), 0, TYPE_STRING, 0, 8, NO_EXPIRY);
    }
    const usedBytes = keyspace.heap.usedBytes;
    database.flush();
    expect(keyspace.dirty).toBe(count);
    expect(database.size()).toBe(0);
    let slices = 0;
    for (; keyspace.hasGarbage; slices++) keyspace.freeGarbage();
    expect(slices).toBeGreaterThan(1);
    expect(keyspace.heap.usedBytes).toBeLessThan(usedBytes / 100);
    checkHeap(keyspace.heap, blocksOf(keyspace));
  });
});

function keyArgs(...keys: readonly string[]): Args {
  return Args.of(...keys.map((key) => Buffer.from(key)));
}

function fill(database: Database, entry: Entry, at: number, text: string): void {
  const { entries } = database;
  entries.bytes(entry).write(text, entries.valueStart(entry) + at, 'latin1');
}

function textOf(database: Database, entry: Entry): string {
  const { entries } = database;
  const start = entries.valueStart(entry);
  return entries.bytes(entry).toString('latin1', start, start + entries.valueLength(entry));
}

function namesOf(database: Database): string[] {
  const { entries } = database;
  const names: string[] = [];
  visitKeys(database, 0, 0, new KeyFilter(null, null), (entry) => {
    const start = entries.keyStart(entry);
    names.push(entries.bytes(entry).toString('latin1', start, start + entries.keyLength(entry)));
  });
  return names.sort();
}

/** Every block that the keyspace owns. */
function blocksOf(keyspace: Keyspace): Ptr[] {
  while (keyspace.hasGarbage) keyspace.freeGarbage();
  const blocks: Ptr[] = [];
  for (const database of keyspace.databases) {
    keyspace.table.visitBlocks(database.root, (block) => blocks.push(block));
    for (let position = 0; ; ) {
      const count = keyspace.table.scanBucket(database.root, position);
      for (let i = 0; i < count; i++) blocks.push(keyspace.table.batch[i]! as Ptr);
      position = keyspace.table.nextPosition;
      if (position === 0) break;
    }
  }
  return blocks;
}
