/** Integers of any width inside a string. */
import { type Entry, NO_ENTRY } from '../keyspace/entry.ts';
import { BIT_SET, REWRITTEN } from '../keyspace/events.ts';
import type { Args } from '../protocol/args.ts';
import { parseSafeInteger } from '../protocol/numbers.ts';
import type { Reply } from '../protocol/reply.ts';
import {
  fitField,
  fitWideField,
  NARROW_BITS_MAX,
  OVERFLOW_FAIL,
  OVERFLOW_SATURATE,
  OVERFLOW_WRAP,
  operandOfSet,
  readField,
  readWideField,
  writeField,
  writeWideField,
} from '../values/bitfield.ts';
import { bitOffsetAt, reserveBits, stringLength } from './bitmap-access.ts';
import type { Command, Context, FoundKey } from './command.ts';
import { CommandError, SYNTAX_ERROR } from './errors.ts';
import { int64At, integerAt } from './options.ts';

export const bitfield: Command = {
  name: 'BITFIELD',
  group: 'bitmap',
  since: '3.2.0',
  summary: 'Reads, sets and counts up integers of any width at any bit of a string.',
  complexity: 'O(1) for each operation',
  arity: -2,
  flags: ['write', 'denyoom'],
  keys: [
    {
      notes: 'Only reads the key when all operations are `GET`',
      flags: ['RW', 'access', 'update', 'variable_flags'],
      begin: { index: 1 },
      find: { last: 0, step: 1, limit: 0 },
    },
  ],
  syntax: `
    key
    [operation<GET get-block(encoding offset:integer) |
      write([OVERFLOW overflow-block<WRAP | SAT | FAIL>]
        write-operation<SET set-block(encoding offset:integer value:integer) |
          INCRBY incrby-block(encoding offset:integer increment:integer)>)>...]
  `,
  findKeys: keyOfBitfield,
  run(context, args, reply) {
    const plan = readPlan(context, args);
    if (plan.lastWritten < 0) answerReads(context, args, reply, plan.count);
    else runAll(context, args, reply, plan);
  },
};

export const bitfieldRo: Command = {
  name: 'BITFIELD_RO',
  group: 'bitmap',
  since: '6.0.0',
  summary: 'Reads integers of any width at any bit of a string.',
  complexity: 'O(1) for each operation',
  arity: -2,
  flags: ['readonly', 'fast'],
  keys: [{ flags: ['RO', 'access'], begin: { index: 1 }, find: { last: 0, step: 1, limit: 0 } }],
  syntax: 'key [GET... get-block(encoding offset:integer)]',
  run(context, args, reply) {
    const plan = readPlan(context, args);
    if (plan.lastWritten >= 0) throw ONLY_GET;
    answerReads(context, args, reply, plan.count);
  },
};

const INVALID_OVERFLOW = new CommandError('ERR Invalid OVERFLOW type specified');
const INVALID_ENCODING = new CommandError(
  'ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 ' +
    'is.',
);
const ONLY_GET = new CommandError('ERR BITFIELD_RO only supports the GET subcommand');

const FIRST_OPERATION = 2;
const LETTER_I = 0x69;
const LETTER_U = 0x75;
const SIGNED_BITS_MAX = 64;
const UNSIGNED_BITS_MAX = 63;

const GET = 0;
const SET = 1;
const INCRBY = 2;
const OVERFLOW = 3;

/** Reads the operations of a call one after the other; one serves all calls. */
class Operation {
  kind = GET;
  signed = false;
  bits = 0;
  /** Position of the field's first bit. */
  offset = 0;
  /** The argument that SET and INCRBY work with, and the integer there, rounded to a double. */
  operandAt = 0;
  operand = 0;
  /** What OVERFLOW last said. */
  overflow = OVERFLOW_WRAP;

  /** Reads the operation at argument `i` and returns the index behind it. */
  read(context: Context, args: Args, i: number): number {
    const left = args.count - i - 1;
    if (args.is(i, 'OVERFLOW') && left >= 1) {
      this.kind = OVERFLOW;
      this.overflow = overflowAt(args, i + 1);
      return i + 2;
    }
    if (args.is(i, 'GET') && left >= 2) this.kind = GET;
    else if (args.is(i, 'SET') && left >= 3) this.kind = SET;
    else if (args.is(i, 'INCRBY') && left >= 3) this.kind = INCRBY;
    else throw SYNTAX_ERROR;
    this.#readEncoding(args, i + 1);
    this.offset = bitOffsetAt(context.database, args, i + 2, this.bits);
    if (this.kind === GET) return i + 3;
    this.operandAt = i + 3;
    this.operand = integerAt(args, i + 3);
    return i + 4;
  }

  #readEncoding(args: Args, i: number): void {
    const start = args.start(i);
    const length = args.length(i);
    const letter = length === 0 ? 0 : args.bytes[start];
    this.signed = letter === LETTER_I;
    this.bits = parseSafeInteger(args.bytes, start + 1, start + length);
    const bitsMax = this.signed ? SIGNED_BITS_MAX : UNSIGNED_BITS_MAX;
    const isOne = letter === LETTER_I || letter === LETTER_U;
    if (!isOne || !(this.bits >= 1 && this.bits <= bitsMax)) throw INVALID_ENCODING;
  }
}

const operation = new Operation();

