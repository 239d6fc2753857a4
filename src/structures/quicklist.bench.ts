// What large lists cost, an operation at a time. Run: npx tsx src/structures/quicklist.bench.ts

import { rangeOf } from '../../test/support/listpack-format.ts';
import { measure } from '../../test/support/stopwatch.ts';
import { Heap } from '../memory/heap.ts';
import { RespWriter } from '../protocol/resp-writer.ts';
import { Quicklists } from './quicklist.ts';
import { QuicklistCursor } from './quicklist-cursor.ts';
import { NodeLimits } from './quicklist-limits.ts';

const ELEMENTS = 100_000;

for (const value of ['xxx', '17', '123456789', 'x'.repeat(64), 'x'.repeat(3000)]) {
  const lists = new Quicklists(new Heap(), new NodeLimits());
  const { bytes, view } = rangeOf(Buffer.from(value));
  const { length } = bytes;
  const name = length > 10 ? `${length} bytes` : value;
  const root = lists.create();
  const before = lists.usedBytes(root);
  for (let i = 0; i < ELEMENTS; i++) lists.pushLast(root, bytes, view, 0, length);
  const each = (lists.usedBytes(root) - before) / ELEMENTS;
  console.log(`${each.toFixed(2)} bytes per element of ${name}`);

  measure(`push at the front, ${name}`, (times) => {
    const other = lists.create();
    for (let i = 0; i < times; i++) lists.pushFirst(other, bytes, view, 0, length);
    lists.release(other, Number.POSITIVE_INFINITY);
  });
  measure(`push at the end, ${name}`, (times) => {
    const other = lists.create();
    for (let i = 0; i < times; i++) lists.pushLast(other, bytes, view, 0, length);
    lists.release(other, Number.POSITIVE_INFINITY);
  });
  measure(`push at the end, pop at the front, ${name}`, (times) => {
    for (let i = 0; i < times; i++) {
      lists.pushLast(root, bytes, view, 0, length);
      lists.removeFirst(root, 1);
    }
  });
  const cursor = new QuicklistCursor();
  const writer = new RespWriter();
  measure(`reply with the first 100, ${name}`, (times) => {
    for (let i = 0; i < times; i++) {
      cursor.enter(lists, root, 0);
      cursor.writeForward(writer, 100);
      writer.reset();
    }
  });
  measure(`find the middle by index, ${name}`, (times) => {
    for (let i = 0; i < times; i++) cursor.enter(lists, root, ELEMENTS / 2);
  });
}
