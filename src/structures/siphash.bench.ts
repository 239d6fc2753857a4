// What hashing costs by length. Run: npx tsx src/structures/siphash.bench.ts

import { measure } from '../../test/support/stopwatch.ts';
import { hashBytes } from './siphash.ts';

const bytes = Buffer.alloc(2 ** 16, 'a key of some length, ');
const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);

for (const length of [4, 8, 12, 16, 24, 32, 64, 256]) {
  measure(`hashBytes, ${length}`, (times) => {
    let sum = 0;
    for (let i = 0; i < times; i++) sum ^= hashBytes(view, (i * 13) & 0x7fff, length);
    return sum;
  });
}
