/** XINFO: what a stream, its groups and their consumers are. */
import { NULL, type Ptr } from '../memory/address.ts';
import type { Args } from '../protocol/args.ts';
import type { Reply } from '../protocol/reply.ts';
import { NEVER } from '../structures/stream-groups.ts';
import { StreamId } from '../structures/stream-id.ts';
import { groupsOf } from '../structures/stream-layout.ts';
import type { Streams } from '../values/stream.ts';
import { UNKNOWN } from '../values/stream-group.ts';
import type { Command, Context, KeySpec } from './command.ts';
import { NO_SUCH_KEY, unknownUse } from './errors.ts';
import { replyHelp } from './help.ts';
import { integerAt } from './options.ts';
import { noSuchGroup, readStream } from './stream-access.ts';
import { replyEntries, replyEntry, replyId, replyInt64, replyName } from './stream-reply.ts';

const READ_KEY: readonly KeySpec[] = [
  { flags: ['RO', 'access'], begin: { index: 2 }, find: { last: 0, step: 1, limit: 0 } },
];

/**
 * Entries, and pending ones of each group and consumer, that FULL tells of unless COUNT is given.
 */
const COUNT_DEFAULT = 10;

const id = new StreamId();
const smallest = new StreamId();
const greatest = new StreamId();
greatest.setMax();

export const xinfo: Command = {
  name: 'XINFO',
  group: 'stream',
  since: '5.0.0',
  summary: 'Commands that tell what a stream and its consumer groups are.',
  complexity: 'Depends on the subcommand.',
  arity: -2,
  flags: [],
  subcommands: [
    {
      name: 'CONSUMERS',
      group: 'stream',
      since: '5.0.0',
      summary: 'Lists the consumers of a group.',
      complexity: 'O(N) where N is the number of consumers.',
      arity: 4,
      flags: ['readonly'],
      tips: ['nondeterministic_output'],
      keys: READ_KEY,
      syntax: 'key group',
      history: [['7.2.0', 'The field `inactive`; `idle` is about attempts, too.']],
      run(context, args, reply) {
        const { groups } = context.keyspace.streams;
        const group = groups.find(readExisting(context, args), args, 3);
        if (group === NULL) throw noSuchGroup(args, 2, 3);
        const list = groups.consumersOf(group);
        reply.array(groups.consumers.count(list));
        let consumer = groups.consumers.first(list);
        for (; consumer !== NULL; consumer = groups.consumers.next(list, consumer)) {
          replyConsumer(context, reply, consumer);
        }
      },
    },
    {
      name: 'GROUPS',
      group: 'stream',
      since: '5.0.0',
      summary: 'Lists the consumer groups of a stream.',
      complexity: 'O(N) where N is the number of groups.',
      arity: 3,
      flags: ['readonly'],
      keys: READ_KEY,
      syntax: 'key',
      history: [['7.0.0', 'The fields `entries-read` and `lag`.']],
      run(context, args, reply) {
        const root = readExisting(context, args);
        const { groups } = context.keyspace.streams.groups;
        const list = groupsOf(root);
        reply.array(groups.count(list));
        let group = groups.first(list);
        for (; group !== NULL; group = groups.next(list, group)) {
          replyGroup(context, reply, root, group);
        }
      },
    },
    {
      name: 'HELP',
      group: 'stream',
      since: '5.0.0',
      summary: 'Lists the subcommands.',
      complexity: 'O(1)',
      arity: 2,
      flags: ['loading', 'stale'],
      run(_context, _args, reply) {
        replyHelp(reply, xinfo);
      },
    },
    {
      name: 'STREAM',
      group: 'stream',
      since: '5.0.0',
      summary: 'Tells what a stream is, in short or with entries, groups and consumers.',
      complexity: 'O(N) where N is the number of entries, groups and consumers told of.',
      arity: -3,
      flags: ['readonly'],
      keys: READ_KEY,
      syntax: 'key [full-block(FULL [COUNT count:integer])]',
      history: [
        ['6.0.0', 'The modifier `FULL`.'],
        [
          '7.0.0',
          'The fields `max-deleted-entry-id`, `entries-added`, `recorded-first-entry-id`, `entries-read` and `lag`.',
        ],
        ['7.2.0', 'The field `active-time`; `seen-time` is about attempts, too.'],
      ],
      run(context, args, reply) {
        const root = readExisting(context, args);
        const isFull = args.count > 3;
        const count = isFull ? readFullCount(args) : 0;
        reply.map(isFull ? 9 : 10);
        replyOutline(reply, context.keyspace.streams, root);
        if (isFull) replyContents(context, reply, root, count);
        else replyEnds(reply, context.keyspace.streams, root);
      },
    },
  ],
};

function readExisting(context: Context, args: Args): Ptr {
  const root = readStream(context, args, 2);
  if (root === NULL) throw NO_SUCH_KEY;
  return root;
}

/** Reads FULL and COUNT; 0 is all. */
function readFullCount(args: Args): number {
  const isWhole = args.count === 4 || (args.count === 6 && args.is(4, 'COUNT'));
  if (!isWhole || !args.is(3, 'FULL')) throw unknownUse(args);
  const count = args.count === 6 ? integerAt(args, 5) : COUNT_DEFAULT;
  return count < 0 ? COUNT_DEFAULT : count;
}

// --- XINFO CONSUMERS and XINFO GROUPS

function replyConsumer({ keyspace }: Context, reply: Reply, consumer: Ptr): void {
  const { groups } = keyspace.streams;
  const activeMs = groups.activeMs(consumer);
  reply.map(4);
  reply.text('name');
  replyName(reply, groups.consumers, consumer);
  reply.text('pending');
  reply.integer(groups.pendingCount(consumer));
  reply.text('idle');
  reply.integer(Math.max(keyspace.nowMs - groups.seenMs(consumer), 0));
  reply.text('inactive');
  reply.integer(activeMs === NEVER ? NEVER : Math.max(keyspace.nowMs - activeMs, 0));
}

