/**
 * Streams: reading what is new, for oneself or as a consumer of a group.
 *
 * What a read asks for is checked for all streams first, and then which of them have something to
 * tell; only then are entries given out and told, stream by stream. When there is nothing, a
 * command with BLOCK waits and is done again, with $ made the last id that there was.
 */
import { TYPE_STREAM } from '../keyspace/entry.ts';
import { CONSUMER_CREATED, PENDING_CHANGED } from '../keyspace/events.ts';
import { NULL, type Ptr } from '../memory/address.ts';
import { Args } from '../protocol/args.ts';
import type { Reply } from '../protocol/reply.ts';
import { StreamId } from '../structures/stream-id.ts';
import type { Command, Context } from './command.ts';
import { CommandError } from './errors.ts';
import { isCharacter, noGroup, readIdAt, readStream, readStreamToChange } from './stream-access.ts';
import {
  type GroupArguments,
  noteConsumer,
  noteDeliveries,
  noteProgress,
} from './stream-effects.ts';
import { DOES_NOT_BLOCK, ReadOptions } from './stream-read-options.ts';
import { ReadPlan } from './stream-read-plan.ts';
import { replyEntries, replyHistory } from './stream-reply.ts';

const DOLLAR = 0x24;
const GREATER = 0x3e;

const NEW_ID_OF_READ: CommandError = new CommandError(
  'ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option.',
);
const LAST_ID_OF_GROUP: CommandError = new CommandError(
  'ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by specifying a proper ID, or use the > ID to get new messages. The $ ID would just return an empty result set.',
);

const options = new ReadOptions();
const plan = new ReadPlan();
const id = new StreamId();
const last = new StreamId();
const greatest = new StreamId();
greatest.setMax();

export const xread: Command = {
  name: 'XREAD',
  group: 'stream',
  since: '5.0.0',
  summary: 'Returns the entries of streams that are behind given ids, and may wait for some.',
  complexity: 'O(N) for each stream, where N is the number of its entries returned.',
  arity: -4,
  flags: ['readonly', 'blocking', 'movablekeys'],
  keys: [
    {
      flags: ['RO', 'access'],
      begin: { keyword: 'STREAMS', startFrom: 1 },
      find: { last: -1, step: 1, limit: 2 },
    },
  ],
  syntax: '[COUNT count:integer] [BLOCK milliseconds:integer] STREAMS(key... id...)',
  run(context, args, reply) {
    options.read(args, false);
    if (tellNew(context, args, reply)) return;
    if (!waitForEntries(context, args)) reply.nilArray();
  },
  serve(context, args, _key, reply) {
    options.read(args, false);
    return tellNew(context, args, reply);
  },
};

export const xreadgroup: Command = {
  name: 'XREADGROUP',
  group: 'stream',
  since: '5.0.0',
  summary: 'Gives a consumer of a group entries that nobody else of the group is given.',
  complexity: 'O(N) for each stream, where N is the number of its entries returned.',
  arity: -7,
  flags: ['write', 'blocking', 'movablekeys'],
  keys: [
    {
      flags: ['RO', 'access'],
      begin: { keyword: 'STREAMS', startFrom: 4 },
      find: { last: -1, step: 1, limit: 2 },
    },
  ],
  syntax: `
    GROUP group-block(group consumer) [COUNT count:integer] [BLOCK milliseconds:integer] [NOACK]
    STREAMS(key... id...)
  `,
  run(context, args, reply) {
    options.read(args, true);
    if (handOutNew(context, args, reply)) return;
    if (!waitForEntries(context, args)) reply.nilArray();
  },
  serve(context, args, _key, reply) {
    options.read(args, true);
    return handOutNew(context, args, reply);
  },
};

