/** Reading streams, in their three forms; stream-encoder.ts tells what they are made of. */
import { TYPE_STREAM } from '../keyspace/entry.ts';
import type { Keyspace } from '../keyspace/keyspace.ts';
import type { Ptr } from '../memory/address.ts';
import { Args } from '../protocol/args.ts';
import { Int64 } from '../structures/int64.ts';
import { BlockValidator } from '../structures/stream-block-validate.ts';
import { NEVER, type StreamGroups } from '../structures/stream-groups.ts';
import { ID_BYTES, StreamId } from '../structures/stream-id.ts';
import {
  ENTRIES_ADDED,
  FIRST_ID,
  GREATEST_DELETED_ID,
  LAST_ID,
  setStreamLength,
  writeIdAt,
} from '../structures/stream-layout.ts';
import { STREAM_BLOCKS, type Streams } from '../values/stream.ts';
import type { ConsumerGroups } from '../values/stream-group.ts';
import type { DecodedValue } from './decoded-value.ts';
import { type RdbReader, STEP_BYTES } from './rdb-reader.ts';
import type { Steps } from './steps.ts';

/** The least that a pending entry takes in a group: its id, its time, its deliveries. */
const PENDING_BYTES_MIN = ID_BYTES + 9;
const TWO_TO_32 = 2 ** 32;

/** See the file's comment. What was read comes to a DecodedValue. */
export class StreamDecoder {
  readonly #streams: Streams;
  readonly #groups: StreamGroups;
  readonly #consumerGroups: ConsumerGroups;
  readonly #value: DecodedValue;
  readonly #blocks = new BlockValidator();
  readonly #name = new Args();
  readonly #id = new StreamId();
  readonly #firstId = new StreamId();
  readonly #number = new Int64();
  readonly #ms = new Int64();
  readonly #sequence = new Int64();
  /** Offset at which the next step begins. */
  #pause = 0;

  constructor({ streams, consumerGroups }: Keyspace, value: DecodedValue) {
    this.#streams = streams;
    this.#groups = streams.groups;
    this.#consumerGroups = consumerGroups;
    this.#value = value;
  }

  /** Reads a stream of the first, second or third form. */
  *stream(reader: RdbReader, form: number): Steps {
    const root = this.#streams.create();
    let isWhole = false;
    this.#pause = reader.offset + STEP_BYTES;
    try {
      yield* this.#readBlocks(reader, root);
      this.#readFigures(reader, root, form);
      const groups = reader.count(1);
      for (let i = 0; i < groups; i++) yield* this.#readGroup(reader, root, form);
      isWhole = true;
    } finally {
      if (!isWhole) this.#streams.release(root, Number.POSITIVE_INFINITY);
    }
    this.#value.setRoot(TYPE_STREAM, STREAM_BLOCKS, root);
  }

