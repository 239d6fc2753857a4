// Random allocation, of all sizes, with evacuation and refusals, against a list of what must be
// there. Run: npx tsx src/memory/heap.fuzz.ts --seconds 10   (SEED=n begins with that round)

import { runHeapRound } from '../../test/support/heap-model.ts';
import { fuzzStructure } from '../../test/support/structure-fuzz.ts';

fuzzStructure('heap', (random) => runHeapRound(random, 20_000));
