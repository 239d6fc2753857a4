// What copying and comparing cost by length. Run: npx tsx src/memory/bytes.bench.ts

import { measure } from '../../test/support/stopwatch.ts';
import { copyBytes, equalBytes } from './bytes.ts';

const SIZE = 2 ** 16;
const LENGTHS = [3, 8, 16, 32, 64, 96, 97, 128, 256, 1024, 4096];

const from = Buffer.alloc(SIZE, 'redstart');
const to = Buffer.alloc(SIZE, 'redstart');
const fromView = new DataView(from.buffer, from.byteOffset, SIZE);
const toView = new DataView(to.buffer, to.byteOffset, SIZE);

for (const length of LENGTHS) {
  measure(`copyBytes, ${length}`, (times) => {
    for (let i = 0; i < times; i++) {
      const at = (i * 24) & 0x7fff;
      copyBytes(from, fromView, at, to, toView, at, length);
    }
  });
}

for (const length of LENGTHS) {
  measure(`equalBytes, ${length}`, (times) => {
    let equal = 0;
    for (let i = 0; i < times; i++) {
      const at = (i * 24) & 0x7fff;
      if (equalBytes(from, fromView, at, to, toView, at, length)) equal++;
    }
    return equal;
  });
}
