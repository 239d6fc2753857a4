/** What commands on streams note of what they did; see keyspace/effects.ts. */
import type { Effects, EffectWord } from '../keyspace/effects.ts';
import type { Keyspace } from '../keyspace/keyspace.ts';
import { NULL, type Ptr } from '../memory/address.ts';
import type { Args } from '../protocol/args.ts';
import { IdCursor } from '../structures/id-tree-cursor.ts';
import { StreamId } from '../structures/stream-id.ts';
import type { Streams } from '../values/stream.ts';
import type { StreamOptions } from './stream-trim-options.ts';

const bound = new StreamId();
const last = new StreamId();

/** Which arguments of a command name a stream, a group and a consumer. */
export interface GroupArguments {
  readonly key: number;
  readonly group: number;
  readonly consumer: number;
}

/** Notes an XADD with the id that the entry got and what the trimming came to. */
export function noteAdd(
  effects: Effects,
  args: Args,
  options: StreamOptions,
  streams: Streams,
  root: Ptr,
  firstField: number,
): void {
  const words: EffectWord[] = ['XADD', args.copy(1)];
  if (options.noMakeStream) words.push('NOMKSTREAM');
  words.push(...trimming(options, streams, root));
  streams.readLastId(root, bound);
  words.push(bound.toString());
  for (let i = firstField; i < args.count; i++) words.push(args.copy(i));
  effects.note(...words);
}

/** Notes an XTRIM that comes to the same whatever the blocks of the stream are. */
export function noteTrim(
  effects: Effects,
  args: Args,
  options: StreamOptions,
  streams: Streams,
  root: Ptr,
): void {
  effects.note('XTRIM', args.copy(1), ...trimming(options, streams, root));
}

/** The options with which what is left of a stream would be left of it again. */
function trimming(options: StreamOptions, streams: Streams, root: Ptr): EffectWord[] {
  if (options.keepsAll) return [];
  const length = streams.length(root);
  if (!options.keepsFromId || length === 0) return ['MAXLEN', '=', String(length)];
  streams.readFirstId(root, bound);
  return ['MINID', '=', bound.toString()];
}

/** Notes that a consumer was made. */
export function noteConsumer(effects: Effects, args: Args, at: GroupArguments): void {
  const [key, group, consumer] = [args.copy(at.key), args.copy(at.group), args.copy(at.consumer)];
  effects.note('XGROUP', 'CREATECONSUMER', key, group, consumer);
}

/** Notes how far a group has come. */
export function noteProgress(
  { consumerGroups, effects }: Keyspace,
  args: Args,
  at: GroupArguments,
  group: Ptr,
): void {
  if (effects === null) return;
  consumerGroups.readLastId(group, last);
  const read = String(consumerGroups.entriesRead(group));
  const [key, name] = [args.copy(at.key), args.copy(at.group)];
  effects.note('XGROUP', 'SETID', key, name, last.toString(), 'ENTRIESREAD', read);
}

/** Notes what is now pending of one entry, or, where it was deleted, that it is not any more. */
export function noteClaim(
  { consumerGroups, effects, streams }: Keyspace,
  args: Args,
  at: GroupArguments,
  group: Ptr,
  id: StreamId,
): void {
  if (effects === null) return;
  const { groups } = streams;
  const pending = groups.pending(group, id);
  const deliveredMs = pending === NULL ? 0 : groups.deliveredMs(pending);
  const deliveries = pending === NULL ? 0n : groups.deliveries(pending);
  consumerGroups.readLastId(group, last);
  effects.note(
    'XCLAIM',
    args.copy(at.key),
    args.copy(at.group),
    args.copy(at.consumer),
    '0',
    id.toString(),
    'TIME',
    String(deliveredMs),
    'RETRYCOUNT',
    String(deliveries),
    'FORCE',
    'JUSTID',
    'LASTID',
    last.toString(),
  );
}

/**
 * Notes what is pending with a consumer of entries that are there, from an id on and up to the last
 * that the group was given: of at most `countMax`.
 */
export function noteDeliveries(
  keyspace: Keyspace,
  args: Args,
  at: GroupArguments,
  root: Ptr,
  group: Ptr,
  consumer: Ptr,
  from: StreamId,
  countMax: number,
): void {
  const { groups, log } = keyspace.streams;
  const cursor = new IdCursor(log.tree.nodes);
  const id = new StreamId();
  const end = new StreamId();
  keyspace.consumerGroups.readLastId(group, end);
  let left = countMax;
  let more = left > 0 && log.tree.seek(groups.pendingOf(consumer), cursor, from);
  for (; more && left > 0; more = cursor.next()) {
    cursor.readId(id);
    if (end.isBefore(id)) break;
    if (log.has(root, id)) noteClaim(keyspace, args, at, group, id);
    left--;
  }
}
