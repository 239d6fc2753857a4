// What timers cost. Run: npx tsx src/structures/timing-wheel.bench.ts

import { SeededRandom } from '../../test/support/seeded-random.ts';
import { measure } from '../../test/support/stopwatch.ts';
import { NULL, type Ptr } from '../memory/address.ts';
import { Heap } from '../memory/heap.ts';
import { TIMER_BYTES, TimingWheel } from './timing-wheel.ts';

const NOW_MS = 1_704_067_200_000;
const TIMERS = 2 ** 20;

const random = new SeededRandom(1);
const heap = new Heap();
const timers = Array.from({ length: TIMERS }, () => heap.alloc(TIMER_BYTES));
const delaysMs = Float64Array.from(timers, () => Math.floor(2 ** (random.fraction() * 30)));
// Records are not met in the order in which they were made.
for (let i = TIMERS - 1; i > 0; i--) {
  const other = random.integer(0, i);
  [timers[i], timers[other]] = [timers[other]!, timers[i]!];
}

/** A wheel on which some of the timers are. */
function filled(count: number): TimingWheel {
  const wheel = new TimingWheel(heap, NOW_MS);
  for (let i = 0; i < count; i++) wheel.add(timers[i]!, NOW_MS + delaysMs[i]!, false);
  return wheel;
}

measure('add', (times) => {
  let wheel = new TimingWheel(heap, NOW_MS);
  for (let i = 0; i < times; i++) {
    const at = i & (TIMERS - 1);
    if (at === 0) wheel = new TimingWheel(heap, NOW_MS);
    wheel.add(timers[at]!, NOW_MS + delaysMs[at]!, false);
  }
});

const wheel = filled(TIMERS);
let next = 0;
measure(`remove and add one of ${TIMERS}`, (times) => {
  for (let i = 0; i < times; i++) {
    const timer = timers[next++ & (TIMERS - 1)]!;
    wheel.remove(timer);
    wheel.add(timer, NOW_MS + delaysMs[(next * 7) & (TIMERS - 1)]!, false);
  }
});

measure('nextMs', (times) => {
  let sum = 0;
  for (let i = 0; i < times; i++) sum += wheel.nextMs();
  return sum;
});

measure('add, move down and expire', (times) => {
  for (let left = times; left > 0; left -= TIMERS) expireAll(filled(Math.min(left, TIMERS)));
});

function expireAll(full: TimingWheel): void {
  for (;;) {
    const timer = full.step(NOW_MS + 2 ** 31);
    if (timer === -1) return;
    if (timer !== NULL) full.remove(timer as Ptr);
  }
}
