import { describe, expect, test } from 'vitest';
import { chosenSeed, SeededRandom } from '../../test/support/seeded-random.ts';
import { Args } from '../protocol/args.ts';
import { NO_EXPIRY } from './database.ts';
import { Defragmenter } from './defragmenter.ts';
import { NO_ENTRY, TYPE_STRING } from './entry.ts';
import { EVICTION_POLICIES, Eviction, type EvictionPolicy } from './eviction.ts';
import { CANDIDATES_MAX } from './eviction-candidates.ts';
import { Keyspace } from './keyspace.ts';
import { checkKeyspace } from './keyspace-check.ts';

const START_MS = 1_704_067_200_000;
/** A target that is met by one key. */
const ONE = Number.POSITIVE_INFINITY;

/** A keyspace under a policy, and which of its keys have an expiry. */
class Room {
  readonly keyspace = new Keyspace(3, START_MS);
  readonly eviction = new Eviction(this.keyspace);
  readonly keys = new Map<string, boolean>();
  readonly evicted: string[] = [];
  /** Bytes in use after each of those. */
  readonly usedBytes: number[] = [];

  constructor(policy: EvictionPolicy) {
    this.eviction.policy = policy;
    this.keyspace.listen({
      keyChanged: (database, args, key, event) => {
        if (event.name !== 'evicted') return;
        expect(event.class).toBe('e');
        const name = `${database.id}/${args.text(key)}`;
        this.evicted.push(name);
        this.usedBytes.push(this.keyspace.heap.usedBytes);
        if (!this.keys.delete(name)) throw new Error(`${name} was evicted and is not there`);
      },
      databaseFlushed: () => undefined,
      databasesSwapped: () => undefined,
    });
  }

  set(key: string, expiryMs = NO_EXPIRY, id = 0, length = 20): void {
    this.keyspace.databases[id]!.put(argsOf(key), 0, TYPE_STRING, 0, length, expiryMs);
    this.keys.set(`${id}/${key}`, expiryMs !== NO_EXPIRY);
  }

  get(key: string, id = 0): boolean {
    return this.keyspace.databases[id]!.read(argsOf(key), 0) !== NO_ENTRY;
  }

  remove(key: string, id = 0): void {
    const removed = this.keyspace.databases[id]!.remove(argsOf(key), 0);
    expect(this.keys.delete(`${id}/${key}`)).toBe(removed);
  }

  sleep(ms: number): void {
    this.keyspace.setTime(this.keyspace.nowMs + ms);
  }

  /** How many of so many keys stay when `count` keys have been evicted. */
  staying(names: readonly string[], count: number): number {
    for (let i = 0; i < count; i++) expect(this.eviction.evict(ONE)).toBe(true);
    return names.filter((name) => this.keys.has(`0/${name}`)).length;
  }
}

function argsOf(key: string): Args {
  return Args.of(Buffer.from(key));
}

