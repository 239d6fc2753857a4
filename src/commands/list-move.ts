/** Moving an element from one end of a list to one end of another. */
import type { Command, KeySpec } from './command.ts';
import { isLeftAt, moveElement } from './list-access.ts';

const KEYS: readonly KeySpec[] = [
  { flags: ['RW', 'access', 'delete'], begin: { index: 1 }, find: { last: 0, step: 1, limit: 0 } },
  { flags: ['RW', 'insert'], begin: { index: 2 }, find: { last: 0, step: 1, limit: 0 } },
];

export const lmove: Command = {
  name: 'LMOVE',
  group: 'list',
  since: '6.2.0',
  summary: 'Takes an element off one end of a list, adds it at an end of another, and returns it.',
  complexity: 'O(1)',
  arity: 5,
  flags: ['write', 'denyoom'],
  keys: KEYS,
  syntax: 'source:key destination:key#1 wherefrom<LEFT | RIGHT> whereto<LEFT | RIGHT>',
  run(context, args, reply) {
    const isFirst = isLeftAt(args, 3);
    const toFront = isLeftAt(args, 4);
    if (!moveElement(context, args, isFirst, toFront, reply)) reply.nil();
  },
};

export const rpoplpush: Command = {
  name: 'RPOPLPUSH',
  group: 'list',
  since: '1.2.0',
  summary: 'Takes the last element off a list, adds it at the front of another, and returns it.',
  complexity: 'O(1)',
  arity: 3,
  flags: ['write', 'denyoom'],
  keys: KEYS,
  syntax: 'source:key destination:key#1',
  deprecated: { since: '6.2.0', replacedBy: '`LMOVE` with `RIGHT` and `LEFT`' },
  run(context, args, reply) {
    if (!moveElement(context, args, false, true, reply)) reply.nil();
  },
};
