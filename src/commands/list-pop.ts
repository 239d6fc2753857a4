/** Taking elements off the ends of lists. */
import { TYPE_LIST } from '../keyspace/entry.ts';
import type { Args } from '../protocol/args.ts';
import type { Reply } from '../protocol/reply.ts';
import { writeCollection } from './collection-access.ts';
import type { Command, Context, KeySpec } from './command.ts';
import { CommandError, wrongArity } from './errors.ts';
import { popFromFirst, readMultiPop, removeElements, replyElements } from './list-access.ts';
import { integerAt } from './options.ts';

const KEY: readonly KeySpec[] = [
  { flags: ['RW', 'access', 'delete'], begin: { index: 1 }, find: { last: 0, step: 1, limit: 0 } },
];

const NOT_POSITIVE = new CommandError('ERR value is out of range, must be positive');

export const lpop: Command = {
  name: 'LPOP',
  group: 'list',
  since: '1.0.0',
  summary: 'Takes elements off the front of a list and returns them.',
  complexity: 'O(N) where N is the number of elements returned.',
  arity: -2,
  flags: ['write', 'fast'],
  keys: KEY,
  syntax: 'key [count:integer@6.2.0]',
  history: [['6.2.0', 'Takes a count.']],
  run(context, args, reply) {
    pop(context, args, reply, true);
  },
};

export const rpop: Command = {
  name: 'RPOP',
  group: 'list',
  since: '1.0.0',
  summary: 'Takes elements off the end of a list and returns them, the last one first.',
  complexity: 'O(N) where N is the number of elements returned.',
  arity: -2,
  flags: ['write', 'fast'],
  keys: KEY,
  syntax: 'key [count:integer@6.2.0]',
  history: [['6.2.0', 'Takes a count.']],
  run(context, args, reply) {
    pop(context, args, reply, false);
  },
};

export const lmpop: Command = {
  name: 'LMPOP',
  group: 'list',
  since: '7.0.0',
  summary: 'Takes elements off one end of the first of several lists that is there.',
  complexity: 'O(N+M) where N is the number of keys and M the number of elements returned.',
  arity: -4,
  flags: ['write', 'movablekeys'],
  keys: [
    {
      flags: ['RW', 'access', 'delete'],
      begin: { index: 1 },
      find: { keynumIndex: 0, firstKey: 1, step: 1 },
    },
  ],
  syntax: 'numkeys:integer key... where<LEFT | RIGHT> [COUNT count:integer]',
  run(context, args, reply) {
    if (!popFromFirst(context, args, readMultiPop(args, 1), reply)) reply.nilArray();
  },
};

function pop(context: Context, args: Args, reply: Reply, atFront: boolean): void {
  if (args.count > 3) throw wrongArity(atFront ? 'lpop' : 'rpop');
  if (args.count === 3) {
    popSeveral(context, args, reply, atFront);
    return;
  }
  const cell = writeCollection(context, args, 1, TYPE_LIST);
  if (cell === null) {
    reply.nil();
    return;
  }
  const { lists } = context.keyspace;
  lists.enter(cell, atFront ? 0 : lists.length(cell) - 1).writeForward(reply, 1);
  removeElements(context, args, 1, cell, 1, atFront);
}

function popSeveral(context: Context, args: Args, reply: Reply, atFront: boolean): void {
  const count = integerAt(args, 2, NOT_POSITIVE);
  if (count < 0) throw NOT_POSITIVE;
  const cell = writeCollection(context, args, 1, TYPE_LIST);
  if (cell === null) {
    reply.nilArray();
    return;
  }
  const elements = Math.min(count, context.keyspace.lists.length(cell));
  replyElements(context, cell, elements, atFront, reply);
  if (elements > 0) removeElements(context, args, 1, cell, elements, atFront);
}
