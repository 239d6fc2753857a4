// Listpacks against arrays of buffers, and the validator against damaged ones.
// Run: npx tsx src/structures/listpack.fuzz.ts --seconds 10   (SEED=n begins with that round)

import { runDamageRound, runListpackRound } from '../../test/support/listpack-model.ts';
import { fuzzStructure } from '../../test/support/structure-fuzz.ts';

fuzzStructure('listpack', (random) => {
  runListpackRound(random, 1000);
  for (let i = 0; i < 20; i++) runDamageRound(random, 100);
});