function replyGroup({ keyspace }: Context, reply: Reply, root: Ptr, group: Ptr): void {
  const { consumerGroups, streams } = keyspace;
  const { groups } = streams;
  reply.map(6);
  reply.text('name');
  replyName(reply, groups.groups, group);
  reply.text('consumers');
  reply.integer(groups.consumers.count(groups.consumersOf(group)));
  reply.text('pending');
  reply.integer(groups.pendingCount(group));
  reply.text('last-delivered-id');
  consumerGroups.readLastId(group, id);
  replyId(reply, id);
  reply.text('entries-read');
  replyRead(reply, consumerGroups.entriesRead(group));
  reply.text('lag');
  replyLag(reply, consumerGroups.lag(root, group));
}

function replyRead(reply: Reply, entriesRead: bigint): void {
  if (entriesRead === UNKNOWN) reply.nil();
  else replyInt64(reply, entriesRead);
}

function replyLag(reply: Reply, lag: bigint | undefined): void {
  if (lag === undefined) reply.nil();
  else replyInt64(reply, lag);
}

// --- XINFO STREAM

/** The seven fields that both forms begin with. */
function replyOutline(reply: Reply, streams: Streams, root: Ptr): void {
  reply.text('length');
  reply.integer(streams.length(root));
  reply.text('radix-tree-keys');
  reply.integer(streams.log.blockCount(root));
  reply.text('radix-tree-nodes');
  reply.integer(streams.log.nodeCount(root));
  reply.text('last-generated-id');
  streams.readLastId(root, id);
  replyId(reply, id);
  reply.text('max-deleted-entry-id');
  streams.readGreatestDeletedId(root, id);
  replyId(reply, id);
  reply.text('entries-added');
  replyInt64(reply, streams.entriesAdded(root));
  reply.text('recorded-first-entry-id');
  streams.readFirstId(root, id);
  replyId(reply, id);
}

/** What the short form goes on with. */
function replyEnds(reply: Reply, streams: Streams, root: Ptr): void {
  const { cursor } = streams;
  reply.text('groups');
  reply.integer(streams.groupCount(root));
  reply.text('first-entry');
  if (cursor.first(root, smallest)) replyEntry(reply, cursor.entry);
  else reply.nil();
  reply.text('last-entry');
  if (cursor.last(root, greatest)) replyEntry(reply, cursor.entry);
  else reply.nil();
}

/** What the full form goes on with, at most `countMax` of everything, 0 for all. */
function replyContents(context: Context, reply: Reply, root: Ptr, countMax: number): void {
  const { streams } = context.keyspace;
  const { groups } = streams.groups;
  reply.text('entries');
  replyEntries(reply, streams, root, smallest, greatest, countMax);
  reply.text('groups');
  const list = groupsOf(root);
  reply.array(groups.count(list));
  let group = groups.first(list);
  for (; group !== NULL; group = groups.next(list, group)) {
    replyFullGroup(context, reply, root, group, countMax);
  }
}

function replyFullGroup(
  { keyspace }: Context,
  reply: Reply,
  root: Ptr,
  group: Ptr,
  countMax: number,
): void {
  const { consumerGroups, streams } = keyspace;
  const { groups } = streams;
  reply.map(7);
  reply.text('name');
  replyName(reply, groups.groups, group);
  reply.text('last-delivered-id');
  consumerGroups.readLastId(group, id);
  replyId(reply, id);
  reply.text('entries-read');
  replyRead(reply, consumerGroups.entriesRead(group));
  reply.text('lag');
  replyLag(reply, consumerGroups.lag(root, group));
  reply.text('pel-count');
  reply.integer(groups.pendingCount(group));
  reply.text('pending');
  replyPending(reply, streams, group, countMax, true);
  reply.text('consumers');
  const list = groups.consumersOf(group);
  reply.array(groups.consumers.count(list));
  let consumer = groups.consumers.first(list);
  for (; consumer !== NULL; consumer = groups.consumers.next(list, consumer)) {
    replyFullConsumer(reply, streams, consumer, countMax);
  }
}

function replyFullConsumer(reply: Reply, streams: Streams, consumer: Ptr, countMax: number): void {
  const { groups } = streams;
  reply.map(5);
  reply.text('name');
  replyName(reply, groups.consumers, consumer);
  reply.text('seen-time');
  reply.integer(groups.seenMs(consumer));
  reply.text('active-time');
  reply.integer(groups.activeMs(consumer));
  reply.text('pel-count');
  reply.integer(groups.pendingCount(consumer));
  reply.text('pending');
  replyPending(reply, streams, consumer, countMax, false);
}

/** The first entries that are pending in a group, whose owners are told, or with a consumer. */
function replyPending(
  reply: Reply,
  streams: Streams,
  owner: Ptr,
  countMax: number,
  isGroup: boolean,
): void {
  const { groups, log } = streams;
  const { cursor } = groups;
  const count = groups.pendingCount(owner);
  let left = countMax === 0 ? count : Math.min(count, countMax);
  reply.array(left);
  log.tree.first(groups.pendingOf(owner), cursor);
  for (; left > 0; left--) {
    const pending = cursor.value;
    cursor.readId(id);
    reply.array(isGroup ? 4 : 3);
    replyId(reply, id);
    if (isGroup) replyName(reply, groups.consumers, groups.consumerOf(pending));
    reply.integer(groups.deliveredMs(pending));
    replyInt64(reply, groups.deliveries(pending));
    cursor.next();
  }
}
