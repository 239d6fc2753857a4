/** Combining strings bit by bit. */
import { type Database, NO_EXPIRY } from '../keyspace/database.ts';
import { type Entry, NO_ENTRY, TYPE_STRING } from '../keyspace/entry.ts';
import { DELETED, STRING_SET } from '../keyspace/events.ts';
import { copyBytes, equalBytes } from '../memory/bytes.ts';
import type { Args } from '../protocol/args.ts';
import { AND, type BitOperation, combineBits, invertBits, OR, XOR } from '../values/bitmap.ts';
import { STRING_RAW } from '../values/string.ts';
import { stringLength } from './bitmap-access.ts';
import type { Command } from './command.ts';
import { CommandError, SYNTAX_ERROR } from './errors.ts';

export const bitop: Command = {
  name: 'BITOP',
  group: 'bitmap',
  since: '2.6.0',
  summary: 'Combines strings bit by bit, and sets a key to the result.',
  complexity: 'O(N) with N bytes in all the strings',
  arity: -4,
  flags: ['write', 'denyoom'],
  keys: [
    { flags: ['OW', 'update'], begin: { index: 2 }, find: { last: 0, step: 1, limit: 0 } },
    { flags: ['RO', 'access'], begin: { index: 3 }, find: { last: -1, step: 1, limit: 0 } },
  ],
  syntax: 'operation<AND | OR | XOR | NOT> destkey:key key#1...',
  run(context, args, reply) {
    const { database } = context;
    const operation = operationAt(args, 1);
    if (operation === NOT && args.count !== 4) throw NOT_TAKES_ONE;
    let length = 0;
    for (let i = FIRST_SOURCE; i < args.count; i++) {
      length = Math.max(length, stringLength(database.entries, database.read(args, i)));
    }
    if (length > 0) {
      combine(database, args, operation, length);
      database.changed(args, TARGET, STRING_SET);
    } else if (database.remove(args, TARGET)) {
      database.changed(args, TARGET, DELETED);
    }
    reply.integer(length);
  },
};

const NOT_TAKES_ONE = new CommandError('ERR BITOP NOT must be called with a single source key.');

const TARGET = 2;
const FIRST_SOURCE = 3;

/** Stands for turning the only source: its masks are never used. */
const NOT: BitOperation = { both: 0, either: 0 };

function operationAt(args: Args, i: number): BitOperation {
  if (args.is(i, 'AND')) return AND;
  if (args.is(i, 'OR')) return OR;
  if (args.is(i, 'XOR')) return XOR;
  if (args.is(i, 'NOT')) return NOT;
  throw SYNTAX_ERROR;
}

/**
 * Sets the target to the combination of the sources, `length` bytes. It is built in place, source
 * by source: the operations commute, so a target that is a source too comes first.
 */
function combine(database: Database, args: Args, operation: BitOperation, length: number): void {
  const { entries } = database;
  let timesSource = 0;
  for (let i = FIRST_SOURCE; i < args.count; i++) if (isTarget(args, i)) timesSource++;
  const target =
    timesSource > 0 ? keepTarget(database, args, length) : replaceTarget(database, args, length);
  const start = entries.valueStart(target);
  const bytes = entries.bytes(target);
  const view = entries.view(target);
  if (operation === NOT) {
    invertBits(bytes, view, start, length);
    return;
  }
  // The target, with itself once more, is nothing: only XOR tells how often it is named.
  if (operation === XOR && timesSource > 0 && timesSource % 2 === 0) {
    bytes.fill(0, start, start + length);
  }
  for (let i = timesSource > 0 ? FIRST_SOURCE : FIRST_SOURCE + 1; i < args.count; i++) {
    if (timesSource > 0 && isTarget(args, i)) continue;
    const source = database.find(args, i);
    const sourceLength = stringLength(entries, source);
    if (sourceLength > 0) {
      const from = entries.bytes(source);
      const fromStart = entries.valueStart(source);
      const fromView = entries.view(source);
      combineBits(operation, from, fromView, fromStart, bytes, view, start, sourceLength);
    }
    if (operation === AND) bytes.fill(0, start + sourceLength, start + length);
  }
}

/** Whether argument `i` names the target. */
function isTarget(args: Args, i: number): boolean {
  const { bytes, view } = args;
  const length = args.length(TARGET);
  if (args.length(i) !== length) return false;
  return equalBytes(bytes, view, args.start(i), bytes, view, args.start(TARGET), length);
}

/** The target, which is a source too, with zeros up to `length`; its value is left as it was. */
function keepTarget(database: Database, args: Args, length: number): Entry {
  const { entries } = database;
  const old = database.write(args, TARGET);
  if (old === NO_ENTRY) return database.putZeros(args, TARGET, TYPE_STRING, STRING_RAW, length);
  const extended = length > entries.valueLength(old) ? database.extendValue(old, length) : old;
  const target = database.clearExpiry(extended);
  entries.setEncoding(target, STRING_RAW);
  return target;
}

/** The target, in place of whatever it held, with the first source and zeros up to `length`. */
function replaceTarget(database: Database, args: Args, length: number): Entry {
  const { entries } = database;
  const target = database.put(args, TARGET, TYPE_STRING, STRING_RAW, length, NO_EXPIRY);
  const bytes = entries.bytes(target);
  const start = entries.valueStart(target);
  const source = database.find(args, FIRST_SOURCE);
  const sourceLength = stringLength(entries, source);
  if (sourceLength > 0) {
    const from = entries.bytes(source);
    const fromStart = entries.valueStart(source);
    const fromView = entries.view(source);
    copyBytes(from, fromView, fromStart, bytes, entries.view(target), start, sourceLength);
  }
  bytes.fill(0, start + sourceLength, start + length);
  return target;
}
