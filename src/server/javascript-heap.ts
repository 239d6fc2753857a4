/**
 * Settings of the JavaScript heap that suit a server whose data lies outside it. See
 * docs/decisions/0009-javascript-heap.md.
 */
import { setFlagsFromString } from 'node:v8';

/**
 * Keeps the young generation at the size it starts with, and has the main thread alone collect it.
 * Hardly anything lives in it, so growing makes collections rarer but not cheaper, and takes 5 MB;
 * and helper threads are what a collection waits for on a busy machine, for up to 35 ms.
 */
export function keepYoungGenerationSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString('--no-parallel-scavenge');
}
