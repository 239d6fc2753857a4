import { afterEach, describe, expect, test } from 'vitest';
import { ClientRoom } from '../../test/support/client-room.ts';
import { chosenSeed, SeededRandom } from '../../test/support/seeded-random.ts';
import { EVICTION_POLICIES, Eviction, type EvictionPolicy } from '../keyspace/eviction.ts';
import { checkKeyspace } from '../keyspace/keyspace-check.ts';
import { SILENT_LOG } from './log.ts';
import { MemoryLimit } from './memory-limit.ts';

const OOM = "(error) OOM command not allowed when used memory > 'maxmemory'.";
const MEGABYTE = 1024 * 1024;

/** An engine whose memory is limited. */
class Room {
  readonly inner = new ClientRoom();
  readonly client = this.inner.enter();
  readonly keyspace = this.inner.keyspace;
  readonly eviction = new Eviction(this.keyspace);
  readonly limit: MemoryLimit;

  constructor(policy: EvictionPolicy) {
    const { keyspace, executor, clients, latency } = this.inner;
    const { eviction } = this;
    eviction.policy = policy;
    const log = SILENT_LOG;
    this.limit = new MemoryLimit({ keyspace, eviction, executor, clients, latency, log });
  }

  get used(): number {
    return this.keyspace.heap.usedBytes;
  }

  run(...args: string[]): string {
    return this.client.call(...args);
  }
}

const rooms: Room[] = [];

function roomWith(policy: EvictionPolicy): Room {
  const room = new Room(policy);
  rooms.push(room);
  return room;
}

afterEach(() => {
  for (const room of rooms.splice(0)) room.limit.stop();
});

