/** Snapshots written while random commands change everything: each is the state of its moment. */
import { snapshotRound } from '../../test/support/snapshot-round.ts';
import { fuzzStructure } from '../../test/support/structure-fuzz.ts';

fuzzStructure('snapshot-walk', snapshotRound);
