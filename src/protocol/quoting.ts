// Lines of words with quotes, as inline commands, redis.conf and the text protocol write them, and
// the way back.
//
//   word word       separated by blanks (space, tab, CR, LF; between words also VT and FF)
//   "..."           escapes \n \r \t \b \a \xHH, any other \c is c
//   '...'           the only escape is \'
//
// A quote may open inside of a word (ab"c d" is one word) but whatever follows a closing quote must
// be a blank or the end. A NUL byte ends the line, as it does in Redis.

const NUL = 0x00;
const DOUBLE_QUOTE = 0x22;
const SINGLE_QUOTE = 0x27;
const BACKSLASH = 0x5c;
const LOWER_X = 0x78;

/** What \c stands for between double quotes, for the letters that do not stand for themselves. */
const ESCAPES = new Uint8Array(256).map((_, byte) => byte);
ESCAPES[0x6e] = 0x0a;
ESCAPES[0x72] = 0x0d;
ESCAPES[0x74] = 0x09;
ESCAPES[0x62] = 0x08;
ESCAPES[0x61] = 0x07;

/**
 * Splits line[start..end) into its words; undefined when a quote is unbalanced. The words are the
 * only copy that is made of the line, so that whoever has to can erase it.
 */
export function splitWords(line: Uint8Array, start = 0, end = line.length): Buffer[] | undefined {
  const nul = line.subarray(start, end).indexOf(NUL);
  const splitter = new WordSplitter(line, start, nul < 0 ? end : start + nul);
  const words: Buffer[] = [];
  while (splitter.skipBlanks()) {
    const word = splitter.readWord();
    if (word === undefined) return undefined;
    words.push(word);
  }
  return words;
}

/**
 * The bytes between double quotes, printable ASCII as it is and everything else escaped;
 * `splitWords` reads it back.
 */
export function quote(bytes: Uint8Array): string {
  const out = Buffer.allocUnsafe(quotedLength(bytes));
  writeQuoted(out, 0, bytes);
  return out.toString('latin1');
}

/** Bytes that `writeQuoted` writes. */
export function quotedLength(bytes: Uint8Array): number {
  let length = 2;
  for (let i = 0; i < bytes.length; i++) length += QUOTED_LENGTHS[bytes[i]!]!;
  return length;
}

/** Writes what `quote` returns at out[at..] and returns the position behind it. */
export function writeQuoted(out: Uint8Array, at: number, bytes: Uint8Array): number {
  out[at++] = DOUBLE_QUOTE;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    if (QUOTED_LENGTHS[byte] === 1) {
      out[at++] = byte;
      continue;
    }
    const escaped = QUOTED[byte]!;
    for (let j = 0; j < escaped.length; j++) out[at++] = escaped.charCodeAt(j);
  }
  out[at++] = DOUBLE_QUOTE;
  return at;
}

const QUOTED = Array.from({ length: 256 }, (_, byte) => quotedByte(byte));
const QUOTED_LENGTHS = Uint8Array.from(QUOTED, (text) => text.length);

function quotedByte(byte: number): string {
  const letter = 'nrtba'.split('').find((name) => ESCAPES[name.charCodeAt(0)] === byte);
  if (letter !== undefined) return `\\${letter}`;
  if (byte === DOUBLE_QUOTE || byte === BACKSLASH) return `\\${String.fromCharCode(byte)}`;
  if (byte >= 0x20 && byte <= 0x7e) return String.fromCharCode(byte);
  return `\\x${byte.toString(16).padStart(2, '0')}`;
}

class WordSplitter {
  readonly #line: Uint8Array;
  readonly #end: number;
  #at: number;
  /** The words read so far, one behind the other; together they are no longer than the line. */
  readonly #words: Buffer;
  #length = 0;

  constructor(line: Uint8Array, start: number, end: number) {
    this.#line = line;
    this.#at = start;
    this.#end = end;
    this.#words = Buffer.allocUnsafe(end - start);
  }

  /** Moves to the next word; false when there is none. */
  skipBlanks(): boolean {
    while (this.#at < this.#end && isBlank(this.#line[this.#at]!)) this.#at++;
    return this.#at < this.#end;
  }

  readWord(): Buffer | undefined {
    const start = this.#length;
    while (this.#at < this.#end) {
      const byte = this.#line[this.#at]!;
      if (endsWord(byte)) break;
      this.#at++;
      if (byte !== DOUBLE_QUOTE && byte !== SINGLE_QUOTE) {
        this.#append(byte);
        continue;
      }
      const closed = byte === DOUBLE_QUOTE ? this.#readDoubleQuoted() : this.#readSingleQuoted();
      const followed = this.#at < this.#end && !isBlank(this.#line[this.#at]!);
      if (!closed || followed) return undefined;
      break;
    }
    return this.#words.subarray(start, this.#length);
  }

  /** Reads up to and with the closing quote; false when there is none. */
  #readDoubleQuoted(): boolean {
    while (this.#at < this.#end) {
      const byte = this.#line[this.#at++]!;
      if (byte === DOUBLE_QUOTE) return true;
      this.#append(byte === BACKSLASH && this.#at < this.#end ? this.#readEscape() : byte);
    }
    return false;
  }

  #readSingleQuoted(): boolean {
    while (this.#at < this.#end) {
      let byte = this.#line[this.#at++]!;
      if (byte === SINGLE_QUOTE) return true;
      if (byte === BACKSLASH && this.#line[this.#at] === SINGLE_QUOTE && this.#at < this.#end) {
        byte = this.#line[this.#at++]!;
      }
      this.#append(byte);
    }
    return false;
  }

  /** Reads what follows a backslash between double quotes. */
  #readEscape(): number {
    const byte = this.#line[this.#at++]!;
    if (byte === LOWER_X && this.#at + 2 <= this.#end) {
      const high = hexValue(this.#line[this.#at]!);
      const low = hexValue(this.#line[this.#at + 1]!);
      if (high >= 0 && low >= 0) {
        this.#at += 2;
        return high * 16 + low;
      }
    }
    return ESCAPES[byte]!;
  }

  #append(byte: number): void {
    this.#words[this.#length++] = byte;
  }
}

function endsWord(byte: number): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d;
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
}

/** The value of a hexadecimal digit, -1 for any other byte. */
function hexValue(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x61 + 10 : -1;
}
