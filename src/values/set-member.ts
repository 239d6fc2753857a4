/**
 * A member of a set in hand: its text, and the integer that the text may read as. Sets of integers
 * know the one and other sets the other, and whoever asks gets what was not asked for yet.
 */
import type { Args } from '../protocol/args.ts';
import type { Reply } from '../protocol/reply.ts';
import { INT64_TEXT_MAX, Int64 } from '../structures/int64.ts';
import { hashBytes } from '../structures/siphash.ts';

/** Where texts go. */
export type TextSink = Pick<Reply, 'bulk'>;

const NO_BYTES = Buffer.alloc(0);
const NO_VIEW = new DataView(new ArrayBuffer(0));

/** Whether the text reads as an integer. */
const UNREAD = 0;
const INTEGER = 1;
const NO_INTEGER = 2;

/** See the file's comment. A text stays where it is, and is valid as long as it does. */
export class SetMember {
  /** The text: of what was given as an integer, only after `spell`. */
  bytes: Buffer = NO_BYTES;
  view: DataView = NO_VIEW;
  start = 0;
  length = 0;
  /** The value, when `isInteger()`. */
  readonly integer: Int64 = new Int64();
  #reading = UNREAD;
  #isSpelled = true;
  #hash = 0;
  #isHashed = false;
  readonly #digits = Buffer.alloc(INT64_TEXT_MAX);
  readonly #digitsView = new DataView(this.#digits.buffer, this.#digits.byteOffset, INT64_TEXT_MAX);

  /** Takes a text. */
  setText(bytes: Buffer, view: DataView, start: number, length: number): void {
    this.bytes = bytes;
    this.view = view;
    this.start = start;
    this.length = length;
    this.#reading = UNREAD;
    this.#isSpelled = true;
    this.#isHashed = false;
  }

  /** Takes argument `i`. */
  setArgument(args: Args, i: number): void {
    this.setText(args.bytes, args.view, args.start(i), args.length(i));
  }

  /** Says that `integer` was given its value. */
  integerWasSet(): void {
    this.#reading = INTEGER;
    this.#isSpelled = false;
    this.#isHashed = false;
  }

  /** Whether the text reads as an integer of 64 bits, which then is `integer`. */
  isInteger(): boolean {
    if (this.#reading === UNREAD) {
      const isInteger = this.integer.parse(this.bytes, this.start, this.length);
      this.#reading = isInteger ? INTEGER : NO_INTEGER;
    }
    return this.#reading === INTEGER;
  }

  /** Sees to it that the text is there. */
  spell(): void {
    if (this.#isSpelled) return;
    this.bytes = this.#digits;
    this.view = this.#digitsView;
    this.start = 0;
    this.length = this.integer.write(this.#digits, 0);
    this.#isSpelled = true;
  }

  /** The hash of the text, by which tables find it. */
  hash(): number {
    if (!this.#isHashed) {
      this.spell();
      this.#hash = hashBytes(this.view, this.start, this.length);
      this.#isHashed = true;
    }
    return this.#hash;
  }

  /** Answers with the text. */
  write(reply: TextSink): void {
    this.spell();
    reply.bulk(this.bytes, this.view, this.start, this.length);
  }
}
