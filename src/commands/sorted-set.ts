/** Sorted sets: members and their scores. */
import { TYPE_ZSET } from '../keyspace/entry.ts';
import type { EntryCell } from '../keyspace/entry-cell.ts';
import { MEMBER_UNSCORED, SCORE_INCREMENTED, SCORED } from '../keyspace/events.ts';
import type { Args } from '../protocol/args.ts';
import type { Reply } from '../protocol/reply.ts';
import { MemberAhead } from '../values/member-ahead.ts';
import {
  ADDED,
  INCREMENT,
  NOT_A_NUMBER,
  ONLY_EXISTING,
  ONLY_GREATER,
  ONLY_LESS,
  ONLY_NEW,
  SKIPPED,
  type SortedSets,
  UPDATED,
  ZSET_SKIPLIST,
} from '../values/sorted-set.ts';
import { noteDone, readCollection, removeEmptied, writeCollection } from './collection-access.ts';
import type { Command, Context } from './command.ts';
import { CommandError, SYNTAX_ERROR } from './errors.ts';
import { createSortedSet, DELETE_KEY, hashIn, READ_KEY, scoreAt } from './sorted-set-access.ts';

const NEW_AND_EXISTING = new CommandError(
  'ERR XX and NX options at the same time are not compatible',
);
const CONTRADICTION = new CommandError(
  'ERR GT, LT, and/or NX options at the same time are not compatible',
);
const SINGLE_PAIR = new CommandError('ERR INCR option supports a single increment-element pair');
const SUM_NOT_A_NUMBER = new CommandError('ERR resulting score is not a number (NaN)');

const LETTERS_FROM = 0x61;
const TO_LOWER_CASE = 0x20;
/** Beside the bits of the modes of values/sorted-set.ts: the reply counts what was changed too. */
const COUNT_CHANGED = 1 << 8;

const ahead = new MemberAhead();

export const zadd: Command = {
  name: 'ZADD',
  group: 'sorted-set',
  since: '1.2.0',
  summary: 'Adds members to a sorted set, which is made if need be, or changes their scores.',
  complexity: 'O(log(N)) for each member, where N is the size of the sorted set.',
  arity: -4,
  flags: ['write', 'denyoom', 'fast'],
  keys: [{ flags: ['RW', 'update'], begin: { index: 1 }, find: { last: 0, step: 1, limit: 0 } }],
  syntax: `
    key [condition<NX | XX>@3.0.2] [comparison<GT | LT>@6.2.0] [change=CH@3.0.2]
    [increment=INCR@3.0.2] data(score:double member)...
  `,
  history: [
    ['2.4.0', 'Takes several members.'],
    ['3.0.2', 'The options `XX`, `NX`, `CH` and `INCR`.'],
    ['6.2.0', 'The options `GT` and `LT`.'],
  ],
  run(context, args, reply) {
    const first = firstScore(args);
    const mode = first === 2 ? 0 : readMode(args, first);
    const arguments_ = args.count - first;
    if (arguments_ === 0 || (arguments_ & 1) === 1) throw SYNTAX_ERROR;
    if (mode !== 0) requireSense(mode, arguments_);
    add(context, args, reply, first, mode);
  },
};

export const zincrby: Command = {
  name: 'ZINCRBY',
  group: 'sorted-set',
  since: '1.2.0',
  summary: 'Adds to the score of a member, which is taken for 0 if it is not there.',
  complexity: 'O(log(N)) where N is the size of the sorted set.',
  arity: 4,
  flags: ['write', 'denyoom', 'fast'],
  keys: [
    {
      flags: ['RW', 'access', 'update'],
      begin: { index: 1 },
      find: { last: 0, step: 1, limit: 0 },
    },
  ],
  syntax: 'key increment:integer member',
  run(context, args, reply) {
    add(context, args, reply, 2, INCREMENT);
  },
};

export const zrem: Command = {
  name: 'ZREM',
  group: 'sorted-set',
  since: '1.2.0',
  summary: 'Removes members of a sorted set.',
  complexity: 'O(log(N)) for each member, where N is the size of the sorted set.',
  arity: -3,
  flags: ['write', 'fast'],
  keys: DELETE_KEY,
  syntax: 'key member...',
  history: [['2.4.0', 'Takes several members.']],
  run(context, args, reply) {
    const cell = writeCollection(context, args, 1, TYPE_ZSET);
    if (cell === null) {
      reply.integer(0);
      return;
    }
    const { sortedSets } = context.keyspace;
    const { bytes, view } = args;
    let removed = 0;
    for (let i = 2; i < args.count; i++) {
      const hash = hashAhead(cell, sortedSets, args, i, 2, 1);
      if (sortedSets.remove(cell, hash, bytes, view, args.start(i), args.length(i))) removed++;
    }
    reply.integer(removed);
    if (removed === 0) return;
    context.database.changed(args, 1, MEMBER_UNSCORED, removed);
    if (sortedSets.count(cell) === 0) removeEmptied(context, args, 1);
  },
};

