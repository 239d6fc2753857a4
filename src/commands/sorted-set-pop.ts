/** Sorted sets: taking elements off the ends. */
import { TYPE_ZSET } from '../keyspace/entry.ts';
import type { Args } from '../protocol/args.ts';
import type { Reply } from '../protocol/reply.ts';
import { writeCollection } from './collection-access.ts';
import type { Command, Context, KeySpec } from './command.ts';
import { CommandError, SYNTAX_ERROR } from './errors.ts';
import { integerAt } from './options.ts';
import { popElements, popFromFirst, readMultiPop } from './sorted-set-pop-access.ts';

const KEY: readonly KeySpec[] = [
  { flags: ['RW', 'access', 'delete'], begin: { index: 1 }, find: { last: 0, step: 1, limit: 0 } },
];

const COMPLEXITY =
  'O(log(N)+M) where N is the size of the sorted set and M the number of members returned.';

const NOT_POSITIVE = new CommandError('ERR value is out of range, must be positive');

export const zpopmin: Command = {
  name: 'ZPOPMIN',
  group: 'sorted-set',
  since: '5.0.0',
  summary: 'Removes and returns the members with the lowest scores, and their scores.',
  complexity: COMPLEXITY,
  arity: -2,
  flags: ['write', 'fast'],
  keys: KEY,
  syntax: 'key [count:integer]',
  run(context, args, reply) {
    pop(context, args, reply, false);
  },
};

export const zpopmax: Command = {
  name: 'ZPOPMAX',
  group: 'sorted-set',
  since: '5.0.0',
  summary: 'Removes and returns the members with the highest scores, and their scores.',
  complexity: COMPLEXITY,
  arity: -2,
  flags: ['write', 'fast'],
  keys: KEY,
  syntax: 'key [count:integer]',
  run(context, args, reply) {
    pop(context, args, reply, true);
  },
};

export const zmpop: Command = {
  name: 'ZMPOP',
  group: 'sorted-set',
  since: '7.0.0',
  summary:
    'Removes and returns the members at one end of the first of several sorted sets that is there.',
  complexity:
    'O(K)+O(M*log(N)) where K is the number of keys, N the size of the sorted set and M the ' +
    'number of members returned.',
  arity: -4,
  flags: ['write', 'movablekeys'],
  keys: [
    {
      flags: ['RW', 'access', 'delete'],
      begin: { index: 1 },
      find: { keynumIndex: 0, firstKey: 1, step: 1 },
    },
  ],
  syntax: 'numkeys:integer key... where<MIN | MAX> [COUNT count:integer]',
  run(context, args, reply) {
    if (!popFromFirst(context, args, readMultiPop(args, 1), reply)) reply.nilArray();
  },
};

function pop(context: Context, args: Args, reply: Reply, isMax: boolean): void {
  if (args.count > 3) throw SYNTAX_ERROR;
  const hasCount = args.count === 3;
  const count = hasCount ? integerAt(args, 2, NOT_POSITIVE) : 1;
  if (count < 0) throw NOT_POSITIVE;
  const cell = writeCollection(context, args, 1, TYPE_ZSET);
  const elements = cell === null ? 0 : Math.min(count, context.keyspace.sortedSets.count(cell));
  const inPairs = hasCount && reply.resp3;
  reply.array(inPairs ? elements : elements * 2);
  if (cell === null || elements === 0) return;
  popElements(context, args, 1, cell, elements, isMax, inPairs, reply);
}
