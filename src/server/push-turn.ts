/**
 * Messages on their way to clients that did not ask for them just now. They are gathered while the
 * event loop goes through the sockets that have something to read, and sent at the end of its turn:
 * one write per client and turn, however many messages it gets.
 *
 * Most of the clients of a turn get the same messages in the same order. What a client gets is
 * therefore a chain that is never changed: a client that gets one message more moves on to the link
 * behind its own, which the first to get there has made. All of them share the links, and the bytes
 * that a link puts together out of itself and all before it.
 *
 * Links are numbered, and clients hold the number: a pointer from an old object to a young one
 * would make the collector look at each of a thousand clients after every message.
 */

const NO_BYTES = Buffer.alloc(0);

/** The link without messages. */
export const NO_LINK = 0;

/** One more message, behind those of another link. */
class Link {
  /** Bytes of all messages up to this. */
  readonly length: number;
  readonly before: Link | null;
  readonly message: Buffer;
  /** The link behind this that was asked for last. */
  behind: number = NO_LINK;
  bytes: Buffer | null = null;

  constructor(before: Link | null, message: Buffer) {
    this.before = before;
    this.message = message;
    this.length = (before?.length ?? 0) + message.length;
  }
}

/** Senders that are looked ahead at, so that the cache misses overlap. */
const TOUCHED_TOGETHER = 16;

/** Who sends what has been gathered. */
export interface PushSender {
  /** Reads what `sendGathered` is going to need; a number that means nothing. */
  touch(): number;
  sendGathered(): void;
}

/** One turn of the event loop after the other, as far as messages are concerned. */
export class PushTurn {
  #senders: PushSender[] = [];
  /** Sum of what was touched, so that the reads cannot be optimised away. */
  touched = 0;
  #links: Link[] = [new Link(null, NO_BYTES)];

  /** Has a sender send at the end of the turn. */
  begin(sender: PushSender): void {
    if (this.#senders.length === 0) setImmediate(() => this.#end());
    this.#senders.push(sender);
  }

  /** The link with one message more, which nobody may change. Valid until the turn ends. */
  append(link: number, message: Buffer): number {
    const links = this.#links;
    const before = links[link]!;
    const { behind } = before;
    if (behind !== NO_LINK && links[behind]!.message === message) return behind;
    before.behind = links.length;
    links.push(new Link(before, message));
    return before.behind;
  }

  /** Bytes of all messages up to this. */
  lengthOf(link: number): number {
    return this.#links[link]!.length;
  }

  /** All messages up to this in their order; shared, so that nobody may change them. */
  bytesOf(link: number): Buffer {
    const last = this.#links[link]!;
    last.bytes ??= last.length === last.message.length ? last.message : joined(last);
    return last.bytes;
  }

  #end(): void {
    const senders = this.#senders;
    this.#senders = [];
    for (let from = 0; from < senders.length; from += TOUCHED_TOGETHER) {
      const to = Math.min(from + TOUCHED_TOGETHER, senders.length);
      for (let i = from; i < to; i++) this.touched ^= senders[i]!.touch();
      for (let i = from; i < to; i++) senders[i]!.sendGathered();
    }
    // Unless the next turn has begun.
    if (this.#senders.length === 0) this.#links = [new Link(null, NO_BYTES)];
  }
}

function joined(last: Link): Buffer {
  const bytes = Buffer.allocUnsafeSlow(last.length);
  let at = last.length;
  for (let link: Link | null = last; link !== null; link = link.before) {
    at -= link.message.length;
    bytes.set(link.message, at);
  }
  return bytes;
}
