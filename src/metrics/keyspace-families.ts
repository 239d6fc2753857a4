/** Keys by database, and the memory that holds them. Nothing here walks over what is stored. */
import { averageTtlMs } from '../commands/info/keyspace.ts';
import type { InfoSource } from '../commands/info/section.ts';
import type { Database } from '../keyspace/database.ts';
import { type Family, labels, type Sample, single } from './family.ts';

/** Families of the databases that have keys. */
export function* keyspaceFamilies({ keyspace }: InfoSource): Generator<Family> {
  const used = keyspace.databases.filter((database) => database.size() > 0);
  yield byDatabase('redis_db_keys', 'Keys of each database.', used, (each) => each.size());
  yield byDatabase('redis_db_keys_expiring', 'Keys that expire.', used, (each) =>
    each.expiringSize(),
  );
  const expiring = used.filter((database) => database.expiringSize() > 0);
  yield byDatabase(
    'redis_db_avg_ttl_seconds',
    'How long keys that expire still live, on average over a sample.',
    expiring,
    (each) => averageTtlMs(each) / 1000,
  );
}

function byDatabase(
  name: string,
  help: string,
  databases: readonly Database[],
  of: (database: Database) => number,
): Family {
  return { name, type: 'gauge', help, samples: databaseSamples(databases, of) };
}

function* databaseSamples(
  databases: readonly Database[],
  of: (database: Database) => number,
): Generator<Sample> {
  for (const database of databases) {
    yield { labels: labels({ db: `db${database.id}` }), value: of(database) };
  }
}

/**
 * Families of memory. What INFO memory tells beside them (the bytes of the index and of clients)
 * takes a walk and is left to it.
 */
export function* memoryFamilies({ keyspace, services }: InfoSource): Generator<Family> {
  const { configuration, lifecycle, statistics } = services;
  const { heap } = keyspace;
  const used = heap.usedBytes;
  const limit = Number(configuration.textOf('maxmemory'));
  const resident = lifecycle.residentBytes();
  const gauge = (name: string, help: string, value: number) => single(name, 'gauge', help, value);
  yield gauge('redis_memory_used_bytes', 'What the data take in the arena.', used);
  yield gauge(
    'redis_memory_used_peak_bytes',
    'The most that they have taken.',
    Math.max(used, statistics.peakMemoryBytes),
  );
  yield gauge('redis_memory_used_startup_bytes', 'Taken without keys.', keyspace.startupBytes);
  yield gauge('redis_memory_used_rss_bytes', 'Resident memory of the process.', resident);
  yield gauge('redis_memory_max_bytes', 'maxmemory; 0 is no limit.', limit);
  yield gauge('redis_config_maxmemory', 'maxmemory; 0 is no limit.', limit);
  yield gauge('redis_mem_fragmentation_ratio', 'Resident over used.', resident / used);
  yield gauge('redis_allocator_allocated_bytes', 'Live blocks of the arena.', used);
  yield gauge('redis_allocator_active_bytes', 'Pages that the arena holds.', heap.heldBytes);
  yield gauge(
    'redis_allocator_resident_bytes',
    'Those, and pages that are free after use.',
    heap.committedBytes(),
  );
  yield gauge(
    'redis_mem_not_counted_for_eviction_bytes',
    'Buffers that maxmemory does not count.',
    statistics.eviction.unlimitedBytes,
  );
  yield gauge(
    'redis_lazyfree_pending_objects',
    'Keys and large values that are still to be freed.',
    keyspace.garbageCount,
  );
}
