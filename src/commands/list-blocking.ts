/** Taking elements off lists, waiting for some where there are none. */
import { TYPE_LIST } from '../keyspace/entry.ts';
import type { Args } from '../protocol/args.ts';
import type { Reply } from '../protocol/reply.ts';
import { writeCollection } from './collection-access.ts';
import type { Command, Context, KeySpec } from './command.ts';
import {
  isLeftAt,
  moveElement,
  popFromFirst,
  readMultiPop,
  removeElements,
} from './list-access.ts';
import { timeoutInSecondsAt } from './timeout.ts';

const POPPED_KEYS: readonly KeySpec[] = [
  { flags: ['RW', 'access', 'delete'], begin: { index: 1 }, find: { last: -2, step: 1, limit: 0 } },
];
const MOVED_KEYS: readonly KeySpec[] = [
  { flags: ['RW', 'access', 'delete'], begin: { index: 1 }, find: { last: 0, step: 1, limit: 0 } },
  { flags: ['RW', 'insert'], begin: { index: 2 }, find: { last: 0, step: 1, limit: 0 } },
];

const FRACTIONS: readonly (readonly [string, string])[] = [
  ['6.0.0', 'Takes fractions of seconds.'],
];

export const blpop: Command = {
  name: 'BLPOP',
  group: 'list',
  since: '2.0.0',
  summary: 'Takes the first element off the first of several lists that has one, or waits for one.',
  complexity: 'O(N) where N is the number of keys.',
  arity: -3,
  flags: ['write', 'blocking'],
  keys: POPPED_KEYS,
  syntax: 'key... timeout:double',
  history: FRACTIONS,
  run(context, args, reply) {
    popOrWait(context, args, true, reply);
  },
  serve(context, args, key, reply) {
    return popOne(context, args, key, true, reply);
  },
};

export const brpop: Command = {
  name: 'BRPOP',
  group: 'list',
  since: '2.0.0',
  summary: 'Takes the last element off the first of several lists that has one, or waits for one.',
  complexity: 'O(N) where N is the number of keys.',
  arity: -3,
  flags: ['write', 'blocking'],
  keys: POPPED_KEYS,
  syntax: 'key... timeout:double',
  history: FRACTIONS,
  run(context, args, reply) {
    popOrWait(context, args, false, reply);
  },
  serve(context, args, key, reply) {
    return popOne(context, args, key, false, reply);
  },
};

export const blmpop: Command = {
  name: 'BLMPOP',
  group: 'list',
  since: '7.0.0',
  summary:
    'Takes elements off one end of the first of several lists that has some, or waits for some.',
  complexity: 'O(N+M) where N is the number of keys and M the number of elements returned.',
  arity: -5,
  flags: ['write', 'blocking', 'movablekeys'],
  keys: [
    {
      flags: ['RW', 'access', 'delete'],
      begin: { index: 2 },
      find: { keynumIndex: 0, firstKey: 1, step: 1 },
    },
  ],
  syntax: 'timeout:double numkeys:integer key... where<LEFT | RIGHT> [COUNT count:integer]',
  run(context, args, reply) {
    const pop = readMultiPop(args, 2);
    const timeoutMs = timeoutInSecondsAt(args, 1);
    if (popFromFirst(context, args, pop, reply)) return;
    if (!waitForLists(context, args, pop.firstKey, pop.keyCount, timeoutMs)) reply.nilArray();
  },
  serve(context, args, key, reply) {
    const { atFront, count } = readMultiPop(args, 2);
    return popFromFirst(context, args, { firstKey: key, keyCount: 1, atFront, count }, reply);
  },
};

