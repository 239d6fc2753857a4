// What sets and hashes of a million cost. Run: npx tsx src/structures/packed-table.bench.ts

import { measure } from '../../test/support/stopwatch.ts';
import { mix } from '../../test/support/table-model.ts';
import type { Ptr } from '../memory/address.ts';
import { Heap } from '../memory/heap.ts';
import { PackedTable } from './packed-table.ts';
import { hashBytes } from './siphash.ts';

const SIZE = 1_000_000;
const BATCH = 16;
const member = Buffer.from('element:000000000000');
const view = new DataView(member.buffer, member.byteOffset, member.length);
const value = Buffer.from('xxx');
const valueView = new DataView(value.buffer, value.byteOffset, value.length);
const hashes = new Int32Array(BATCH);
let next = 0;
let added = SIZE;

/** Makes `member` the one of this number; returns its hash. */
function name(number: number): number {
  view.setUint32(8, mix(number), true);
  view.setUint32(12, number, true);
  return hashBytes(view, 0, 20);
}

function draw(): number {
  return (mix(++next) >>> 0) % SIZE;
}

function find(table: PackedTable, root: Ptr, number: number): boolean {
  return table.find(root, name(number), member, view, 0, 20);
}

function put(table: PackedTable, root: Ptr, number: number): boolean {
  return table.put(root, name(number), member, view, 0, 20, value, valueView, 0, 3);
}

function add(table: PackedTable, root: Ptr, number: number): boolean {
  return table.add(root, name(number), member, view, 0, 20);
}

for (const [kind, insert] of [
  ['set', add],
  ['hash', put],
] as const) {
  const table = new PackedTable(new Heap());
  const root = table.create(kind === 'hash');
  for (let i = 0; i < SIZE; i++) insert(table, root, i);
  const perMember = (bytes: number) => (bytes / SIZE).toFixed(1);
  const { usedBytes, heldBytes } = table.heap;
  console.log(`${kind}: ${perMember(usedBytes)} bytes a member, ${perMember(heldBytes)} held`);

  measure(`${kind}: make and hash a name`, (times) => {
    let sum = 0;
    for (let i = 0; i < times; i++) sum ^= name(draw());
    return sum;
  });
  measure(`${kind}: find`, (times) => {
    let found = 0;
    for (let i = 0; i < times; i++) if (find(table, root, draw())) found++;
    return found;
  });
  measure(`${kind}: find, in batches of ${BATCH} looked ahead at`, (times) => {
    let found = 0;
    for (let i = 0; i < times; i += BATCH) {
      const first = next;
      for (let b = 0; b < BATCH; b++) hashes[b] = name(draw());
      table.prefetch(root, hashes, BATCH);
      next = first;
      for (let b = 0; b < BATCH; b++) if (find(table, root, draw())) found++;
    }
    return found;
  });
  measure(`${kind}: find what is not there`, (times) => {
    let found = 0;
    for (let i = 0; i < times; i++) if (find(table, root, SIZE * 8 + draw())) found++;
    return found;
  });
  measure(`${kind}: insert what is there`, (times) => {
    let isNew = 0;
    for (let i = 0; i < times; i++) if (insert(table, root, draw())) isNew++;
    return isNew;
  });
  measure(`${kind}: remove and insert again`, (times) => {
    for (let i = 0; i < times; i++) {
      const number = draw();
      table.remove(root, name(number), member, view, 0, 20);
      insert(table, root, number);
    }
  });
  measure(`${kind}: scan a bucket and look at each member`, (times) => {
    let sum = 0;
    let position = 0;
    for (let i = 0; i < times; i++) {
      const found = table.scanBucket(root, position);
      for (let b = 0; b < found; b++) {
        table.entry(b);
        sum ^= table.memberStart;
      }
      position = table.nextPosition;
    }
    return sum;
  });
  measure(`${kind}: a random member`, (times) => {
    let sum = 0;
    for (let i = 0; i < times; i++) if (table.random(root, Math.random)) sum ^= table.memberStart;
    return sum;
  });
  added = SIZE;
  measure(`${kind}: insert new members`, (times) => {
    for (let i = 0; i < times; i++) insert(table, root, added++);
  });
  measure(`${kind}: insert new members, in batches of ${BATCH} looked ahead at`, (times) => {
    for (let i = 0; i < times; i += BATCH) {
      for (let b = 0; b < BATCH; b++) hashes[b] = name(added + b);
      table.prefetch(root, hashes, BATCH);
      for (let b = 0; b < BATCH; b++) insert(table, root, added++);
    }
  });
  measure(`${kind}: remove members`, (times) => {
    for (let i = 0; i < times && added > 0; i++) {
      table.remove(root, name(--added), member, view, 0, 20);
    }
  });
}
