/** Strings as rows of bits. */
import { type Entry, NO_ENTRY } from '../keyspace/entry.ts';
import { BIT_SET } from '../keyspace/events.ts';
import type { Args } from '../protocol/args.ts';
import { countBits, findBit, getBit, setBit } from '../values/bitmap.ts';
import { bitOffsetAt, reserveBits, stringLength } from './bitmap-access.ts';
import type { Command, Context } from './command.ts';
import { CommandError, SYNTAX_ERROR } from './errors.ts';
import { int64At, integerAt } from './options.ts';

export const setbit: Command = {
  name: 'SETBIT',
  group: 'bitmap',
  since: '2.2.0',
  summary: 'Sets a bit of a string to 0 or 1, and returns what it was.',
  complexity: 'O(1), and the bytes of a string that has to be moved to grow',
  arity: 4,
  flags: ['write', 'denyoom'],
  keys: [
    {
      flags: ['RW', 'access', 'update'],
      begin: { index: 1 },
      find: { last: 0, step: 1, limit: 0 },
    },
  ],
  syntax: 'key offset:integer value:integer',
  run(context, args, reply) {
    const { database } = context;
    const { entries } = database;
    const offset = bitOffsetAt(database, args, 2);
    const value = integerAt(args, 3, NOT_A_BIT);
    if (value !== 0 && value !== 1) throw NOT_A_BIT;
    const found = database.write(args, 1);
    const oldLength = stringLength(entries, found);
    const entry = reserveBits(database, args, found, offset);
    const old = setBit(entries.bytes(entry), entries.valueStart(entry), offset, value);
    if (old !== value || entries.valueLength(entry) > oldLength) {
      database.changed(args, 1, BIT_SET);
    }
    reply.integer(old);
  },
};

export const getbit: Command = {
  name: 'GETBIT',
  group: 'bitmap',
  since: '2.2.0',
  summary: 'Returns a bit of a string.',
  complexity: 'O(1)',
  arity: 3,
  flags: ['readonly', 'fast'],
  keys: [{ flags: ['RO', 'access'], begin: { index: 1 }, find: { last: 0, step: 1, limit: 0 } }],
  syntax: 'key offset:integer',
  run(context, args, reply) {
    const { database } = context;
    const { entries } = database;
    const offset = bitOffsetAt(database, args, 2);
    const entry = database.read(args, 1);
    const length = stringLength(entries, entry);
    if (length === 0) reply.integer(0);
    else reply.integer(getBit(entries.bytes(entry), entries.valueStart(entry), length, offset));
  },
};

export const bitcount: Command = {
  name: 'BITCOUNT',
  group: 'bitmap',
  since: '2.6.0',
  summary: 'Counts the bits of a string, or of a part of it, that are 1.',
  complexity: 'O(N) with N bytes looked at',
  arity: -2,
  flags: ['readonly'],
  keys: [{ flags: ['RO', 'access'], begin: { index: 1 }, find: { last: 0, step: 1, limit: 0 } }],
  syntax: 'key [range(start:integer end:integer [unit<BYTE | BIT>@7.0.0])]',
  history: [['7.0.0', 'The option `BYTE|BIT`.']],
  run(context, args, reply) {
    const { entries } = context.database;
    const entry = context.database.read(args, 1);
    const length = stringLength(entries, entry);
    if (entry === NO_ENTRY) {
      reply.integer(0);
      return;
    }
    readCountedRange(args, length);
    const start = entries.valueStart(entry);
    const { first, last } = range;
    reply.integer(countBits(entries.bytes(entry), entries.view(entry), start, first, last));
  },
};

export const bitpos: Command = {
  name: 'BITPOS',
  group: 'bitmap',
  since: '2.8.7',
  summary: 'Finds the first bit of a string, or of a part of it, that is 1 or 0.',
  complexity: 'O(N) with N bytes looked at',
  arity: -3,
  flags: ['readonly'],
  keys: [{ flags: ['RO', 'access'], begin: { index: 1 }, find: { last: 0, step: 1, limit: 0 } }],
  syntax: `
    key bit:integer [range(start:integer [end-unit-block(end:integer [unit<BYTE | BIT>@7.0.0])])]
  `,
  history: [['7.0.0', 'The option `BYTE|BIT`.']],
  run(context, args, reply) {
    const bit = integerAt(args, 2);
    if (bit !== 0 && bit !== 1) throw NOT_ONE_OR_ZERO;
    const { entries } = context.database;
    const entry = context.database.read(args, 1);
    const length = stringLength(entries, entry);
    if (entry === NO_ENTRY) {
      reply.integer(bit === 1 ? -1 : 0);
      return;
    }
    readSearchedRange(args, length);
    reply.integer(positionOf(context, entry, bit, args.count > 4));
  },
};

const NOT_A_BIT = new CommandError('ERR bit is not an integer or out of range');
const NOT_ONE_OR_ZERO = new CommandError('ERR The bit argument must be 1 or 0.');

/** First and last bit that a call means, both included; none when `first` is the greater one. */
const range = { first: 0, last: -1 };

/** Where in the range `bit` first is. */
function positionOf(context: Context, entry: Entry, bit: number, hasEnd: boolean): number {
  const { entries } = context.database;
  const { first, last } = range;
  if (first > last) return -1;
  const start = entries.valueStart(entry);
  const found = findBit(entries.bytes(entry), entries.view(entry), start, first, last, bit);
  // A string ends in zeros without number, but a range ends where it was said to.
  return found < 0 && bit === 0 && !hasEnd ? entries.valueLength(entry) * 8 : found;
}

/** The range of BITCOUNT: all, or from argument 2 to argument 3. */
function readCountedRange(args: Args, length: number): void {
  if (args.count === 2) {
    setRange(0, -1, length, false);
    return;
  }
  if (args.count !== 4 && args.count !== 5) throw SYNTAX_ERROR;
  const first = integerAt(args, 2);
  const last = integerAt(args, 3);
  // Redis finds an empty range before it looks at the unit.
  if (isReversed(args, first, last)) setRange(0, -1, 0, false);
  else setRange(first, last, length, args.count === 5 && isBitUnit(args, 4));
}

/** The range of BITPOS: all, from argument 3 on, or from argument 3 to argument 4. */
function readSearchedRange(args: Args, length: number): void {
  if (args.count > 6) throw SYNTAX_ERROR;
  const first = args.count > 3 ? integerAt(args, 3) : 0;
  const inBits = args.count === 6 && isBitUnit(args, 5);
  const last = args.count > 4 ? integerAt(args, 4) : -1;
  setRange(first, last, length, inBits);
}

/**
 * Whether BITCOUNT's range counts from the end and ends before it begins: then it is empty, even
 * where both lie before the first byte and would be taken for it.
 */
function isReversed(args: Args, first: number, last: number): boolean {
  if (first >= 0 || last >= 0) return false;
  if (first !== last || Number.isSafeInteger(first)) return first > last;
  return int64At(args, 2) > int64At(args, 3);
}

function isBitUnit(args: Args, i: number): boolean {
  if (args.is(i, 'BIT')) return true;
  if (args.is(i, 'BYTE')) return false;
  throw SYNTAX_ERROR;
}

/** Sets the range from indexes of bytes or bits, of which negative ones count from the end. */
function setRange(first: number, last: number, length: number, inBits: boolean): void {
  const size = inBits ? length * 8 : length;
  const from = Math.max(0, first < 0 ? size + first : first);
  const to = Math.min(size - 1, Math.max(0, last < 0 ? size + last : last));
  range.first = inBits ? from : from * 8;
  range.last = inBits ? to : to * 8 + 7;
}
