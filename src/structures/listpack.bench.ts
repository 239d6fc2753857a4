// What listpacks cost, an operation at a time. Run: npx tsx src/structures/listpack.bench.ts

import { encodeListpack, rangeOf } from '../../test/support/listpack-format.ts';
import { measure } from '../../test/support/stopwatch.ts';
import * as listpack from './listpack.ts';
import { ListpackCursor } from './listpack-cursor.ts';

const START = 13;

/** A hash as people keep them: `field:17` -> `value of 17`. */
function hashOf(pairs: number) {
  const texts = Array.from({ length: pairs }, (_, i) => [`field:${i}`, `value of ${i}`]);
  return packed(texts.flat());
}

function packed(elements: string[]) {
  const range = rangeOf(Buffer.alloc(2 ** 16));
  encodeListpack(elements.map((element) => Buffer.from(element))).copy(range.bytes, START);
  return range;
}

for (const pairs of [8, 32, 128]) {
  const { bytes, view } = hashOf(pairs);
  const probe = rangeOf(
    Buffer.from(Array.from({ length: pairs }, (_, i) => `field:${i}`).join(' ')),
  );
  const places = Array.from({ length: pairs }, (_, i) => probe.bytes.indexOf(`field:${i}`));
  measure(`find a field, hash of ${pairs}`, (times) => {
    let sum = 0;
    for (let i = 0; i < times; i++) {
      const field = i % pairs;
      const at = places[field]!;
      const length = field < 10 ? 7 : field < 100 ? 8 : 9;
      sum += listpack.find(bytes, view, START, 6, 2, probe.bytes, probe.view, at, length);
    }
    return sum;
  });
  measure(`find no field, hash of ${pairs}`, (times) => {
    let sum = 0;
    const text = rangeOf(Buffer.from('field:xx'));
    for (let i = 0; i < times; i++) {
      sum += listpack.find(bytes, view, START, 6, 2, text.bytes, text.view, 0, 8);
    }
    return sum;
  });
  const cursor = new ListpackCursor();
  measure(`walk with a cursor, hash of ${pairs}`, (times) => {
    let sum = 0;
    for (let i = 0; i < times; i++) {
      for (let more = cursor.first(bytes, view, START); more; more = cursor.next(bytes, view)) {
        cursor.spell();
        sum += cursor.textLength;
      }
    }
    return sum;
  });
}

for (const value of ['a value', '17', '123456', '1234567890123456789']) {
  const { bytes, view } = hashOf(16);
  const text = rangeOf(Buffer.from(value));
  const { length } = text.bytes;
  const middle = listpack.atIndex(bytes, view, START, 15);
  measure(`append ${value}, remove it`, (times) => {
    for (let i = 0; i < times; i++) {
      listpack.entryBytes(text.bytes, 0, length);
      listpack.append(bytes, view, START, text.bytes, text.view, 0, length);
      listpack.remove(bytes, view, START, listpack.last(bytes, view, START));
    }
  });
  measure(`prepend ${value}, remove it`, (times) => {
    for (let i = 0; i < times; i++) {
      listpack.entryBytes(text.bytes, 0, length);
      listpack.prepend(bytes, view, START, text.bytes, text.view, 0, length);
      listpack.remove(bytes, view, START, 6);
    }
  });
  measure(`replace with ${value}`, (times) => {
    for (let i = 0; i < times; i++) {
      listpack.entryBytes(text.bytes, 0, length);
      listpack.replace(bytes, view, START, middle, text.bytes, text.view, 0, length);
    }
  });
}

const integers = packed(['1', '-300', '70000', '123456789012345678', '-9223372036854775808']);
const out = rangeOf(Buffer.alloc(64));
const cursor = new ListpackCursor();
measure('print 5 integers, 2 of them beyond 2^53', (times) => {
  const { bytes, view } = integers;
  let sum = 0;
  for (let i = 0; i < times; i++) {
    for (let more = cursor.first(bytes, view, START); more; more = cursor.next(bytes, view)) {
      sum += cursor.copyText(bytes, view, out.bytes, out.view, 0);
    }
  }
  return sum;
});
