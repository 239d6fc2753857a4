import { describe, expect, it, vi } from 'vitest';
import { chosenSeed, SeededRandom } from '../../test/support/seeded-random.ts';
import { Args } from '../protocol/args.ts';
import { type Database, NO_EXPIRY } from './database.ts';
import { type Entry, NO_ENTRY, TYPE_HASH, TYPE_STRING } from './entry.ts';
import { Keyspace } from './keyspace.ts';
import { CURSOR_END, KeyFilter, randomKey, scanEnd, visitKeys } from './scan.ts';

const START_MS = 1_704_067_200_000;
const RUNS = 12;
const ANY = new KeyFilter(null, null);

describe('A scan', () => {
  const seed = chosenSeed();

  it(`returns every key that is there throughout (SEED=${seed})`, () => {
    const random = new SeededRandom(seed);
    for (let run = 0; run < RUNS; run++) {
      const database = emptyDatabase();
      const steady = names('steady', random.pick([1, 40, 700, 3_000]));
      const present = new Set<string>();
      for (const name of steady) put(database, name);
      addSome(random, database, present);
      const everPresent = new Set([...steady, ...present]);
      const found = new Set<string>();
      let cursor = 0;
      do {
        const next = scanEnd(database, cursor, random.pick([1, 10, 10, 200]));
        if (next !== 0) expect(next).toBeGreaterThan(cursor);
        for (const name of namesBetween(database, cursor, next)) found.add(name);
        cursor = next;
        if (random.integer(0, 9) === 0) removeSome(random, database, present);
        if (random.integer(0, 9) === 0) addSome(random, database, present);
        for (const name of present) everPresent.add(name);
      } while (cursor !== 0);
      expect(steady.filter((name) => !found.has(name))).toEqual([]);
      expect([...found].filter((name) => !everPresent.has(name))).toEqual([]);
    }
  });

  it('of a table that rests returns every key once', () => {
    const database = emptyDatabase();
    const all = names('k', 5_000);
    for (const name of all) put(database, name);
    const found: string[] = [];
    let cursor = 0;
    let calls = 0;
    do {
      const next = scanEnd(database, cursor, 10);
      const some = namesBetween(database, cursor, next);
      expect(some.length).toBeLessThan(100);
      found.push(...some);
      cursor = next;
      calls++;
    } while (cursor !== 0);
    expect(found.sort()).toEqual(all.sort());
    expect(calls).toBeLessThanOrEqual(500);
  });

  it('from any cursor goes on to the end', () => {
    const database = emptyDatabase();
    for (const name of names('k', 2_000)) put(database, name);
    for (const cursor of [1, 12_345, 2 ** 31 - 1, 2 ** 31, CURSOR_END - 1]) {
      expect(scanEnd(database, cursor, Number.POSITIVE_INFINITY)).toBe(0);
    }
  });

  it('does not stay long in a part that is empty', () => {
    const database = emptyDatabase();
    for (const name of names('k', 3_000)) put(database, name);
    for (const name of namesBetween(database, 0, 2 ** 31)) database.remove(keyArgs(name), 0);
    const visits = vi.spyOn(database.keyspace.table, 'scanBucket');
    expect(scanEnd(database, 0, 1)).toBeGreaterThan(0);
    expect(visits).toHaveBeenCalledTimes(10);
  });

  it('removes due keys on the way', () => {
    const database = emptyDatabase();
    for (const name of names('k', 1_000)) put(database, name);
    for (const name of names('due', 1_000)) put(database, name, START_MS + 5);
    database.keyspace.setTime(START_MS + 4);
    expect(namesBetween(database, 0, 0)).toHaveLength(2_000);
    database.keyspace.setTime(START_MS + 5);
    expect(namesBetween(database, 0, 0).sort()).toEqual(names('k', 1_000).sort());
    expect(database.size()).toBe(2_000);
    expect(scanEnd(database, 0, Number.POSITIVE_INFINITY)).toBe(0);
    expect(database.size()).toBe(1_000);
    expect(database.keyspace.expired).toBe(1_000);
  });
});

