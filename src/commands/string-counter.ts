/** Strings that read as numbers: counting up and down. */
import { type Database, KEEP_EXPIRY, NO_EXPIRY } from '../keyspace/database.ts';
import { type Entries, type Entry, NO_ENTRY, TYPE_STRING } from '../keyspace/entry.ts';
import { FLOAT_INCREMENTED, INCREMENTED } from '../keyspace/events.ts';
import type { Args } from '../protocol/args.ts';
import {
  addLongDoubles,
  formatLongDouble,
  type LongDouble,
  parseLongDouble,
} from '../protocol/long-double.ts';
import {
  INTEGER_LENGTH_MAX,
  integerLength,
  parseSafeInteger,
  writeInt64,
  writeInteger,
} from '../protocol/numbers.ts';
import type { Reply } from '../protocol/reply.ts';
import { addInt64, addToString, readInt64, STRING_INT, textEncoding } from '../values/string.ts';
import type { Command, Context } from './command.ts';
import { CommandError, NOT_A_FLOAT, NOT_AN_INTEGER } from './errors.ts';
import { int64At } from './options.ts';
import { requireString } from './string-access.ts';

export const incr: Command = {
  name: 'INCR',
  group: 'string',
  since: '1.0.0',
  summary: 'Adds one to the integer that a key holds; a key that does not exist counts as 0.',
  complexity: 'O(1)',
  arity: 2,
  flags: ['write', 'denyoom', 'fast'],
  keys: [
    {
      flags: ['RW', 'access', 'update'],
      begin: { index: 1 },
      find: { last: 0, step: 1, limit: 0 },
    },
  ],
  syntax: 'key',
  run(context, args, reply) {
    add(context, args, reply, 1);
  },
};

export const decr: Command = {
  name: 'DECR',
  group: 'string',
  since: '1.0.0',
  summary: 'Takes one from the integer that a key holds; a key that does not exist counts as 0.',
  complexity: 'O(1)',
  arity: 2,
  flags: ['write', 'denyoom', 'fast'],
  keys: [
    {
      flags: ['RW', 'access', 'update'],
      begin: { index: 1 },
      find: { last: 0, step: 1, limit: 0 },
    },
  ],
  syntax: 'key',
  run(context, args, reply) {
    add(context, args, reply, -1);
  },
};

export const incrby: Command = {
  name: 'INCRBY',
  group: 'string',
  since: '1.0.0',
  summary: 'Adds an integer to the one that a key holds; a key that does not exist counts as 0.',
  complexity: 'O(1)',
  arity: 3,
  flags: ['write', 'denyoom', 'fast'],
  keys: [
    {
      flags: ['RW', 'access', 'update'],
      begin: { index: 1 },
      find: { last: 0, step: 1, limit: 0 },
    },
  ],
  syntax: 'key increment:integer',
  run(context, args, reply) {
    const delta = safeIntegerAt(args, 2);
    if (Number.isNaN(delta)) addExactly(context, args, reply, int64At(args, 2));
    else add(context, args, reply, delta);
  },
};

export const decrby: Command = {
  name: 'DECRBY',
  group: 'string',
  since: '1.0.0',
  summary: 'Takes an integer from the one that a key holds; a key that does not exist counts as 0.',
  complexity: 'O(1)',
  arity: 3,
  flags: ['write', 'denyoom', 'fast'],
  keys: [
    {
      flags: ['RW', 'access', 'update'],
      begin: { index: 1 },
      find: { last: 0, step: 1, limit: 0 },
    },
  ],
  syntax: 'key decrement:integer',
  run(context, args, reply) {
    const delta = safeIntegerAt(args, 2);
    if (!Number.isNaN(delta)) {
      add(context, args, reply, -delta);
      return;
    }
    const exact = int64At(args, 2);
    if (exact === INT64_MIN) throw DECREMENT_OVERFLOWS;
    addExactly(context, args, reply, -exact);
  },
};

export const incrbyfloat: Command = {
  name: 'INCRBYFLOAT',
  group: 'string',
  since: '2.6.0',
  summary:
    'Adds a decimal number to the one that a key holds; a key that does not exist counts as 0.',
  complexity: 'O(1)',
  arity: 3,
  flags: ['write', 'denyoom', 'fast'],
  keys: [
    {
      flags: ['RW', 'access', 'update'],
      begin: { index: 1 },
      find: { last: 0, step: 1, limit: 0 },
    },
  ],
  syntax: 'key increment:double',
  run(context, args, reply) {
    const { database } = context;
    const { entries } = database;
    const text = formatLongDouble(addFloats(context, args));
    const length = text.length;
    const entry = database.put(args, 1, TYPE_STRING, textEncoding(length), length, KEEP_EXPIRY);
    entries.bytes(entry).write(text, entries.valueStart(entry), length, 'latin1');
    database.changed(args, 1, FLOAT_INCREMENTED);
    context.keyspace.effects?.note('SET', args.copy(1), text, 'KEEPTTL');
    reply.text(text);
  },
};

