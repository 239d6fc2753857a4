/** Streams: what is pending in a consumer group, and how it changes hands. */
import { CONSUMER_CREATED, PENDING_CHANGED } from '../keyspace/events.ts';
import type { Keyspace } from '../keyspace/keyspace.ts';
import { NULL, type Ptr } from '../memory/address.ts';
import type { Args } from '../protocol/args.ts';
import type { Reply } from '../protocol/reply.ts';
import { IdBuffer } from '../structures/id-buffer.ts';
import { StreamId } from '../structures/stream-id.ts';
import type { Streams } from '../values/stream.ts';
import type { Command, Context } from './command.ts';
import { CommandError, SYNTAX_ERROR } from './errors.ts';
import { integerAt } from './options.ts';
import {
  noGroup,
  readEndAt,
  readIdAt,
  readStartAt,
  readStream,
  readStreamToChange,
} from './stream-access.ts';
import { ClaimOptions } from './stream-claim-options.ts';
import { type GroupArguments, noteClaim, noteConsumer, noteProgress } from './stream-effects.ts';
import { replyEntryOf, replyId, replyInt64, replyName } from './stream-reply.ts';

const INVALID_COUNT: CommandError = new CommandError('ERR COUNT must be > 0');
const INVALID_IDLE: CommandError = new CommandError(
  'ERR Invalid min-idle-time argument for XAUTOCLAIM',
);

const COUNT_DEFAULT = 100;
/** Redis's bound: more would not fit in its memory. */
const COUNT_MAX = Number((2n ** 63n - 1n) / 16n);

/** Of XCLAIM and XAUTOCLAIM. */
const CLAIMED: GroupArguments = { key: 1, group: 2, consumer: 3 };

const options = new ClaimOptions();
const id = new StreamId();
const to = new StreamId();
const claimed = new IdBuffer();
const deleted = new IdBuffer();

export const xpending: Command = {
  name: 'XPENDING',
  group: 'stream',
  since: '5.0.0',
  summary: 'Tells what a consumer group was given and has not acknowledged, at large or in detail.',
  complexity:
    'O(N) where N is the number of consumers, or of the entries that are looked at to find those returned.',
  arity: -3,
  flags: ['readonly'],
  tips: ['nondeterministic_output'],
  keys: [{ flags: ['RO', 'access'], begin: { index: 1 }, find: { last: 0, step: 1, limit: 0 } }],
  syntax: `
    key group [filters([IDLE min-idle-time:integer@6.2.0] start end count:integer [consumer])]
  `,
  history: [['6.2.0', 'The option `IDLE`, and ids behind `(`, which are left out.']],
  run(context, args, reply) {
    if (args.count === 3) {
      const { streams } = context.keyspace;
      replySummary(reply, streams, requireGroup(context, args, readStream(context, args, 1)));
    } else {
      replyPending(context, args, reply);
    }
  },
};

export const xclaim: Command = {
  name: 'XCLAIM',
  group: 'stream',
  since: '5.0.0',
  summary: 'Gives pending entries of a group to another consumer.',
  complexity: 'O(log N) for each id, where N is the number of entries pending in the group.',
  arity: -6,
  flags: ['write', 'fast'],
  tips: ['nondeterministic_output'],
  keys: [{ flags: ['RW', 'update'], begin: { index: 1 }, find: { last: 0, step: 1, limit: 0 } }],
  syntax: `
    key group consumer min-idle-time id... [IDLE ms:integer] [TIME unix-time-milliseconds:unix-time]
    [RETRYCOUNT count:integer] [FORCE] [JUSTID] [LASTID lastid]
  `,
  run(context, args, reply) {
    const { database, keyspace } = context;
    const { streams, consumerGroups } = keyspace;
    const root = readStreamToChange(context, args, 1);
    const group = requireGroup(context, args, root);
    options.readClaim(args, keyspace.nowMs);
    if (consumerGroups.advance(group, options.lastId)) {
      noteProgress(keyspace, args, CLAIMED, group);
    }
    const consumer = findConsumer(context, args, group);
    const before = streams.groups.pendingCount(group);
    const mark = reply.openArray();
    let count = 0;
    for (let i = 5; i < options.idsEnd; i++) {
      readIdAt(args, i, id);
      const pending = streams.groups.pendingCount(group);
      const isClaimed = consumerGroups.claim(root, group, consumer, id, options);
      if (isClaimed || pending !== streams.groups.pendingCount(group)) {
        noteClaim(keyspace, args, CLAIMED, group, id);
      }
      if (!isClaimed) continue;
      if (options.justIds) replyId(reply, id);
      else replyEntryOf(reply, streams, root, id);
      count++;
    }
    reply.closeArray(mark, count);
    if (count === 0 && before === streams.groups.pendingCount(group)) return;
    database.changed(args, 1, PENDING_CHANGED);
  },
};