export const zscore: Command = {
  name: 'ZSCORE',
  group: 'sorted-set',
  since: '1.2.0',
  summary: 'Returns the score of a member.',
  complexity: 'O(1)',
  arity: 3,
  flags: ['readonly', 'fast'],
  keys: READ_KEY,
  syntax: 'key member',
  run(context, args, reply) {
    const cell = readCollection(context, args, 1, TYPE_ZSET);
    if (cell === null) reply.nil();
    else replyScore(context.keyspace.sortedSets, cell, args, 2, hashIn(cell, args, 2), reply);
  },
};

export const zmscore: Command = {
  name: 'ZMSCORE',
  group: 'sorted-set',
  since: '6.2.0',
  summary: 'Returns the scores of several members.',
  complexity: 'O(N) where N is the number of members.',
  arity: -3,
  flags: ['readonly', 'fast'],
  keys: READ_KEY,
  syntax: 'key member...',
  run(context, args, reply) {
    const cell = readCollection(context, args, 1, TYPE_ZSET);
    const { sortedSets } = context.keyspace;
    reply.array(args.count - 2);
    for (let i = 2; i < args.count; i++) {
      if (cell === null) {
        reply.nil();
        continue;
      }
      const hash = hashAhead(cell, sortedSets, args, i, 2, 1);
      replyScore(sortedSets, cell, args, i, hash, reply);
    }
  },
};

export const zcard: Command = {
  name: 'ZCARD',
  group: 'sorted-set',
  since: '1.2.0',
  summary: 'Returns the number of members of a sorted set.',
  complexity: 'O(1)',
  arity: 2,
  flags: ['readonly', 'fast'],
  keys: [{ flags: ['RO'], begin: { index: 1 }, find: { last: 0, step: 1, limit: 0 } }],
  syntax: 'key',
  run(context, args, reply) {
    const cell = readCollection(context, args, 1, TYPE_ZSET);
    reply.integer(cell === null ? 0 : context.keyspace.sortedSets.count(cell));
  },
};

/** The argument behind ZADD's options: mostly the first that might be one is a number. */
function firstScore(args: Args): number {
  let i = 2;
  for (; i < args.count; i++) {
    if ((args.bytes[args.start(i)]! | TO_LOWER_CASE) < LETTERS_FROM) break;
    if (modeAt(args, i) === 0) break;
  }
  return i;
}

function readMode(args: Args, end: number): number {
  let mode = 0;
  for (let i = 2; i < end; i++) mode |= modeAt(args, i);
  return mode;
}

/** What an option of ZADD means, 0 if it is none. */
function modeAt(args: Args, i: number): number {
  if (args.is(i, 'NX')) return ONLY_NEW;
  if (args.is(i, 'XX')) return ONLY_EXISTING;
  if (args.is(i, 'CH')) return COUNT_CHANGED;
  if (args.is(i, 'INCR')) return INCREMENT;
  if (args.is(i, 'GT')) return ONLY_GREATER;
  return args.is(i, 'LT') ? ONLY_LESS : 0;
}

/** Throws when options contradict each other, or the number of arguments that follow. */
function requireSense(mode: number, argumentCount: number): void {
  const isNew = (mode & ONLY_NEW) !== 0;
  const isGreater = (mode & ONLY_GREATER) !== 0;
  const isLess = (mode & ONLY_LESS) !== 0;
  if (isNew && (mode & ONLY_EXISTING) !== 0) throw NEW_AND_EXISTING;
  if ((isGreater && (isLess || isNew)) || (isLess && isNew)) throw CONTRADICTION;
  if ((mode & INCREMENT) !== 0 && argumentCount > 2) throw SINGLE_PAIR;
}

