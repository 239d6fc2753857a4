/** The digest of a hash, and its length in a snapshot; see digest.ts and serialized-size.ts. */
import type { Database } from '../keyspace/database.ts';
import type { Entry } from '../keyspace/entry.ts';
import { totalBytes } from '../structures/listpack.ts';
import { HASH_LISTPACK } from '../values/hash.ts';
import { Digest } from './digest.ts';
import { lengthBytes, textBytes } from './serialized-size.ts';

/** Adds the digest of each field with its value. */
export function mixHash(digest: Digest, database: Database, entry: Entry): void {
  const { keyspace } = database;
  const pair = keyspace.hashReader;
  const one = new Digest();
  pair.each(keyspace.cell(0).open(database, entry), () => {
    const { fieldStart, valueStart } = pair;
    one.clear();
    one.mix(pair.fieldBytes.subarray(fieldStart, fieldStart + pair.fieldLength));
    one.mix(pair.valueBytes.subarray(valueStart, valueStart + pair.valueLength));
    digest.addDigest(one);
  });
}

/** Bytes of a hash: a listpack, or the number of its fields, then each with its value. */
export function hashSize(database: Database, entry: Entry): number {
  const { hashes, hashReader: pair } = database.keyspace;
  const cell = database.keyspace.cell(0).open(database, entry);
  if (cell.encoding === HASH_LISTPACK) {
    const length = totalBytes(cell.view, cell.start);
    return lengthBytes(length) + length;
  }
  let sum = lengthBytes(hashes.length(cell));
  pair.each(cell, () => {
    sum += textBytes(pair.fieldBytes, pair.fieldStart, pair.fieldLength);
    sum += textBytes(pair.valueBytes, pair.valueStart, pair.valueLength);
  });
  return sum;
}