/** Tells what is new in the streams; whether there is anything. */
function tellNew(context: Context, args: Args, reply: Reply): boolean {
  planReads(context, args);
  for (let i = 0; i < options.streams; i++) if (hasNew(context, i)) plan.find(i);
  if (plan.found === 0) return false;
  replyFound(reply);
  for (let i = 0; i < options.streams; i++) if (plan.isFound(i)) tell(context, args, reply, i);
  return true;
}

/** Gives a consumer, which is made if need be, what it asks for; whether there is anything. */
function handOutNew(context: Context, args: Args, reply: Reply): boolean {
  planReads(context, args);
  findForGroup(context);
  if (plan.found > 0) replyFound(reply);
  for (let i = 0; i < options.streams; i++) {
    const consumer = findConsumer(context, args, i);
    if (plan.isFound(i)) handOut(context, args, reply, i, consumer);
  }
  return plan.found > 0;
}

/** Waits for what the plan did not find, if the command says so; whether it waits. */
function waitForEntries(context: Context, args: Args): boolean {
  const { blockMs, firstKey, group, streams } = options;
  if (blockMs === DOES_NOT_BLOCK) return false;
  const wait = { type: TYPE_STREAM, firstKey, keyCount: streams, group, timeoutMs: blockMs };
  return context.services.blocking.wait(context, group === 0 ? withIds(args) : args, wait);
}

/** The arguments of a read with ids in place of $, which means something else later. */
function withIds(args: Args): Args {
  const firstId = options.firstKey + options.streams;
  const words: Buffer[] = [];
  for (let i = 0; i < args.count; i++) {
    if (i >= firstId && isCharacter(args, i, DOLLAR)) {
      plan.ids.read(i - firstId, id);
      words.push(Buffer.from(id.toString()));
    } else {
      words.push(args.copy(i));
    }
  }
  return Args.of(...words);
}

/**
 * Checks keys, group and ids, and puts them into the plan; the id for what is new is the greatest.
 */
function planReads(context: Context, args: Args): void {
  const { streams } = context.keyspace;
  const { group: groupName, firstKey } = options;
  plan.begin(options.streams);
  for (let i = 0; i < options.streams; i++) {
    const key = firstKey + i;
    const find = groupName === 0 ? readStream : readStreamToChange;
    const root = find(context, args, key);
    let group: Ptr = NULL;
    if (groupName !== 0) {
      if (root !== NULL) group = streams.groups.find(root, args, groupName);
      if (group === NULL) throw noGroup(args, key, groupName, ' in XREADGROUP with GROUP option');
    }
    readBound(context, args, key + options.streams, root);
    plan.ids.add(id);
    plan.add(root, group);
  }
}

/** Reads argument `i` as the id behind which a read of a stream begins. */
function readBound(context: Context, args: Args, i: number, root: Ptr): void {
  const isOfGroup = options.group !== 0;
  if (isCharacter(args, i, DOLLAR)) {
    if (isOfGroup) throw LAST_ID_OF_GROUP;
    if (root === NULL) id.setMin();
    else context.keyspace.streams.readLastId(root, id);
  } else if (isCharacter(args, i, GREATER)) {
    if (!isOfGroup) throw NEW_ID_OF_READ;
    id.setMax();
  } else {
    readIdAt(args, i, id);
  }
}

/** Whether a stream has entries behind the id asked for. */
function hasNew(context: Context, i: number): boolean {
  const root = plan.root(i);
  if (root === NULL || !context.keyspace.streams.readLastEntryId(root, last)) return false;
  plan.ids.read(i, id);
  return id.isBefore(last);
}

/** Finds the streams that have something for a consumer: what is pending with it always has. */
function findForGroup({ keyspace }: Context): void {
  const { countMax, streams } = options;
  const timesNamed = streams > 1 ? countNewReads() : null;
  // What a group has yet to give, as far as it matters: a key may be named several times.
  const left = new Map<Ptr, number>();
  for (let i = 0; i < streams; i++) {
    const group = plan.group(i);
    if (!asksForNew(i)) {
      plan.find(i);
      continue;
    }
    const wanted = 1 + countMax * ((timesNamed?.get(group) ?? 1) - 1);
    const behind = left.get(group) ?? keyspace.consumerGroups.countNew(plan.root(i), group, wanted);
    if (behind > 0) plan.find(i);
    if (timesNamed !== null) left.set(group, countMax === 0 ? 0 : behind - countMax);
  }
}

