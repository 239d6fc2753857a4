/** Sets: all members, at once or a few at a time. */
import { TYPE_SET } from '../keyspace/entry.ts';
import { CURSOR_END } from '../keyspace/scan.ts';
import { scanEnd, writeScanned } from '../values/set-scan.ts';
import { readCollection } from './collection-access.ts';
import type { Command } from './command.ts';
import { cursorAt, readScanOptions } from './scan-options.ts';
import { READ_KEY } from './set-access.ts';

export const smembers: Command = {
  name: 'SMEMBERS',
  group: 'set',
  since: '1.0.0',
  summary: 'Returns all members of a set.',
  complexity: 'O(N) where N is the number of members.',
  arity: 2,
  flags: ['readonly'],
  tips: ['nondeterministic_output_order'],
  keys: READ_KEY,
  syntax: 'key',
  run(context, args, reply) {
    const { sets } = context.keyspace;
    const cell = readCollection(context, args, 1, TYPE_SET);
    reply.set(cell === null ? 0 : sets.size(cell));
    if (cell !== null) sets.writeAll(cell, reply);
  },
};

export const sscan: Command = {
  name: 'SSCAN',
  group: 'set',
  since: '2.8.0',
  summary: 'Lists members a few at a time; the cursor says where to go on.',
  complexity: 'O(1) per call; O(N) for all N members, until the cursor is 0 again.',
  arity: -3,
  flags: ['readonly'],
  tips: ['nondeterministic_output'],
  keys: READ_KEY,
  syntax: 'key cursor:integer [MATCH pattern] [COUNT count:integer]',
  run(context, args, reply) {
    const { sets } = context.keyspace;
    const cursor = cursorAt(args, 2);
    const cell = readCollection(context, args, 1, TYPE_SET);
    if (cell === null) {
      reply.array(2);
      reply.text('0');
      reply.array(0);
      return;
    }
    const { count, pattern } = readScanOptions(args, 3, false);
    const from = cursor % CURSOR_END;
    const next = scanEnd(sets, cell, from, count);
    reply.array(2);
    reply.text(String(next));
    const mark = reply.openArray();
    reply.closeArray(mark, writeScanned(sets, cell, from, next, pattern, reply));
  },
};
