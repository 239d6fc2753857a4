/**
 * Settings of the JavaScript heap that suit a server whose data lies outside it. See
 * docs/decisions/0009-javascript-heap.md.
 */
import { setFlagsFromString } from 'node:v8';

/**
 * Keeps the young generation at the size it starts with. Hardly anything lives in it, so growing
 * makes collections rarer but not cheaper, and takes 5 MB.
 */
export function keepYoungGenerationSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}
