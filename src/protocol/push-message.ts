/**
 * A message that clients get without having asked just now, such as one of a channel they subscribe
 * to: a list of byte strings, which RESP3 tells apart from replies and RESP2 does not. It is
 * encoded once for each protocol, however many clients get it.
 */
import { integerLength, writeInteger } from './numbers.ts';

const TYPE_ARRAY = 0x2a;
const TYPE_BULK = 0x24;
const TYPE_PUSH = 0x3e;
const CR = 0x0d;
const LF = 0x0a;

/** See the file's comment. */
export class PushMessage {
  /** The first names the kind of message. */
  readonly words: readonly Uint8Array[];
  #resp2: Buffer | null = null;
  #resp3: Buffer | null = null;

  /** `words` need to stay as they are only while the message is being given to clients. */
  constructor(words: readonly Uint8Array[]) {
    this.words = words;
  }

  /** As a client of RESP2 gets it; shared by all who do. */
  get resp2(): Buffer {
    this.#resp2 ??= encode(TYPE_ARRAY, this.words);
    return this.#resp2;
  }

  /** As a client of RESP3 gets it; shared by all who do. */
  get resp3(): Buffer {
    this.#resp3 ??= encode(TYPE_PUSH, this.words);
    return this.#resp3;
  }
}

function encode(type: number, words: readonly Uint8Array[]): Buffer {
  let length = headerLength(words.length);
  for (const word of words) length += headerLength(word.length) + word.length + 2;
  const bytes = Buffer.allocUnsafe(length);
  let at = writeHeader(bytes, 0, type, words.length);
  for (const word of words) {
    at = writeHeader(bytes, at, TYPE_BULK, word.length);
    bytes.set(word, at);
    at = endLine(bytes, at + word.length);
  }
  return bytes;
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
