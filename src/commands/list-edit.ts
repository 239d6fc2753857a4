/** Changing a list elsewhere than at its ends. */
import { TYPE_LIST } from '../keyspace/entry.ts';
import { LIST_INSERTED, LIST_REMOVED, LIST_SET, LIST_TRIMMED } from '../keyspace/events.ts';
import type { Args } from '../protocol/args.ts';
import { removeEmptied, writeCollection } from './collection-access.ts';
import type { Command, KeySpec } from './command.ts';
import { INDEX_OUT_OF_RANGE, NO_SUCH_KEY, SYNTAX_ERROR } from './errors.ts';
import { fromFront } from './list-access.ts';
import { integerAt } from './options.ts';

const REDUCED_KEY: readonly KeySpec[] = [
  { flags: ['RW', 'delete'], begin: { index: 1 }, find: { last: 0, step: 1, limit: 0 } },
];

export const linsert: Command = {
  name: 'LINSERT',
  group: 'list',
  since: '2.2.0',
  summary: 'Inserts an element before or behind the first one that is equal to a pivot.',
  complexity: 'O(N) where N is the number of elements up to the pivot.',
  arity: 5,
  flags: ['write', 'denyoom'],
  keys: [{ flags: ['RW', 'insert'], begin: { index: 1 }, find: { last: 0, step: 1, limit: 0 } }],
  syntax: 'key where<BEFORE | AFTER> pivot element',
  run(context, args, reply) {
    const isBehind = isAfterAt(args, 2);
    const cell = writeCollection(context, args, 1, TYPE_LIST);
    if (cell === null) {
      reply.integer(0);
      return;
    }
    const { lists } = context.keyspace;
    lists.prepareGrowth(cell, 1, args.length(4));
    lists.matcher.set(args.bytes, args.view, args.start(3), args.length(3));
    if (!lists.find(cell)) {
      reply.integer(-1);
      return;
    }
    lists.insert(cell, isBehind, args, 4);
    context.database.changed(args, 1, LIST_INSERTED);
    reply.integer(lists.length(cell));
  },
};

export const lset: Command = {
  name: 'LSET',
  group: 'list',
  since: '1.0.0',
  summary: 'Replaces the element at an index, from the end if that is negative.',
  complexity:
    'O(N) where N is the distance to the nearer end, with a step for every few KiB of a large ' +
    'list.',
  arity: 4,
  flags: ['write', 'denyoom'],
  keys: [{ flags: ['RW', 'update'], begin: { index: 1 }, find: { last: 0, step: 1, limit: 0 } }],
  syntax: 'key index:integer element',
  run(context, args, reply) {
    const cell = writeCollection(context, args, 1, TYPE_LIST);
    if (cell === null) throw NO_SUCH_KEY;
    const { lists } = context.keyspace;
    const length = lists.length(cell);
    const index = fromFront(integerAt(args, 2), length);
    if (index < 0 || index >= length) throw INDEX_OUT_OF_RANGE;
    lists.prepareGrowth(cell, 1, args.length(3));
    lists.enter(cell, index);
    lists.replace(cell, args, 3);
    lists.settle(cell);
    context.database.changed(args, 1, LIST_SET);
    reply.ok();
  },
};

export const lrem: Command = {
  name: 'LREM',
  group: 'list',
  since: '1.0.0',
  summary: 'Removes elements that are equal to a given one: the first, the last, or all of them.',
  complexity: 'O(N) where N is the number of elements compared.',
  arity: 4,
  flags: ['write'],
  keys: REDUCED_KEY,
  syntax: 'key count:integer element',
  run(context, args, reply) {
    const count = integerAt(args, 2);
    const cell = writeCollection(context, args, 1, TYPE_LIST);
    if (cell === null) {
      reply.integer(0);
      return;
    }
    const { lists } = context.keyspace;
    const most = count === 0 ? Number.POSITIVE_INFINITY : Math.abs(count);
    lists.matcher.set(args.bytes, args.view, args.start(3), args.length(3));
    const removed = lists.removeMatches(cell, most, count < 0);
    reply.integer(removed);
    if (removed === 0) return;
    const isEmptied = lists.length(cell) === 0;
    if (!isEmptied) lists.settle(cell);
    context.database.changed(args, 1, LIST_REMOVED, removed);
    if (isEmptied) removeEmptied(context, args, 1);
  },
};

export const ltrim: Command = {
  name: 'LTRIM',
  group: 'list',
  since: '1.0.0',
  summary: 'Removes all elements but those from one index to another.',
  complexity: 'O(N) where N is the number of elements removed; many are freed bit by bit.',
  arity: 4,
  flags: ['write'],
  keys: REDUCED_KEY,
  syntax: 'key start:integer stop:integer',
  run(context, args, reply) {
    const start = integerAt(args, 2);
    const stop = integerAt(args, 3);
    const cell = writeCollection(context, args, 1, TYPE_LIST);
    reply.ok();
    if (cell === null) return;
    const { database, keyspace } = context;
    const { lists } = keyspace;
    const length = lists.length(cell);
    const first = Math.max(fromFront(start, length), 0);
    const last = Math.min(fromFront(stop, length), length - 1);
    if (first > last) {
      database.changed(args, 1, LIST_TRIMMED, length);
      removeEmptied(context, args, 1);
      return;
    }
    lists.remove(cell, length - 1 - last, false);
    lists.remove(cell, first, true);
    lists.settle(cell);
    // One that keeps everything is announced as Redis does, but counts for nothing.
    const removed = length - (last - first + 1);
    if (removed > 0) database.changed(args, 1, LIST_TRIMMED, removed);
    else database.announce(args, 1, LIST_TRIMMED);
  },
};

/** Whether argument `i` says AFTER, and not BEFORE. Throws SYNTAX_ERROR when it says neither. */
function isAfterAt(args: Args, i: number): boolean {
  if (args.is(i, 'AFTER')) return true;
  if (args.is(i, 'BEFORE')) return false;
  throw SYNTAX_ERROR;
}
