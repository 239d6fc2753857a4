/** The structures that values are in, as those see them who write values down. */
import type { Keyspace } from '../keyspace/keyspace.ts';
import { Hashes } from '../values/hash.ts';
import { Lists } from '../values/list.ts';
import { Sets } from '../values/set.ts';
import { SortedSets } from '../values/sorted-set.ts';
import { Streams } from '../values/stream.ts';
import { ConsumerGroups } from '../values/stream-group.ts';

/** Operations on all structures of a heap. */
export type Structures = Pick<
  Keyspace,
  'heap' | 'lists' | 'hashes' | 'sets' | 'sortedSets' | 'streams' | 'consumerGroups'
>;

/**
 * Operations of their own for somebody who only reads: they keep places between their calls, and a
 * snapshot may have to read in the middle of what a command does with those of the keyspace.
 */
export function readingStructures({ heap }: Keyspace): Structures {
  const streams = new Streams(heap, refuse);
  return {
    heap,
    lists: new Lists(heap, refuse),
    hashes: new Hashes(heap),
    sets: new Sets(heap, refuse),
    sortedSets: new SortedSets(heap, refuse),
    streams,
    consumerGroups: new ConsumerGroups(streams),
  };
}

function refuse(): never {
  throw new Error('who only reads has nothing to discard');
}
