/**
 * Proves that a keyspace is sound, for tests and debugging: its tables, its records, its timers,
 * and that every block of the arena belongs to exactly one of them.
 */
import { type Ptr, UNIT_MASK } from '../memory/address.ts';
import { checkHeap } from '../memory/heap-check.ts';
import { checkTable } from '../structures/hash-table-check.ts';
import type { Database } from './database.ts';
import type { Entry } from './entry.ts';
import type { Keyspace } from './keyspace.ts';

/** Keys and values longer than these need the long form of a record. */
const SHORT_KEY_MAX = 1023;
const SHORT_VALUE_MAX = 2 ** 22 - 1;

/**
 * Throws unless the keyspace is sound. Frees what is still being taken apart: its blocks have no
 * owner.
 */
export function checkKeyspace(keyspace: Keyspace): void {
  while (keyspace.hasGarbage) keyspace.freeGarbage();
  const owned: Ptr[] = [];
  const own = (block: Ptr) => owned.push(block);
  for (const database of keyspace.databases) {
    const records = checkTable(keyspace.table, database.root);
    keyspace.table.visitBlocks(database.root, own);
    for (const record of records) {
      checkRecord(database, record as Entry);
      owned.push(record);
      keyspace.visitStructure(record as Entry, own);
    }
    checkTimers(database, records as Entry[]);
  }
  keyspace.access.queues?.visitBlocks(own);
  checkHeap(keyspace.heap, owned);
}

function checkRecord({ id, entries, keyspace }: Database, entry: Entry): void {
  const keyLength = entries.keyLength(entry);
  const valueLength = entries.valueLength(entry);
  const needsLong = keyLength > SHORT_KEY_MAX || valueLength > SHORT_VALUE_MAX;
  if (needsLong && !entries.isLong(entry)) fail(id, `entry ${entry} is too long for its form`);
  const bytes = entries.valueStart(entry) + valueLength - blockStart(entry);
  const capacity = keyspace.heap.capacity(entry);
  if (bytes > capacity) fail(id, `entry ${entry} has ${bytes} bytes in a block of ${capacity}`);
}

function checkTimers({ id, entries, wheel }: Database, records: readonly Entry[]): void {
  const linked = new Set(wheel.linkedTimers());
  let far = 0;
  for (const entry of records) {
    if (!entries.expires(entry)) continue;
    const timer = entries.timer(entry);
    if (wheel.markOf(timer) !== entries.isLong(entry)) fail(id, `the timer of ${entry} is marked`);
    if (wheel.isFar(timer)) far++;
    else if (!linked.has(timer)) fail(id, `the timer of ${entry} is not on the wheel`);
  }
  const expiring = records.filter((entry) => entries.expires(entry)).length;
  if (linked.size + far !== expiring) {
    fail(id, `${linked.size} timers and ${far} far ones for ${expiring} keys that expire`);
  }
  if (wheel.count !== expiring) fail(id, `the wheel counts ${wheel.count} timers, not ${expiring}`);
}

/** Byte offset of a block within its extent. */
function blockStart(block: Ptr): number {
  return (block & UNIT_MASK) * 8;
}

function fail(database: number, problem: string): never {
  throw new Error(`database ${database}: ${problem}`);
}
