// Intsets against sorted arrays, and the validator against damaged ones.
// Run: npx tsx src/structures/intset.fuzz.ts --seconds 10   (SEED=n begins with that round)

import { runIntsetDamageRound, runIntsetRound } from '../../test/support/intset-model.ts';
import { fuzzStructure } from '../../test/support/structure-fuzz.ts';

fuzzStructure('intset', (random) => {
  runIntsetRound(random, 1000);
  for (let i = 0; i < 20; i++) runIntsetDamageRound(random, 100);
});
