/** How long a value is in a snapshot, before compression, which DEBUG OBJECT tells. */
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
import { NULL } from '../memory/address.ts';
import { parseSafeInteger } from '../protocol/numbers.ts';
import { LIST_LISTPACK } from '../values/list.ts';
import { hashSize } from './hash-digest.ts';
import { setBytes } from './set-digest.ts';
import { sortedSetBytes } from './sorted-set-digest.ts';
import { streamBytes } from './stream-digest.ts';

/** Longest text of an integer that is stored as one. */
const INTEGER_TEXT_MAX = 11;

/** A node's container in a list: packed or plain. */
const CONTAINER_BYTES = 1;

/** Bytes of the value of an entry in RDB format. */
export function serializedBytes(database: Database, entry: Entry): number {
  const { entries } = database;
  switch (entries.type(entry)) {
    case TYPE_STRING:
      return textBytes(entries.bytes(entry), entries.valueStart(entry), entries.valueLength(entry));
    case TYPE_LIST:
      return listBytes(database, entry);
    case TYPE_HASH:
      return hashSize(database, entry);
    case TYPE_SET:
      return setBytes(database, entry);
    case TYPE_ZSET:
      return sortedSetBytes(database, entry);
    case TYPE_STREAM:
      return streamBytes(database.keyspace, database.keyspace.cell(0).open(database, entry).root);
    default:
      throw new Error(`values of type ${entries.type(entry)} cannot be serialized`);
  }
}

/** Bytes of a list: the number of its nodes, then each of them, be it a listpack or a text. */
function listBytes(database: Database, entry: Entry): number {
  const { lists } = database.keyspace;
  const cell = database.keyspace.cell(0).open(database, entry);
  if (cell.encoding === LIST_LISTPACK) {
    return lengthBytes(1) + CONTAINER_BYTES + lengthBytes(cell.length) + cell.length;
  }
  const { quicklists } = lists;
  const { nodes } = quicklists;
  let sum = lengthBytes(quicklists.nodeCount(cell.root));
  for (let node = nodes.first(cell.root); node !== NULL; node = nodes.next(node)) {
    const length = nodes.dataBytes(node);
    sum += CONTAINER_BYTES;
    sum += nodes.isPlain(node)
      ? textBytes(nodes.bytes(node), nodes.plainStart(node), length)
      : lengthBytes(length) + length;
  }
  return sum;
}

/** Bytes of a text, which may be stored as an integer. */
export function textBytes(bytes: Buffer, start: number, length: number): number {
  if (length <= INTEGER_TEXT_MAX) {
    const integer = parseSafeInteger(bytes, start, start + length);
    const size = integerBytes(integer);
    if (size > 0) return 1 + size;
  }
  return lengthBytes(length) + length;
}

/** Bytes of an integer, 0 when it is none of 32 bits. */
function integerBytes(integer: number): number {
  if (integer >= -(2 ** 7) && integer < 2 ** 7) return 1;
  if (integer >= -(2 ** 15) && integer < 2 ** 15) return 2;
  return integer >= -(2 ** 31) && integer < 2 ** 31 ? 4 : 0;
}

/** Bytes of a length of at most 32 bits. */
export function lengthBytes(length: number): number {
  if (length < 2 ** 6) return 1;
  return length < 2 ** 14 ? 2 : 5;
}
