/** Generic commands: going through the keys. */
import { typeNamed } from '../keyspace/encodings.ts';
import { type Entries, type Entry, NO_ENTRY } from '../keyspace/entry.ts';
import { CURSOR_END, KeyFilter, randomKey, scanEnd, visitKeys } from '../keyspace/scan.ts';
import type { Reply } from '../protocol/reply.ts';
import type { Command } from './command.ts';
import { cursorAt, readScanOptions } from './scan-options.ts';

export const keys: Command = {
  name: 'KEYS',
  group: 'generic',
  since: '1.0.0',
  summary: 'Lists all keys that match a glob.',
  complexity: 'O(N) where N is the number of keys in the database.',
  arity: 2,
  flags: ['readonly'],
  categories: ['dangerous'],
  tips: ['request_policy:all_shards', 'nondeterministic_output_order'],
  syntax: 'pattern',
  run({ database }, args, reply) {
    const start = args.start(1);
    const filter = new KeyFilter(args.bytes.subarray(start, start + args.length(1)), null);
    const { entries } = database;
    const mark = reply.openArray();
    const count = visitKeys(database, 0, 0, filter, (entry) => replyKey(reply, entries, entry));
    reply.closeArray(mark, count);
  },
};

export const scan: Command = {
  name: 'SCAN',
  group: 'generic',
  since: '2.8.0',
  summary: 'Lists keys a few at a time; the cursor says where to go on.',
  complexity: 'O(1) per call; O(N) for all N keys, until the cursor is 0 again.',
  arity: -2,
  flags: ['readonly'],
  tips: ['nondeterministic_output', 'request_policy:special', 'response_policy:special'],
  syntax: 'cursor:integer [MATCH pattern] [COUNT count:integer] [TYPE type@6.0.0]',
  history: [['6.0.0', 'Takes `TYPE`.']],
  run({ database }, args, reply) {
    const cursor = cursorAt(args, 1);
    const { count, pattern, type } = readScanOptions(args, 2, true);
    reply.array(2);
    if (cursor >= CURSOR_END) {
      reply.text('0');
      reply.array(0);
      return;
    }
    const filter = new KeyFilter(pattern, type === null ? null : typeNamed(type));
    const next = scanEnd(database, cursor, count);
    const { entries } = database;
    reply.text(String(next));
    const mark = reply.openArray();
    const found = visitKeys(database, cursor, next, filter, (entry) =>
      replyKey(reply, entries, entry),
    );
    reply.closeArray(mark, found);
  },
};

export const randomkey: Command = {
  name: 'RANDOMKEY',
  group: 'generic',
  since: '1.0.0',
  summary: 'Returns one of the keys, each with the same chance.',
  complexity: 'O(1)',
  arity: 1,
  flags: ['readonly'],
  tips: ['request_policy:all_shards', 'response_policy:special', 'nondeterministic_output'],
  run({ database }, _args, reply) {
    const entry = randomKey(database);
    if (entry === NO_ENTRY) reply.nil();
    else replyKey(reply, database.entries, entry);
  },
};

function replyKey(reply: Reply, entries: Entries, entry: Entry): void {
  const length = entries.keyLength(entry);
  reply.bulk(entries.bytes(entry), entries.view(entry), entries.keyStart(entry), length);
}
