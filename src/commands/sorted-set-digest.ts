/** The digest of a sorted set, and its length in a snapshot; see digest.ts, serialized-size.ts. */
import type { Database } from '../keyspace/database.ts';
import type { Entry } from '../keyspace/entry.ts';
import { formatShortest } from '../protocol/numbers.ts';
import { totalBytes } from '../structures/listpack.ts';
import { ZSET_LISTPACK } from '../values/sorted-set.ts';
import { Digest } from './digest.ts';
import { lengthBytes, textBytes } from './serialized-size.ts';

/** A score in a snapshot. */
const SCORE_BYTES = 8;

/** Adds the digest of each member with its score. */
export function mixSortedSet(digest: Digest, database: Database, entry: Entry): void {
  const { keyspace } = database;
  const cursor = keyspace.sortedSets.enter(keyspace.cell(0).open(database, entry), 0);
  const one = new Digest();
  do {
    cursor.read();
    cursor.readScore();
    one.clear();
    one.mix(cursor.bytes.subarray(cursor.start, cursor.start + cursor.length));
    one.mix(Buffer.from(formatShortest(cursor.score[0]!)));
    digest.addDigest(one);
  } while (cursor.next());
}

/** Bytes of a sorted set: a listpack, or the number of its members, then each with its score. */
export function sortedSetBytes(database: Database, entry: Entry): number {
  const { sortedSets } = database.keyspace;
  const cell = database.keyspace.cell(0).open(database, entry);
  if (cell.encoding === ZSET_LISTPACK) {
    const length = totalBytes(cell.view, cell.start);
    return lengthBytes(length) + length;
  }
  let sum = lengthBytes(sortedSets.count(cell));
  const cursor = sortedSets.enter(cell, 0);
  do {
    cursor.read();
    sum += textBytes(cursor.bytes, cursor.start, cursor.length) + SCORE_BYTES;
  } while (cursor.next());
  return sum;
}
