/** Answering with ids and entries of streams. */
import { EXTENT_SHIFT, type Ptr } from '../memory/address.ts';
import type { Reply } from '../protocol/reply.ts';
import { INT64_TEXT_MAX, Int64 } from '../structures/int64.ts';
import { isString, readInteger, stringLength, stringStart } from '../structures/listpack-entry.ts';
import type { NameList } from '../structures/name-list.ts';
import type { BlockCursor } from '../structures/stream-block-cursor.ts';
import { ID_TEXT_MAX, StreamId } from '../structures/stream-id.ts';
import type { Streams } from '../values/stream.ts';

const text = Buffer.alloc(INT64_TEXT_MAX);
const textView = new DataView(text.buffer, text.byteOffset, text.length);
const integer = new Int64();
const pending = new StreamId();

/**
 * The text of the last id that was told, its length, and where the sequence begins in it: the next
 * id mostly has the same milliseconds, and often the next sequence.
 */
const idText = Buffer.alloc(ID_TEXT_MAX);
const idView = new DataView(idText.buffer, idText.byteOffset, idText.length);
const toldId = new StreamId();
let idLength = toldId.writeText(idText, 0);
let sequenceAt = idLength - 1;

const NINE = 0x39;

/** Answers with an id as a byte string. */
export function replyId(reply: Reply, id: StreamId): void {
  const lastDigit = idText[idLength - 1]!;
  if (!id.hasMsOf(toldId)) {
    sequenceAt = id.writeMs(idText, 0);
    idLength = id.writeSequence(idText, sequenceAt);
  } else if (
    lastDigit !== NINE &&
    id.seqLow === toldId.seqLow + 1 &&
    id.seqHigh === toldId.seqHigh
  ) {
    idText[idLength - 1] = lastDigit + 1;
  } else {
    idLength = id.writeSequence(idText, sequenceAt);
  }
  toldId.copyFrom(id);
  reply.bulk(idText, idView, 0, idLength);
}

/** Answers with the name of a group or a consumer. */
export function replyName(reply: Reply, list: NameList, record: Ptr): void {
  const extent = record >>> EXTENT_SHIFT;
  const { bytes, views } = list.heap;
  const length = list.nameLength(record);
  reply.bulk(bytes[extent]!, views[extent]!, list.nameStart(record), length);
}

/** Answers with an integer of 64 bits. */
export function replyInt64(reply: Reply, value: bigint): void {
  const number = Number(value);
  if (Number.isSafeInteger(number)) reply.integer(number);
  else reply.bigInteger(value);
}

/** Answers with the entry that a cursor is at: its id, and fields and values. */
export function replyEntry(reply: Reply, entry: BlockCursor): void {
  const { bytes, view, fields } = entry;
  reply.array(2);
  replyId(reply, entry.id);
  reply.array(fields * 2);
  for (let i = 0; i < fields; i++) {
    entry.readField();
    replyElement(reply, bytes, view, entry.field);
    replyElement(reply, bytes, view, entry.value);
  }
}

/** Answers with the entry of an id; whether there is one. */
export function replyEntryOf(reply: Reply, streams: Streams, root: Ptr, id: StreamId): boolean {
  const { cursor } = streams;
  if (!cursor.first(root, id) || !cursor.entry.id.equals(id)) return false;
  replyEntry(reply, cursor.entry);
  return true;
}

/** Answers with the entries from `from` to `to`, at most `countMax`, 0 for all. */
export function replyEntries(
  reply: Reply,
  streams: Streams,
  root: Ptr,
  from: StreamId,
  to: StreamId,
  countMax: number,
): void {
  const { cursor } = streams;
  const { entry } = cursor;
  const mark = reply.openArray();
  let count = 0;
  for (let more = cursor.first(root, from); more; more = cursor.next()) {
    if (to.isBefore(entry.id)) break;
    replyEntry(reply, entry);
    count++;
    if (count === countMax) break;
  }
  reply.closeArray(mark, count);
}

/** As `replyEntries`, the last entry first. */
export function replyEntriesBack(
  reply: Reply,
  streams: Streams,
  root: Ptr,
  from: StreamId,
  to: StreamId,
  countMax: number,
): void {
  const { cursor } = streams;
  const { entry } = cursor;
  const mark = reply.openArray();
  let count = 0;
  for (let more = cursor.last(root, to); more; more = cursor.previous()) {
    if (entry.id.isBefore(from)) break;
    replyEntry(reply, entry);
    count++;
    if (count === countMax) break;
  }
  reply.closeArray(mark, count);
}

/** Answers with the element of a block at a position. */
function replyElement(reply: Reply, bytes: Buffer, view: DataView, at: number): void {
  if (isString(bytes[at]!)) {
    reply.bulk(bytes, view, stringStart(bytes, at), stringLength(bytes, view, at));
    return;
  }
  readInteger(bytes, view, at, integer);
  reply.bulk(text, textView, 0, integer.write(text, 0));
}

/**
 * Answers with `count` entries that are pending with a consumer, from an id on; those that were
 * deleted have no fields.
 */
export function replyHistory(
  reply: Reply,
  streams: Streams,
  root: Ptr,
  consumer: Ptr,
  from: StreamId,
  count: number,
): void {
  const { groups, log } = streams;
  const { cursor } = groups;
  reply.array(count);
  let more = log.tree.seek(groups.pendingOf(consumer), cursor, from);
  for (let left = count; more && left > 0; left--) {
    cursor.readId(pending);
    if (!replyEntryOf(reply, streams, root, pending)) {
      reply.array(2);
      replyId(reply, pending);
      reply.nilArray();
    }
    more = cursor.next();
  }
}