export const blmove: Command = {
  name: 'BLMOVE',
  group: 'list',
  since: '6.2.0',
  summary:
    'Takes an element off one end of a list, adds it at an end of another and returns it, or waits for one.',
  complexity: 'O(1)',
  arity: 6,
  flags: ['write', 'denyoom', 'blocking'],
  keys: MOVED_KEYS,
  syntax: `
    source:key destination:key#1 wherefrom<LEFT | RIGHT> whereto<LEFT | RIGHT> timeout:double
  `,
  run(context, args, reply) {
    const isFirst = isLeftAt(args, 3);
    const toFront = isLeftAt(args, 4);
    moveOrWait(context, args, isFirst, toFront, timeoutInSecondsAt(args, 5), reply);
  },
  serve(context, args, _key, reply) {
    return move(context, args, isLeftAt(args, 3), isLeftAt(args, 4), reply);
  },
};

export const brpoplpush: Command = {
  name: 'BRPOPLPUSH',
  group: 'list',
  since: '2.2.0',
  summary:
    'Takes the last element off a list, adds it at the front of another and returns it, or waits for one.',
  complexity: 'O(1)',
  arity: 4,
  flags: ['write', 'denyoom', 'blocking'],
  keys: MOVED_KEYS,
  syntax: 'source:key destination:key#1 timeout:double',
  history: FRACTIONS,
  deprecated: { since: '6.2.0', replacedBy: '`BLMOVE` with `RIGHT` and `LEFT`' },
  run(context, args, reply) {
    moveOrWait(context, args, false, true, timeoutInSecondsAt(args, 3), reply);
  },
  serve(context, args, _key, reply) {
    return move(context, args, false, true, reply);
  },
};

function popOrWait(context: Context, args: Args, atFront: boolean, reply: Reply): void {
  const keyCount = args.count - 2;
  const timeoutMs = timeoutInSecondsAt(args, args.count - 1);
  for (let key = 1; key <= keyCount; key++) {
    if (popOne(context, args, key, atFront, reply)) return;
  }
  if (!waitForLists(context, args, 1, keyCount, timeoutMs)) reply.nilArray();
}

/** Pops one element of the list at argument `key` and answers with both; whether there was one. */
function popOne(
  context: Context,
  args: Args,
  key: number,
  atFront: boolean,
  reply: Reply,
): boolean {
  const cell = writeCollection(context, args, key, TYPE_LIST);
  if (cell === null) return false;
  const { lists } = context.keyspace;
  reply.array(2);
  reply.bulk(args.bytes, args.view, args.start(key), args.length(key));
  lists.enter(cell, atFront ? 0 : lists.length(cell) - 1).writeForward(reply, 1);
  removeElements(context, args, key, cell, 1, atFront);
  context.keyspace.effects?.note(atFront ? 'LPOP' : 'RPOP', args.copy(key));
  return true;
}

function moveOrWait(
  context: Context,
  args: Args,
  isFirst: boolean,
  toFront: boolean,
  timeoutMs: number,
  reply: Reply,
): void {
  if (move(context, args, isFirst, toFront, reply)) return;
  if (!waitForLists(context, args, 1, 1, timeoutMs)) reply.nil();
}

/** Moves an element, and notes the command that does so without waiting; whether there was one. */
function move(
  context: Context,
  args: Args,
  isFirst: boolean,
  toFront: boolean,
  reply: Reply,
): boolean {
  if (!moveElement(context, args, isFirst, toFront, reply)) return false;
  // BRPOPLPUSH has a time where BLMOVE says which end is meant.
  if (args.count === 4) {
    context.keyspace.effects?.note('RPOPLPUSH', args.copy(1), args.copy(2));
  } else {
    const [from, to] = [args.copy(3), args.copy(4)];
    context.keyspace.effects?.note('LMOVE', args.copy(1), args.copy(2), from, to);
  }
  return true;
}

function waitForLists(
  context: Context,
  args: Args,
  firstKey: number,
  keyCount: number,
  timeoutMs: number,
): boolean {
  const wait = { type: TYPE_LIST, firstKey, keyCount, group: 0, timeoutMs };
  return context.services.blocking.wait(context, args, wait);
}
