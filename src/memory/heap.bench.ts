// What allocation costs. Run: npx tsx src/memory/heap.bench.ts

import { SeededRandom } from '../../test/support/seeded-random.ts';
import { measure } from '../../test/support/stopwatch.ts';
import type { Ptr } from './address.ts';
import { Heap } from './heap.ts';

const KIB = 1024;
const PLACES = 2 ** 16;

const random = new SeededRandom(1);
const places = Uint32Array.from({ length: PLACES }, (_, i) => i);
for (let i = PLACES - 1; i > 0; i--) {
  const other = random.integer(0, i);
  [places[i], places[other]] = [places[other]!, places[i]!];
}

for (const bytes of [16, 100, 1000, 16 * KIB, 64 * KIB, 1024 * KIB, 40 * 1024 * KIB]) {
  const heap = new Heap();
  measure(`alloc and free ${bytes} bytes`, (times) => {
    for (let i = 0; i < times; i++) heap.free(heap.alloc(bytes));
  });
}

for (const [name, size] of [
  ['100 bytes', () => 100],
  ['1 to 200 bytes', () => random.integer(1, 200)],
  ['1 byte to 64 KiB', () => Math.floor(2 ** (random.fraction() * 16))],
] as const) {
  const heap = new Heap();
  const sizes = Uint32Array.from({ length: PLACES }, size);
  const blocks = Array.from(sizes, (bytes) => heap.alloc(bytes));
  let next = 0;
  measure(`replace one of ${PLACES} blocks, ${name}`, (times) => {
    for (let i = 0; i < times; i++) {
      const place = places[next++ & (PLACES - 1)]!;
      heap.free(blocks[place]!);
      blocks[place] = heap.alloc(sizes[(place + next) & (PLACES - 1)]!);
    }
  });
}

for (const bytes of [64, 1000]) {
  const heap = new Heap();
  const blocks: Ptr[] = Array.from(places, () => heap.alloc(bytes));
  let next = 0;
  measure(`relocate ${bytes} bytes`, (times) => {
    for (let i = 0; i < times; i++) {
      const place = places[next++ & (PLACES - 1)]!;
      blocks[place] = heap.relocate(blocks[place]!);
    }
  });
}
