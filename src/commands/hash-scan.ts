/** Hashes: going through their fields. */
import { TYPE_HASH } from '../keyspace/entry.ts';
import { CURSOR_END } from '../keyspace/scan.ts';
import { FIELDS, VALUES } from '../values/hash-reader.ts';
import { readCollection } from './collection-access.ts';
import type { Command } from './command.ts';
import { READ_KEY } from './hash-access.ts';
import { cursorAt, readScanOptions } from './scan-options.ts';

export const hscan: Command = {
  name: 'HSCAN',
  group: 'hash',
  since: '2.8.0',
  summary: 'Lists fields with their values a few at a time; the cursor says where to go on.',
  complexity: 'O(1) per call; O(N) for all N fields, until the cursor is 0 again.',
  arity: -3,
  flags: ['readonly'],
  tips: ['nondeterministic_output'],
  keys: READ_KEY,
  syntax: 'key cursor:integer [MATCH pattern] [COUNT count:integer]',
  run(context, args, reply) {
    const cursor = cursorAt(args, 2);
    const cell = readCollection(context, args, 1, TYPE_HASH);
    if (cell === null) {
      reply.array(2);
      reply.text('0');
      reply.array(0);
      return;
    }
    const { count, pattern, noValues } = readScanOptions(args, 3, false, true);
    const { hashReader } = context.keyspace;
    const from = cursor % CURSOR_END;
    const next = hashReader.scanEnd(cell, from, count);
    const parts = noValues ? FIELDS : FIELDS | VALUES;
    reply.array(2);
    reply.text(String(next));
    const mark = reply.openArray();
    const found = hashReader.writeScanned(cell, from, next, pattern, parts, reply);
    reply.closeArray(mark, noValues ? found : found * 2);
  },
};
