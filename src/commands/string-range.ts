/** Strings in parts: appending, reading and overwriting ranges. */
import { NO_EXPIRY } from '../keyspace/database.ts';
import { NO_ENTRY, TYPE_STRING } from '../keyspace/entry.ts';
import { APPENDED, RANGE_SET } from '../keyspace/events.ts';
import type { Args } from '../protocol/args.ts';
import type { Reply } from '../protocol/reply.ts';
import { growthSlack, rangeLength, rangeStart, STRING_RAW } from '../values/string.ts';
import type { Command, Context } from './command.ts';
import { CommandError } from './errors.ts';
import { integerAt } from './options.ts';
import { putString, requireString, STRING_TOO_LONG, writeArgument } from './string-access.ts';

export const append: Command = {
  name: 'APPEND',
  group: 'string',
  since: '2.0.0',
  summary: 'Appends to the string that a key holds; a key that does not exist is set.',
  complexity:
    'O(1) on average for short values: a string that has grown before has room behind it, so ' +
    'that it is seldom moved.',
  arity: 3,
  flags: ['write', 'denyoom', 'fast'],
  keys: [{ flags: ['RW', 'insert'], begin: { index: 1 }, find: { last: 0, step: 1, limit: 0 } }],
  syntax: 'key value',
  run(context, args, reply) {
    const { database } = context;
    const { entries } = database;
    const old = database.write(args, 1);
    let length = args.length(2);
    if (old === NO_ENTRY) {
      putString(database, args, 1, 2, NO_EXPIRY);
    } else {
      requireString(entries, old);
      const oldLength = entries.valueLength(old);
      length += oldLength;
      if (length > context.keyspace.stringBytesMax) throw STRING_TOO_LONG;
      const entry = database.resizeValue(old, length, growthSlack(length));
      entries.setEncoding(entry, STRING_RAW);
      writeArgument(database, args, 2, entry, oldLength);
    }
    database.changed(args, 1, APPENDED);
    reply.integer(length);
  },
};

export const strlen: Command = {
  name: 'STRLEN',
  group: 'string',
  since: '2.2.0',
  summary: 'Returns the length in bytes of the string that a key holds.',
  complexity: 'O(1)',
  arity: 2,
  flags: ['readonly', 'fast'],
  keys: [{ flags: ['RO'], begin: { index: 1 }, find: { last: 0, step: 1, limit: 0 } }],
  syntax: 'key',
  run(context, args, reply) {
    const { database } = context;
    const entry = database.read(args, 1);
    if (entry === NO_ENTRY) {
      reply.integer(0);
      return;
    }
    requireString(database.entries, entry);
    reply.integer(database.entries.valueLength(entry));
  },
};

export const getrange: Command = {
  name: 'GETRANGE',
  group: 'string',
  since: '2.4.0',
  summary: 'Returns a part of the string that a key holds.',
  complexity: 'O(N) with N bytes returned',
  arity: 4,
  flags: ['readonly'],
  keys: [{ flags: ['RO', 'access'], begin: { index: 1 }, find: { last: 0, step: 1, limit: 0 } }],
  syntax: 'key start:integer end:integer',
  run: replyRange,
};

export const substr: Command = {
  name: 'SUBSTR',
  group: 'string',
  since: '1.0.0',
  summary: 'Returns a part of the string that a key holds.',
  complexity: 'O(N) with N bytes returned',
  arity: 4,
  flags: ['readonly'],
  keys: [{ flags: ['RO', 'access'], begin: { index: 1 }, find: { last: 0, step: 1, limit: 0 } }],
  syntax: 'key start:integer end:integer',
  deprecated: { since: '2.0.0', replacedBy: '`GETRANGE`' },
  run: replyRange,
};

export const setrange: Command = {
  name: 'SETRANGE',
  group: 'string',
  since: '2.2.0',
  summary: 'Overwrites a part of a string, which is made longer with zero bytes if need be.',
  complexity: 'O(M) with M bytes in the value, and those of a string that has to be moved to grow',
  arity: 4,
  flags: ['write', 'denyoom'],
  keys: [{ flags: ['RW', 'update'], begin: { index: 1 }, find: { last: 0, step: 1, limit: 0 } }],
  syntax: 'key offset:integer value',
  run(context, args, reply) {
    const { database } = context;
    const { entries } = database;
    const offset = integerAt(args, 2);
    if (offset < 0) throw OFFSET_OUT_OF_RANGE;
    const old = database.write(args, 1);
    if (old !== NO_ENTRY) requireString(entries, old);
    const oldLength = old === NO_ENTRY ? 0 : entries.valueLength(old);
    if (args.length(3) === 0) {
      reply.integer(oldLength);
      return;
    }
    const end = offset + args.length(3);
    if (end > context.keyspace.stringBytesMax) throw STRING_TOO_LONG;

    let entry = old;
    if (old === NO_ENTRY) entry = database.putZeros(args, 1, TYPE_STRING, STRING_RAW, end);
    else if (end > oldLength) entry = database.extendValue(entry, end, growthSlack(end));
    entries.setEncoding(entry, STRING_RAW);
    writeArgument(database, args, 3, entry, offset);
    database.changed(args, 1, RANGE_SET);
    reply.integer(Math.max(oldLength, end));
  },
};

const OFFSET_OUT_OF_RANGE = new CommandError('ERR offset is out of range');

function replyRange(context: Context, args: Args, reply: Reply): void {
  const first = integerAt(args, 2);
  const last = integerAt(args, 3);
  const { database } = context;
  const { entries } = database;
  const entry = database.read(args, 1);
  if (entry === NO_ENTRY) {
    reply.text('');
    return;
  }
  requireString(entries, entry);
  const length = entries.valueLength(entry);
  const start = entries.valueStart(entry) + rangeStart(first, length);
  const count = rangeLength(first, last, length);
  reply.bulk(entries.bytes(entry), entries.view(entry), start, count);
}
