/** Commands as clients send them, into one chunk of memory after the other. */
import { INTEGER_LENGTH_MAX, writeInteger } from '../protocol/numbers.ts';
import type { ByteSink } from './rdb-writer.ts';

const ASTERISK = 0x2a;
const DOLLAR = 0x24;
const CR = 0x0d;
const LF = 0x0a;
/** `*` or `$`, a count, CR and LF. */
const HEAD_BYTES_MAX = INTEGER_LENGTH_MAX + 3;
/** Longest text of ASCII that is written character by character. */
const SHORT_TEXT_MAX = 40;

/** See the file's comment. */
export class CommandOutput {
  readonly #sink: ByteSink;
  #chunk: Buffer;
  #at = 0;

  /** Begins in `chunk`, which has at least 64 bytes. */
  constructor(sink: ByteSink, chunk: Buffer) {
    this.#sink = sink;
    this.#chunk = chunk;
  }

  /** Begins a command of so many words, this one being the first. */
  command(words: number, name: string): void {
    this.#head(ASTERISK, words);
    this.text(name);
  }

  /** A word of ASCII, of at most 40 characters. */
  text(text: string): void {
    const { length } = text;
    if (length > SHORT_TEXT_MAX) throw new Error(`${text} is too long`);
    this.#head(DOLLAR, length);
    if (this.#chunk.length - this.#at < length) this.flush();
    for (let i = 0; i < length; i++) this.#chunk[this.#at++] = text.charCodeAt(i);
    this.endWord();
  }

  /** A word. */
  word(bytes: Buffer, start: number, length: number): void {
    this.beginWord(length);
    this.raw(bytes, start, length);
    this.endWord();
  }

  /** Begins a word of this length, which `raw` gives. */
  beginWord(length: number): void {
    this.#head(DOLLAR, length);
  }

  endWord(): void {
    if (this.#chunk.length - this.#at < 2) this.flush();
    this.#chunk[this.#at++] = CR;
    this.#chunk[this.#at++] = LF;
  }

  /** Bytes as they are. */
  raw(bytes: Buffer, start: number, length: number): void {
    const end = start + length;
    for (let from = start; from < end; ) {
      if (this.#at === this.#chunk.length) this.flush();
      const part = Math.min(end - from, this.#chunk.length - this.#at);
      bytes.copy(this.#chunk, this.#at, from, from + part);
      this.#at += part;
      from += part;
    }
  }

  /** Hands over what is in the chunk. */
  flush(): void {
    if (this.#at === 0) return;
    this.#chunk = this.#sink.take(this.#chunk, this.#at);
    this.#at = 0;
  }

  #head(mark: number, count: number): void {
    if (this.#chunk.length - this.#at < HEAD_BYTES_MAX) this.flush();
    this.#chunk[this.#at++] = mark;
    this.#at = writeInteger(this.#chunk, this.#at, count);
    this.#chunk[this.#at++] = CR;
    this.#chunk[this.#at++] = LF;
  }
}
