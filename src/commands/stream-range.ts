/** Streams: reading entries between two ids. */
import { NULL } from '../memory/address.ts';
import type { Args } from '../protocol/args.ts';
import type { Reply } from '../protocol/reply.ts';
import { StreamId } from '../structures/stream-id.ts';
import type { Command, Context } from './command.ts';
import { SYNTAX_ERROR } from './errors.ts';
import { integerAt } from './options.ts';
import { readEndAt, readStartAt, readStream } from './stream-access.ts';
import { replyEntries, replyEntriesBack } from './stream-reply.ts';

const NO_COUNT = -1;

const from = new StreamId();
const to = new StreamId();

export const xrange: Command = {
  name: 'XRANGE',
  group: 'stream',
  since: '5.0.0',
  summary: 'Returns the entries of a stream between two ids.',
  complexity: 'O(N) where N is the number of entries returned.',
  arity: -4,
  flags: ['readonly'],
  keys: [{ flags: ['RO', 'access'], begin: { index: 1 }, find: { last: 0, step: 1, limit: 0 } }],
  syntax: 'key start end [COUNT count:integer]',
  history: [['6.2.0', 'Takes ids behind `(`, which are left out.']],
  run(context, args, reply) {
    readStartAt(args, 2, from);
    readEndAt(args, 3, to);
    replyRange(context, args, reply, false);
  },
};

export const xrevrange: Command = {
  name: 'XREVRANGE',
  group: 'stream',
  since: '5.0.0',
  summary: 'Returns the entries of a stream between two ids, the last one first.',
  complexity: 'O(N) where N is the number of entries returned.',
  arity: -4,
  flags: ['readonly'],
  keys: [{ flags: ['RO', 'access'], begin: { index: 1 }, find: { last: 0, step: 1, limit: 0 } }],
  syntax: 'key end start [COUNT count:integer]',
  history: [['6.2.0', 'Takes ids behind `(`, which are left out.']],
  run(context, args, reply) {
    readStartAt(args, 3, from);
    readEndAt(args, 2, to);
    replyRange(context, args, reply, true);
  },
};

function replyRange(context: Context, args: Args, reply: Reply, isBack: boolean): void {
  const count = readCount(args);
  const root = readStream(context, args, 1);
  const { streams } = context.keyspace;
  if (root === NULL) reply.array(0);
  else if (count === 0) reply.nilArray();
  else if (isBack) replyEntriesBack(reply, streams, root, from, to, Math.max(count, 0));
  else replyEntries(reply, streams, root, from, to, Math.max(count, 0));
}

/** The last COUNT, a negative one as 0, or NO_COUNT. */
function readCount(args: Args): number {
  let count = NO_COUNT;
  for (let i = 4; i < args.count; i += 2) {
    if (i + 1 === args.count || !args.is(i, 'COUNT')) throw SYNTAX_ERROR;
    count = Math.max(integerAt(args, i + 1), 0);
  }
  return count;
}
