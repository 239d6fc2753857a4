/**
 * Losses of power and single failures at random calls of a server with an append-only file, on a
 * simulated disk, for as long as wanted: what is found afterwards is what was promised.
 */
import { parseArgs } from 'node:util';
import {
  AppendOnlyTrial,
  FIRST_CALLS,
  STARTING_CALLS,
  WORKING_CALLS,
} from '../../test/support/append-only-trial.ts';
import { chosenSeed } from '../../test/support/seeded-random.ts';

const LIVES = 4;

/** One server with several crashes; what is wrong, or null. */
async function crash(seed: number): Promise<string | null> {
  const trial = new AppendOnlyTrial(seed, seed % 2 === 0 ? 'always' : 'everysec');
  const { random } = trial;
  await trial.start(random.fraction() < 0.3 ? [random.pick(FIRST_CALLS)] : []);
  for (let lives = 0; lives < LIVES; lives++) {
    trial.arm('crash', random.pick([null, random.pick(WORKING_CALLS)]));
    await trial.work(random.integer(1, 20));
    const problem = await trial.restart(
      random.fraction() < 0.3 ? [random.pick(STARTING_CALLS)] : [],
    );
    if (problem !== null) return problem;
  }
  return null;
}

/** One failure, after which it goes on; what is wrong, or null. */
async function fail(seed: number): Promise<string | null> {
  const trial = new AppendOnlyTrial(seed, seed % 2 === 0 ? 'always' : 'everysec');
  const { random } = trial;
  await trial.start();
  const kind = random.pick([null, random.pick(WORKING_CALLS)]);
  trial.arm(random.pick(['ENOSPC', 'EIO'] as const), kind);
  await trial.work(random.integer(1, 20));
  await trial.recover();
  return (await trial.changeForSure()) ?? (await trial.restart());
}

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '10' } } });
const first = chosenSeed();
console.log(`append-only-crash: SEED=${first}`);
const endMs = performance.now() + Number(values.seconds) * 1000;
let seed = first;
let crashes = 0;
let failures = 0;
do {
  const isCrash = seed % 3 !== 0;
  const problem = await (isCrash ? crash(seed) : fail(seed)).catch((error: Error) => error.stack);
  if (problem) {
    console.log(`append-only-crash: failed with SEED=${seed}\n${problem}`);
    process.exitCode = 1;
    break;
  }
  if (isCrash) crashes += LIVES;
  else failures++;
  seed++;
} while (performance.now() < endMs);
console.log(`append-only-crash: ${crashes} losses of power, ${failures} failures`);