/** Adds the pairs of scores and members from argument `first` on, and answers. */
function add(context: Context, args: Args, reply: Reply, first: number, mode: number): void {
  const { sortedSets } = context.keyspace;
  const isIncrement = (mode & INCREMENT) !== 0;
  const pairs = (args.count - first) >>> 1;
  for (let i = first + 2; i < args.count; i += 2) scoreAt(args, i);
  sortedSets.score[0] = scoreAt(args, first);
  let cell = writeCollection(context, args, 1, TYPE_ZSET);
  if (cell === null) {
    if ((mode & ONLY_EXISTING) !== 0) {
      if (isIncrement) reply.nil();
      else reply.integer(0);
      return;
    }
    cell = createSortedSet(context, args, 1, pairs, args.length(first + 1));
  } else if (cell.encoding !== ZSET_SKIPLIST && !sortedSets.isSmall(pairs, 0)) {
    // As 7.2 does, which takes the pairs for so many new members.
    sortedSets.enlarge(cell);
  }
  if (args.count - first > 2) {
    reply.integer(addSeveral(context, cell, args, first, mode));
    return;
  }
  const outcome = addOne(context, cell, args, first + 1, mode);
  if (!isIncrement) {
    const counts = outcome === ADDED || (outcome === UPDATED && (mode & COUNT_CHANGED) !== 0);
    reply.integer(counts ? 1 : 0);
  } else if (outcome === SKIPPED) {
    reply.nil();
  } else {
    reply.double(sortedSets.score[0]!);
  }
}

/** Adds argument `i` with the score in hand; what was done. */
function addOne(context: Context, cell: EntryCell, args: Args, i: number, mode: number): number {
  const { database, keyspace } = context;
  const { sortedSets } = keyspace;
  const { bytes, view } = args;
  const hash = hashIn(cell, args, i);
  try {
    const outcome = sortedSets.add(cell, mode, hash, bytes, view, args.start(i), args.length(i));
    if (outcome === NOT_A_NUMBER) throw SUM_NOT_A_NUMBER;
    if (outcome === ADDED || outcome === UPDATED) {
      database.changed(args, 1, (mode & INCREMENT) !== 0 ? SCORE_INCREMENTED : SCORED);
    }
    return outcome;
  } catch (problem) {
    removeUnused(context, cell, args);
    throw problem;
  }
}

/** Adds the pairs from argument `first` on; how many count for the reply. */
function addSeveral(
  context: Context,
  cell: EntryCell,
  args: Args,
  first: number,
  mode: number,
): number {
  const { database, keyspace } = context;
  const { sortedSets } = keyspace;
  const { bytes, view } = args;
  let added = 0;
  let updated = 0;
  // Looking ahead begins where the sorted set is large.
  let largeFirst = first + 1;
  let i = first;
  try {
    for (; i < args.count; i += 2) {
      if (cell.encoding !== ZSET_SKIPLIST) largeFirst = i + 3;
      const hash = hashAhead(cell, sortedSets, args, i + 1, largeFirst, 2);
      sortedSets.score[0] = scoreAt(args, i);
      const start = args.start(i + 1);
      const outcome = sortedSets.add(cell, mode, hash, bytes, view, start, args.length(i + 1));
      if (outcome === ADDED) added++;
      else if (outcome === UPDATED) updated++;
    }
  } finally {
    // Those that were added stay, even if there was no memory for the others.
    if (added + updated > 0) {
      database.changed(args, 1, SCORED, added + updated);
      if (i < args.count) noteDone(context, args, i);
    } else removeUnused(context, cell, args);
  }
  return (mode & COUNT_CHANGED) !== 0 ? added + updated : added;
}

/** Removes a sorted set that was made for what then could not be added. */
function removeUnused(context: Context, cell: EntryCell, args: Args): void {
  if (context.keyspace.sortedSets.count(cell) === 0) context.database.remove(args, 1);
}

/** As `hashIn`, for each of several members: `first`, `first + step` and so on to the last. */
function hashAhead(
  cell: EntryCell,
  sortedSets: SortedSets,
  args: Args,
  i: number,
  first: number,
  step: number,
): number {
  if (cell.encoding !== ZSET_SKIPLIST) return 0;
  return ahead.hash(sortedSets.large, cell.root, args, i, first, step);
}

/** Answers with the score of argument `i`, or nil. */
function replyScore(
  sortedSets: SortedSets,
  cell: EntryCell,
  args: Args,
  i: number,
  hash: number,
  reply: Reply,
): void {
  const { bytes, view } = args;
  if (sortedSets.find(cell, hash, bytes, view, args.start(i), args.length(i))) {
    reply.double(sortedSets.score[0]!);
  } else {
    reply.nil();
  }
}
