import { describe, expect, it } from 'vitest';
import { ClientRoom, type RoomClient } from '../../test/support/client-room.ts';
import { chosenSeed, SeededRandom } from '../../test/support/seeded-random.ts';
import type { Subject } from '../commands/services/pubsub.ts';
import { Args } from '../protocol/args.ts';
import { globMatch } from '../protocol/glob.ts';

const seed = chosenSeed();

const NAMES = ['', 'a', 'b', 'ab', 'a*', '*', '?', '[ab]', 'a\\*', 'longer.name'];
const SUBJECTS: readonly Subject[] = ['channels', 'patterns', 'shardChannels'];
const STEPS = 4_000;

/** The dumbest registry there is: a list of who is subscribed to what, the oldest first. */
class Model {
  readonly subscriptions: { client: RoomClient; subject: Subject; name: string }[] = [];

  subscribe(client: RoomClient, subject: Subject, name: string): void {
    if (this.of(client, subject).includes(name)) return;
    this.subscriptions.push({ client, subject, name });
  }

  unsubscribe(client: RoomClient, subject: Subject, name: string | undefined): void {
    const at = this.subscriptions.findIndex(
      (each) => each.client === client && each.subject === subject && each.name === name,
    );
    if (at >= 0) this.subscriptions.splice(at, 1);
  }

  of(client: RoomClient, subject: Subject): string[] {
    return this.subscriptions
      .filter((each) => each.client === client && each.subject === subject)
      .map(({ name }) => name);
  }

  /** Who gets a message, as often as they do. */
  receivers(channel: string, isSharded: boolean): RoomClient[] {
    return this.subscriptions
      .filter(({ subject, name }) => {
        if (subject === 'patterns') return !isSharded && matches(name, channel);
        return name === channel && isSharded === (subject === 'shardChannels');
      })
      .map(({ client }) => client);
  }
}

function matches(pattern: string, channel: string): boolean {
  const [glob, subject] = [Buffer.from(pattern), Buffer.from(channel)];
  return globMatch(glob, 0, glob.length, subject, 0, subject.length, false);
}

/** How many messages of some kind a client got since it was last asked. */
function messagesOf(client: RoomClient): number {
  return client.take().split(/\$\d\r\n[ps]?message\r\n/).length - 1;
}

describe(`Registry like a list of subscriptions (SEED=${seed})`, () => {
  it('agrees on receivers, names and counts', () => {
    const random = new SeededRandom(seed);
    const room = new ClientRoom();
    const registry = room.pubsub;
    const clients = Array.from({ length: 5 }, () => room.enter());
    const model = new Model();
    for (let step = 0; step < STEPS; step++) {
      const client = random.pick(clients);
      const subject = random.pick(SUBJECTS);
      const name = random.pick(NAMES);
      const args = Args.of(Buffer.from(name), Buffer.from('m'));
      const action = random.integer(0, 9);
      if (action < 4) {
        registry.subscribe(client.session, subject, args, 0);
        model.subscribe(client, subject, name);
      } else if (action < 6) {
        registry.unsubscribe(client.session, subject, args, 0);
        model.unsubscribe(client, subject, name);
      } else if (action === 6) {
        const oldest = registry.unsubscribeOldest(client.session, subject);
        expect(oldest?.toString()).toBe(model.of(client, subject)[0]);
        model.unsubscribe(client, subject, oldest?.toString());
      } else if (action === 7 && random.integer(0, 9) === 0) {
        registry.unsubscribeAll(client.session);
        for (const each of SUBJECTS) {
          for (const its of model.of(client, each)) model.unsubscribe(client, each, its);
        }
      } else {
        const isSharded = action === 9;
        const sent = isSharded ? registry.publishSharded(args, 0, 1) : registry.publish(args, 0, 1);
        const receivers = model.receivers(name, isSharded);
        expect(sent).toBe(receivers.length);
        for (const each of clients) {
          expect(messagesOf(each)).toBe(receivers.filter((one) => one === each).length);
        }
      }
      check(room, clients, model, subject, args);
    }
  });
});

function check(
  { pubsub }: ClientRoom,
  clients: readonly RoomClient[],
  model: Model,
  subject: Subject,
  args: Args,
): void {
  const ofSubject = model.subscriptions.filter((each) => each.subject === subject);
  const names = new Set(ofSubject.map(({ name }) => name));
  expect(new Set([...pubsub.names(subject)].map(String))).toEqual(names);
  expect(pubsub.size(subject)).toBe(names.size);
  const asked = args.text(0);
  const subscribers = ofSubject.filter(({ name }) => name === asked).length;
  expect(pubsub.subscriberCount(subject, args, 0)).toBe(subscribers);
  for (const { session } of clients) {
    const own = model.subscriptions.filter(({ client }) => client.session === session);
    expect(session.subscriptions === null).toBe(own.length === 0);
    const count = own.filter((each) => each.subject === subject).length;
    expect(session.subscriptions?.count(subject) ?? 0).toBe(count);
  }
}
