/** Giving a value that was read to a key. */
import type { Database } from '../keyspace/database.ts';
import type { Entry } from '../keyspace/entry.ts';
import { EXTENT_SHIFT, NULL } from '../memory/address.ts';
import { copyBytes } from '../memory/bytes.ts';
import type { Args } from '../protocol/args.ts';
import type { TimeMs } from '../structures/timing-wheel.ts';
import { ROOT_BYTES } from '../values/cell.ts';
import type { DecodedValue } from './decoded-value.ts';

/**
 * Gives argument `key` a value, in place of what it may hold; `expiry` is that of `put`. Throws
 * OutOfMemoryError, with nothing changed.
 */
export function storeValue(
  database: Database,
  args: Args,
  key: number,
  value: DecodedValue,
  expiry: TimeMs,
): Entry {
  const { type, encoding, root } = value;
  const { entries } = database;
  const { heap } = database.keyspace;
  if (root !== NULL) {
    const entry = database.put(args, key, type, encoding, ROOT_BYTES, expiry);
    entries.view(entry).setUint32(entries.valueStart(entry), root, true);
    value.root = NULL;
    return entry;
  }
  const { bytes, view, start, length } = value;
  const entry = database.put(args, key, type, encoding, length, expiry);
  const extent = entry >>> EXTENT_SHIFT;
  const to = entries.valueStart(entry);
  copyBytes(bytes, view, start, heap.bytes[extent]!, heap.views[extent]!, to, length);
  return entry;
}