describe('A key filter', () => {
  const database = emptyDatabase();
  for (const name of ['', 'a', 'ab', 'b\xff']) put(database, name);
  database.put(keyArgs('hash'), 0, TYPE_HASH, 0, 0, NO_EXPIRY);

  it.each([
    [null, null, ['', 'a', 'ab', 'b\xff', 'hash']],
    ['*', null, ['', 'a', 'ab', 'b\xff', 'hash']],
    ['**', null, ['a', 'ab', 'b\xff', 'hash']],
    ['', null, ['']],
    ['a*', null, ['a', 'ab']],
    ['?[\x80-\xff]', null, ['b\xff']],
    ['*', TYPE_HASH, ['hash']],
    [null, TYPE_STRING, ['', 'a', 'ab', 'b\xff']],
    ['a', TYPE_HASH, []],
    [null, -1, []],
  ])('of glob %j and type %j', (glob, type, wanted) => {
    const pattern = glob === null ? null : Buffer.from(glob, 'latin1');
    const found = namesBetween(database, 0, 0, new KeyFilter(pattern, type));
    expect(found.sort()).toEqual(wanted);
  });
});

describe('A random key', () => {
  it('is each key with the same chance', () => {
    const database = emptyDatabase();
    const all = names('k', 12);
    for (const name of all) put(database, name);
    const draws = 12_000;
    const counts = new Map(all.map((name) => [name, 0]));
    for (let i = 0; i < draws; i++) {
      const name = nameOf(database, randomKey(database));
      counts.set(name, counts.get(name)! + 1);
    }
    const expected = draws / all.length;
    // Seven standard deviations: once in 10^11 runs.
    for (const count of counts.values()) {
      expect(Math.abs(count - expected)).toBeLessThan(7 * Math.sqrt(expected));
    }
  });

  it('is never one that is due', () => {
    const database = emptyDatabase();
    for (const name of names('due', 500)) put(database, name, START_MS + 1);
    put(database, 'left');
    database.keyspace.setTime(START_MS + 1);
    for (let i = 0; i < 20; i++) expect(nameOf(database, randomKey(database))).toBe('left');
    database.remove(keyArgs('left'), 0);
    expect(randomKey(database)).toBe(NO_ENTRY);
    expect(database.size()).toBe(0);
  });

  it('is none in an empty database', () => {
    expect(randomKey(emptyDatabase())).toBe(NO_ENTRY);
  });
});

function addSome(random: SeededRandom, database: Database, present: Set<string>): void {
  const count = random.pick([10, 1_000, 5_000]);
  for (let i = 0; i < count; i++) {
    const name = `passing:${random.integer(0, 1_000_000)}`;
    put(database, name);
    present.add(name);
  }
}

function removeSome(random: SeededRandom, database: Database, present: Set<string>): void {
  const share = random.pick([0.1, 0.9, 1]);
  for (const name of [...present]) {
    if (random.fraction() >= share) continue;
    expect(database.remove(keyArgs(name), 0)).toBe(true);
    present.delete(name);
  }
}

function emptyDatabase(): Database {
  return new Keyspace(1, START_MS).databases[0]!;
}

function names(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${prefix}:${i}`);
}

function put(database: Database, name: string, dueMs = NO_EXPIRY): void {
  database.put(keyArgs(name), 0, TYPE_STRING, 0, 0, dueMs);
}

function keyArgs(name: string): Args {
  return Args.of(Buffer.from(name, 'latin1'));
}

function namesBetween(database: Database, from: number, to: number, filter = ANY): string[] {
  const found: string[] = [];
  const count = visitKeys(database, from, to, filter, (entry) => {
    found.push(nameOf(database, entry));
  });
  expect(count).toBe(found.length);
  return found;
}

function nameOf({ entries }: Database, entry: Entry): string {
  const start = entries.keyStart(entry);
  return entries.bytes(entry).toString('latin1', start, start + entries.keyLength(entry));
}
