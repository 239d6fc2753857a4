/**
 * Settings of the JavaScript heap that suit a server whose data lies outside it. See
 * docs/decisions/0009-javascript-heap.md.
 */
import { setFlagsFromString } from 'node:v8';

/**
 * Has the main thread collect a heap this small by itself, in short steps: helper threads are what
 * a collection waits for on a busy machine, and what takes the CPU from it. Keeps the young
 * generation at the size it starts with too: hardly anything lives in it, so growing makes
 * collections rarer but not cheaper, and takes 5 MB.
 *
 * To be called before the first extent is allocated: a collection that is under way counts on
 * its helpers.
 */
export function collectWithoutHelpers(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString('--no-parallel-scavenge');
  setFlagsFromString('--no-concurrent-marking');
  setFlagsFromString('--no-parallel-compaction');
  setFlagsFromString('--no-parallel-pointer-update');
}
