/**
 * Writing streams. What is not in brackets below is a length of up to 64 bits.
 *
 *   stream    | blocks | block ... | entries | last id | first id | greatest deleted id | added |
 *             | groups | group ... |
 *   block     [ 16-byte string: id of its first entry ] [ listpack ]
 *   id        | ms | sequence |
 *   group     [ name ] | last id | entries read |
 *             | pending | [ id, 16 bytes, high first ] [ delivered ms i64 ] | deliveries | ... |
 *             | consumers | consumer ... |
 *   consumer  [ name ] [ seen ms i64 ] [ active ms i64 ] | pending | [ id, 16 bytes ] ... |
 *
 * Version 10 has no time at which a consumer was active.
 */
import { EXTENT_SHIFT, NULL, type Ptr, UNIT_MASK } from '../memory/address.ts';
import { IdCursor } from '../structures/id-tree-cursor.ts';
import type { NameList } from '../structures/name-list.ts';
import { ID_BYTES, StreamId } from '../structures/stream-id.ts';
import { groupsOf } from '../structures/stream-layout.ts';
import type { Streams } from '../values/stream.ts';
import type { ConsumerGroups } from '../values/stream-group.ts';
import { type RdbWriter, STEP_BYTES } from './rdb-writer.ts';
import type { Steps } from './steps.ts';
import type { Structures } from './structures.ts';

/** See the file's comment. */
export class StreamEncoder {
  readonly #streams: Streams;
  readonly #consumerGroups: ConsumerGroups;
  readonly #writer: RdbWriter;
  readonly #cursor: IdCursor;
  readonly #id = new StreamId();
  /** Bytes written at which the next step begins. */
  #pause = 0;

  constructor({ streams, consumerGroups }: Structures, writer: RdbWriter) {
    this.#streams = streams;
    this.#consumerGroups = consumerGroups;
    this.#writer = writer;
    this.#cursor = new IdCursor(streams.log.tree.nodes);
  }

  /** Writes a stream. */
  *stream(root: Ptr): Steps {
    const writer = this.#writer;
    const streams = this.#streams;
    this.#pause = writer.written + STEP_BYTES;
    yield* this.#blocks(root);
    writer.length(streams.length(root));
    const id = this.#id;
    streams.readLastId(root, id);
    this.#writeId(id);
    streams.readFirstId(root, id);
    this.#writeId(id);
    streams.readGreatestDeletedId(root, id);
    this.#writeId(id);
    this.#number(streams.entriesAdded(root));
    const { groups } = streams.groups;
    const list = groupsOf(root);
    writer.length(groups.count(list));
    let group = groups.first(list);
    for (; group !== NULL; group = groups.next(list, group)) yield* this.#group(group);
  }

  *#blocks(root: Ptr): Steps {
    const writer = this.#writer;
    const { heap, tree } = this.#streams.log;
    const cursor = this.#cursor;
    writer.length(tree.count(root));
    for (let more = tree.first(root, cursor); more; more = cursor.next()) {
      writer.length(ID_BYTES);
      this.#writeIdBytes();
      const block = cursor.value;
      const view = heap.views[block >>> EXTENT_SHIFT]!;
      const start = (block & UNIT_MASK) << 3;
      const total = view.getUint32(start, true);
      writer.string(heap.bytes[block >>> EXTENT_SHIFT]!, view, start, total);
      if (this.#isStepDone()) yield;
    }
  }

  *#group(group: Ptr): Steps {
    const writer = this.#writer;
    const { groups, log } = this.#streams;
    const { consumers } = groups;
    this.#name(groups.groups, group);
    this.#consumerGroups.readLastId(group, this.#id);
    this.#writeId(this.#id);
    this.#number(this.#consumerGroups.entriesRead(group));
    const cursor = this.#cursor;
    const pending = groups.pendingOf(group);
    writer.length(log.tree.count(pending));
    for (let more = log.tree.first(pending, cursor); more; more = cursor.next()) {
      this.#writeIdBytes();
      writer.int64(groups.deliveredMs(cursor.value));
      this.#number(groups.deliveries(cursor.value));
      if (this.#isStepDone()) yield;
    }
    const list = groups.consumersOf(group);
    writer.length(consumers.count(list));
    let consumer = consumers.first(list);
    for (; consumer !== NULL; consumer = consumers.next(list, consumer)) {
      yield* this.#consumer(consumer);
    }
  }

  *#consumer(consumer: Ptr): Steps {
    const writer = this.#writer;
    const { groups, log } = this.#streams;
    const cursor = this.#cursor;
    this.#name(groups.consumers, consumer);
    writer.int64(groups.seenMs(consumer));
    if (writer.version >= 11) writer.int64(groups.activeMs(consumer));
    const pending = groups.pendingOf(consumer);
    writer.length(log.tree.count(pending));
    for (let more = log.tree.first(pending, cursor); more; more = cursor.next()) {
      this.#writeIdBytes();
      if (this.#isStepDone()) yield;
    }
    if (this.#isStepDone()) yield;
  }

  #isStepDone(): boolean {
    const { written } = this.#writer;
    if (written < this.#pause) return false;
    this.#pause = written + STEP_BYTES;
    return true;
  }

  #name(list: NameList, record: Ptr): void {
    const { heap } = list;
    const bytes = heap.bytes[record >>> EXTENT_SHIFT]!;
    const view = heap.views[record >>> EXTENT_SHIFT]!;
    this.#writer.string(bytes, view, list.nameStart(record), list.nameLength(record));
  }

  /** Writes an id as two lengths. */
  #writeId({ msHigh, msLow, seqHigh, seqLow }: StreamId): void {
    this.#writer.length64(msLow, msHigh);
    this.#writer.length64(seqLow, seqHigh);
  }

  /** Writes the id that the cursor is at, as 16 bytes. */
  #writeIdBytes(): void {
    const id = this.#id;
    this.#cursor.readId(id);
    this.#writer.bigEndian(id.msHigh, id.msLow);
    this.#writer.bigEndian(id.seqHigh, id.seqLow);
  }

  /** Writes an integer of 64 bits as a length; one below 0 as if it had no sign. */
  #number(value: bigint): void {
    this.#writer.length64(Number(BigInt.asIntN(32, value)), Number(value >> 32n) | 0);
  }
}
