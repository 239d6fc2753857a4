/** Timing small operations: nanoseconds each, and bytes that they leave on the JavaScript heap. */

const ROUNDS = 9;
const ROUND_MS_MIN = 20;

/**
 * Prints the best of several rounds. `run` does the operation so many times in a loop of its own,
 * which then is compiled for this operation alone.
 */
export function measure(name: string, run: (times: number) => unknown): void {
  let times = 1000;
  while (timed(run, times) < ROUND_MS_MIN) times *= 2;
  let bestMs = Number.POSITIVE_INFINITY;
  let bytesMin = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.memoryUsage().heapUsed;
    bestMs = Math.min(bestMs, timed(run, times));
    // A collection in between makes it negative: such a round says nothing.
    const bytes = process.memoryUsage().heapUsed - before;
    if (bytes >= 0) bytesMin = Math.min(bytesMin, bytes);
  }
  const ns = ((bestMs / times) * 1e6).toFixed(1).padStart(9);
  const bytes = Number.isFinite(bytesMin) ? (bytesMin / times).toFixed(2) : 'many';
  console.log(`${ns} ns ${bytes.padStart(7)} B  ${name}`);
}

function timed(run: (times: number) => unknown, times: number): number {
  const start = performance.now();
  run(times);
  return performance.now() - start;
}
