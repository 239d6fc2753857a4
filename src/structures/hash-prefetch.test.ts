import { expect, it } from 'vitest';
import { HASHES, mix, TableModel } from '../../test/support/table-model.ts';
import { PREFETCH_MAX } from './hash-prefetch.ts';

/** Records that `prefetch` finds for the first keys, in batches as large as they may be. */
function prefetched(model: TableModel, keys: number): number[] {
  const { table } = model;
  const hashes = new Int32Array(PREFETCH_MAX);
  const records: number[] = [];
  for (let first = 0; first < keys; first += PREFETCH_MAX) {
    const count = Math.min(PREFETCH_MAX, keys - first);
    for (let i = 0; i < count; i++) hashes[i] = table.hashOfKey(first + i);
    table.prefetch(model.root, hashes, count);
    for (let i = 0; i < count; i++) records.push(hashes[i]! >>> 0);
  }
  return records;
}

it.each([1, 9, 700, 9000, 20_000])('finds the records of %i keys, at home or not', (keys) => {
  const model = new TableModel(mix);
  for (let key = 0; key < keys; key++) model.insert(key);
  const records = prefetched(model, keys);
  // Another record may have the same tag, but there is one.
  expect(records).not.toContain(0);
  const right = records.filter((record, key) => record === model.records.get(key)).length;
  expect(right).toBeGreaterThan(keys * 0.97);
});

it.each(Object.entries(HASHES))('ends under the hash function: %s', (_, { hash, keysMax }) => {
  const model = new TableModel(hash);
  const keys = Math.min(keysMax, 5000);
  for (let key = 0; key < keys; key++) model.insert(key);
  expect(prefetched(model, keys)).not.toContain(0);
});

it('finds nothing in an empty table', () => {
  expect(prefetched(new TableModel(mix), 10)).toEqual(new Array(10).fill(0));
});