export const xautoclaim: Command = {
  name: 'XAUTOCLAIM',
  group: 'stream',
  since: '6.2.0',
  summary: 'Gives entries of a group that have been pending for long to another consumer.',
  complexity: 'O(1) for each entry that may be claimed, see `COUNT`.',
  arity: -6,
  flags: ['write', 'fast'],
  tips: ['nondeterministic_output'],
  keys: [{ flags: ['RW', 'delete'], begin: { index: 1 }, find: { last: 0, step: 1, limit: 0 } }],
  syntax: 'key group consumer min-idle-time start [COUNT count:integer] [JUSTID]',
  history: [
    ['7.0.0', 'Tells of the entries that were deleted, and forgets that they were pending.'],
  ],
  run(context, args, reply) {
    const { database, keyspace } = context;
    const { streams, consumerGroups } = keyspace;
    const minIdleMs = integerAt(args, 4, INVALID_IDLE);
    readStartAt(args, 5, id);
    options.begin(keyspace.nowMs, minIdleMs);
    const count = readAutoclaimOptions(args);
    const root = readStreamToChange(context, args, 1);
    const group = requireGroup(context, args, root);
    const consumer = findConsumer(context, args, group);
    claimed.clear();
    deleted.clear();
    consumerGroups.claimFrom(root, group, consumer, id, count, options, claimed, deleted);
    reply.array(3);
    replyId(reply, id);
    if (keyspace.effects !== null) {
      noteClaims(keyspace, args, group, claimed);
      noteClaims(keyspace, args, group, deleted);
    }
    replyClaimed(reply, streams, root);
    reply.array(deleted.count);
    for (let i = 0; i < deleted.count; i++) {
      deleted.read(i, id);
      replyId(reply, id);
    }
    if (claimed.count + deleted.count > 0) database.changed(args, 1, PENDING_CHANGED);
  },
};

/** The group of argument 2 of a stream, which must be there. */
function requireGroup({ keyspace }: Context, args: Args, root: Ptr): Ptr {
  const group = root === NULL ? NULL : keyspace.streams.groups.find(root, args, 2);
  if (group === NULL) throw noGroup(args, 1, 2);
  return group;
}

/** The consumer of argument 3, which is made if it is not there. */
function findConsumer({ database, keyspace }: Context, args: Args, group: Ptr): Ptr {
  const { groups } = keyspace.streams;
  const found = groups.findConsumer(group, args, 3);
  if (found !== NULL) {
    groups.setSeen(found, keyspace.nowMs);
    return found;
  }
  const created = groups.createConsumer(group, args, 3, keyspace.nowMs);
  if (keyspace.effects !== null) noteConsumer(keyspace.effects, args, CLAIMED);
  database.changed(args, 1, CONSUMER_CREATED);
  return created;
}

// --- XPENDING

