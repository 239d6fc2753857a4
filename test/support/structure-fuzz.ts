/**
 * What the fuzz programs of structures share: rounds against a model, each with its own seed, for a
 * given time.
 */
import { parseArgs } from 'node:util';
import { chosenSeed, SeededRandom } from './seeded-random.ts';

const SECONDS_DEFAULT = 10;

/**
 * Runs rounds of a fuzz program for `--seconds` seconds, at least one. A round throws when
 * something is wrong; then its seed is printed and the process ends with code 1, and SEED=that seed
 * begins with the same round.
 */
export function fuzzStructure(name: string, round: (random: SeededRandom) => void): void {
  const { values } = parseArgs({ options: { seconds: { type: 'string' } } });
  const seconds = Number(values.seconds ?? SECONDS_DEFAULT);
  const first = chosenSeed();
  const end = performance.now() + seconds * 1000;
  console.log(`${name}: SEED=${first}`);
  let seed = first;
  do {
    try {
      round(new SeededRandom(seed));
    } catch (problem) {
      console.log(`${name}: failed with SEED=${seed}`);
      console.log(problem instanceof Error ? problem.stack : problem);
      process.exitCode = 1;
      return;
    }
    seed = (seed + 1) % 2 ** 31;
  } while (performance.now() < end);
  console.log(`${name}: ${seed - first} rounds passed`);
}