const OVERFLOWS = new CommandError('ERR increment or decrement would overflow');
const DECREMENT_OVERFLOWS = new CommandError('ERR decrement would overflow');
const NOT_FINITE = new CommandError('ERR increment would produce NaN or Infinity');

const INT64_MIN = -(2n ** 63n);
const NO_NUMBER_YET: LongDouble = { negative: false, mantissa: 0n, exponent: 0 };

/** Holds the digits of a sum until its place is known. */
const digits = Buffer.alloc(INTEGER_LENGTH_MAX);

/** Argument `i` as a safe integer, or NaN. */
function safeIntegerAt(args: Args, i: number): number {
  const start = args.start(i);
  return parseSafeInteger(args.bytes, start, start + args.length(i));
}

/** Adds a safe integer to the key at argument 1, in doubles as long as they are exact. */
function add(context: Context, args: Args, reply: Reply, delta: number): void {
  const { database } = context;
  const { entries } = database;
  let entry = database.write(args, 1);
  let sum = delta;
  if (entry === NO_ENTRY) {
    entry = database.put(args, 1, TYPE_STRING, STRING_INT, integerLength(sum), NO_EXPIRY);
  } else {
    requireString(entries, entry);
    const bytes = entries.bytes(entry);
    const length = entries.valueLength(entry);
    sum = addToString(bytes, entries.valueStart(entry), length, delta);
    if (Number.isNaN(sum)) {
      addExactly(context, args, reply, BigInt(delta));
      return;
    }
    entry = resizeInteger(database, entry, integerLength(sum));
  }
  writeInteger(entries.bytes(entry), entries.valueStart(entry), sum);
  database.changed(args, 1, INCREMENTED);
  reply.integer(sum);
}

/** As `add`, for numbers that need 64 bits. */
function addExactly(context: Context, args: Args, reply: Reply, delta: bigint): void {
  const { database } = context;
  const { entries } = database;
  const old = database.write(args, 1);
  let value: bigint | undefined = 0n;
  if (old !== NO_ENTRY) {
    requireString(entries, old);
    const start = entries.valueStart(old);
    value = readInt64(entries.bytes(old), start, entries.valueLength(old));
  }
  if (value === undefined) throw NOT_AN_INTEGER;
  const sum = addInt64(value, delta);
  if (sum === undefined) throw OVERFLOWS;

  const length = writeInt64(digits, 0, sum);
  const entry =
    old === NO_ENTRY
      ? database.put(args, 1, TYPE_STRING, STRING_INT, length, NO_EXPIRY)
      : resizeInteger(database, old, length);
  digits.copy(entries.bytes(entry), entries.valueStart(entry), 0, length);
  database.changed(args, 1, INCREMENTED);
  reply.bigInteger(sum);
}

/** Makes a string, whose expiry it keeps, ready for an integer of so many digits. */
function resizeInteger(database: Database, old: Entry, length: number): Entry {
  const { entries } = database;
  const entry = entries.valueLength(old) === length ? old : database.resizeValue(old, length);
  if (entries.encoding(entry) !== STRING_INT) entries.setEncoding(entry, STRING_INT);
  return entry;
}

/** The string at argument 1, read as a number, plus argument 2. */
function addFloats(context: Context, args: Args): LongDouble {
  const { database } = context;
  const { entries } = database;
  const entry = database.write(args, 1);
  if (entry !== NO_ENTRY) requireString(entries, entry);
  const value = entry === NO_ENTRY ? NO_NUMBER_YET : entryAsFloat(entries, entry);
  const start = args.start(2);
  const increment = parseLongDouble(args.bytes, start, start + args.length(2));
  if (value === undefined || increment === undefined) throw NOT_A_FLOAT;
  const sum = addLongDoubles(value, increment);
  if (sum === undefined) throw NOT_FINITE;
  return sum;
}

function entryAsFloat(entries: Entries, entry: Entry): LongDouble | undefined {
  const start = entries.valueStart(entry);
  return parseLongDouble(entries.bytes(entry), start, start + entries.valueLength(entry));
}
