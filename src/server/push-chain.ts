/**
 * Messages on their way to clients that did not ask for them just now. They are gathered while the
 * event loop goes through the sockets that have something to read, and sent at the end of its turn:
 * one write per client and turn, however many messages it gets.
 *
 * Most of the clients of a turn get the same messages in the same order. What a client gets is
 * therefore a chain that is never changed: a client that gets one message more moves on to the link
 * behind its own, which the first to get there has made. All of them share the links, and the bytes
 * that a link puts together out of itself and all before it.
 */

const NO_BYTES = Buffer.alloc(0);

/** One more message, behind those of another link. */
export class PushChain {
  /** Bytes of all messages up to this. */
  readonly length: number;
  readonly #before: PushChain | null;
  readonly #message: Buffer;
  /** The link behind this that was asked for last. */
  #behind: PushChain | null = null;
  #bytes: Buffer | null = null;

  private constructor(before: PushChain | null, message: Buffer) {
    this.#before = before;
    this.#message = message;
    this.length = (before?.length ?? 0) + message.length;
  }

  /** A chain without messages. */
  static empty(): PushChain {
    return new PushChain(null, NO_BYTES);
  }

  /** The chain with one message more, which nobody may change. */
  with(message: Buffer): PushChain {
    const behind = this.#behind;
    if (behind !== null && behind.#message === message) return behind;
    const made = new PushChain(this, message);
    this.#behind = made;
    return made;
  }

  /** All messages in their order; shared, so that nobody may change them. */
  get bytes(): Buffer {
    this.#bytes ??= this.length === this.#message.length ? this.#message : this.#joined();
    return this.#bytes;
  }

  #joined(): Buffer {
    const bytes = Buffer.allocUnsafeSlow(this.length);
    let at = this.length;
    for (let link: PushChain | null = this; link !== null; link = link.#before) {
      at -= link.#message.length;
      bytes.set(link.#message, at);
    }
    return bytes;
  }
}

/** Who sends what has been gathered. */
export interface PushSender {
  sendGathered(): void;
}

/** One turn of the event loop, as far as messages are concerned. */
export class PushTurn {
  #senders: PushSender[] = [];
  #start = PushChain.empty();

  /** The first message of the turn for a sender, who is told when the turn ends. */
  begin(sender: PushSender, message: Buffer): PushChain {
    if (this.#senders.length === 0) setImmediate(() => this.#end());
    this.#senders.push(sender);
    return this.#start.with(message);
  }

  #end(): void {
    const senders = this.#senders;
    this.#senders = [];
    this.#start = PushChain.empty();
    for (const sender of senders) sender.sendGathered();
  }
}
