/** Subscribing: each name that a command is given gets an answer of its own. */
import type { Args } from '../protocol/args.ts';
import type { Reply } from '../protocol/reply.ts';
import type { Command, Context, KeySpec } from './command.ts';
import { CommandError } from './errors.ts';
import type { ClientState } from './services/clients.ts';
import type { Subject } from './services/pubsub.ts';

/** Sharded channels are spread over a cluster as keys are. */
const SHARD_CHANNELS: readonly KeySpec[] = [
  { flags: ['not_key'], begin: { index: 1 }, find: { last: -1, step: 1, limit: 0 } },
];

/** A transaction may subscribe to channels and patterns all the same, as it always could. */
const NOT_ONE_REPLY = new CommandError("ERR SSUBSCRIBE isn't allowed for a DENY BLOCKING client");

export const subscribe: Command = {
  name: 'SUBSCRIBE',
  group: 'pubsub',
  since: '2.0.0',
  summary: 'Sends messages of these channels to this client, from now on.',
  complexity: 'O(N) where N is the number of channels',
  arity: -2,
  flags: ['pubsub', 'noscript', 'loading', 'stale'],
  syntax: 'channel...',
  run(context, args, reply) {
    begin(context, args, reply, 'channels');
  },
};

export const psubscribe: Command = {
  name: 'PSUBSCRIBE',
  group: 'pubsub',
  since: '2.0.0',
  summary: 'Sends messages of all channels that match these patterns to this client, from now on.',
  complexity: 'O(N) where N is the number of patterns',
  arity: -2,
  flags: ['pubsub', 'noscript', 'loading', 'stale'],
  syntax: 'pattern(pattern)...',
  run(context, args, reply) {
    begin(context, args, reply, 'patterns');
  },
};

export const ssubscribe: Command = {
  name: 'SSUBSCRIBE',
  group: 'pubsub',
  since: '7.0.0',
  summary: 'Sends messages of these sharded channels to this client, from now on.',
  complexity: 'O(N) where N is the number of channels',
  arity: -2,
  flags: ['pubsub', 'noscript', 'loading', 'stale'],
  keys: SHARD_CHANNELS,
  syntax: 'shardchannel...',
  run(context, args, reply) {
    if (context.client.deniesBlocking) throw NOT_ONE_REPLY;
    begin(context, args, reply, 'shardChannels');
  },
};

export const unsubscribe: Command = {
  name: 'UNSUBSCRIBE',
  group: 'pubsub',
  since: '2.0.0',
  summary: 'Ends subscriptions to channels: to these, or to all.',
  complexity: 'O(N) where N is the number of channels',
  arity: -1,
  flags: ['pubsub', 'noscript', 'loading', 'stale'],
  syntax: '[channel...]',
  run(context, args, reply) {
    end(context, args, reply, 'channels');
  },
};

export const punsubscribe: Command = {
  name: 'PUNSUBSCRIBE',
  group: 'pubsub',
  since: '2.0.0',
  summary: 'Ends subscriptions to patterns: to these, or to all.',
  complexity: 'O(N) where N is the number of patterns',
  arity: -1,
  flags: ['pubsub', 'noscript', 'loading', 'stale'],
  syntax: '[pattern...]',
  run(context, args, reply) {
    end(context, args, reply, 'patterns');
  },
};

export const sunsubscribe: Command = {
  name: 'SUNSUBSCRIBE',
  group: 'pubsub',
  since: '7.0.0',
  summary: 'Ends subscriptions to sharded channels: to these, or to all.',
  complexity: 'O(N) where N is the number of channels',
  arity: -1,
  flags: ['pubsub', 'noscript', 'loading', 'stale'],
  keys: SHARD_CHANNELS,
  syntax: '[shardchannel...]',
  run(context, args, reply) {
    end(context, args, reply, 'shardChannels');
  },
};

/** The kind of message that says a subscription has begun, or ended. */
const BEGUN: Readonly<Record<Subject, string>> = {
  channels: 'subscribe',
  patterns: 'psubscribe',
  shardChannels: 'ssubscribe',
};
const ENDED: Readonly<Record<Subject, string>> = {
  channels: 'unsubscribe',
  patterns: 'punsubscribe',
  shardChannels: 'sunsubscribe',
};

function begin({ client, services }: Context, args: Args, reply: Reply, subject: Subject): void {
  for (let i = 1; i < args.count; i++) {
    services.pubsub.subscribe(client, subject, args, i);
    reply.push(3);
    reply.text(BEGUN[subject]);
    reply.bulk(args.bytes, args.view, args.start(i), args.length(i));
    reply.integer(countBeside(client, subject));
  }
}

function end(context: Context, args: Args, reply: Reply, subject: Subject): void {
  if (args.count === 1) {
    endAll(context, reply, subject);
    return;
  }
  const { client, services } = context;
  for (let i = 1; i < args.count; i++) {
    services.pubsub.unsubscribe(client, subject, args, i);
    reply.push(3);
    reply.text(ENDED[subject]);
    reply.bulk(args.bytes, args.view, args.start(i), args.length(i));
    reply.integer(countBeside(client, subject));
  }
}

/** Who was subscribed to nothing gets one answer all the same. */
function endAll({ client, services }: Context, reply: Reply, subject: Subject): void {
  let name = services.pubsub.unsubscribeOldest(client, subject);
  do {
    reply.push(3);
    reply.text(ENDED[subject]);
    if (name === undefined) reply.nil();
    else reply.blob(name);
    reply.integer(countBeside(client, subject));
    name = services.pubsub.unsubscribeOldest(client, subject);
  } while (name !== undefined);
}

/** Sharded channels are counted by themselves, channels and patterns together. */
function countBeside({ subscriptions }: ClientState, subject: Subject): number {
  if (subscriptions === null) return 0;
  if (subject === 'shardChannels') return subscriptions.count(subject);
  return subscriptions.count('channels') + subscriptions.count('patterns');
}
