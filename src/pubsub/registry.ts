/**
 * Who is subscribed to what, and the way of a message to all of them: first those of the channel,
 * in the order in which they subscribed, then those of each pattern that matches.
 *
 * A message is encoded once per protocol; each client's connection decides when it is sent.
 */
import type { ClientState } from '../commands/services/clients.ts';
import type { PubSub, Subject, Subscriptions } from '../commands/services/pubsub.ts';
import type { Args } from '../protocol/args.ts';
import { globMatch } from '../protocol/glob.ts';
import { PushMessage } from '../protocol/push-message.ts';
import { type Topic, Topics } from './topics.ts';

const MESSAGE = Buffer.from('message');
const PATTERN_MESSAGE = Buffer.from('pmessage');
const SHARD_MESSAGE = Buffer.from('smessage');

const SUBJECTS: readonly Subject[] = ['channels', 'patterns', 'shardChannels'];

/** The topics of one client, the oldest first; a set is made when it is needed. */
class ClientTopics implements Subscriptions {
  readonly #sets: { [Kind in Subject]: Set<Topic> | null } = {
    channels: null,
    patterns: null,
    shardChannels: null,
  };

  count(subject: Subject): number {
    return this.#sets[subject]?.size ?? 0;
  }

  get isEmpty(): boolean {
    return SUBJECTS.every((subject) => this.count(subject) === 0);
  }

  add(subject: Subject, topic: Topic): void {
    this.#sets[subject] ??= new Set();
    this.#sets[subject].add(topic);
  }

  /** Whether it was there. */
  remove(subject: Subject, topic: Topic): boolean {
    return this.#sets[subject]?.delete(topic) === true;
  }

  oldest(subject: Subject): Topic | undefined {
    return this.#sets[subject]?.values().next().value;
  }
}

/** See the file's comment. */
export class Registry implements PubSub {
  readonly #topics: Readonly<Record<Subject, Topics>> = {
    channels: new Topics(),
    patterns: new Topics(),
    shardChannels: new Topics(),
  };
  /** The patterns as bytes, in the order in which they came. */
  readonly #patterns = new Map<Topic, Buffer>();

  /** Whether anybody might get what is published on a channel that is not sharded. */
  get hasListeners(): boolean {
    return this.#topics.channels.size > 0 || this.#patterns.size > 0;
  }

  subscribe(client: ClientState, subject: Subject, args: Args, i: number): void {
    const { bytes, view } = args;
    const topic = this.#topics[subject].findOrAdd(bytes, view, args.start(i), args.length(i));
    if (topic.subscribers.has(client.transport)) return;
    if (subject === 'patterns' && topic.subscribers.size === 0) {
      this.#patterns.set(topic, topic.nameBytes());
    }
    topic.subscribers.add(client.transport);
    client.subscriptions ??= new ClientTopics();
    topicsOf(client)!.add(subject, topic);
  }

  unsubscribe(client: ClientState, subject: Subject, args: Args, i: number): void {
    const { bytes, view } = args;
    const topic = this.#topics[subject].find(bytes, view, args.start(i), args.length(i));
    if (topic !== null) this.#leave(client, subject, topic);
  }

  unsubscribeOldest(client: ClientState, subject: Subject): Buffer | undefined {
    const topic = topicsOf(client)?.oldest(subject);
    if (topic === undefined) return undefined;
    this.#leave(client, subject, topic);
    return topic.nameBytes();
  }

  unsubscribeAll(client: ClientState): void {
    for (const subject of SUBJECTS) {
      let topic = topicsOf(client)?.oldest(subject);
      while (topic !== undefined) {
        this.#leave(client, subject, topic);
        topic = topicsOf(client)?.oldest(subject);
      }
    }
  }

  publish(args: Args, channel: number, message: number): number {
    if (!this.hasListeners) return 0;
    const { bytes, view } = args;
    const content = bytesOf(args, message);
    return this.send(bytes, view, args.start(channel), args.length(channel), content);
  }

  publishSharded(args: Args, channel: number, message: number): number {
    const topics = this.#topics.shardChannels;
    const topic = topics.find(args.bytes, args.view, args.start(channel), args.length(channel));
    if (topic === null) return 0;
    const words = [SHARD_MESSAGE, bytesOf(args, channel), bytesOf(args, message)];
    return deliver(topic, new PushMessage(words));
  }

  /** As `publish`; the channel is the `length` bytes at `start`. */
  send(bytes: Buffer, view: DataView, start: number, length: number, message: Uint8Array): number {
    const end = start + length;
    let receivers = 0;
    const topic = this.#topics.channels.find(bytes, view, start, length);
    if (topic !== null) {
      const words = [MESSAGE, bytes.subarray(start, end), message];
      receivers += deliver(topic, new PushMessage(words));
    }
    for (const [matching, pattern] of this.#patterns) {
      if (!globMatch(pattern, 0, pattern.length, bytes, start, end, false)) continue;
      const words = [PATTERN_MESSAGE, pattern, bytes.subarray(start, end), message];
      receivers += deliver(matching, new PushMessage(words));
    }
    return receivers;
  }

  *names(subject: Subject): Generator<Buffer> {
    for (const topic of this.#topics[subject]) yield topic.nameBytes();
  }

  size(subject: Subject): number {
    return this.#topics[subject].size;
  }

  subscriberCount(subject: Subject, args: Args, i: number): number {
    const { bytes, view } = args;
    const topic = this.#topics[subject].find(bytes, view, args.start(i), args.length(i));
    return topic?.subscribers.size ?? 0;
  }

  /** Ends a subscription, if there is one. */
  #leave(client: ClientState, subject: Subject, topic: Topic): void {
    const topics = topicsOf(client);
    if (topics === null || !topics.remove(subject, topic)) return;
    topic.subscribers.delete(client.transport);
    if (topic.subscribers.size === 0) {
      this.#topics[subject].remove(topic);
      this.#patterns.delete(topic);
    }
    if (topics.isEmpty) client.subscriptions = null;
  }
}

function topicsOf(client: ClientState): ClientTopics | null {
  // Only the registry gives a client subscriptions.
  return client.subscriptions as ClientTopics | null;
}

/** Sends a message to all subscribers; how many there are. */
function deliver({ subscribers }: Topic, message: PushMessage): number {
  for (const transport of subscribers) transport.deliver(message);
  return subscribers.size;
}

function bytesOf(args: Args, i: number): Buffer {
  const start = args.start(i);
  return args.bytes.subarray(start, start + args.length(i));
}
