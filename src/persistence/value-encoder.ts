/**
 * Writing values as RDB has them, out of the arena. What is small is written at once; what is a
 * structure of its own, and a long string, in steps: each takes well below a millisecond, and
 * between them the value may neither change nor move. Whoever cannot wait for the next step runs
 * them all.
 */
import {
  TYPE_HASH,
  TYPE_LIST,
  TYPE_SET,
  TYPE_STREAM,
  TYPE_STRING,
  TYPE_ZSET,
} from '../keyspace/entry.ts';
import type { Cell } from '../values/cell.ts';
import { HASH_LISTPACK } from '../values/hash.ts';
import { LIST_LISTPACK } from '../values/list.ts';
import { SET_INTSET, SET_LISTPACK } from '../values/set-encoding.ts';
import { ZSET_LISTPACK } from '../values/sorted-set.ts';
import { ListEncoder } from './list-encoder.ts';
import { MemberEncoder } from './member-encoder.ts';
import {
  RDB_HASH,
  RDB_HASH_LISTPACK,
  RDB_LIST_QUICKLIST_2,
  RDB_SET,
  RDB_SET_INTSET,
  RDB_SET_LISTPACK,
  RDB_STREAM_2,
  RDB_STREAM_3,
  RDB_STRING,
  RDB_ZSET_2,
  RDB_ZSET_LISTPACK,
} from './rdb-format.ts';
import type { RdbWriter } from './rdb-writer.ts';
import type { Steps } from './steps.ts';
import { StreamEncoder } from './stream-encoder.ts';
import type { Structures } from './structures.ts';

/** See the file's comment. */
export class ValueEncoder {
  readonly #writer: RdbWriter;
  readonly #lists: ListEncoder;
  readonly #members: MemberEncoder;
  readonly #streams: StreamEncoder;

  constructor(structures: Structures, writer: RdbWriter) {
    this.#writer = writer;
    this.#lists = new ListEncoder(structures.lists, writer);
    this.#members = new MemberEncoder(structures, writer);
    this.#streams = new StreamEncoder(structures, writer);
  }

  /** The RDB type that a value of a type is written as. */
  rdbType(type: number, cell: Cell): number {
    switch (type) {
      case TYPE_STRING:
        return RDB_STRING;
      case TYPE_LIST:
        return RDB_LIST_QUICKLIST_2;
      case TYPE_HASH:
        return cell.encoding === HASH_LISTPACK ? RDB_HASH_LISTPACK : RDB_HASH;
      case TYPE_SET:
        if (cell.encoding === SET_INTSET) return RDB_SET_INTSET;
        return this.#isPackedSet(cell) ? RDB_SET_LISTPACK : RDB_SET;
      case TYPE_ZSET:
        return cell.encoding === ZSET_LISTPACK ? RDB_ZSET_LISTPACK : RDB_ZSET_2;
      case TYPE_STREAM:
        return this.#writer.version >= 11 ? RDB_STREAM_3 : RDB_STREAM_2;
    }
    throw new Error(`values of type ${type} cannot be written`);
  }

  /** Writes a value, or begins to: what is left of it, or null when it is done. */
  write(type: number, cell: Cell): Steps | null {
    const writer = this.#writer;
    switch (type) {
      case TYPE_STRING: {
        const { bytes, view, start, length } = cell;
        if (writer.isWrittenInSteps(length)) return writer.longString(bytes, view, start, length);
        writer.string(bytes, view, start, length);
        return null;
      }
      case TYPE_LIST:
        if (cell.encoding !== LIST_LISTPACK) return this.#lists.quicklist(cell.root);
        this.#lists.listpack(cell);
        return null;
      case TYPE_HASH:
        if (cell.encoding !== HASH_LISTPACK) return this.#members.hash(cell.root);
        this.#members.listpack(cell);
        return null;
      case TYPE_SET:
        if (cell.encoding === SET_INTSET) this.#members.intset(cell);
        else if (this.#isPackedSet(cell)) this.#members.listpack(cell);
        else if (cell.encoding === SET_LISTPACK) this.#members.elements(cell);
        else return this.#members.set(cell.root);
        return null;
      case TYPE_ZSET:
        if (cell.encoding !== ZSET_LISTPACK) return this.#members.sortedSet(cell.root);
        this.#members.listpack(cell);
        return null;
      case TYPE_STREAM:
        return this.#streams.stream(cell.root);
    }
    throw new Error(`values of type ${type} cannot be written`);
  }

  /** Whether a set is written as the listpack that it is, which version 10 does not know. */
  #isPackedSet({ encoding }: Cell): boolean {
    return encoding === SET_LISTPACK && this.#writer.version >= 11;
  }
}
