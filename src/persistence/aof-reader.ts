/**
 * Reading an append-only file: commands as clients send them, one behind the other, with lines
 * between them that begin with # and say the time.
 *
 *   #TS:1704067200\r\n
 *   *3\r\n $3\r\nSET\r\n $1\r\nk\r\n $1\r\nv\r\n
 *
 * It is read strictly: what was written has exactly this form, and whatever differs from it is
 * damage. No length is believed before the bytes are there.
 */
import { Args } from '../protocol/args.ts';
import type { ByteSource } from './rdb-reader.ts';

const WINDOW_BYTES = 256 * 1024;
/** A longer window, which a long command has needed, is given back. */
const KEPT_BYTES_MAX = 4 * 1024 * 1024;
const ARGUMENTS_MAX = 1024 * 1024 * 1024;
const ARGUMENT_BYTES_MAX = 2 ** 30;
const ANNOTATION_BYTES_MAX = 1024;

const ASTERISK = 0x2a;
const DOLLAR = 0x24;
const HASH = 0x23;
const CR = 0x0d;
const LF = 0x0a;

/** What was read, or that there is nothing more. */
export type AofItem = 'command' | 'annotation' | 'end';

/** What is wrong with a file, and where. */
export class AofError extends Error {
  override name = 'AofError';
  /** Where the command or line at fault begins: bytes from the beginning. */
  readonly offset: number;
  /** Whether the file ends in the middle of it, and is sound up to there. */
  readonly isTruncated: boolean;

  constructor(offset: number, reason: string, isTruncated = false) {
    super(reason);
    this.offset = offset;
    this.isTruncated = isTruncated;
  }
}

/** See the file's comment. */
export class AofReader {
  /** The command that was read last: valid until the next is. */
  readonly args: Args = new Args();
  /** The line that was read last, without # and its end. */
  annotation = '';
  /** Where what was read last begins. */
  itemOffset = 0;
  readonly #source: ByteSource;
  #bytes: Buffer = Buffer.allocUnsafeSlow(WINDOW_BYTES);
  #view = new DataView(this.#bytes.buffer);
  #at = 0;
  #end = 0;
  /** Offset of the window's first byte from the beginning of the file. */
  #offset: number;
  #cursor = 0;

  /** Reads from where the source is, which is so many bytes behind the beginning of its file. */
  constructor(source: ByteSource, offset = 0) {
    this.#source = source;
    this.#offset = offset;
  }

  /** Bytes from the beginning to what is read next. */
  get offset(): number {
    return this.#offset + this.#at;
  }

  /** Reads what comes next. Throws AofError. */
  next(): AofItem {
    this.itemOffset = this.offset;
    if (this.#at === this.#end && !this.#fill()) return 'end';
    const first = this.#bytes[this.#at]!;
    if (first === ASTERISK) {
      this.#command();
      return 'command';
    }
    this.#cursor = this.#at + 1;
    if (first !== HASH) throw this.#damage(`${first} begins neither a command nor a comment`);
    this.#annotation();
    return 'annotation';
  }

  #command(): void {
    this.#cursor = this.#at;
    const count = this.#head(ASTERISK, ARGUMENTS_MAX, 'the number of arguments');
    if (count === 0) throw this.#damage('a command without a name');
    const begins = this.#cursor - this.#at;
    // All of it must be in the window before the arguments are noted: it moves as it grows.
    for (let left = count; left > 0; left--) this.#argument();
    const { args } = this;
    args.reset(this.#bytes, this.#view);
    const end = this.#cursor;
    this.#cursor = this.#at + begins;
    for (let left = count; left > 0; left--) {
      const length = this.#head(DOLLAR, ARGUMENT_BYTES_MAX, 'the length of an argument');
      args.push(this.#cursor, length);
      this.#cursor += length + 2;
    }
    args.end = end;
    this.#at = end;
  }

  #argument(): void {
    const length = this.#head(DOLLAR, ARGUMENT_BYTES_MAX, 'the length of an argument');
    this.#need(length + 2);
    const end = this.#cursor + length;
    if (this.#bytes[end] !== CR || this.#bytes[end + 1] !== LF) {
      this.#cursor = end + 1;
      throw this.#damage('an argument is not as long as it says');
    }
    this.#cursor = end + 2;
  }

  /** Reads a mark, a number and the end of the line. */
  #head(mark: number, max: number, what: string): number {
    this.#need(1);
    if (this.#bytes[this.#cursor++] !== mark) throw this.#damage(`${what} is missing`);
    let value = 0;
    let digits = 0;
    for (;;) {
      this.#need(1);
      const byte = this.#bytes[this.#cursor++]!;
      if (byte === CR) break;
      const isDigit = byte >= 0x30 && byte <= 0x39;
      if (!isDigit || (digits === 1 && value === 0)) throw this.#damage(`${what} is no number`);
      value = value * 10 + (byte - 0x30);
      digits++;
      if (value > max) throw this.#damage(`${what} is ${value}`);
    }
    this.#need(1);
    if (digits === 0 || this.#bytes[this.#cursor++] !== LF) {
      throw this.#damage(`${what} is no number`);
    }
    return value;
  }

  #annotation(): void {
    this.#cursor = this.#at;
    for (;;) {
      this.#need(1);
      if (this.#bytes[this.#cursor++] === LF) break;
      if (this.#cursor - this.#at > ANNOTATION_BYTES_MAX)
        throw this.#damage('a comment is too long');
    }
    if (this.#bytes[this.#cursor - 2] !== CR) throw this.#damage('a comment has no end');
    this.annotation = this.#bytes.toString('latin1', this.#at + 1, this.#cursor - 2);
    this.#at = this.#cursor;
  }

  /**
   * Zeros where something else should be were never written: after a loss of power a file may have
   * its length, but not all that was added last.
   */
  #damage(reason: string): AofError {
    const at = Math.max(this.#at, this.#cursor - 1);
    const isHole = this.#bytes[at] === 0 && (at + 1 >= this.#end || this.#bytes[at + 1] === 0);
    return new AofError(this.itemOffset, isHole ? 'the file has a hole here' : reason, isHole);
  }

  /** Sees to it that so many bytes from the cursor on are in the window. */
  #need(count: number): void {
    while (this.#cursor + count > this.#end) {
      if (!this.#fill()) {
        throw new AofError(this.itemOffset, 'the file ends in the middle of this', true);
      }
    }
  }

  /** Reads on behind what is in the window; whether there was anything. */
  #fill(): boolean {
    this.#makeRoom();
    const got = this.#source.read(this.#bytes, this.#end, this.#bytes.length - this.#end);
    this.#end += got;
    return got > 0;
  }

  /**
   * Moves what is not read yet to the beginning of the window, and makes that larger if need be.
   */
  #makeRoom(): void {
    const left = this.#end - this.#at;
    const shift = this.#at;
    const isFull = left > this.#bytes.length / 2;
    const isWasteful = left < WINDOW_BYTES && this.#bytes.length > KEPT_BYTES_MAX;
    if (isFull || isWasteful) {
      const larger = Buffer.allocUnsafeSlow(isFull ? this.#bytes.length * 2 : WINDOW_BYTES);
      this.#bytes.copy(larger, 0, this.#at, this.#end);
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    } else {
      this.#bytes.copyWithin(0, this.#at, this.#end);
    }
    this.#offset += shift;
    this.#at = 0;
    this.#end = left;
    this.#cursor -= shift;
  }
}
