/** A keyspace against plain Maps, with the defragmenter at work between any two operations. */
import { type Database, NO_EXPIRY } from '../../src/keyspace/database.ts';
import { Defragmenter } from '../../src/keyspace/defragmenter.ts';
import { type Entry, NO_ENTRY, TYPE_STRING } from '../../src/keyspace/entry.ts';
import { Keyspace } from '../../src/keyspace/keyspace.ts';
import { checkKeyspace } from '../../src/keyspace/keyspace-check.ts';
import { OutOfMemoryError } from '../../src/memory/heap.ts';
import { Args } from '../../src/protocol/args.ts';
import type { SeededRandom } from './seeded-random.ts';

const START_MS = 1_704_067_200_000;
/** String encoding of plain bytes. */
const RAW = 0;

interface Item {
  value: Buffer;
  dueMs: number | bigint;
}

/** A keyspace under test and what must be in it. */
export class KeyspaceModel {
  readonly keyspace: Keyspace = new Keyspace(3, START_MS);
  readonly defragmenter: Defragmenter;
  readonly items: Map<string, Item>[] = [new Map(), new Map(), new Map()];
  readonly #random: SeededRandom;

  constructor(random: SeededRandom) {
    this.#random = random;
    this.defragmenter = new Defragmenter(this.keyspace);
  }

  database(id: number): Database {
    return this.keyspace.databases[id]!;
  }

