/** Hashes: fields that read as numbers. */
import { TYPE_HASH } from '../keyspace/entry.ts';
import type { EntryCell } from '../keyspace/entry-cell.ts';
import { FIELD_FLOAT_INCREMENTED, FIELD_INCREMENTED } from '../keyspace/events.ts';
import type { Args } from '../protocol/args.ts';
import {
  addLongDoubles,
  formatLongDouble,
  isFiniteLongDouble,
  type LongDouble,
  parseLongDouble,
} from '../protocol/long-double.ts';
import {
  INTEGER_LENGTH_MAX,
  parseSafeInteger,
  writeInt64,
  writeInteger,
} from '../protocol/numbers.ts';
import type { Hashes } from '../values/hash.ts';
import { addInt64, readInt64 } from '../values/string.ts';
import { writeCollection } from './collection-access.ts';
import type { Command, Context, KeySpec } from './command.ts';
import { CommandError, NOT_A_FLOAT } from './errors.ts';
import { setField } from './hash-access.ts';
import { int64At } from './options.ts';

const KEY: readonly KeySpec[] = [
  { flags: ['RW', 'access', 'update'], begin: { index: 1 }, find: { last: 0, step: 1, limit: 0 } },
];

export const hincrby: Command = {
  name: 'HINCRBY',
  group: 'hash',
  since: '2.0.0',
  summary: 'Adds an integer to the one that a field holds; what is not there counts as 0.',
  complexity: 'O(1)',
  arity: 4,
  flags: ['write', 'denyoom', 'fast'],
  keys: KEY,
  syntax: 'key field increment:integer',
  run(context, args, reply) {
    const start = args.start(3);
    const delta = parseSafeInteger(args.bytes, start, start + args.length(3));
    const exact = Number.isNaN(delta) ? int64At(args, 3) : 0n;
    const { hashes } = context.keyspace;
    const cell = writeCollection(context, args, 1, TYPE_HASH);
    const isFound = cell !== null && hashes.find(cell, args, 2);
    const value = isFound ? safeValue(hashes) : 0;
    const sum = value + delta;
    if (Number.isSafeInteger(sum)) {
      setField(context, args, cell, digits, view, writeInteger(digits, 0, sum), FIELD_INCREMENTED);
      reply.integer(sum);
      return;
    }
    const total = addExactly(hashes, isFound, Number.isNaN(delta) ? exact : BigInt(delta));
    setField(context, args, cell, digits, view, writeInt64(digits, 0, total), FIELD_INCREMENTED);
    reply.bigInteger(total);
  },
};

export const hincrbyfloat: Command = {
  name: 'HINCRBYFLOAT',
  group: 'hash',
  since: '2.6.0',
  summary: 'Adds a decimal number to the one that a field holds; what is not there counts as 0.',
  complexity: 'O(1)',
  arity: 4,
  flags: ['write', 'denyoom', 'fast'],
  keys: KEY,
  syntax: 'key field increment:double',
  run(context, args, reply) {
    const start = args.start(3);
    const increment = parseLongDouble(args.bytes, start, start + args.length(3));
    if (increment === undefined) throw NOT_A_FLOAT;
    if (!isFiniteLongDouble(increment)) throw NOT_FINITE_INCREMENT;
    const cell = writeCollection(context, args, 1, TYPE_HASH);
    const sum = addLongDoubles(floatValue(context, args, cell), increment);
    if (sum === undefined) throw NOT_FINITE;
    const text = Buffer.from(formatLongDouble(sum), 'latin1');
    const textView = new DataView(text.buffer, text.byteOffset, text.length);
    setField(context, args, cell, text, textView, text.length, FIELD_FLOAT_INCREMENTED);
    context.keyspace.effects?.note('HSET', args.copy(1), args.copy(2), text);
    reply.blob(text);
  },
};

const VALUE_NOT_AN_INTEGER = new CommandError('ERR hash value is not an integer');
const VALUE_NOT_A_FLOAT = new CommandError('ERR hash value is not a float');
const OVERFLOWS = new CommandError('ERR increment or decrement would overflow');
const NOT_FINITE_INCREMENT = new CommandError('ERR value is NaN or Infinity');
const NOT_FINITE = new CommandError('ERR increment would produce NaN or Infinity');

const NO_NUMBER_YET: LongDouble = { negative: false, mantissa: 0n, exponent: 0 };

/** Holds the digits of a sum until its place is known. */
const digits = Buffer.alloc(INTEGER_LENGTH_MAX);
const view = new DataView(digits.buffer, digits.byteOffset, digits.length);

/** The value that was found as a safe integer, or NaN. */
function safeValue({ valueBytes, valueStart, valueLength }: Hashes): number {
  return parseSafeInteger(valueBytes, valueStart, valueStart + valueLength);
}

/** The sum, in 64 bits, with the value that was found. */
function addExactly(hashes: Hashes, isFound: boolean, delta: bigint): bigint {
  const { valueBytes, valueStart, valueLength } = hashes;
  const value = isFound ? readInt64(valueBytes, valueStart, valueLength) : 0n;
  if (value === undefined) throw VALUE_NOT_AN_INTEGER;
  const sum = addInt64(value, delta);
  if (sum === undefined) throw OVERFLOWS;
  return sum;
}

/** The field at argument 2 as a number. */
function floatValue({ keyspace }: Context, args: Args, cell: EntryCell | null): LongDouble {
  const { hashes } = keyspace;
  if (cell === null || !hashes.find(cell, args, 2)) return NO_NUMBER_YET;
  const { valueBytes, valueStart, valueLength } = hashes;
  const value = parseLongDouble(valueBytes, valueStart, valueStart + valueLength);
  if (value === undefined) throw VALUE_NOT_A_FLOAT;
  return value;
}
