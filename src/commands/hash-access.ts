/** What the commands on hashes share: setting one field, or several. */
import { TYPE_HASH } from '../keyspace/entry.ts';
import type { EntryCell } from '../keyspace/entry-cell.ts';
import { FIELD_SET, type KeyEvent } from '../keyspace/events.ts';
import { Args } from '../protocol/args.ts';
import { ROOT_BYTES } from '../values/cell.ts';
import { HASH_LISTPACK, HASH_TABLE } from '../values/hash.ts';
import { createCollection, noteDone } from './collection-access.ts';
import type { Context, KeySpec } from './command.ts';

/** The key specification of commands that only read. */
export const READ_KEY: readonly KeySpec[] = [
  { flags: ['RO', 'access'], begin: { index: 1 }, find: { last: 0, step: 1, limit: 0 } },
];

/**
 * Sets the fields that the pairs of arguments from 2 on say, and says so; returns how many are new.
 * `cell` is the hash at argument 1, or null where there is none yet.
 */
export function setFields(context: Context, args: Args, cell: EntryCell | null): number {
  const { database, keyspace } = context;
  let added = 0;
  if (cell === null) {
    added = createHash(context, args, args, 2);
  } else if (args.count === 4) {
    const { bytes, view } = args;
    if (keyspace.hashes.set(cell, args, 2, bytes, view, args.start(3), args.length(3))) added = 1;
  } else {
    added = setSeveral(context, args, cell);
  }
  database.changed(args, 1, FIELD_SET, (args.count - 2) >> 1);
  return added;
}

/**
 * Sets the field that is argument 2 to a value that lies outside of the hash, and tells of `event`.
 * `cell` is the hash at argument 1, or null where there is none yet.
 */
export function setField(
  context: Context,
  args: Args,
  cell: EntryCell | null,
  bytes: Buffer,
  view: DataView,
  length: number,
  event: KeyEvent,
): void {
  const { database, keyspace } = context;
  if (cell !== null) keyspace.hashes.set(cell, args, 2, bytes, view, 0, length);
  else createHash(context, args, Args.of(args.copy(2), bytes.subarray(0, length)), 0);
  database.changed(args, 1, event);
}

function setSeveral(context: Context, args: Args, cell: EntryCell): number {
  const { hashes } = context.keyspace;
  try {
    return hashes.setAll(cell, args, 2);
  } catch (problem) {
    if (hashes.pairsSet > 0) {
      context.database.changed(args, 1, FIELD_SET);
      noteDone(context, args, 2 + 2 * hashes.pairsSet);
    }
    throw problem;
  }
}

/** Gives argument 1 a new hash of the pairs of `pairs` from `first` on; returns how many fields. */
function createHash(context: Context, args: Args, pairs: Args, first: number): number {
  const { hashes } = context.keyspace;
  if (hashes.fitsPacked(pairs, first)) {
    const length = hashes.packedBytes(pairs, first);
    const cell = createCollection(context, args, 1, TYPE_HASH, HASH_LISTPACK, length);
    return hashes.fill(cell, pairs, first);
  }
  const root = hashes.build(pairs, first);
  const added = hashes.table.count(root);
  try {
    createCollection(context, args, 1, TYPE_HASH, HASH_TABLE, ROOT_BYTES).root = root;
  } catch (problem) {
    hashes.table.release(root, Number.POSITIVE_INFINITY);
    throw problem;
  }
  return added;
}
