/** What the commands on bits share: bit offsets, and strings that have room for them. */
import type { Database } from '../keyspace/database.ts';
import { type Entries, type Entry, NO_ENTRY, TYPE_STRING } from '../keyspace/entry.ts';
import type { Args } from '../protocol/args.ts';
import { parseSafeInteger } from '../protocol/numbers.ts';
import { growthSlack, STRING_RAW } from '../values/string.ts';
import { CommandError } from './errors.ts';
import { requireString } from './string-access.ts';

const NOT_A_BIT_OFFSET = new CommandError('ERR bit offset is not an integer or out of range');
const HASH = 0x23;

/**
 * Argument `i` as the position of a bit within the longest string allowed. `fieldBits` above 0
 * allows for `#n`, the n-th field of so many bits.
 */
export function bitOffsetAt(database: Database, args: Args, i: number, fieldBits = 0): number {
  const start = args.start(i);
  const end = start + args.length(i);
  const counted = fieldBits > 0 && end > start && args.bytes[start] === HASH;
  const number = parseSafeInteger(args.bytes, counted ? start + 1 : start, end);
  const offset = counted ? number * fieldBits : number;
  if (offset >= 0 && offset / 8 < database.keyspace.stringBytesMax) return offset;
  throw NOT_A_BIT_OFFSET;
}

/** Length of a string; 0 for none. Throws WRONG_TYPE. */
export function stringLength(entries: Entries, entry: Entry): number {
  if (entry === NO_ENTRY) return 0;
  requireString(entries, entry);
  return entries.valueLength(entry);
}

/**
 * Makes the string at argument 1 long enough to have a bit at position `last`, with zeros, and
 * creates it if need be; `old` is what is there, a string or NO_ENTRY.
 */
export function reserveBits(database: Database, args: Args, old: Entry, last: number): Entry {
  const { entries } = database;
  const length = Math.floor(last / 8) + 1;
  if (old === NO_ENTRY) return database.putZeros(args, 1, TYPE_STRING, STRING_RAW, length);
  let entry = old;
  if (length > entries.valueLength(entry)) {
    entry = database.extendValue(entry, length, growthSlack(length));
  }
  entries.setEncoding(entry, STRING_RAW);
  return entry;
}