  *#readBlocks(reader: RdbReader, root: Ptr): Steps {
    const blocks = this.#blocks;
    const { heap, log } = this.#streams;
    const count = reader.count(ID_BYTES);
    let length = 0;
    blocks.begin();
    this.#firstId.setMin();
    for (let i = 0; i < count; i++) {
      if (reader.length() !== ID_BYTES) throw reader.error('the key of a block is no id');
      reader.streamId(this.#id);
      reader.string();
      const { textBytes, textView, textStart, textLength } = reader;
      if (!blocks.isValid(textBytes, textView, textStart, textLength, this.#id)) {
        throw reader.error('a block of a stream is damaged');
      }
      log.appendBlock(root, this.#id, textBytes, textView, textStart, blocks.live);
      if (length === 0 && blocks.live > 0) this.#firstId.copyFrom(blocks.firstLiveId);
      length += blocks.live;
      if (this.#isStepDone(reader)) yield;
    }
    setStreamLength(heap, root, length);
    writeIdAt(heap, root, FIRST_ID, this.#firstId);
  }

  /** Reads what a stream knows of itself. What follows from its blocks is not believed. */
  #readFigures(reader: RdbReader, root: Ptr, form: number): void {
    const { heap } = this.#streams;
    const id = this.#id;
    const number = this.#number;
    const length = this.#streams.length(root);
    reader.length();
    this.#readId(reader);
    if (id.isBefore(this.#blocks.lastId)) {
      throw reader.error(`the last id of a stream is ${id}, before ${this.#blocks.lastId}`);
    }
    writeIdAt(heap, root, LAST_ID, id);
    number.setNumber(length);
    if (form > 1) {
      this.#readId(reader);
      this.#readId(reader);
      writeIdAt(heap, root, GREATEST_DELETED_ID, id);
      reader.length64(number);
      if (number.high < 0) throw reader.error('too many entries were ever added to a stream');
    }
    heap.setWord(root, ENTRIES_ADDED, number.low);
    heap.setWord(root, ENTRIES_ADDED + 1, number.high);
  }

  *#readGroup(reader: RdbReader, root: Ptr, form: number): Steps {
    const groups = this.#groups;
    const id = this.#id;
    // What is read next may be where the name is, so the group is made before its id is known.
    this.#readName(reader);
    if (groups.find(root, this.#name, 0) !== 0) throw reader.error('two groups have the same name');
    id.setMin();
    const group = groups.create(root, this.#name, 0, id, 0n);
    this.#readId(reader);
    if (form > 1) {
      reader.length64(this.#number);
      this.#consumerGroups.setLastId(group, id, toBigInt(this.#number));
    } else {
      this.#consumerGroups.setLastId(group, id, this.#consumerGroups.countUpTo(root, id));
    }
    const pending = reader.count(PENDING_BYTES_MIN);
    for (let i = 0; i < pending; i++) {
      reader.streamId(id);
      const deliveredMs = this.#readMs(reader);
      reader.length64(this.#number);
      if (!groups.addUnowned(group, id, deliveredMs, this.#number)) {
        throw reader.error(`pending entry ${id} is out of order`);
      }
      if (this.#isStepDone(reader)) yield;
    }
    const consumers = reader.count(1);
    let owned = 0;
    for (let i = 0; i < consumers; i++) owned += yield* this.#readConsumer(reader, group, form);
    if (owned !== pending) throw reader.error('a pending entry is with no consumer');
  }

  /** Reads a consumer; how many entries are pending with it. */
  *#readConsumer(reader: RdbReader, group: Ptr, form: number): Generator<void, number, void> {
    const groups = this.#groups;
    const id = this.#id;
    this.#readName(reader);
    if (groups.findConsumer(group, this.#name, 0) !== 0) {
      throw reader.error('two consumers of a group have the same name');
    }
    const consumer = groups.createConsumer(group, this.#name, 0, 0);
    const seenMs = this.#readMs(reader);
    groups.setSeen(consumer, seenMs);
    // The best that can be told of consumers that were stored without it.
    groups.setActive(consumer, form > 2 ? Math.max(NEVER, this.#readMs(reader)) : seenMs);
    const pending = reader.count(ID_BYTES);
    for (let i = 0; i < pending; i++) {
      reader.streamId(id);
      if (!groups.own(group, consumer, id)) {
        throw reader.error(`${id} is pending with a consumer, but not in its group or twice`);
      }
      if (this.#isStepDone(reader)) yield;
    }
    return pending;
  }

  #isStepDone(reader: RdbReader): boolean {
    if (reader.offset < this.#pause) return false;
    this.#pause = reader.offset + STEP_BYTES;
    return true;
  }

  /** Reads a name into `#name`: valid until the next string is read. */
  #readName(reader: RdbReader): void {
    reader.string();
    this.#name.reset(reader.textBytes, reader.textView);
    this.#name.push(reader.textStart, reader.textLength);
  }

  /** Reads an id of two lengths into `#id`. */
  #readId(reader: RdbReader): void {
    reader.length64(this.#ms);
    reader.length64(this.#sequence);
    this.#id.set(this.#ms.high, this.#ms.low, this.#sequence.high, this.#sequence.low);
  }

  /** Reads a time; one that cannot be told exactly is none. */
  #readMs(reader: RdbReader): number {
    const ms = reader.int64();
    if (!Number.isSafeInteger(ms)) throw reader.error(`${ms} is no time`);
    return ms;
  }
}

function toBigInt({ low, high }: Int64): bigint {
  return BigInt(high) * BigInt(TWO_TO_32) + BigInt(low >>> 0);
}