/** Resolves when all that was arranged for the next turn of the event loop is done. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe('MemoryLimit', () => {
  const seed = chosenSeed();
  const evicting = EVICTION_POLICIES.filter((policy) => policy !== 'noeviction');

  test.each(evicting)(`holds under %s after each command (SEED=${seed})`, (policy) => {
    const random = new SeededRandom(seed);
    const room = roomWith(policy);
    room.limit.setTenacity(100);
    room.limit.setLimit(MEGABYTE);
    for (let step = 0; step < 4000; step++) {
      const key = `key:${random.integer(0, 5000)}`;
      const value = 'v'.repeat(Math.floor(2 ** (random.fraction() * 15)));
      const reply = random.pick([
        () => room.run('SET', key, value, 'EX', '100000'),
        () => room.run('SETRANGE', `range:${step % 7}`, String(random.integer(0, 60_000)), value),
        () => room.run('RPUSH', `list:${step % 50}`, value.slice(0, 3000)),
        () => room.run('SADD', `set:${step % 50}`, ...namesOf(step)),
        () => room.run('GET', key),
      ])();
      if (policy.startsWith('allkeys-')) expect(reply.startsWith('(error)')).toBe(false);
      const isRefused = reply === OOM;
      if (!isRefused && policy.startsWith('allkeys-')) {
        expect(room.used).toBeLessThanOrEqual(MEGABYTE);
      }
      for (const list of ['range:1', 'list:1', 'set:1']) room.run('EXPIRE', list, '1000');
    }
    expect(room.used).toBeLessThanOrEqual(MEGABYTE * 1.1);
    expect(room.keyspace.evicted).toBeGreaterThan(100);
    checkKeyspace(room.keyspace);
  });

  test('without a limit nothing is asked before a command', () => {
    const room = roomWith('allkeys-lru');
    room.limit.setLimit(1);
    room.limit.setLimit(0);
    expect(room.run('SET', 'k', 'v')).toBe('OK');
    expect(room.run('GET', 'k')).toBe('"v"');
    expect(room.keyspace.evicted).toBe(0);
  });

  test('refuses what takes memory when nothing may go, and nothing else', () => {
    const room = roomWith('noeviction');
    room.run('SET', 'k', 'v');
    room.limit.setLimit(1);
    expect(room.run('SET', 'k', 'w')).toBe(OOM);
    expect(room.run('LPUSH', 'l', 'w')).toBe(OOM);
    expect(room.run('GET', 'k')).toBe('"v"');
    expect(room.run('EXPIRE', 'k', '100')).toBe('(integer) 1');
    expect(room.run('DEL', 'k')).toBe('(integer) 1');
    expect(room.limit.currentExceededMs).toBeGreaterThan(0);
    room.limit.setLimit(MEGABYTE);
    expect(room.run('SET', 'k', 'w')).toBe('OK');
    expect(room.limit.currentExceededMs).toBe(0);
    expect(room.limit.totalExceededMs).toBeGreaterThan(0);
    room.limit.resetExceeded();
    expect(room.limit.totalExceededMs).toBe(0);
  });

  test.each(evicting.filter((policy) => policy.startsWith('volatile-')))(
    '%s refuses when only keys without an expiry are left',
    (policy) => {
      const room = roomWith(policy);
      room.run('SET', 'k', 'v');
      room.run('SET', 'volatile', 'v', 'EX', '1000');
      room.limit.setLimit(1);
      expect(room.run('SET', 'other', 'v')).toBe(OOM);
      expect(room.run('EXISTS', 'k', 'volatile')).toBe('(integer) 1');
      expect(room.run('GET', 'k')).toBe('"v"');
    },
  );

  test('a transaction is refused as it is queued, and EXEC when it takes memory', () => {
    const room = roomWith('noeviction');
    room.run('MULTI');
    room.run('SET', 'k', 'v');
    room.limit.setLimit(1);
    expect(room.run('GET', 'k')).toBe(OOM);
    expect(room.run('EXEC')).toBe(
      "(error) EXECABORT Transaction discarded because of: OOM command not allowed when used memory > 'maxmemory'.",
    );
    room.run('MULTI');
    expect(room.run('EXEC')).toBe('[]');
    room.run('MULTI');
    expect(room.run('DISCARD')).toBe('OK');
    room.limit.setLimit(0);
    room.run('MULTI');
    room.run('GET', 'k');
    room.limit.setLimit(1);
    expect(room.run('EXEC')).toBe('[(nil)]');
  });

  test('a watched key that is evicted has changed', () => {
    const room = roomWith('allkeys-lru');
    room.run('SET', 'k', 'v');
    room.run('WATCH', 'k');
    room.run('MULTI');
    room.limit.setLimit(1);
    expect(room.run('EXEC')).toBe('(nil array)');
  });

  test('what a command takes beyond its arguments is made good for behind it', () => {
    const room = roomWith('allkeys-lru');
    room.limit.setTenacity(100);
    room.limit.setLimit(MEGABYTE);
    for (let i = 0; i < 5000; i++) room.run('SET', `key:${i}`, 'v'.repeat(100));
    expect(room.run('SETRANGE', 'large', '600000', 'x')).toBe('(integer) 600001');
    expect(room.used).toBeLessThanOrEqual(MEGABYTE);
  });

  test('a lower limit is reached in slices, between which commands run', async () => {
    const room = roomWith('allkeys-random');
    for (let i = 0; i < 20_000; i++) room.run('SET', `key:${i}`, 'v'.repeat(50));
    room.limit.setTenacity(0);
    const before = room.used;
    room.limit.setLimit(before / 4);
    expect(room.used).toBe(before);
    expect(room.run('SET', 'k', 'v')).toBe('OK');
    expect(room.used).toBeGreaterThan(before / 4);
    let turns = 0;
    for (; room.used > before / 4; turns++) await nextTurn();
    expect(turns).toBeGreaterThan(1);
    expect(room.run('GET', 'missing')).toBe('(nil)');
    expect(room.limit.currentExceededMs).toBe(0);
  });

  test('a large value is freed in slices', async () => {
    const room = roomWith('allkeys-lru');
    for (let i = 0; i < 400; i++) {
      room.run('SADD', 'large', ...Array.from({ length: 100 }, (_, j) => `member:${i}:${j}`));
    }
    room.limit.setTenacity(0);
    room.limit.setLimit(MEGABYTE / 4);
    expect(room.run('GET', 'k')).toBe('(nil)');
    expect(room.keyspace.evicted).toBe(1);
    expect(room.keyspace.hasGarbage).toBe(true);
    while (room.used > MEGABYTE / 4) await nextTurn();
    expect(room.run('SET', 'k', 'v')).toBe('OK');
  });

  test('buffers of clients count', () => {
    const room = roomWith('noeviction');
    room.limit.setLimit(MEGABYTE);
    const other = room.inner.enter();
    other.call('MULTI');
    other.call('SET', 'k', 'v'.repeat(MEGABYTE));
    expect(room.run('SET', 'k', 'v')).toBe('OK');
    room.limit.countBuffers();
    expect(room.run('SET', 'k', 'v')).toBe(OOM);
    other.call('DISCARD');
    room.limit.countBuffers();
    expect(room.run('SET', 'k', 'v')).toBe('OK');
  });

  test('while the data set is frozen nothing goes and nothing is refused', () => {
    const room = roomWith('allkeys-lru');
    room.run('SET', 'k', 'v');
    room.limit.setLimit(1);
    room.keyspace.expiryHeld = true;
    expect(room.run('SET', 'l', 'v')).toBe('OK');
    expect(room.keyspace.evicted).toBe(0);
  });

  test('those who listen hear of each key, and the latency monitor of what takes long', () => {
    const room = roomWith('allkeys-lru');
    const changes: string[] = [];
    room.keyspace.listen({
      keyChanged: (_database, args, key, event) => changes.push(`${event.name} ${args.text(key)}`),
      databaseFlushed: () => undefined,
      databasesSwapped: () => undefined,
    });
    room.run('SET', 'k', 'v');
    room.inner.latency.thresholdMilliseconds = 1e-9;
    room.limit.setLimit(1);
    room.run('GET', 'k');
    expect(changes).toContain('evicted k');
    expect(room.inner.latency.event('eviction-cycle')).toBeDefined();
    expect(room.inner.latency.event('eviction-del')).toBeDefined();
  });
});

function namesOf(step: number): string[] {
  return Array.from({ length: 10 }, (_, i) => `member:${step}:${i}`);
}
