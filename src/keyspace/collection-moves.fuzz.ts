// Collections under random commands, with the defragmenter at work between any two of them.
// Run: npx tsx src/keyspace/collection-moves.fuzz.ts --seconds 10   (SEED=n begins with that round)

import { runMovingRound } from '../../test/support/moving-collections.ts';
import { fuzzStructure } from '../../test/support/structure-fuzz.ts';
import { setHashKey } from '../structures/siphash.ts';

fuzzStructure('collections', (random) => {
  setHashKey(random.integer(0, 2 ** 31), random.integer(0, 2 ** 31));
  runMovingRound(random, 6000);
});