function replySummary(reply: Reply, streams: Streams, group: Ptr): void {
  const { groups, log } = streams;
  const { cursor, consumers } = groups;
  const all = groups.pendingOf(group);
  reply.array(4);
  reply.integer(log.tree.count(all));
  if (!log.tree.first(all, cursor)) {
    reply.nil();
    reply.nil();
    reply.nilArray();
    return;
  }
  cursor.readId(id);
  replyId(reply, id);
  log.tree.last(all, cursor);
  cursor.readId(id);
  replyId(reply, id);
  const list = groups.consumersOf(group);
  const mark = reply.openArray();
  let busy = 0;
  let consumer = consumers.first(list);
  for (; consumer !== NULL; consumer = consumers.next(list, consumer)) {
    const count = groups.pendingCount(consumer);
    if (count === 0) continue;
    reply.array(2);
    replyName(reply, consumers, consumer);
    reply.text(String(count));
    busy++;
  }
  reply.closeArray(mark, busy);
}

function replyPending(context: Context, args: Args, reply: Reply): void {
  const { streams, nowMs } = context.keyspace;
  const { groups, log } = streams;
  const { cursor } = groups;
  if (args.count < 6 || args.count > 9) throw SYNTAX_ERROR;
  const hasIdle = args.is(3, 'IDLE');
  const minIdleMs = hasIdle ? integerAt(args, 4) : 0;
  if (hasIdle && args.count < 8) throw SYNTAX_ERROR;
  const first = hasIdle ? 5 : 3;
  let left = Math.max(integerAt(args, first + 2), 0);
  readStartAt(args, first, id);
  readEndAt(args, first + 1, to);
  const group = requireGroup(context, args, readStream(context, args, 1));
  const name = first + 3;
  const owner = name < args.count ? groups.findConsumer(group, args, name) : group;
  const mark = reply.openArray();
  let count = 0;
  if (owner !== NULL && log.tree.seek(groups.pendingOf(owner), cursor, id)) {
    for (let more = left > 0; more; more = left > 0 && cursor.next()) {
      cursor.readId(id);
      if (to.isBefore(id)) break;
      const idleMs = nowMs - groups.deliveredMs(cursor.value);
      if (minIdleMs !== 0 && idleMs < minIdleMs) continue;
      replyOnePending(reply, streams, cursor.value, idleMs);
      count++;
      left--;
    }
  }
  reply.closeArray(mark, count);
}

/** Answers with the pending entry whose id is `id`. */
function replyOnePending(reply: Reply, streams: Streams, pending: Ptr, idleMs: number): void {
  const { groups } = streams;
  reply.array(4);
  replyId(reply, id);
  replyName(reply, groups.consumers, groups.consumerOf(pending));
  reply.integer(Math.max(idleMs, 0));
  replyInt64(reply, groups.deliveries(pending));
}

// --- XAUTOCLAIM

function readAutoclaimOptions(args: Args): number {
  let count = COUNT_DEFAULT;
  for (let i = 6; i < args.count; i++) {
    if (args.is(i, 'COUNT') && i + 1 < args.count) {
      count = integerAt(args, ++i, INVALID_COUNT);
      if (count < 1 || count > COUNT_MAX) throw INVALID_COUNT;
    } else if (args.is(i, 'JUSTID')) {
      options.justIds = true;
    } else {
      throw SYNTAX_ERROR;
    }
  }
  return count;
}

function noteClaims(keyspace: Keyspace, args: Args, group: Ptr, ids: IdBuffer): void {
  for (let i = 0; i < ids.count; i++) {
    ids.read(i, to);
    noteClaim(keyspace, args, CLAIMED, group, to);
  }
}

function replyClaimed(reply: Reply, streams: Streams, root: Ptr): void {
  reply.array(claimed.count);
  for (let i = 0; i < claimed.count; i++) {
    claimed.read(i, id);
    if (options.justIds) replyId(reply, id);
    else replyEntryOf(reply, streams, root, id);
  }
}
