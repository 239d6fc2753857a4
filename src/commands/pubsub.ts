/** Publishing, and what there is to publish to. */
import type { Args } from '../protocol/args.ts';
import { globMatch } from '../protocol/glob.ts';
import type { Reply } from '../protocol/reply.ts';
import type { Command, Context } from './command.ts';
import { unknownUse } from './errors.ts';
import { replyHelp } from './help.ts';
import type { Subject } from './services/pubsub.ts';

export const publish: Command = {
  name: 'PUBLISH',
  group: 'pubsub',
  since: '2.0.0',
  summary: 'Sends a message to everyone who is subscribed to the channel.',
  complexity:
    'O(N+M) where N is the number of its subscribers and M that of all patterns subscribed to',
  arity: 3,
  flags: ['pubsub', 'loading', 'stale', 'fast', 'may_replicate'],
  syntax: 'channel message',
  run({ services }, args, reply) {
    reply.integer(services.pubsub.publish(args, 1, 2));
  },
};

export const spublish: Command = {
  name: 'SPUBLISH',
  group: 'pubsub',
  since: '7.0.0',
  summary: 'Sends a message to everyone who is subscribed to the sharded channel.',
  complexity: 'O(N) where N is the number of its subscribers',
  arity: 3,
  flags: ['pubsub', 'loading', 'stale', 'fast', 'may_replicate'],
  keys: [{ flags: ['not_key'], begin: { index: 1 }, find: { last: 0, step: 1, limit: 0 } }],
  syntax: 'shardchannel message',
  run({ services }, args, reply) {
    reply.integer(services.pubsub.publishSharded(args, 1, 2));
  },
};

const CHANNELS: Command = {
  name: 'CHANNELS',
  group: 'pubsub',
  since: '2.8.0',
  summary: 'Returns the channels that have subscribers, or those of them that match a pattern.',
  complexity: 'O(N) where N is the number of channels, if pattern and names are short',
  arity: -2,
  flags: ['pubsub', 'loading', 'stale'],
  syntax: '[pattern]',
  run(context, args, reply) {
    replyNames(context, args, reply, 'channels');
  },
};

const HELP: Command = {
  name: 'HELP',
  group: 'pubsub',
  since: '6.2.0',
  summary: 'Explains the subcommands.',
  complexity: 'O(1)',
  arity: 2,
  flags: ['loading', 'stale'],
  run(_context, _args, reply) {
    replyHelp(reply, pubsub);
  },
};

const PATTERN_COUNT: Command = {
  name: 'NUMPAT',
  group: 'pubsub',
  since: '2.8.0',
  summary: 'Counts the patterns that have subscribers.',
  complexity: 'O(1)',
  arity: 2,
  flags: ['pubsub', 'loading', 'stale'],
  run({ services }, _args, reply) {
    reply.integer(services.pubsub.size('patterns'));
  },
};

const SUBSCRIBER_COUNTS: Command = {
  name: 'NUMSUB',
  group: 'pubsub',
  since: '2.8.0',
  summary: 'Counts the subscribers of channels, those of patterns left out.',
  complexity: 'O(N) where N is the number of channels asked for',
  arity: -2,
  flags: ['pubsub', 'loading', 'stale'],
  syntax: '[channel...]',
  run(context, args, reply) {
    replyCounts(context, args, reply, 'channels');
  },
};

const SHARD_CHANNELS: Command = {
  name: 'SHARDCHANNELS',
  group: 'pubsub',
  since: '7.0.0',
  summary: 'Returns the sharded channels that have subscribers, or those that match a pattern.',
  complexity: 'O(N) where N is the number of sharded channels, if pattern and names are short',
  arity: -2,
  flags: ['pubsub', 'loading', 'stale'],
  syntax: '[pattern]',
  run(context, args, reply) {
    replyNames(context, args, reply, 'shardChannels');
  },
};

const SHARD_SUBSCRIBER_COUNTS: Command = {
  name: 'SHARDNUMSUB',
  group: 'pubsub',
  since: '7.0.0',
  summary: 'Counts the subscribers of sharded channels.',
  complexity: 'O(N) where N is the number of channels asked for',
  arity: -2,
  flags: ['pubsub', 'loading', 'stale'],
  syntax: '[shardchannel...]',
  run(context, args, reply) {
    replyCounts(context, args, reply, 'shardChannels');
  },
};

export const pubsub: Command = {
  name: 'PUBSUB',
  group: 'pubsub',
  since: '2.8.0',
  summary: 'A container for what tells of subscriptions.',
  complexity: 'Depends on the subcommand.',
  arity: -2,
  flags: [],
  subcommands: [
    CHANNELS,
    HELP,
    PATTERN_COUNT,
    SUBSCRIBER_COUNTS,
    SHARD_CHANNELS,
    SHARD_SUBSCRIBER_COUNTS,
  ],
};

function replyNames(context: Context, args: Args, reply: Reply, subject: Subject): void {
  if (args.count > 3) throw unknownUse(args);
  const mark = reply.openArray();
  let count = 0;
  for (const name of context.services.pubsub.names(subject)) {
    if (args.count === 3 && !matches(args, 2, name)) continue;
    reply.blob(name);
    count++;
  }
  reply.closeArray(mark, count);
}

function matches(args: Args, i: number, name: Buffer): boolean {
  const start = args.start(i);
  return globMatch(args.bytes, start, start + args.length(i), name, 0, name.length, false);
}

/** Names and counts in turn, in RESP3 too. */
function replyCounts({ services }: Context, args: Args, reply: Reply, subject: Subject): void {
  reply.array((args.count - 2) * 2);
  for (let i = 2; i < args.count; i++) {
    reply.bulk(args.bytes, args.view, args.start(i), args.length(i));
    reply.integer(services.pubsub.subscriberCount(subject, args, i));
  }
}
