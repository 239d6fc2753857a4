/**
 * A message that clients get without having asked just now, such as one of a channel they subscribe
 * to: a list, mostly of byte strings, which RESP3 tells apart from replies and RESP2 does not. It
 * is encoded once for each protocol, however many clients get it.
 */
import { integerLength, writeInteger } from './numbers.ts';

const TYPE_ARRAY = 0x2a;
const TYPE_BULK = 0x24;
const TYPE_INTEGER = 0x3a;
const TYPE_PUSH = 0x3e;
const CR = 0x0d;
const LF = 0x0a;

const NULL_RESP2 = Buffer.from('$-1\r\n');
const NULL_RESP3 = Buffer.from('_\r\n');

/** Bytes, an integer, nothing, or a list of byte strings. */
export type PushWord = Uint8Array | number | null | readonly Uint8Array[];

/** See the file's comment. */
export class PushMessage {
  /** The first names the kind of message. */
  readonly words: readonly PushWord[];
  #resp2: Buffer | null = null;
  #resp3: Buffer | null = null;

  /** `words` need to stay as they are only while the message is being given to clients. */
  constructor(words: readonly PushWord[]) {
    this.words = words;
  }

  /** As a client of RESP2 gets it; shared by all who do. */
  get resp2(): Buffer {
    this.#resp2 ??= encode(TYPE_ARRAY, this.words, NULL_RESP2);
    return this.#resp2;
  }

  /** As a client of RESP3 gets it; shared by all who do. */
  get resp3(): Buffer {
    this.#resp3 ??= encode(TYPE_PUSH, this.words, NULL_RESP3);
    return this.#resp3;
  }
}

function encode(type: number, words: readonly PushWord[], nothing: Buffer): Buffer {
  let length = headerLength(words.length);
  for (const word of words) length += wordLength(word, nothing);
  const bytes = Buffer.allocUnsafe(length);
  let at = writeHeader(bytes, 0, type, words.length);
  for (const word of words) at = writeWord(bytes, at, word, nothing);
  return bytes;
}

function wordLength(word: PushWord, nothing: Buffer): number {
  if (word instanceof Uint8Array) return bulkLength(word);
  if (word === null) return nothing.length;
  if (typeof word === 'number') return headerLength(word);
  return word.reduce((length, item) => length + bulkLength(item), headerLength(word.length));
}

function writeWord(bytes: Buffer, at: number, word: PushWord, nothing: Buffer): number {
  if (word instanceof Uint8Array) return writeBulk(bytes, at, word);
  if (typeof word === 'number') return writeHeader(bytes, at, TYPE_INTEGER, word);
  if (word === null) {
    bytes.set(nothing, at);
    return at + nothing.length;
  }
  let end = writeHeader(bytes, at, TYPE_ARRAY, word.length);
  for (const item of word) end = writeBulk(bytes, end, item);
  return end;
}

function bulkLength(bulk: Uint8Array): number {
  return headerLength(bulk.length) + bulk.length + 2;
}

function writeBulk(bytes: Buffer, at: number, bulk: Uint8Array): number {
  const start = writeHeader(bytes, at, TYPE_BULK, bulk.length);
  bytes.set(bulk, start);
  return endLine(bytes, start + bulk.length);
}

function headerLength(value: number): number {
  return 1 + integerLength(value) + 2;
}

function writeHeader(bytes: Buffer, at: number, type: number, value: number): number {
  bytes[at] = type;
  return endLine(bytes, writeInteger(bytes, at + 1, value));
}

function endLine(bytes: Buffer, at: number): number {
  bytes[at] = CR;
  bytes[at + 1] = LF;
  return at + 2;
}
