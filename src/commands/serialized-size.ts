/** How long a value is in a snapshot, before compression, which DEBUG OBJECT tells. */
import { type Entries, type Entry, TYPE_STRING } from '../keyspace/entry.ts';
import { parseSafeInteger } from '../protocol/numbers.ts';

/** Longest text of an integer that is stored as one. */
const INTEGER_TEXT_MAX = 11;

/** Bytes of the value of an entry in RDB format. */
export function serializedBytes(entries: Entries, entry: Entry): number {
  if (entries.type(entry) !== TYPE_STRING) throw new Error('only strings can be serialized');
  const start = entries.valueStart(entry);
  const length = entries.valueLength(entry);
  if (length <= INTEGER_TEXT_MAX) {
    const integer = parseSafeInteger(entries.bytes(entry), start, start + length);
    const bytes = integerBytes(integer);
    if (bytes > 0) return 1 + bytes;
  }
  return lengthBytes(length) + length;
}

/** Bytes of an integer, 0 when it is none of 32 bits. */
function integerBytes(integer: number): number {
  if (integer >= -(2 ** 7) && integer < 2 ** 7) return 1;
  if (integer >= -(2 ** 15) && integer < 2 ** 15) return 2;
  return integer >= -(2 ** 31) && integer < 2 ** 31 ? 4 : 0;
}

function lengthBytes(length: number): number {
  if (length < 2 ** 6) return 1;
  return length < 2 ** 14 ? 2 : 5;
}
