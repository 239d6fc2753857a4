// A large sorted set against a sorted array: all kinds of scores and members, evacuation, copies,
// refused memory.
// Run: npx tsx src/structures/sorted-set.fuzz.ts --seconds 10   (SEED=n begins with that round)

import { runSortedSetRound } from '../../test/support/sorted-set-round.ts';
import { fuzzStructure } from '../../test/support/structure-fuzz.ts';

fuzzStructure('sorted-set', (random) => runSortedSetRound(random, 12_000));
