import { expect, test } from 'vitest';
import {
  AppendOnlyTrial,
  FIRST_CALLS,
  STARTING_CALLS,
  WORKING_CALLS,
} from '../../test/support/append-only-trial.ts';
import { chosenSeed } from '../../test/support/seeded-random.ts';
import type { Fault } from '../../test/support/simulated-disk.ts';
import type { SyncPolicy } from './aof-writer.ts';

/** Of each policy; a third of them at any call, the others at calls of each kind in turn. */
const CRASHES = 72;
const FAILURES = 36;
const TEST_MS_MAX = 300_000;
const LIVES = 4;
const POLICIES: readonly SyncPolicy[] = ['always', 'everysec'];
const FAULTS: readonly Fault[] = ['ENOSPC', 'EIO'];

const seed = chosenSeed();
const faults = new Set<string>();

/** Which kind of call is to fail in a round. */
function kindFor(round: number): string | null {
  return round % 3 === 0
    ? null
    : WORKING_CALLS[(round - Math.ceil(round / 3)) % WORKING_CALLS.length]!;
}

test.each(POLICIES)(
  `%s: ${CRASHES} losses of power lose no more than promised (SEED=${seed})`,
  async (policy) => {
    let crashes = 0;
    for (let round = 0; round < CRASHES; ) {
      const name = `seed ${seed + round}`;
      const trial = new AppendOnlyTrial(seed + round, policy);
      await trial.start([FIRST_CALLS[(round / LIVES) % FIRST_CALLS.length]!]);
      for (let lives = 0; lives < LIVES; lives++, round++) {
        trial.arm('crash', kindFor(round));
        await trial.work(5);
        if (!trial.disk.hasPower) crashes++;
        const failing =
          round % 3 === 0 ? [STARTING_CALLS[(round / 3) % STARTING_CALLS.length]!] : [];
        const problem = await trial.restart(failing);
        expect(problem, name).toBeNull();
      }
      for (const fault of trial.faults) faults.add(fault);
    }
    expect(crashes).toBeGreaterThan(0.9 * CRASHES);
  },
  TEST_MS_MAX,
);

test.each(POLICIES)(
  `%s: ${FAILURES} single failures lose nothing, and it goes on (SEED=${seed})`,
  async (policy) => {
    let failures = 0;
    for (let round = 0; round < FAILURES; round++) {
      const trial = new AppendOnlyTrial(seed + round, policy);
      const name = `seed ${seed + round}`;
      await trial.start();
      trial.arm(FAULTS[(round >> 1) % 2]!, kindFor(round));
      await trial.work(10);
      expect(trial.engine.text('EXISTS', 'f'), name).toMatch(/integer/);
      await trial.recover();
      failures += trial.faults.size;
      for (const fault of trial.faults) faults.add(fault);
      expect(await trial.changeForSure(), name).toBeNull();
      expect(await trial.restart(), name).toBeNull();
    }
    expect(failures).toBeGreaterThan(0.9 * FAILURES);
  },
  TEST_MS_MAX,
);

test('every kind of call has failed', () => {
  const hasFailed = (kind: string) => FAULTS.some((fault) => faults.has(`${fault} ${kind}`));
  const hasCrashed = (kind: string) => faults.has(`crash ${kind}`);
  expect(WORKING_CALLS.filter((kind) => !hasCrashed(kind) || !hasFailed(kind))).toEqual([]);
  const starting = [...FIRST_CALLS, ...STARTING_CALLS];
  expect(starting.filter((kind) => !hasCrashed(kind) && !hasFailed(kind))).toEqual([]);
});
