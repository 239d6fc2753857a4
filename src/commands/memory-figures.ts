/**
 * Where the memory is, in the terms of INFO and MEMORY. Used is what the data set takes in the
 * arena, to the byte: maxmemory limits that and the buffers of clients. Overhead is the part of it
 * that finds keys rather than holds them.
 */
import type { Database } from '../keyspace/database.ts';
import { TIMER_BYTES } from '../structures/timing-wheel.ts';
import type { InfoSource } from './info/section.ts';

/** One database that has keys. */
export interface DatabaseMemory {
  readonly id: number;
  /** The hash table of its keys. */
  readonly indexBytes: number;
  /** What remembers when keys fall due. */
  readonly expiryBytes: number;
}

/** In bytes, but for the keys. */
export interface MemoryFigures {
  readonly used: number;
  readonly peak: number;
  /** Used before the first key. */
  readonly startup: number;
  readonly overhead: number;
  readonly dataset: number;
  /** Pages and runs that the arena holds for its blocks. */
  readonly held: number;
  /** Those, and what is free after use: the system gets that back with its extent. */
  readonly committed: number;
  /** Of the whole process, as the system counts. */
  readonly resident: number;
  /** Buffers of clients, outside of the arena. */
  readonly clients: number;
  /** How long memory has been beyond maxmemory, in ms; 0 while it is not. */
  readonly exceededMs: number;
  readonly keys: number;
  readonly databases: readonly DatabaseMemory[];
}

/** The figures of this moment. */
export function memoryFigures({ keyspace, services }: InfoSource): MemoryFigures {
  const used = keyspace.heap.usedBytes;
  const databases = keyspace.databases.map((database) => ({
    id: database.id,
    keys: database.size(),
    indexBytes: indexBytes(database),
    expiryBytes: database.expiringSize() * TIMER_BYTES,
  }));
  const overhead = databases.reduce((sum, each) => sum + each.indexBytes + each.expiryBytes, 0);
  let clients = 0;
  for (const { transport } of services.clients.all()) {
    clients += transport.queryBytes() + transport.queryFreeBytes() + transport.outputBytes();
  }
  return {
    used,
    peak: Math.max(used, services.statistics.peakMemoryBytes),
    startup: keyspace.startupBytes,
    overhead,
    dataset: used - overhead,
    held: keyspace.heap.heldBytes,
    committed: keyspace.heap.committedBytes(),
    resident: services.lifecycle.residentBytes(),
    clients,
    exceededMs: services.statistics.eviction.currentExceededMs,
    keys: keyspace.keyCount(),
    databases: databases.filter(({ keys }) => keys > 0),
  };
}

function indexBytes({ root, keyspace }: Database): number {
  let bytes = 0;
  keyspace.table.visitBlocks(root, (block) => {
    bytes += keyspace.heap.capacity(block);
  });
  return bytes;
}
