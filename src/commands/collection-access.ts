/** How commands on collections reach the value of a key. */

import { NO_EXPIRY } from '../keyspace/database.ts';
import { type Entry, NO_ENTRY } from '../keyspace/entry.ts';
import type { EntryCell } from '../keyspace/entry-cell.ts';
import { DELETED } from '../keyspace/events.ts';
import type { Args } from '../protocol/args.ts';
import type { Context } from './command.ts';
import { WRONG_TYPE } from './errors.ts';

/**
 * Says that of a command for which memory did not last only what the arguments up to `end` say is
 * done: the same words again may find memory.
 */
export function noteDone({ keyspace }: Context, args: Args, end: number): void {
  keyspace.effects?.note(...Array.from({ length: end }, (_, i) => args.copy(i)));
}

/**
 * The collection at argument `key` for a command that only reads, or null where there is none.
 * `slot` tells apart the cells of a command that works on several. Throws WRONG_TYPE.
 */
export function readCollection(
  context: Context,
  args: Args,
  key: number,
  type: number,
  slot = 0,
): EntryCell | null {
  return openCell(context, context.database.read(args, key), type, slot);
}

/** As `readCollection`, for a command that may change what it finds. */
export function readCollectionToChange(
  context: Context,
  args: Args,
  key: number,
  type: number,
): EntryCell | null {
  return openCell(context, context.database.readToChange(args, key), type, 0);
}

/** As `readCollection`, for a command that changes it. */
export function writeCollection(
  context: Context,
  args: Args,
  key: number,
  type: number,
  slot = 0,
): EntryCell | null {
  return openCell(context, context.database.write(args, key), type, slot);
}

/**
 * Gives argument `key` a new collection whose value has `length` bytes, for the caller to fill, in
 * place of whatever it held.
 */
export function createCollection(
  context: Context,
  args: Args,
  key: number,
  type: number,
  encoding: number,
  length: number,
  slot = 0,
): EntryCell {
  const { database, keyspace } = context;
  const entry = database.put(args, key, type, encoding, length, NO_EXPIRY);
  return keyspace.cell(slot).open(database, entry);
}

/** Removes the key of a collection that has become empty, and says so. */
export function removeEmptied(context: Context, args: Args, key: number): void {
  context.database.remove(args, key);
  context.database.announce(args, key, DELETED);
}

function openCell(context: Context, entry: Entry, type: number, slot: number): EntryCell | null {
  if (entry === NO_ENTRY) return null;
  const { database, keyspace } = context;
  if (database.entries.type(entry) !== type) throw WRONG_TYPE;
  return keyspace.cell(slot).open(database, entry);
}
