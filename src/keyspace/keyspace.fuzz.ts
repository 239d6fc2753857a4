// Databases against Maps, with expiry, and defragmentation between any two operations.
// Run: npx tsx src/keyspace/keyspace.fuzz.ts --seconds 10   (SEED=n begins with that round)

import { runKeyspaceRound } from '../../test/support/keyspace-model.ts';
import { fuzzStructure } from '../../test/support/structure-fuzz.ts';
import { setHashKey } from '../structures/siphash.ts';

fuzzStructure('keyspace', (random) => {
  setHashKey(random.integer(0, 2 ** 31), random.integer(0, 2 ** 31));
  runKeyspaceRound(random, 20_000);
});
