/**
 * Digests of data, equal on two servers that hold the same: DEBUG DIGEST. The values are Redis's,
 * found by trial:
 *
 *   add(bytes)    digest = digest xor SHA-1(bytes)             of things without an order
 *   mix(bytes)    digest = SHA-1(digest xor SHA-1(bytes))      of things in their order
 *
 *   value         mix the number of the type, 32 bits big-endian (5 for a module's, 6 for a
 *                 stream); then the content; add `!!expire!!` if it has an expiry
 *     string      mix the bytes
 *     list        mix each element
 *     set         add each member
 *     hash        add the digest of each field: mix the field, mix its value
 *     zset        add the digest of each member: mix the member, mix its score in text
 *     stream      for each entry: mix its id as `ms.seq`, then its fields and values
 *   key           mix the name, go on with the value as above
 *   data set      for each database with keys: mix its number, 32 bits big-endian; add the digest
 *                 of each key
 *
 * Values are read where they lie, so no more than one digest is ever held.
 */
import { hash } from 'node:crypto';
import type { Database } from '../keyspace/database.ts';
import {
  type Entry,
  TYPE_HASH,
  TYPE_LIST,
  TYPE_SET,
  TYPE_STREAM,
  TYPE_STRING,
  TYPE_ZSET,
} from '../keyspace/entry.ts';
import type { Keyspace } from '../keyspace/keyspace.ts';
import { KeyFilter, visitKeys } from '../keyspace/scan.ts';
import { mixHash } from './hash-digest.ts';
import { mixSet } from './set-digest.ts';
import { mixSortedSet } from './sorted-set-digest.ts';
import { mixStream } from './stream-digest.ts';

const DIGEST_BYTES = 20;
/** The only type whose number here is another. */
const STREAM_NUMBER = 6;
const EXPIRES = Buffer.from('!!expire!!');
const ALL_KEYS = new KeyFilter(null, null);

/** One digest; zero at first. */
export class Digest {
  readonly #bytes = Buffer.alloc(DIGEST_BYTES);

  clear(): void {
    this.#bytes.fill(0);
  }

  add(bytes: Uint8Array): void {
    const added = hash('sha1', bytes, 'buffer');
    for (let i = 0; i < DIGEST_BYTES; i++) this.#bytes[i]! ^= added[i]!;
  }

  mix(bytes: Uint8Array): void {
    this.add(bytes);
    hash('sha1', this.#bytes, 'buffer').copy(this.#bytes);
  }

  mixNumber(value: number): void {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    this.mix(bytes);
  }

  addDigest(other: Digest): void {
    this.add(other.#bytes);
  }

  /** In hexadecimal. */
  toString(): string {
    return this.#bytes.toString('hex');
  }
}

/** Mixes in what a key holds. */
export function mixValue(digest: Digest, database: Database, entry: Entry): void {
  const { entries } = database;
  const type = entries.type(entry);
  digest.mixNumber(type === TYPE_STREAM ? STREAM_NUMBER : type);
  switch (type) {
    case TYPE_STRING: {
      const start = entries.valueStart(entry);
      digest.mix(entries.bytes(entry).subarray(start, start + entries.valueLength(entry)));
      break;
    }
    case TYPE_LIST:
      mixList(digest, database, entry);
      break;
    case TYPE_HASH:
      mixHash(digest, database, entry);
      break;
    case TYPE_SET:
      mixSet(digest, database, entry);
      break;
    case TYPE_ZSET:
      mixSortedSet(digest, database, entry);
      break;
    case TYPE_STREAM: {
      const { keyspace } = database;
      const { root } = keyspace.cell(0).open(database, entry);
      mixStream(digest, keyspace.streams, root);
      break;
    }
    default:
      throw new Error(`values of type ${type} have no digest`);
  }
  if (entries.expires(entry)) digest.add(EXPIRES);
}

function mixList(digest: Digest, database: Database, entry: Entry): void {
  const { keyspace } = database;
  const cursor = keyspace.lists.enter(keyspace.cell(0).open(database, entry), 0);
  do {
    cursor.read();
    const { textBytes, textStart, textLength } = cursor;
    digest.mix(textBytes.subarray(textStart, textStart + textLength));
  } while (cursor.next());
}

/** The digest of all keys that are not due. */
export function digestOf({ databases }: Keyspace): Digest {
  const whole = new Digest();
  for (const database of databases) {
    if (database.size() === 0) continue;
    whole.mixNumber(database.id);
    const { entries } = database;
    const one = new Digest();
    visitKeys(database, 0, 0, ALL_KEYS, (entry) => {
      const start = entries.keyStart(entry);
      one.clear();
      one.mix(entries.bytes(entry).subarray(start, start + entries.keyLength(entry)));
      mixValue(one, database, entry);
      whole.addDigest(one);
    });
  }
  return whole;
}