/** How many replies a call has, and the last bit that it may write; -1 when it only reads. */
interface Plan {
  count: number;
  lastWritten: number;
}

const plan: Plan = { count: 0, lastWritten: -1 };

/** Checks all operations of a call. */
function readPlan(context: Context, args: Args): Plan {
  plan.count = 0;
  plan.lastWritten = -1;
  for (let i = FIRST_OPERATION; i < args.count; ) {
    i = operation.read(context, args, i);
    if (operation.kind === OVERFLOW) continue;
    plan.count++;
    if (operation.kind === GET) continue;
    plan.lastWritten = Math.max(plan.lastWritten, operation.offset + operation.bits - 1);
  }
  return plan;
}

function answerReads(context: Context, args: Args, reply: Reply, count: number): void {
  const entry = context.database.read(args, 1);
  stringLength(context.database.entries, entry);
  reply.array(count);
  runOperations(context, args, reply, entry, false);
}

function runAll(context: Context, args: Args, reply: Reply, { count, lastWritten }: Plan): void {
  const { database } = context;
  const found = database.write(args, 1);
  const oldLength = stringLength(database.entries, found);
  const entry = reserveBits(database, args, found, lastWritten);
  const grew = database.entries.valueLength(entry) > oldLength;
  reply.array(count);
  const changed = runOperations(context, args, reply, entry, grew);
  if (changed) database.changed(args, 1, BIT_SET);
  else if (grew) database.changed(args, 1, REWRITTEN);
}

/** Whether a field got another value, or any at all in a string that `grew` for it. */
function runOperations(
  context: Context,
  args: Args,
  reply: Reply,
  entry: Entry,
  grew: boolean,
): boolean {
  let changed = false;
  operation.overflow = OVERFLOW_WRAP;
  for (let i = FIRST_OPERATION; i < args.count; ) {
    i = operation.read(context, args, i);
    if (operation.kind === OVERFLOW) continue;
    if (entry === NO_ENTRY) {
      reply.integer(0);
      continue;
    }
    const outcome =
      operation.bits <= NARROW_BITS_MAX
        ? runNarrow(context, args, reply, entry)
        : runWide(context, args, reply, entry);
    if (outcome === WRITTEN_ANEW || (outcome === WRITTEN && grew)) changed = true;
  }
  return changed;
}

/** What an operation did: nothing, writing what was there already, writing something else. */
const NOT_WRITTEN = 0;
const WRITTEN = 1;
const WRITTEN_ANEW = 2;

/** Runs an operation whose field a double can hold. */
function runNarrow(context: Context, args: Args, reply: Reply, entry: Entry): number {
  const { kind, bits, offset, signed, operand, overflow } = operation;
  const { entries } = context.database;
  const bytes = entries.bytes(entry);
  const start = entries.valueStart(entry);
  const old = readField(bytes, start, entries.valueLength(entry), offset, bits, signed);
  if (kind === GET) {
    reply.integer(old);
    return NOT_WRITTEN;
  }
  const wanted = kind === SET ? operand : old + operand;
  const isTooHigh = kind === SET && !signed && operand < 0;
  if (isTooHigh || !Number.isSafeInteger(operand) || !Number.isSafeInteger(wanted)) {
    return runWide(context, args, reply, entry);
  }
  const value = fitField(wanted, bits, signed, overflow);
  if (Number.isNaN(value)) {
    reply.nil();
    return NOT_WRITTEN;
  }
  writeField(bytes, start, offset, bits, value);
  reply.integer(kind === SET ? old : value);
  return value === old ? WRITTEN : WRITTEN_ANEW;
}

/** As `runNarrow`, for any field. */
function runWide(context: Context, args: Args, reply: Reply, entry: Entry): number {
  const { kind, bits, offset, signed, operandAt, overflow } = operation;
  const { entries } = context.database;
  const bytes = entries.bytes(entry);
  const start = entries.valueStart(entry);
  const old = readWideField(bytes, start, entries.valueLength(entry), offset, bits, signed);
  if (kind === GET) {
    reply.bigInteger(old);
    return NOT_WRITTEN;
  }
  const operand = int64At(args, operandAt);
  const wanted = kind === SET ? operandOfSet(operand, bits, signed) : old + operand;
  const value = fitWideField(wanted, bits, signed, overflow);
  if (value === undefined) {
    reply.nil();
    return NOT_WRITTEN;
  }
  writeWideField(bytes, start, offset, bits, value);
  reply.bigInteger(kind === SET ? old : value);
  return value === old ? WRITTEN : WRITTEN_ANEW;
}

function overflowAt(args: Args, i: number): number {
  if (args.is(i, 'WRAP')) return OVERFLOW_WRAP;
  if (args.is(i, 'SAT')) return OVERFLOW_SATURATE;
  if (args.is(i, 'FAIL')) return OVERFLOW_FAIL;
  throw INVALID_OVERFLOW;
}

/** The key, which is only read when nothing but GET is asked for. */
function keyOfBitfield(args: Args): readonly FoundKey[] {
  for (let i = FIRST_OPERATION; i < args.count; ) {
    const left = args.count - i - 1;
    if (args.is(i, 'GET') && left >= 2) i += 3;
    else if (args.is(i, 'OVERFLOW') && left >= 1) i += 2;
    else return [{ index: 1, flags: ['RW', 'access', 'update'] }];
  }
  return [{ index: 1, flags: ['RO', 'access'] }];
}