function namesOf(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${prefix}:${i}`);
}

/** Random operations; after each eviction the model and the keyspace agree. */
function runRound(policy: EvictionPolicy, random: SeededRandom): void {
  const room = new Room(policy);
  const { keyspace, eviction, keys } = room;
  const defragmenter = new Defragmenter(keyspace);
  const isVolatile = policy.startsWith('volatile-');
  for (let step = 0; step < 3000; step++) {
    const id = random.pick([0, 0, 0, 2]);
    const key = `key:${random.integer(0, 400)}`;
    const kind = random.integer(0, 99);
    if (kind < 50) {
      const expiryMs = random.pick([NO_EXPIRY, keyspace.nowMs + random.integer(1e6, 1e9), 2 ** 50]);
      room.set(key, expiryMs, id, random.integer(0, 300));
    } else if (kind < 75) {
      expect(room.get(key, id)).toBe(keys.has(`${id}/${key}`));
    } else if (kind < 80) {
      room.remove(key, id);
    } else if (kind < 82) {
      room.sleep(random.integer(0, 500));
    } else if (kind < 83) {
      defragmenter.start();
      defragmenter.step(0);
    } else {
      const before = new Map(keys);
      const goneBefore = room.evicted.length;
      const mayGo = [...keys.values()].filter((expires) => expires || !isVolatile).length;
      const target = random.pick([ONE, keyspace.heap.usedBytes - random.integer(1, 3000)]);
      expect(eviction.evict(target)).toBe(mayGo > 0);
      const evicted = room.evicted.slice(goneBefore);
      expect(evicted.length).toBeGreaterThanOrEqual(Math.min(mayGo, 1));
      expect(evicted.length).toBeLessThanOrEqual(target === ONE ? 1 : CANDIDATES_MAX);
      for (const name of evicted) expect(before.get(name) || !isVolatile).toBe(true);
      // It goes on only while there is too much.
      for (const used of room.usedBytes.slice(goneBefore, -1)) {
        expect(used).toBeGreaterThan(target);
      }
    }
  }
  expect(keyspace.evicted).toBe(room.evicted.length);
  expect(keyspace.keyCount()).toBe(keys.size);
  defragmenter.stop();
  checkKeyspace(keyspace);
  while (eviction.evict(ONE));
  expect([...keys.values()].filter((expires) => expires || !isVolatile)).toEqual([]);
  checkKeyspace(keyspace);
}

const EVICTING = EVICTION_POLICIES.filter((policy) => policy !== 'noeviction');

describe('Eviction', () => {
  const seed = chosenSeed();

  test.each(EVICTING)(`%s takes what it may and nothing else (SEED=${seed})`, (policy) => {
    runRound(policy, new SeededRandom(seed));
  });

  test('noeviction takes nothing', () => {
    const room = new Room('noeviction');
    room.set('k');
    expect(room.eviction.isOn).toBe(false);
    expect(room.eviction.evict(ONE)).toBe(false);
  });

  test.each(['allkeys-lru', 'volatile-lru'] as const)(
    '%s spares what was used lately',
    (policy) => {
      const room = new Room(policy);
      const dueMs = START_MS + 1e9;
      const [cold, hot] = [namesOf('cold', 1000), namesOf('hot', 1000)];
      for (const name of [...cold, ...hot]) room.set(name, dueMs);
      room.sleep(500);
      for (const name of hot) room.get(name);
      expect(room.staying(hot, 700)).toBeGreaterThan(980);
    },
  );

  test.each(['allkeys-lfu', 'volatile-lfu'] as const)('%s spares what is used often', (policy) => {
    const room = new Room(policy);
    const [cold, hot] = [namesOf('cold', 1000), namesOf('hot', 1000)];
    for (const name of [...cold, ...hot]) room.set(name, START_MS + 1e9);
    room.keyspace.access.logFactor = 0;
    for (const name of hot) for (let i = 0; i < 5; i++) room.get(name);
    expect(room.staying(hot, 700)).toBeGreaterThan(980);
  });

  test.each(['allkeys-s3fifo', 'volatile-s3fifo'] as const)(
    '%s spares what was used again, however much comes by once',
    (policy) => {
      const room = new Room(policy);
      const hot = namesOf('hot', 500);
      for (const name of hot) room.set(name, START_MS + 1e9);
      for (let i = 0; i < 500; i++) room.set(`first:${i}`, START_MS + 1e9);
      for (const name of hot) room.get(name);
      for (let i = 0; i < 5000; i++) {
        room.set(`scanned:${i}`, START_MS + 1e9);
        expect(room.eviction.evict(ONE)).toBe(true);
        if (i % 500 === 0) for (const name of hot) room.get(name);
      }
      expect(room.staying(hot, 0)).toBeGreaterThan(450);
    },
  );

  test('under s3fifo a key that comes back soon stays, as one that was evicted by mistake', () => {
    const room = new Room('allkeys-s3fifo');
    for (const name of namesOf('old', 2000)) room.set(name);
    room.staying([], 1000);
    const returning = room.evicted.slice(-200).map((name) => name.slice(2));
    for (const name of returning) room.set(name);
    for (let i = 0; i < 700; i++) room.set(`new:${i}`);
    expect(room.staying(returning, 700)).toBeGreaterThan(150);
  });

  test('volatile-ttl takes first what would go first', () => {
    const room = new Room('volatile-ttl');
    const delays = [1, 20, 300, 4_000, 50_000, 600_000, 7_000_000, 80_000_000, 900_000_000];
    for (const delay of delays) room.set(`a:${delay}`, START_MS + delay, delay % 3);
    room.set('stays');
    while (room.eviction.evict(ONE));
    expect(room.evicted.map((name) => Number(name.split(':')[1]))).toEqual(delays);
    expect([...room.keys.keys()]).toEqual(['0/stays']);
  });

  test('a key beyond all waiting can be evicted, too', () => {
    for (const policy of EVICTING) {
      const room = new Room(policy);
      room.set('far', 2 ** 52);
      expect(room.eviction.evict(ONE), policy).toBe(true);
      expect(room.eviction.evict(ONE), policy).toBe(false);
    }
  });

  test.each(['volatile-lru', 'volatile-lfu', 'volatile-random', 'volatile-s3fifo'] as const)(
    '%s takes none twice where few of the timers are on a list',
    (policy) => {
      const room = new Room(policy);
      for (let i = 0; i < 20_000; i++) room.set(`stays:${i}`);
      for (let i = 0; i < 30; i++) room.set(`far:${i}`, 2 ** 52);
      for (let i = 0; i < 3; i++) room.set(`near:${i}`, START_MS + 1e6);
      while (room.eviction.evict(0));
      expect(room.evicted.length).toBe(33);
      checkKeyspace(room.keyspace);
    },
  );

  test('however many samples are asked for, one look is a short one', () => {
    for (const policy of EVICTING) {
      const room = new Room(policy);
      room.eviction.sampleCount = 2 ** 31 - 1;
      for (let i = 0; i < 100_000; i++) room.set(`key:${i}`, 2 ** 42);
      const startMs = performance.now();
      for (let i = 0; i < 100; i++) expect(room.eviction.evict(ONE)).toBe(true);
      expect((performance.now() - startMs) / 100, policy).toBeLessThan(5);
    }
  });

  test('what a policy needs beside the records is given back with it', () => {
    const room = new Room('allkeys-s3fifo');
    for (const name of namesOf('key', 1000)) room.set(name);
    const withQueues = room.keyspace.heap.usedBytes;
    room.eviction.evict(ONE);
    room.eviction.policy = 'allkeys-lru';
    expect(room.keyspace.heap.usedBytes).toBeLessThan(withQueues - 4000);
    checkKeyspace(room.keyspace);
    room.eviction.policy = 'allkeys-s3fifo';
    for (let i = 0; i < 999; i++) expect(room.eviction.evict(ONE)).toBe(true);
    expect(room.keyspace.keyCount()).toBe(0);
  });
});
