/** The digest of a set, and its length in a snapshot; see digest.ts and serialized-size.ts. */
import type { Database } from '../keyspace/database.ts';
import type { Entry } from '../keyspace/entry.ts';
import { SET_HASHTABLE } from '../values/set-encoding.ts';
import type { Digest } from './digest.ts';
import { lengthBytes, textBytes } from './serialized-size.ts';

/** Adds the digest of each member. */
export function mixSet(digest: Digest, database: Database, entry: Entry): void {
  const { cursor } = database.keyspace.sets;
  const { member } = cursor;
  cursor.open(database.keyspace.cell(0).open(database, entry));
  while (cursor.next()) {
    member.spell();
    digest.add(member.bytes.subarray(member.start, member.start + member.length));
  }
}

/** Bytes of a set: those it is packed in, or the number of its members, then each of them. */
export function setBytes(database: Database, entry: Entry): number {
  const { sets } = database.keyspace;
  const { cursor } = sets;
  const cell = database.keyspace.cell(0).open(database, entry);
  if (cell.encoding !== SET_HASHTABLE) {
    const length = sets.packedBytes(cell);
    return lengthBytes(length) + length;
  }
  const { member } = cursor;
  let sum = lengthBytes(sets.size(cell));
  cursor.open(cell);
  while (cursor.next()) sum += textBytes(member.bytes, member.start, member.length);
  return sum;
}
