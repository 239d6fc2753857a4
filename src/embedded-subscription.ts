/** Subscribing inside of a process: each subscription is a client of its own, without a socket. */
import type { Transport } from './commands/services/clients.ts';
import type { Engine } from './engine/engine.ts';
import type { Session } from './engine/session.ts';
import { Args } from './protocol/args.ts';
import type { PushMessage, PushWord } from './protocol/push-message.ts';
import { EXACT_LEAVES, ValueWriter } from './protocol/value-writer.ts';

/** Text stands for its UTF-8 bytes. */
type ChannelName = string | Uint8Array;

/** Names of channels, or patterns. */
export type ChannelNames = ChannelName | readonly ChannelName[];

/** A message, with names and text read as UTF-8. */
export interface ChannelMessage {
  readonly channel: string;
  /** The pattern that the channel matches, where it is to one that the program subscribes. */
  readonly pattern: string | undefined;
  readonly text: string;
  /** Every byte of the message as it was sent. */
  readonly bytes: Buffer;
}

/** Called with each message. */
export type MessageListener = (message: ChannelMessage) => void;

/** What the messages that nobody takes cost beside their bytes. */
const MESSAGE_BYTES = 256;

/** Subscribes a new client of the engine. Throws TypeError without a name. */
export function openSubscription(
  engine: Engine,
  command: 'SUBSCRIBE' | 'PSUBSCRIBE',
  names: ChannelNames,
  listener: MessageListener | undefined,
): Subscription {
  const list = typeof names === 'string' || names instanceof Uint8Array ? [names] : names;
  if (list.length === 0) throw new TypeError('a subscription needs a name');
  return new Subscription(engine, command, list.map(bytesOf), listener);
}

/** Messages of some channels, as long as it is open. */
export class Subscription implements AsyncIterable<ChannelMessage> {
  readonly #engine: Engine;
  readonly #client: SubscribedClient;
  readonly #listener: MessageListener | undefined;
  /** Messages that came and were not taken, from `#next` on. */
  #waiting: ChannelMessage[] = [];
  #next = 0;
  #waitingBytes = 0;
  /** Whether the listener is about to be called. */
  #calling = false;
  #closed = false;
  #failure: Error | null = null;
  /** Who waits for the next message, or for the end. */
  #wake: (() => void)[] = [];

  constructor(
    engine: Engine,
    command: string,
    names: readonly Buffer[],
    listener: MessageListener | undefined,
  ) {
    this.#engine = engine;
    this.#listener = listener;
    this.#client = new SubscribedClient(engine, {
      receive: (message) => this.#receive(message),
      heldBytes: () => this.#waitingBytes,
      end: () => this.close(),
    });
    for (const name of names) this.#client.run(command, name);
  }

  /** Whether it has ended, by `close`, with the engine, or because somebody ended its client. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Ends the subscription; what has come and was not taken is dropped. May be called again. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#forget();
    this.#client.leave();
    this.#wakeAll();
  }

  /**
   * Takes messages in their order, waiting for the next, until the subscription ends. Throws when
   * it had to end because too much was waiting. Leaving the loop closes the subscription.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<ChannelMessage, void, undefined> {
    try {
      for (;;) {
        const message = this.#take();
        if (message !== undefined) yield message;
        else if (this.#failure !== null) throw this.#failure;
        else if (this.#closed) return;
        else await new Promise<void>((resolve) => this.#wake.push(resolve));
      }
    } finally {
      this.close();
    }
  }

  #receive(message: ChannelMessage): void {
    if (this.#closed) return;
    this.#waiting.push(message);
    this.#waitingBytes += sizeOf(message);
    const { hardBytes } = this.#engine.limits.subscriberOutput;
    if (hardBytes > 0 && this.#waitingBytes > hardBytes) {
      this.#failure = new Error(`${this.#waitingBytes} bytes of messages were not taken`);
      this.close();
    } else if (this.#listener === undefined) {
      this.#wakeAll();
    } else if (!this.#calling) {
      this.#callLater();
    }
  }

  /** The listener may call commands, and the one that runs now is not done. */
  #callLater(): void {
    this.#calling = true;
    queueMicrotask(() => {
      const message = this.#take();
      // What comes next comes also when the listener throws.
      if (this.#waiting.length > 0) this.#callLater();
      else this.#calling = false;
      if (message !== undefined) this.#listener?.(message);
    });
  }

  #take(): ChannelMessage | undefined {
    const message = this.#waiting[this.#next++];
    if (message !== undefined) this.#waitingBytes -= sizeOf(message);
    if (this.#next >= this.#waiting.length) this.#forget();
    return message;
  }

  #forget(): void {
    this.#waiting = [];
    this.#next = 0;
    this.#waitingBytes = 0;
  }

  #wakeAll(): void {
    const waiters = this.#wake;
    this.#wake = [];
    for (const wake of waiters) wake();
  }
}

/** What a client tells its subscription. */
interface Owner {
  receive(message: ChannelMessage): void;
  heldBytes(): number;
  end(): void;
}

class SubscribedClient implements Transport {
  readonly kind = 'embedded';
  readonly address = 'embedded:0';
  readonly localAddress = 'embedded:0';
  readonly fileDescriptor = -1;
  readonly #engine: Engine;
  readonly #owner: Owner;
  readonly #session: Session;

  constructor(engine: Engine, owner: Owner) {
    this.#engine = engine;
    this.#owner = owner;
    this.#session = engine.openSession(this);
    this.#session.authenticated = true;
    this.#session.resp3 = true;
  }

  /** Runs a command that subscribes to one name. */
  run(command: string, name: Buffer): void {
    const engine = this.#engine;
    const confirmation = new ValueWriter(EXACT_LEAVES, true);
    engine.beginBatch();
    try {
      engine.executor.execute(this.#session, Args.of(Buffer.from(command), name), confirmation);
    } finally {
      engine.endBatch();
    }
  }

  leave(): void {
    this.#engine.closeSession(this.#session);
  }

  queryBytes(): number {
    return 0;
  }

  queryFreeBytes(): number {
    return 0;
  }

  outputChunks(): number {
    return this.outputBytes() > 0 ? 1 : 0;
  }

  outputBytes(): number {
    return this.#owner.heldBytes();
  }

  /** Nothing but messages is sent to it. */
  push(): void {
    this.#engine.log.debug('Nothing but messages is pushed to a subscription');
  }

  /** None of its commands waits. */
  answer(): boolean {
    return false;
  }

  /** What is not of a channel, such as that a key is not valid any more, is not for it. */
  deliver({ words }: PushMessage): void {
    if (!areBytes(words)) return;
    const bytes = Buffer.from(words.at(-1)!);
    const pattern = words.length === 4 ? textOf(words[1]!) : undefined;
    const channel = textOf(words.at(-2)!);
    this.#owner.receive({ channel, pattern, text: bytes.toString(), bytes });
  }

  resume(): void {
    this.#session.stop = 0;
  }

  destroy(): void {
    this.#owner.end();
  }
}

function areBytes(words: readonly PushWord[]): words is readonly Uint8Array[] {
  return words.every((word) => word instanceof Uint8Array);
}

function sizeOf({ channel, bytes }: ChannelMessage): number {
  return MESSAGE_BYTES + channel.length + bytes.length;
}

function bytesOf(name: ChannelName): Buffer {
  return typeof name === 'string' ? Buffer.from(name) : Buffer.from(name);
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
}