  /** Begins to defragment, and gives it more to do than a small keyspace would. */
  defragment(): void {
    const { defragmenter } = this;
    const { pages } = this.keyspace.heap;
    defragmenter.start();
    if (!defragmenter.step(0)) return;
    for (const page of [...pages.pagesInUse()]) {
      if (this.#random.fraction() < 0.3) pages.evacuate(page);
    }
  }

  put(id: number, key: string, length: number, dueMs: number | bigint): void {
    const entry = this.database(id).put(argsOf(key), 0, TYPE_STRING, RAW, length, dueMs);
    const value = this.#randomBytes(length);
    this.#write(id, entry, 0, value);
    this.items[id]!.set(key, { value, dueMs });
  }

  remove(id: number, key: string): void {
    const removed = this.database(id).remove(argsOf(key), 0);
    expectEqual(`removal of ${key}`, removed, this.#isThere(id, key));
    this.items[id]!.delete(key);
  }

  setExpiry(id: number, key: string, dueMs: number | bigint): void {
    const entry = this.find(id, key);
    if (entry === NO_ENTRY) return;
    const database = this.database(id);
    if (dueMs === NO_EXPIRY) database.clearExpiry(entry);
    else database.setExpiry(entry, dueMs);
    this.items[id]!.get(key)!.dueMs = dueMs;
  }

  resize(id: number, key: string, length: number, slackBytes: number): void {
    const entry = this.find(id, key);
    if (entry === NO_ENTRY) return;
    const item = this.items[id]!.get(key)!;
    const resized = this.database(id).resizeValue(entry, length, slackBytes);
    const kept = item.value.subarray(0, length);
    const added = this.#randomBytes(length - kept.length);
    this.#write(id, resized, kept.length, added);
    item.value = Buffer.concat([kept, added]);
  }

  rename(id: number, from: string, to: string): void {
    if (from === to || this.find(id, from) === NO_ENTRY) return;
    this.database(id).rename(argsOf(from, to), 0, 1);
    this.items[id]!.set(to, this.items[id]!.get(from)!);
    this.items[id]!.delete(from);
  }

  copy(id: number, from: string, targetId: number, to: string): void {
    if ((id === targetId && from === to) || this.find(id, from) === NO_ENTRY) return;
    this.database(id).copy(argsOf(from, to), 0, this.database(targetId), 1);
    this.items[targetId]!.set(to, { ...this.items[id]!.get(from)! });
  }

  move(id: number, key: string, targetId: number): void {
    if (id === targetId || this.find(id, key) === NO_ENTRY) return;
    if (this.find(targetId, key) !== NO_ENTRY) return;
    this.database(id).move(argsOf(key), 0, this.database(targetId));
    this.items[targetId]!.set(key, this.items[id]!.get(key)!);
    this.items[id]!.delete(key);
  }

  flush(id: number): void {
    this.database(id).flush();
    this.items[id]!.clear();
  }

  swap(first: number, second: number): void {
    this.keyspace.swap(this.database(first), this.database(second));
    const { items } = this;
    [items[first], items[second]] = [items[second]!, items[first]!];
  }

  /** Lets time pass and removes some of what is due. */
  advance(ms: number, keysMax: number): void {
    this.keyspace.setTime(this.keyspace.nowMs + ms);
    this.keyspace.removeExpired(keysMax);
    for (const items of this.items) {
      for (const [key, { dueMs }] of items) if (this.#isDue(dueMs)) items.delete(key);
    }
  }

  /** The entry of a key, after it was compared with what it must be. */
  find(id: number, key: string): Entry {
    const database = this.database(id);
    const entry = database.find(argsOf(key), 0);
    const item = this.items[id]!.get(key);
    expectEqual(`presence of ${key}`, entry !== NO_ENTRY, this.#isThere(id, key));
    if (entry === NO_ENTRY || item === undefined) return NO_ENTRY;
    const { entries } = database;
    const start = entries.valueStart(entry);
    const length = entries.valueLength(entry);
    expectEqual(`length of ${key}`, length, item.value.length);
    const value = entries.bytes(entry).subarray(start, start + length);
    if (!value.equals(item.value)) throw new Error(`the value of ${key} has changed`);
    expectEqual(`expiry of ${key}`, database.expiryMs(entry), item.dueMs);
    return entry;
  }

  check(): void {
    for (const [id, items] of this.items.entries()) {
      for (const key of items.keys()) this.find(id, key);
    }
    checkKeyspace(this.keyspace);
  }

  #isThere(id: number, key: string): boolean {
    const item = this.items[id]!.get(key);
    return item !== undefined && !this.#isDue(item.dueMs);
  }

  #isDue(dueMs: number | bigint): boolean {
    return dueMs !== NO_EXPIRY && dueMs <= this.keyspace.nowMs;
  }

  #randomBytes(length: number): Buffer {
    return Buffer.alloc(length, this.#random.text('abcdefghijklmnopqrstuvwxyz', 7, 7));
  }

  #write(id: number, entry: Entry, offset: number, bytes: Buffer): void {
    const { entries } = this.database(id);
    bytes.copy(entries.bytes(entry), entries.valueStart(entry) + offset);
  }
}

/** How large the values of a round are. */
const LENGTHS: readonly ((random: SeededRandom) => number)[] = [
  (random) => random.integer(0, 40),
  (random) => random.integer(0, 500),
  (random) => Math.floor(2 ** (random.fraction() * 15)),
  (random) => (random.fraction() < 0.02 ? random.integer(4_194_290, 4_194_310) : 20_000),
];

/** One round of random operations. */
export function runKeyspaceRound(random: SeededRandom, steps: number): void {
  const model = new KeyspaceModel(random);
  const lengthOf = random.pick(LENGTHS);
  const isLarge = lengthOf === LENGTHS.at(-1);
  const keys = isLarge ? 100 : random.pick([50, 2000, 10_000]);
  const key = () => {
    const number = random.integer(0, keys);
    return number % 50 === 0 ? `key:${number}`.padEnd(1000 + (number % 40), '.') : `key:${number}`;
  };
  let growing = 0.8;
  for (let step = 0; step < steps; step++) {
    if (step % 2000 === 0) growing = random.pick([0.9, 0.6, 0.1]);
    if (random.fraction() < 0.002) model.defragment();
    if (random.fraction() < 0.3) model.defragmenter.step(0);
    const id = random.pick([0, 0, 0, 0, 1, 2]);
    if (random.fraction() < 0.0002) model.flush(id);
    const operate = () => {
      if (random.fraction() < 0.5) change(model, random, id, key, lengthOf);
      else if (random.fraction() > growing) model.remove(id, key());
      else model.put(id, key(), lengthOf(random), randomExpiry(model, random));
    };
    if (random.fraction() < 0.05) withLittleMemory(model, random.integer(0, 3), operate);
    else operate();
    if (step % 3000 === 0) model.check();
  }
  model.check();
  model.defragmenter.stop();
  model.check();
}

/** Memory ends after some more blocks: what fails because of that has changed nothing. */
function withLittleMemory(model: KeyspaceModel, blocks: number, operate: () => void): void {
  const { heap } = model.keyspace;
  const alloc = heap.alloc;
  let left = blocks;
  heap.alloc = (bytes) => {
    if (left-- > 0) return alloc.call(heap, bytes);
    throw new OutOfMemoryError('refused');
  };
  try {
    operate();
  } catch (problem) {
    if (!(problem instanceof OutOfMemoryError)) throw problem;
  } finally {
    heap.alloc = alloc;
  }
}

function change(
  model: KeyspaceModel,
  random: SeededRandom,
  id: number,
  key: () => string,
  lengthOf: (random: SeededRandom) => number,
): void {
  const other = random.integer(0, 2);
  const chosen = random.fraction();
  if (chosen < 0.2) model.find(id, key());
  else if (chosen < 0.4) model.setExpiry(id, key(), randomExpiry(model, random));
  else if (chosen < 0.7) model.resize(id, key(), lengthOf(random), random.pick([0, 0, 10, 300]));
  else if (chosen < 0.75) model.rename(id, key(), key());
  else if (chosen < 0.8) model.copy(id, key(), other, key());
  else if (chosen < 0.85) model.move(id, key(), other);
  else if (chosen < 0.9995) model.advance(random.integer(0, 100), random.pick([0, 5, 1000]));
  else model.swap(id, other);
}

function randomExpiry(model: KeyspaceModel, random: SeededRandom): number | bigint {
  const chosen = random.fraction();
  if (chosen < 0.5) return NO_EXPIRY;
  if (chosen < 0.51) return 2n ** 60n;
  return model.keyspace.nowMs + Math.ceil(2 ** (random.fraction() * 30));
}

function argsOf(...words: readonly string[]): Args {
  return Args.of(...words.map((word) => Buffer.from(word, 'latin1')));
}

function expectEqual(what: string, found: unknown, expected: unknown): void {
  if (found !== expected) throw new Error(`${what}: ${String(found)}, not ${String(expected)}`);
}
