// Quicklists against arrays of buffers, with memory refused now and then.
// Run: npx tsx src/structures/quicklist.fuzz.ts --seconds 10   (SEED=n begins with that round)

import { runQuicklistRound } from '../../test/support/quicklist-model.ts';
import { fuzzStructure } from '../../test/support/structure-fuzz.ts';

fuzzStructure('quicklist', (random) => runQuicklistRound(random, 1500));
