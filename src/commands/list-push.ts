/** Adding elements at the ends of a list. */
import { TYPE_LIST } from '../keyspace/entry.ts';
import type { Args } from '../protocol/args.ts';
import type { Reply } from '../protocol/reply.ts';
import { writeCollection } from './collection-access.ts';
import type { Command, Context, KeySpec } from './command.ts';
import { addElements } from './list-access.ts';

const KEY: readonly KeySpec[] = [
  { flags: ['RW', 'insert'], begin: { index: 1 }, find: { last: 0, step: 1, limit: 0 } },
];

export const lpush: Command = {
  name: 'LPUSH',
  group: 'list',
  since: '1.0.0',
  summary: 'Adds elements one by one at the front of a list, which is created if need be.',
  complexity: 'O(N) where N is the number of elements added.',
  arity: -3,
  flags: ['write', 'denyoom', 'fast'],
  keys: KEY,
  syntax: 'key element...',
  history: [['2.4.0', 'Takes several elements.']],
  run(context, args, reply) {
    push(context, args, reply, true);
  },
};

export const rpush: Command = {
  name: 'RPUSH',
  group: 'list',
  since: '1.0.0',
  summary: 'Adds elements one by one at the end of a list, which is created if need be.',
  complexity: 'O(N) where N is the number of elements added.',
  arity: -3,
  flags: ['write', 'denyoom', 'fast'],
  keys: KEY,
  syntax: 'key element...',
  history: [['2.4.0', 'Takes several elements.']],
  run(context, args, reply) {
    push(context, args, reply, false);
  },
};

export const lpushx: Command = {
  name: 'LPUSHX',
  group: 'list',
  since: '2.2.0',
  summary: 'Adds elements one by one at the front of a list, if there is one.',
  complexity: 'O(N) where N is the number of elements added.',
  arity: -3,
  flags: ['write', 'denyoom', 'fast'],
  keys: KEY,
  syntax: 'key element...',
  history: [['4.0.0', 'Takes several elements.']],
  run(context, args, reply) {
    pushToExisting(context, args, reply, true);
  },
};

export const rpushx: Command = {
  name: 'RPUSHX',
  group: 'list',
  since: '2.2.0',
  summary: 'Adds elements one by one at the end of a list, if there is one.',
  complexity: 'O(N) where N is the number of elements added.',
  arity: -3,
  flags: ['write', 'denyoom', 'fast'],
  keys: KEY,
  syntax: 'key element...',
  history: [['4.0.0', 'Takes several elements.']],
  run(context, args, reply) {
    pushToExisting(context, args, reply, false);
  },
};

function push(context: Context, args: Args, reply: Reply, atFront: boolean): void {
  const cell = writeCollection(context, args, 1, TYPE_LIST);
  reply.integer(addElements(context, args, 1, cell, args, 2, atFront));
}

function pushToExisting(context: Context, args: Args, reply: Reply, atFront: boolean): void {
  const cell = writeCollection(context, args, 1, TYPE_LIST);
  if (cell === null) reply.integer(0);
  else reply.integer(addElements(context, args, 1, cell, args, 2, atFront));
}
