/**
 * Several writers at once that put much more into a server than its memory limit lets it keep, with
 * values of mixed sizes, while another client asks how much it uses.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { ReplyCounter } from './reply-counter.ts';
import { seededRandom } from './zipf.ts';

/** Largest value; the others are spread evenly over the powers of two below. */
const VALUE_BYTES_MAX = 64 * 1024;
/** Commands that a writer sends together. */
const BATCH = 16;
/** What a SET takes beside its value, at most. */
const HEADER_BYTES_MAX = 128;
const ASKED_EVERY_MS = 20;

export interface Overcommitment {
  readonly port: number;
  readonly writers: number;
  /** Bytes of values in all. */
  readonly bytes: number;
  readonly seed: number;
  /** Asks the server what it uses; called every few milliseconds, and at the end. */
  readonly look: () => Promise<void>;
}

/** Writes until all is written. Rejects when a reply is an error. */
export async function overcommit(order: Overcommitment): Promise<void> {
  let isDone = false;
  const watch = async () => {
    while (!isDone) {
      await order.look();
      await sleep(ASKED_EVERY_MS);
    }
  };
  const writers = Array.from({ length: order.writers }, (_, i) => write(order, i));
  const watching = watch();
  try {
    await Promise.all(writers);
  } finally {
    isDone = true;
    await watching;
  }
  await order.look();
}

async function write({ port, writers, bytes, seed }: Overcommitment, writer: number) {
  const random = seededRandom(seed + writer);
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  const replies = new Replies(socket);
  // One buffer for all batches: what the writers spend on garbage, the server would wait for.
  const batch = Buffer.alloc(BATCH * (VALUE_BYTES_MAX + HEADER_BYTES_MAX));
  let left = bytes / writers;
  for (let key = 0; left > 0; ) {
    let end = 0;
    for (let i = 0; i < BATCH; i++) {
      const length = Math.floor(2 ** (random() * Math.log2(VALUE_BYTES_MAX)));
      end = putSet(batch, end, `writer:${writer}:${key++}`, length);
      left -= length;
    }
    socket.write(batch.subarray(0, end));
    await replies.take(BATCH);
  }
  socket.destroy();
}

/** Writes a SET of so many bytes at a place of a batch; where it ends. */
function putSet(batch: Buffer, at: number, key: string, length: number): number {
  const header = `*3\r\n$3\r\nSET\r\n$${key.length}\r\n${key}\r\n$${length}\r\n`;
  const start = at + batch.write(header, at, 'latin1');
  batch.fill('v', start, start + length);
  return start + length + batch.write('\r\n', start + length, 'latin1');
}

/** Counts the replies of one connection. */
class Replies {
  readonly #socket: Socket;
  readonly #counter = new ReplyCounter();
  #spare = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  async take(count: number): Promise<void> {
    while (this.#spare < count) {
      const [data] = (await once(this.#socket, 'data')) as [Buffer];
      this.#spare += this.#counter.feed(data, data.length);
    }
    this.#spare -= count;
  }
}
