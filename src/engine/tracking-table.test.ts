import { describe, expect, it } from 'vitest';
import { chosenSeed, SeededRandom } from '../../test/support/seeded-random.ts';
import { Args } from '../protocol/args.ts';
import { hashBytes } from '../structures/siphash.ts';
import { TrackingTable } from './tracking-table.ts';

const seed = chosenSeed();

/** The range of a key and its hash, as the table wants them. */
function rangeOf(key: string): [number, Buffer, DataView, number, number] {
  const args = Args.of(Buffer.from('GET'), Buffer.from(key, 'latin1'));
  const start = args.start(1);
  const length = args.length(1);
  return [hashBytes(args.view, start, length), args.bytes, args.view, start, length];
}

describe(`TrackingTable (SEED=${seed})`, () => {
  it('has the clients of each key, each once, like a map of sets', () => {
    const random = new SeededRandom(seed);
    const table = new TrackingTable(() => random.fraction());
    const model = new Map<string, Set<number>>();
    const keys = Array.from({ length: 300 }, (_, i) => {
      return i % 50 === 0 ? 'long'.repeat(random.integer(1, 400)) + i : random.text('ab\0', 0, 7);
    });
    for (let step = 0; step < 20_000; step++) {
      const key = random.pick(keys);
      const choice = random.integer(0, 99);
      if (choice < 80) {
        const id = choice < 10 ? 2 ** 48 - 1 - random.integer(0, 3) : random.integer(1, 40);
        table.add(id, ...rangeOf(key));
        if (!model.has(key)) model.set(key, new Set());
        model.get(key)!.add(id);
      } else if (choice < 95) {
        const expected = model.get(key);
        const ids = expected === undefined ? null : [...expected].sort((a, b) => a - b);
        expect(table.take(...rangeOf(key))).toEqual(ids);
        model.delete(key);
      } else if (model.size > 0) {
        const taken = table.takeAny();
        const name = taken.key.toString('latin1');
        expect(taken.ids).toEqual([...model.get(name)!].sort((a, b) => a - b));
        model.delete(name);
      }
      if (step === 10_000) {
        table.clear();
        model.clear();
      }
      expect(table.keyCount).toBe(model.size);
    }
    const items = [...model.values()].reduce((sum, ids) => sum + ids.size, 0);
    expect(table.itemCount).toBe(items);
  });

  it('has many clients of one key', () => {
    const table = new TrackingTable();
    const ids = Array.from({ length: 20_000 }, (_, i) => (i * 7919) % 20_000);
    for (const id of ids) table.add(id, ...rangeOf('k'));
    for (const id of ids) table.add(id, ...rangeOf('k'));
    expect(table.itemCount).toBe(20_000);
    expect(table.take(...rangeOf('k'))).toEqual(ids.toSorted((a, b) => a - b));
  });

  it('takes little beside the keys, and nothing once they are gone', () => {
    const table = new TrackingTable();
    const empty = table.usedBytes;
    const count = 50_000;
    const keys = Array.from({ length: count }, (_, i) => `key:${String(i).padStart(16, '0')}`);
    for (const [i, key] of keys.entries()) table.add(1000 + (i % 50), ...rangeOf(key));
    // 20 bytes of them are the key.
    expect((table.usedBytes - empty) / count).toBeLessThan(36);
    for (const key of keys) table.take(...rangeOf(key));
    expect([table.keyCount, table.itemCount]).toEqual([0, 0]);
    expect(table.usedBytes).toBeLessThan(empty + 4096);
  });
});
