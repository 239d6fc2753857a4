/** The digest of a stream, and its length in a snapshot; see digest.ts and serialized-size.ts. */

import type { Keyspace } from '../keyspace/keyspace.ts';
import { EXTENT_SHIFT, NULL, type Ptr } from '../memory/address.ts';
import { ListpackCursor } from '../structures/listpack-cursor.ts';
import type { NameList } from '../structures/name-list.ts';
import { StreamId } from '../structures/stream-id.ts';
import { groupsOf } from '../structures/stream-layout.ts';
import type { Streams } from '../values/stream.ts';
import type { Digest } from './digest.ts';
import { lengthBytes, textBytes } from './serialized-size.ts';

/** Bytes of an id as a key, of a time, and of a length that takes 64 bits. */
const KEY_BYTES = 16;
const TIME_BYTES = 8;
const LONG_LENGTH_BYTES = 9;

const element = new ListpackCursor();
const id = new StreamId();

/** Mixes in each entry of a stream: its id as `ms.seq`, then its fields and values. */
export function mixStream(digest: Digest, streams: Streams, root: Ptr): void {
  const { cursor } = streams;
  const { entry } = cursor;
  id.setMin();
  for (let more = cursor.first(root, id); more; more = cursor.next()) {
    digest.mix(Buffer.from(String(entry.id).replace('-', '.')));
    const { bytes, view, start } = entry;
    for (let i = 0; i < entry.fields; i++) {
      entry.readField();
      for (const at of [entry.field, entry.value]) {
        element.seek(bytes, view, start, at - start);
        element.spell();
        const { textStart, textLength } = element;
        digest.mix(element.textBytes(bytes).subarray(textStart, textStart + textLength));
      }
    }
  }
}

/** Bytes of a stream in RDB format: its blocks, what it knows of itself, and its groups. */
export function streamBytes({ streams, consumerGroups }: Keyspace, root: Ptr): number {
  const { cursor, log, groups } = streams;
  let sum = lengthBytes(log.blockCount(root));
  for (let more = log.tree.first(root, cursor.block); more; more = cursor.block.next()) {
    cursor.openBlock();
    const { view, start } = cursor.entry;
    const total = view.getUint32(start, true);
    sum += lengthBytes(KEY_BYTES) + KEY_BYTES + lengthBytes(total) + total;
  }
  sum += numberBytes(BigInt(streams.length(root))) + numberBytes(streams.entriesAdded(root));
  streams.readLastId(root, id);
  sum += idBytes(id);
  streams.readFirstId(root, id);
  sum += idBytes(id);
  streams.readGreatestDeletedId(root, id);
  sum += idBytes(id) + lengthBytes(streams.groupCount(root));
  const list = groupsOf(root);
  let group = groups.groups.first(list);
  for (; group !== NULL; group = groups.groups.next(list, group)) {
    consumerGroups.readLastId(group, id);
    sum += idBytes(id) + numberBytes(consumerGroups.entriesRead(group));
    sum += groupBytes(streams, group);
  }
  return sum;
}

/** Bytes of a group without its ids: what is pending in it, and its consumers. */
function groupBytes(streams: Streams, group: Ptr): number {
  const { groups, log } = streams;
  const { cursor, consumers } = groups;
  const all = groups.pendingOf(group);
  let sum = nameBytes(groups.groups, group) + lengthBytes(log.tree.count(all));
  for (let more = log.tree.first(all, cursor); more; more = cursor.next()) {
    sum += KEY_BYTES + TIME_BYTES + numberBytes(groups.deliveries(cursor.value));
  }
  const list = groups.consumersOf(group);
  sum += lengthBytes(consumers.count(list));
  let consumer = consumers.first(list);
  for (; consumer !== NULL; consumer = consumers.next(list, consumer)) {
    const pending = groups.pendingCount(consumer);
    sum += nameBytes(consumers, consumer) + TIME_BYTES * 2;
    sum += lengthBytes(pending) + pending * KEY_BYTES;
  }
  return sum;
}

function nameBytes(list: NameList, record: Ptr): number {
  const bytes = list.heap.bytes[record >>> EXTENT_SHIFT]!;
  return textBytes(bytes, list.nameStart(record), list.nameLength(record));
}

function idBytes({ msHigh, msLow, seqHigh, seqLow }: StreamId): number {
  const ms = msHigh === 0 ? lengthBytes(msLow >>> 0) : LONG_LENGTH_BYTES;
  return ms + (seqHigh === 0 ? lengthBytes(seqLow >>> 0) : LONG_LENGTH_BYTES);
}

/** Bytes of a number that is stored as a length; one below 0 as if it had no sign. */
function numberBytes(value: bigint): number {
  return value >= 0n && value < 2n ** 32n ? lengthBytes(Number(value)) : LONG_LENGTH_BYTES;
}
