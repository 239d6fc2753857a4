// A hash table against a Map, under kind and mean hash functions, with scans, evacuation and
// refused memory. Run: npx tsx src/structures/hash-table.fuzz.ts --seconds 10   (SEED=n begins with
// that round)

import { fuzzStructure } from '../../test/support/structure-fuzz.ts';
import { runTableRound } from '../../test/support/table-model.ts';

fuzzStructure('hash-table', (random) => runTableRound(random, 60_000));
