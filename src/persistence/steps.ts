/** Work that is done in steps, each well below a millisecond. */

/** What is left of it: each `next` is a step. */
export type Steps = Generator<void, void, void>;

/** Does all that is left. */
export function runSteps(steps: Steps | null): void {
  if (steps === null) return;
  while (steps.next().done !== true);
}
