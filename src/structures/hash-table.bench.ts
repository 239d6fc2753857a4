// What tables cost, by size. Run: npx tsx src/structures/hash-table.bench.ts

import { measure } from '../../test/support/stopwatch.ts';
import { mix, NumberTable } from '../../test/support/table-model.ts';
import type { Ptr } from '../memory/address.ts';
import { Heap } from '../memory/heap.ts';

const BATCH = 16;
const key = Buffer.alloc(4);
const view = new DataView(key.buffer, key.byteOffset, 4);
const hashes = new Int32Array(BATCH);

function find(table: NumberTable, root: Ptr, number: number): Ptr {
  view.setUint32(0, number, true);
  return table.find(root, mix(number), key, view, 0, 4);
}

const growing = new NumberTable(new Heap(), mix);
const records = Array.from({ length: 2 ** 20 }, (_, i) => growing.record(i));
measure('insert into a growing table, and take it apart', (times) => {
  for (let left = times; left > 0; left -= records.length) {
    const root = growing.create();
    const size = Math.min(left, records.length);
    for (let i = 0; i < size; i++) growing.insert(root, mix(i), records[i]!);
    while (growing.drainSegment(root) >= 0);
  }
});

for (const size of [1_000_000, 8_000_000]) {
  const table = new NumberTable(new Heap(), mix);
  const root = table.create();
  for (let i = 0; i < size; i++) table.insert(root, mix(i), table.record(i));
  let next = 0;
  const draw = () => (mix(++next) >>> 0) % size;
  measure(`find one of ${size}`, (times) => {
    let found = 0;
    for (let i = 0; i < times; i++) if (find(table, root, draw()) !== 0) found++;
    return found;
  });
  measure(`find what is not among ${size}`, (times) => {
    let found = 0;
    for (let i = 0; i < times; i++) if (find(table, root, size + draw()) !== 0) found++;
    return found;
  });
  measure(`find one of ${size}, in batches of ${BATCH} looked ahead at`, (times) => {
    let found = 0;
    for (let i = 0; i < times; i += BATCH) {
      const first = next;
      for (let b = 0; b < BATCH; b++) hashes[b] = mix(draw());
      table.prefetch(root, hashes, BATCH);
      next = first;
      for (let b = 0; b < BATCH; b++) if (find(table, root, draw()) !== 0) found++;
    }
    return found;
  });
  measure(`remove and insert one of ${size}`, (times) => {
    for (let i = 0; i < times; i++) {
      const number = draw();
      const record = find(table, root, number);
      table.remove(root);
      table.insert(root, mix(number), record);
    }
  });
  measure(`scan a bucket of ${size}`, (times) => {
    let found = 0;
    let position = 0;
    for (let i = 0; i < times; i++) {
      found += table.scanBucket(root, position);
      position = table.nextPosition;
    }
    return found;
  });
  measure(`a random one of ${size}`, (times) => {
    let sum = 0;
    for (let i = 0; i < times; i++) sum ^= table.randomRecord(root, Math.random);
    return sum;
  });
}
