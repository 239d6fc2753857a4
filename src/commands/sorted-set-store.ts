/** Storing a sorted set that a command has made. */
import { TYPE_ZSET } from '../keyspace/entry.ts';
import { DELETED, type KeyEvent } from '../keyspace/events.ts';
import type { Args } from '../protocol/args.ts';
import { ROOT_BYTES } from '../values/cell.ts';
import { ZSET_LISTPACK, ZSET_SKIPLIST } from '../values/sorted-set.ts';
import type { SortedSetBuilder } from '../values/sorted-set-build.ts';
import { createCollection } from './collection-access.ts';
import type { Context } from './command.ts';

/**
 * Gives argument `key` what was built, in place of whatever it held, and says so; if that is empty
 * the key is removed. Throws OutOfMemoryError, with nothing changed.
 */
export function storeSortedSet(
  context: Context,
  args: Args,
  key: number,
  builder: SortedSetBuilder,
  event: KeyEvent,
): void {
  const { database } = context;
  if (builder.count() === 0) {
    if (database.remove(args, key)) database.changed(args, key, DELETED);
    return;
  }
  if (builder.isSmall()) {
    const bytes = builder.packedBytes();
    builder.fill(createCollection(context, args, key, TYPE_ZSET, ZSET_LISTPACK, bytes));
  } else {
    const cell = createCollection(context, args, key, TYPE_ZSET, ZSET_SKIPLIST, ROOT_BYTES);
    cell.root = builder.adopt();
  }
  database.changed(args, key, event);
}
