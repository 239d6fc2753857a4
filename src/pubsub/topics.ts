/**
 * Channels, or patterns, that have subscribers, by name.
 *
 * Names come from clients, so they are looked up by the keyed hash of the keyspace, whose
 * collisions nobody can compute; those of one hash are chained. A name is looked up as it lies in
 * the read buffer: no string is made to publish to a channel that nobody listens to.
 */
import type { Transport } from '../commands/services/clients.ts';
import { hashBytes } from '../structures/siphash.ts';

/** A channel or a pattern with those who are subscribed to it, the oldest first. */
export class Topic {
  /** The bytes of its name, as Latin-1: a fraction of what a Buffer costs. */
  readonly name: string;
  readonly hash: number;
  readonly subscribers: Set<Transport> = new Set();
  /** The next of the same hash. */
  next: Topic | null = null;

  constructor(name: string, hash: number) {
    this.name = name;
    this.hash = hash;
  }

  /** A copy of its name. */
  nameBytes(): Buffer {
    return Buffer.from(this.name, 'latin1');
  }
}

/** See the file's comment. */
export class Topics {
  size = 0;
  readonly #byHash = new Map<number, Topic>();

  /** The topic named by `length` bytes at `start`; null when nobody is subscribed to it. */
  find(bytes: Buffer, view: DataView, start: number, length: number): Topic | null {
    if (this.size === 0) return null;
    let topic = this.#byHash.get(hashBytes(view, start, length)) ?? null;
    while (topic !== null && !isNamed(topic.name, bytes, start, length)) topic = topic.next;
    return topic;
  }

  /** As `find`; a topic that is not there is made. */
  findOrAdd(bytes: Buffer, view: DataView, start: number, length: number): Topic {
    const found = this.find(bytes, view, start, length);
    if (found !== null) return found;
    const hash = hashBytes(view, start, length);
    const topic = new Topic(bytes.toString('latin1', start, start + length), hash);
    topic.next = this.#byHash.get(hash) ?? null;
    this.#byHash.set(hash, topic);
    this.size++;
    return topic;
  }

  remove(topic: Topic): void {
    this.size--;
    let before = this.#byHash.get(topic.hash)!;
    if (before === topic) {
      if (topic.next === null) this.#byHash.delete(topic.hash);
      else this.#byHash.set(topic.hash, topic.next);
      return;
    }
    while (before.next !== topic) before = before.next!;
    before.next = topic.next;
  }

  /** All of them; the oldest first, as long as no two have the same hash. */
  *[Symbol.iterator](): Generator<Topic> {
    for (let topic of this.#byHash.values()) {
      for (;;) {
        yield topic;
        if (topic.next === null) break;
        topic = topic.next;
      }
    }
  }
}

function isNamed(name: string, bytes: Buffer, start: number, length: number): boolean {
  if (name.length !== length) return false;
  for (let i = 0; i < length; i++) {
    if (name.charCodeAt(i) !== bytes[start + i]) return false;
  }
  return true;
}
