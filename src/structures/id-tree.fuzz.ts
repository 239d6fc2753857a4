// An id tree against a sorted array.
// Run: npx tsx src/structures/id-tree.fuzz.ts --seconds 10   (SEED=n begins with that round)

import { runIdTreeRound } from '../../test/support/id-tree-model.ts';
import { fuzzStructure } from '../../test/support/structure-fuzz.ts';

fuzzStructure('id-tree', (random) => runIdTreeRound(random, 60_000));
