// Packed sets and hashes against a Map, with scans, evacuation and refused memory.
// Run: npx tsx src/structures/packed-table.fuzz.ts --seconds 10   (SEED=n begins with that round)

import { runPackedRound } from '../../test/support/packed-model.ts';
import { fuzzStructure } from '../../test/support/structure-fuzz.ts';

fuzzStructure('packed-table', (random) => runPackedRound(random, 40_000));
