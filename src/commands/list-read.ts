/** Reading elements of a list by their places. */
import { TYPE_LIST } from '../keyspace/entry.ts';
import { readCollection } from './collection-access.ts';
import type { Command, KeySpec } from './command.ts';
import { fromFront } from './list-access.ts';
import { integerAt } from './options.ts';

const KEY: readonly KeySpec[] = [
  { flags: ['RO', 'access'], begin: { index: 1 }, find: { last: 0, step: 1, limit: 0 } },
];

export const llen: Command = {
  name: 'LLEN',
  group: 'list',
  since: '1.0.0',
  summary: 'Returns the number of elements of a list.',
  complexity: 'O(1)',
  arity: 2,
  flags: ['readonly', 'fast'],
  keys: [{ flags: ['RO'], begin: { index: 1 }, find: { last: 0, step: 1, limit: 0 } }],
  syntax: 'key',
  run(context, args, reply) {
    const cell = readCollection(context, args, 1, TYPE_LIST);
    reply.integer(cell === null ? 0 : context.keyspace.lists.length(cell));
  },
};

export const lindex: Command = {
  name: 'LINDEX',
  group: 'list',
  since: '1.0.0',
  summary: 'Returns the element at an index, from the end if that is negative.',
  complexity:
    'O(N) where N is the distance to the nearer end, with a step for every few KiB of a large ' +
    'list.',
  arity: 3,
  flags: ['readonly'],
  keys: KEY,
  syntax: 'key index:integer',
  run(context, args, reply) {
    const cell = readCollection(context, args, 1, TYPE_LIST);
    if (cell === null) {
      reply.nil();
      return;
    }
    const { lists } = context.keyspace;
    const length = lists.length(cell);
    const index = fromFront(integerAt(args, 2), length);
    if (index < 0 || index >= length) reply.nil();
    else lists.enter(cell, index).writeForward(reply, 1);
  },
};

export const lrange: Command = {
  name: 'LRANGE',
  group: 'list',
  since: '1.0.0',
  summary: 'Returns the elements from one index to another.',
  complexity:
    'O(S+N) where S is the distance to the nearer end, with a step for every few KiB of a large ' +
    'list, and N the number of elements returned.',
  arity: 4,
  flags: ['readonly'],
  keys: KEY,
  syntax: 'key start:integer stop:integer',
  run(context, args, reply) {
    const start = integerAt(args, 2);
    const stop = integerAt(args, 3);
    const cell = readCollection(context, args, 1, TYPE_LIST);
    if (cell === null) {
      reply.array(0);
      return;
    }
    const { lists } = context.keyspace;
    const length = lists.length(cell);
    const first = Math.max(fromFront(start, length), 0);
    const last = Math.min(fromFront(stop, length), length - 1);
    if (first > last) {
      reply.array(0);
      return;
    }
    reply.array(last - first + 1);
    lists.enter(cell, first).writeForward(reply, last - first + 1);
  },
};
