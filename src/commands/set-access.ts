/** What the commands on sets share: their keys, making sets, reading several. */
import { NO_ENTRY, TYPE_SET } from '../keyspace/entry.ts';
import { EntryCell } from '../keyspace/entry-cell.ts';
import { DELETED, type KeyEvent } from '../keyspace/events.ts';
import type { Args } from '../protocol/args.ts';
import type { Reply } from '../protocol/reply.ts';
import type { LooseCell } from '../values/loose-cell.ts';
import type { Members } from '../values/set-algebra.ts';
import { createCollection } from './collection-access.ts';
import type { Context, KeySpec } from './command.ts';
import { WRONG_TYPE } from './errors.ts';

/** A key that is read as a whole, or member by member. */
export const READ_KEY: readonly KeySpec[] = [
  { flags: ['RO', 'access'], begin: { index: 1 }, find: { last: 0, step: 1, limit: 0 } },
];

/** The cell of a set that is made, where others are read. */
const NEW_SLOT = 1;
/** Sets of one command whose cells are kept for the next. */
const CELLS_KEPT = 8;

/** Gives argument `key`, which is missing, a set of the arguments from `first` on; their number. */
export function createSet(context: Context, args: Args, key: number, first: number): number {
  const { sets } = context.keyspace;
  const bytes = args.count === first + 1 ? sets.smallBytes(args, first) : 0;
  if (bytes > 0) {
    const { smallEncoding } = sets;
    sets.fillSmall(createCollection(context, args, key, TYPE_SET, smallEncoding, bytes, NEW_SLOT));
    return 1;
  }
  const set = sets.build(args, first);
  const size = sets.size(set);
  giveSet(context, args, key, set);
  return size;
}

/** Gives a set to argument `key`, in place of whatever it holds, or disposes of it. */
function giveSet(context: Context, args: Args, key: number, set: LooseCell): void {
  const { sets } = context.keyspace;
  const { encoding, length } = set;
  try {
    sets.move(createCollection(context, args, key, TYPE_SET, encoding, length, NEW_SLOT), set);
  } finally {
    sets.dispose(set);
  }
}

/**
 * Gives a set to argument 1, or removes that key when the set is empty; says what happened, and
 * answers with the size.
 */
export function storeSet(
  context: Context,
  args: Args,
  set: LooseCell,
  event: KeyEvent,
  reply: Reply,
): void {
  const { database, keyspace } = context;
  const size = keyspace.sets.size(set);
  if (size > 0) {
    giveSet(context, args, 1, set);
    database.changed(args, 1, event);
  } else {
    keyspace.sets.dispose(set);
    if (database.remove(args, 1)) database.changed(args, 1, DELETED);
  }
  reply.integer(size);
}

/** Answers with a set of members. */
export function replyMembers(members: Members, reply: Reply): void {
  try {
    const { member } = members;
    const mark = reply.openArray();
    let count = 0;
    while (members.next()) {
      member.write(reply);
      count++;
    }
    reply.closeSet(mark, count);
  } finally {
    members.close();
  }
}

/** The sets that a command names, in its order, each of them once. */
export class SourceSets {
  readonly cells: EntryCell[] = [];
  /** Keys that are there: as often as they are named. */
  named = 0;
  /** Members of all of these. */
  members = 0;
  /** Whether a key is missing, and whether the first one is. */
  anyMissing = false;
  firstMissing = false;
  /** Whether the first key is named again. */
  repeatsFirst = false;
}

/** Reads the sets of the keys from argument `first` up to `end`. Throws WRONG_TYPE. */
export function readSets(context: Context, args: Args, first: number, end: number): SourceSets {
  const { database, keyspace } = context;
  const { lookAhead, sets } = keyspace;
  const sources = new SourceSets();
  const { cells } = sources;
  /** Entries and the cells they have. */
  const met = new Map<number, EntryCell>();
  for (let key = first; key < end; key++) {
    lookAhead.visit(database, args, key, first, 1);
    const entry = database.read(args, key);
    if (entry === NO_ENTRY) {
      sources.anyMissing = true;
      if (key === first) sources.firstMissing = true;
      continue;
    }
    if (database.entries.type(entry) !== TYPE_SET) throw WRONG_TYPE;
    let cell = met.get(entry);
    if (cell === undefined) {
      const slot = NEW_SLOT + 1 + cells.length;
      cell = cells.length < CELLS_KEPT ? keyspace.cell(slot) : new EntryCell(keyspace);
      cells.push(cell.open(database, entry));
      met.set(entry, cell);
    } else if (cell === cells[0] && !sources.firstMissing) {
      sources.repeatsFirst = true;
    }
    sources.named++;
    sources.members += sets.size(cell);
  }
  return sources;
}
