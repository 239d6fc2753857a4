/** Publishing and subscribing. */
import type { Args } from '../../protocol/args.ts';
import type { ClientState } from './clients.ts';

/** What can be subscribed to. Sharded channels have names of their own. */
export type Subject = 'channels' | 'patterns' | 'shardChannels';

/** What one client is subscribed to. */
export interface Subscriptions {
  count(subject: Subject): number;
}

/** Who is subscribed to what, and the way of messages to them. */
export interface PubSub {
  /** Subscribes a client to what argument `i` names; nothing happens when it is already. */
  subscribe(client: ClientState, subject: Subject, args: Args, i: number): void;
  /** Ends a client's subscription to what argument `i` names, if it has one. */
  unsubscribe(client: ClientState, subject: Subject, args: Args, i: number): void;
  /** Ends the oldest of a client's subscriptions of a kind; its name, undefined for none. */
  unsubscribeOldest(client: ClientState, subject: Subject): Buffer | undefined;
  /** Ends all subscriptions of a client, without a word to it. */
  unsubscribeAll(client: ClientState): void;
  /**
   * Sends argument `message` to all who are subscribed to channel `channel`, or to a pattern that
   * it matches; how many got it, clients as often as they did.
   */
  publish(args: Args, channel: number, message: number): number;
  /** As `publish`, on a sharded channel, which no pattern matches. */
  publishSharded(args: Args, channel: number, message: number): number;
  /** What has subscribers; the names are new copies. */
  names(subject: Subject): Iterable<Buffer>;
  /** How many of a kind have subscribers. */
  size(subject: Subject): number;
  /** How many clients are subscribed to what argument `i` names. */
  subscriberCount(subject: Subject, args: Args, i: number): number;
}
