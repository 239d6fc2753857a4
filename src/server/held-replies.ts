/**
 * Replies that may not be sent yet, because what they tell of is not on the disk.
 *
 * There are two generations. What comes while the first waits goes to the second, which waits in
 * its turn: a client that never stops sending gets a generation with each synchronisation.
 */
import { ReplyQueue } from './reply-queue.ts';

/** Some replies, and the position of the stream of changes that they wait for. */
interface Generation {
  readonly replies: ReplyQueue;
  offset: number;
}

/** See the file's comment. */
export class HeldReplies {
  #first: Generation | null = null;
  #second: Generation | null = null;

  get isEmpty(): boolean {
    return this.#first === null;
  }

  get bytes(): number {
    return (this.#first?.replies.bytes ?? 0) + (this.#second?.replies.bytes ?? 0);
  }

  /** Adds bytes, which may be sent once the stream is kept up to `offset`. */
  add(bytes: Buffer, offset: number): void {
    let generation = this.#second;
    if (this.#first === null) {
      generation = { replies: new ReplyQueue(), offset };
      this.#first = generation;
    } else if (generation === null) {
      generation = { replies: new ReplyQueue(), offset };
      this.#second = generation;
    }
    generation.replies.add(bytes);
    generation.offset = Math.max(generation.offset, offset);
  }

  /** Hands over what waits for nothing any more. */
  release(isKept: (offset: number) => boolean, to: ReplyQueue): void {
    while (this.#first !== null && isKept(this.#first.offset)) {
      const { replies } = this.#first;
      for (let piece = replies.take(); piece !== undefined; piece = replies.take()) to.add(piece);
      this.#first = this.#second;
      this.#second = null;
    }
  }

  clear(): void {
    this.#first = null;
    this.#second = null;
  }
}
