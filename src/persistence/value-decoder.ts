/**
 * Reading values, in all the types and encodings in which they were ever stored. What is small is
 * read at once, what becomes a structure in steps. Whatever the bytes are, they give a value that
 * is sound, or an RdbError with nothing left behind.
 */
import { TYPE_STRING } from '../keyspace/entry.ts';
import type { Keyspace } from '../keyspace/keyspace.ts';
import { NULL } from '../memory/address.ts';
import { stringEncoding } from '../values/string.ts';
import { DecodedValue } from './decoded-value.ts';
import { HashDecoder } from './hash-decoder.ts';
import { ListDecoder } from './list-decoder.ts';
import { ListpackBuilder } from './listpack-builder.ts';
import {
  RDB_HASH,
  RDB_HASH_EXPIRY,
  RDB_HASH_EXPIRY_EARLY,
  RDB_HASH_LISTPACK,
  RDB_HASH_LISTPACK_EXPIRY,
  RDB_HASH_LISTPACK_EXPIRY_EARLY,
  RDB_HASH_ZIPLIST,
  RDB_HASH_ZIPMAP,
  RDB_LIST,
  RDB_LIST_QUICKLIST,
  RDB_LIST_QUICKLIST_2,
  RDB_LIST_ZIPLIST,
  RDB_SET,
  RDB_SET_INTSET,
  RDB_SET_LISTPACK,
  RDB_STREAM_1,
  RDB_STREAM_2,
  RDB_STREAM_3,
  RDB_STRING,
  RDB_ZSET,
  RDB_ZSET_2,
  RDB_ZSET_LISTPACK,
  RDB_ZSET_ZIPLIST,
  rdbTypeName,
} from './rdb-format.ts';
import type { RdbReader } from './rdb-reader.ts';
import { SetDecoder } from './set-decoder.ts';
import { SortedSetDecoder } from './sorted-set-decoder.ts';
import type { Steps } from './steps.ts';
import { StreamDecoder } from './stream-decoder.ts';

/** See the file's comment. */
export class ValueDecoder {
  /** What was read last. */
  readonly value: DecodedValue = new DecodedValue();
  readonly #keyspace: Keyspace;
  readonly #lists: ListDecoder;
  readonly #hashes: HashDecoder;
  readonly #sets: SetDecoder;
  readonly #sortedSets: SortedSetDecoder;
  readonly #streams: StreamDecoder;

  constructor(keyspace: Keyspace) {
    const builder = new ListpackBuilder();
    this.#keyspace = keyspace;
    this.#lists = new ListDecoder(keyspace.lists, this.value, builder);
    this.#hashes = new HashDecoder(keyspace.hashes, this.value, builder);
    this.#sets = new SetDecoder(keyspace.sets, this.value, builder);
    this.#sortedSets = new SortedSetDecoder(keyspace.sortedSets, this.value, builder);
    this.#streams = new StreamDecoder(keyspace, this.value);
  }

  /** Whether packed collections are searched for elements that are there twice. */
  set isDeep(isDeep: boolean) {
    this.#hashes.isDeep = isDeep;
    this.#sets.isDeep = isDeep;
    this.#sortedSets.isDeep = isDeep;
  }

  /**
   * Reads a value of an RDB type, or begins to: what is left to do, or null when it is done. Steps
   * that are not taken to the end are to be ended with `return`.
   */
  read(reader: RdbReader, rdbType: number): Steps | null {
    switch (rdbType) {
      case RDB_STRING:
        this.#readString(reader);
        return null;
      case RDB_LIST:
        return this.#lists.elements(reader);
      case RDB_LIST_ZIPLIST:
        return this.#lists.ziplist(reader);
      case RDB_LIST_QUICKLIST:
        return this.#lists.ziplists(reader);
      case RDB_LIST_QUICKLIST_2:
        return this.#lists.nodes(reader);
      case RDB_HASH:
        return this.#hashes.pairs(reader);
      case RDB_HASH_ZIPMAP:
        return this.#hashes.zipmap(reader);
      case RDB_HASH_ZIPLIST:
        return this.#hashes.ziplist(reader);
      case RDB_HASH_LISTPACK:
        return this.#hashes.listpack(reader);
      case RDB_HASH_EXPIRY:
      case RDB_HASH_EXPIRY_EARLY:
        return this.#hashes.expiringPairs(reader, rdbType === RDB_HASH_EXPIRY_EARLY);
      case RDB_HASH_LISTPACK_EXPIRY:
      case RDB_HASH_LISTPACK_EXPIRY_EARLY:
        return this.#hashes.expiringListpack(reader, rdbType === RDB_HASH_LISTPACK_EXPIRY_EARLY);
      case RDB_SET:
        return this.#sets.members(reader);
      case RDB_SET_INTSET:
        return this.#sets.intset(reader);
      case RDB_SET_LISTPACK:
        return this.#sets.listpack(reader);
      case RDB_ZSET:
      case RDB_ZSET_2:
        return this.#sortedSets.members(reader, rdbType === RDB_ZSET);
      case RDB_ZSET_ZIPLIST:
        return this.#sortedSets.ziplist(reader);
      case RDB_ZSET_LISTPACK:
        return this.#sortedSets.listpack(reader);
      case RDB_STREAM_1:
        return this.#streams.stream(reader, 1);
      case RDB_STREAM_2:
        return this.#streams.stream(reader, 2);
      case RDB_STREAM_3:
        return this.#streams.stream(reader, 3);
    }
    const name = rdbTypeName(rdbType);
    if (name === undefined) throw reader.error(`${rdbType} is no type of value`);
    throw reader.error(`a ${name} cannot be read`);
  }

  /** Frees the value that was read last, which nobody wants. */
  discard(): void {
    const { type, encoding, root } = this.value;
    if (root === NULL) return;
    this.#keyspace.collections.of(type, encoding)!.release(root, Number.POSITIVE_INFINITY);
    this.value.root = NULL;
  }

  #readString(reader: RdbReader): void {
    reader.string();
    const { textBytes, textView, textStart, textLength } = reader;
    const encoding = stringEncoding(textBytes, textStart, textLength);
    this.value.setBytes(TYPE_STRING, encoding, textBytes, textView, textStart, textLength);
  }
}
