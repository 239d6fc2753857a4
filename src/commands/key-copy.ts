/** Generic commands: keys under another name, and in another database. */
import type { Database } from '../keyspace/database.ts';
import { NO_ENTRY } from '../keyspace/entry.ts';
import { COPIED_TO, MOVED_FROM, MOVED_TO, RENAMED_FROM, RENAMED_TO } from '../keyspace/events.ts';
import { equalBytes } from '../memory/bytes.ts';
import type { Args } from '../protocol/args.ts';
import { parseSafeInteger } from '../protocol/numbers.ts';
import type { Command, KeySpec } from './command.ts';
import { databaseAt, INT32_MAX, INT32_MIN, NO_SUCH_DATABASE } from './database-index.ts';
import { CommandError, NO_SUCH_KEY, SYNTAX_ERROR } from './errors.ts';

const SAME_PLACE: CommandError = new CommandError(
  'ERR source and destination objects are the same',
);

const RENAMED_KEY: KeySpec = {
  flags: ['RW', 'access', 'delete'],
  begin: { index: 1 },
  find: { last: 0, step: 1, limit: 0 },
};

export const rename: Command = {
  name: 'RENAME',
  group: 'generic',
  since: '1.0.0',
  summary: 'Gives a key another name, in place of the key that may have it.',
  complexity: 'O(1), plus the size of what is copied: a string, or a small collection.',
  arity: 3,
  flags: ['write'],
  keys: [
    RENAMED_KEY,
    { flags: ['OW', 'update'], begin: { index: 2 }, find: { last: 0, step: 1, limit: 0 } },
  ],
  syntax: 'key newkey:key#1',
  run({ database }, args, reply) {
    if (database.write(args, 1) === NO_ENTRY) throw NO_SUCH_KEY;
    if (!sameKey(args)) renameKey(database, args);
    reply.ok();
  },
};

export const renamenx: Command = {
  name: 'RENAMENX',
  group: 'generic',
  since: '1.0.0',
  summary: 'Gives a key another name, unless a key has it.',
  complexity: 'O(1), plus the size of what is copied: a string, or a small collection.',
  arity: 3,
  flags: ['write', 'fast'],
  keys: [
    RENAMED_KEY,
    { flags: ['OW', 'insert'], begin: { index: 2 }, find: { last: 0, step: 1, limit: 0 } },
  ],
  syntax: 'key newkey:key#1',
  history: [['3.2.0', 'Takes equal names without an error.']],
  run({ database }, args, reply) {
    if (database.write(args, 1) === NO_ENTRY) throw NO_SUCH_KEY;
    const isFree = database.write(args, 2) === NO_ENTRY;
    if (isFree) renameKey(database, args);
    reply.integer(isFree ? 1 : 0);
  },
};

export const copy: Command = {
  name: 'COPY',
  group: 'generic',
  since: '6.2.0',
  summary: 'Copies a key and what it holds, also to another database.',
  complexity: 'O(N) where N is the size of what is copied.',
  arity: -3,
  flags: ['write', 'denyoom'],
  keys: [
    { flags: ['RO', 'access'], begin: { index: 1 }, find: { last: 0, step: 1, limit: 0 } },
    { flags: ['OW', 'update'], begin: { index: 2 }, find: { last: 0, step: 1, limit: 0 } },
  ],
  syntax: 'source:key destination:key#1 [DB destination-db:integer] [REPLACE]',
  run(context, args, reply) {
    const { database } = context;
    let target = database;
    let replaces = false;
    for (let i = 3; i < args.count; i++) {
      if (args.is(i, 'REPLACE')) replaces = true;
      else if (args.is(i, 'DB') && i + 1 < args.count) target = databaseAt(context, args, ++i);
      else throw SYNTAX_ERROR;
    }
    if (target === database && sameKey(args)) throw SAME_PLACE;
    const copies =
      database.read(args, 1) !== NO_ENTRY && (target.write(args, 2) === NO_ENTRY || replaces);
    if (copies) {
      database.copy(args, 1, target, 2);
      target.changed(args, 2, COPIED_TO);
    }
    reply.integer(copies ? 1 : 0);
  },
};

export const move: Command = {
  name: 'MOVE',
  group: 'generic',
  since: '1.0.0',
  summary: 'Moves a key to another database, unless that has a key of the same name.',
  complexity: 'O(1)',
  arity: 3,
  flags: ['write', 'fast'],
  keys: [
    {
      flags: ['RW', 'access', 'update'],
      begin: { index: 1 },
      find: { last: 0, step: 1, limit: 0 },
    },
  ],
  syntax: 'key db:integer',
  run(context, args, reply) {
    const { database } = context;
    const target = databaseAt(context, args, 2);
    if (target === database) throw SAME_PLACE;
    const moves = database.write(args, 1) !== NO_ENTRY && target.write(args, 1) === NO_ENTRY;
    if (moves) {
      database.move(args, 1, target);
      database.changed(args, 1, MOVED_FROM);
      target.announce(args, 1, MOVED_TO);
    }
    reply.integer(moves ? 1 : 0);
  },
};

export const swapdb: Command = {
  name: 'SWAPDB',
  group: 'server',
  since: '4.0.0',
  summary: 'Exchanges the contents of two databases.',
  complexity: 'O(N) where N is the number of clients that watch or wait for keys of either.',
  arity: 3,
  flags: ['write', 'fast'],
  categories: ['keyspace', 'dangerous'],
  syntax: 'index1:integer index2:integer',
  run({ keyspace }, args, reply) {
    const first = indexAt(args, 1, 'first');
    const second = indexAt(args, 2, 'second');
    const one = keyspace.databases[first];
    const other = keyspace.databases[second];
    if (one === undefined || other === undefined) throw NO_SUCH_DATABASE;
    keyspace.swap(one, other);
    reply.ok();
  },
};

function renameKey(database: Database, args: Args): void {
  database.rename(args, 1, 2);
  database.changed(args, 1, RENAMED_FROM);
  database.announce(args, 2, RENAMED_TO);
}

/** Whether arguments 1 and 2 are the same key. */
function sameKey(args: Args): boolean {
  const { bytes, view } = args;
  const length = args.length(1);
  if (length !== args.length(2)) return false;
  return equalBytes(bytes, view, args.start(1), bytes, view, args.start(2), length);
}

/** Argument `i` as the number of a database, of which `place` says which one it is. */
function indexAt(args: Args, i: number, place: string): number {
  const start = args.start(i);
  const index = parseSafeInteger(args.bytes, start, start + args.length(i));
  const isInt32 = index >= INT32_MIN && index <= INT32_MAX;
  if (!isInt32) throw new CommandError(`ERR invalid ${place} DB index`);
  return index;
}
