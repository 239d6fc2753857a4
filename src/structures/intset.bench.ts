// What intsets cost, an operation at a time. Run: npx tsx src/structures/intset.bench.ts

import { encodeIntset } from '../../test/support/intset-model.ts';
import { rangeOf } from '../../test/support/listpack-format.ts';
import { measure } from '../../test/support/stopwatch.ts';
import { Int64 } from './int64.ts';
import * as intset from './intset.ts';

const MEMBERS = 512;

for (const [width, step] of [
  [2, 100],
  [4, 1_000_000],
  [8, 1_000_000_000_000],
] as const) {
  const members = Array.from({ length: MEMBERS }, (_, i) => BigInt((i - 200) * step));
  const { bytes, view } = rangeOf(Buffer.alloc(2 ** 14));
  encodeIntset(members, width).copy(bytes);
  const integer = new Int64();
  measure(`find a member of ${MEMBERS}, ${width} bytes each`, (times) => {
    let sum = 0;
    for (let i = 0; i < times; i++) {
      integer.setNumber(((i & (MEMBERS - 1)) - 200) * step);
      sum += intset.find(view, 0, integer);
    }
    return sum;
  });
  measure(`add and remove in ${MEMBERS}, ${width} bytes each`, (times) => {
    for (let i = 0; i < times; i++) {
      integer.setNumber(((i & (MEMBERS - 1)) - 200) * step + 1);
      intset.bytesWith(view, 0, integer);
      intset.add(bytes, view, 0, integer);
      intset.remove(bytes, view, 0, integer);
    }
  });
}

const text = Buffer.from('17 -300 1234567 123456789012345678 9223372036854775807');
const places = text
  .toString()
  .split(' ')
  .map((digits) => [text.indexOf(digits), digits.length]);
const integer = new Int64();
for (const [at, length] of places) {
  measure(`read ${text.subarray(at, at! + length!)}`, (times) => {
    let sum = 0;
    for (let i = 0; i < times; i++) if (integer.parse(text, at!, length!)) sum += integer.low;
    return sum;
  });
}