/** How often new entries of each group are asked for. */
function countNewReads(): Map<Ptr, number> {
  const counts = new Map<Ptr, number>();
  for (let i = 0; i < options.streams; i++) {
    const group = plan.group(i);
    if (asksForNew(i)) counts.set(group, (counts.get(group) ?? 0) + 1);
  }
  return counts;
}

function asksForNew(i: number): boolean {
  plan.ids.read(i, id);
  return id.isMax();
}

/** Tells how many streams there are to tell of. */
function replyFound(reply: Reply): void {
  if (reply.resp3) reply.map(plan.found);
  else reply.array(plan.found);
}

function replyKey(args: Args, reply: Reply, i: number): void {
  const key = options.firstKey + i;
  if (!reply.resp3) reply.array(2);
  reply.bulk(args.bytes, args.view, args.start(key), args.length(key));
}

/** Tells what is new in a stream. */
function tell({ keyspace }: Context, args: Args, reply: Reply, i: number): void {
  replyKey(args, reply, i);
  plan.ids.read(i, id);
  id.increment();
  replyEntries(reply, keyspace.streams, plan.root(i), id, greatest, options.countMax);
}

/** Gives the consumer what is new in a stream, or once more what is pending with it. */
function handOut(context: Context, args: Args, reply: Reply, i: number, consumer: Ptr): void {
  const { database, keyspace } = context;
  const { consumerGroups, nowMs, streams } = keyspace;
  const { countMax, noAck } = options;
  const root = plan.root(i);
  replyKey(args, reply, i);
  plan.ids.read(i, id);
  if (id.isMax()) {
    const group = plan.group(i);
    const count = consumerGroups.deliver(root, group, consumer, countMax, noAck, nowMs, id);
    if (keyspace.effects !== null) {
      const pending = noAck ? 0 : count;
      noteDeliveries(keyspace, args, argumentsAt(i), root, group, consumer, id, pending);
      noteProgress(keyspace, args, argumentsAt(i), group);
    }
    replyEntries(reply, streams, root, id, greatest, count);
  } else {
    id.increment();
    const count = consumerGroups.deliverAgain(root, consumer, id, countMax, nowMs);
    if (keyspace.effects !== null) {
      const group = plan.group(i);
      noteDeliveries(keyspace, args, argumentsAt(i), root, group, consumer, id, count);
      // Also where nothing is delivered: the command itself would say when it is done again.
      if (count === 0) noteConsumer(keyspace.effects, args, argumentsAt(i));
    }
    replyHistory(reply, streams, root, consumer, id, count);
  }
  database.changed(args, options.firstKey + i, PENDING_CHANGED);
}

/** Which arguments of a read name the stream, its group and the consumer. */
function argumentsAt(i: number): GroupArguments {
  const { firstKey, group } = options;
  return { key: firstKey + i, group, consumer: group + 1 };
}

/** The consumer of a group, which is made if it is not there. */
function findConsumer({ database, keyspace }: Context, args: Args, i: number): Ptr {
  const { groups } = keyspace.streams;
  const group = plan.group(i);
  const name = options.group + 1;
  const found = groups.findConsumer(group, args, name);
  if (found !== NULL) {
    groups.setSeen(found, keyspace.nowMs);
    return found;
  }
  const created = groups.createConsumer(group, args, name, keyspace.nowMs);
  if (keyspace.effects !== null) noteConsumer(keyspace.effects, args, argumentsAt(i));
  database.changed(args, options.firstKey + i, CONSUMER_CREATED);
  return created;
}
