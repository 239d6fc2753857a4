/** Sorted sets: taking elements off the ends, waiting for some where there are none. */
import { TYPE_ZSET } from '../keyspace/entry.ts';
import type { Args } from '../protocol/args.ts';
import type { Reply } from '../protocol/reply.ts';
import { writeCollection } from './collection-access.ts';
import type { Command, Context, KeySpec } from './command.ts';
import { popElements, popFromFirst, readMultiPop } from './sorted-set-pop-access.ts';
import { timeoutInSecondsAt } from './timeout.ts';

const KEYS: readonly KeySpec[] = [
  { flags: ['RW', 'access', 'delete'], begin: { index: 1 }, find: { last: -2, step: 1, limit: 0 } },
];

const FRACTIONS: readonly (readonly [string, string])[] = [
  ['6.0.0', 'Takes fractions of seconds.'],
];

export const bzpopmin: Command = {
  name: 'BZPOPMIN',
  group: 'sorted-set',
  since: '5.0.0',
  summary:
    'Removes and returns the member with the lowest score of the first of several sorted sets that has one, or waits for one.',
  complexity: 'O(log(N)) where N is the size of the sorted set.',
  arity: -3,
  flags: ['write', 'blocking', 'fast'],
  keys: KEYS,
  syntax: 'key... timeout:double',
  history: FRACTIONS,
  run(context, args, reply) {
    popOrWait(context, args, false, reply);
  },
  serve(context, args, key, reply) {
    return popOne(context, args, key, false, reply);
  },
};

export const bzpopmax: Command = {
  name: 'BZPOPMAX',
  group: 'sorted-set',
  since: '5.0.0',
  summary:
    'Removes and returns the member with the highest score of the first of several sorted sets that has one, or waits for one.',
  complexity: 'O(log(N)) where N is the size of the sorted set.',
  arity: -3,
  flags: ['write', 'blocking', 'fast'],
  keys: KEYS,
  syntax: 'key... timeout:double',
  history: FRACTIONS,
  run(context, args, reply) {
    popOrWait(context, args, true, reply);
  },
  serve(context, args, key, reply) {
    return popOne(context, args, key, true, reply);
  },
};

export const bzmpop: Command = {
  name: 'BZMPOP',
  group: 'sorted-set',
  since: '7.0.0',
  summary:
    'Removes and returns the members at one end of the first of several sorted sets that has some, or waits for some.',
  complexity:
    'O(K)+O(M*log(N)) where K is the number of keys, N the size of the sorted set and M the ' +
    'number of members returned.',
  arity: -5,
  flags: ['write', 'blocking', 'movablekeys'],
  keys: [
    {
      flags: ['RW', 'access', 'delete'],
      begin: { index: 2 },
      find: { keynumIndex: 0, firstKey: 1, step: 1 },
    },
  ],
  syntax: 'timeout:double numkeys:integer key... where<MIN | MAX> [COUNT count:integer]',
  run(context, args, reply) {
    const pop = readMultiPop(args, 2);
    const timeoutMs = timeoutInSecondsAt(args, 1);
    if (popFromFirst(context, args, pop, reply)) return;
    if (!waitForSortedSets(context, args, pop.firstKey, pop.keyCount, timeoutMs)) reply.nilArray();
  },
  serve(context, args, key, reply) {
    const { isMax, count } = readMultiPop(args, 2);
    return popFromFirst(context, args, { firstKey: key, keyCount: 1, isMax, count }, reply);
  },
};

function popOrWait(context: Context, args: Args, isMax: boolean, reply: Reply): void {
  const keyCount = args.count - 2;
  const timeoutMs = timeoutInSecondsAt(args, args.count - 1);
  for (let key = 1; key <= keyCount; key++) {
    if (popOne(context, args, key, isMax, reply)) return;
  }
  if (!waitForSortedSets(context, args, 1, keyCount, timeoutMs)) reply.nilArray();
}

/**
 * Pops one element of the sorted set at argument `key` and answers with key, member and score;
 * whether there was one.
 */
function popOne(context: Context, args: Args, key: number, isMax: boolean, reply: Reply): boolean {
  const cell = writeCollection(context, args, key, TYPE_ZSET);
  if (cell === null) return false;
  reply.array(3);
  reply.bulk(args.bytes, args.view, args.start(key), args.length(key));
  popElements(context, args, key, cell, 1, isMax, false, reply);
  context.keyspace.effects?.note(isMax ? 'ZPOPMAX' : 'ZPOPMIN', args.copy(key));
  return true;
}

function waitForSortedSets(
  context: Context,
  args: Args,
  firstKey: number,
  keyCount: number,
  timeoutMs: number,
): boolean {
  const wait = { type: TYPE_ZSET, firstKey, keyCount, group: 0, timeoutMs };
  return context.services.blocking.wait(context, args, wait);
}
