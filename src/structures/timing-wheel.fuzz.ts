// A timing wheel against a plain list, with a clock that leaps and goes back.
// Run: npx tsx src/structures/timing-wheel.fuzz.ts --seconds 10   (SEED=n begins with that round)

import { fuzzStructure } from '../../test/support/structure-fuzz.ts';
import { runWheelRound } from '../../test/support/wheel-model.ts';

fuzzStructure('timing-wheel', (random) => runWheelRound(random, 20_000));
