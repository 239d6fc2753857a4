/**
 * Counts complete replies in a stream of RESP bytes without decoding them, at whatever points the
 * stream is cut into chunks. It knows what the load generator's commands can answer: simple
 * strings, integers and bulk strings. An error reply, or anything else, throws: a benchmark of
 * errors measures nothing.
 */

/** Where the scan stands between two bytes. */
const AT_TYPE = 0;
const IN_LINE = 1;
const IN_LENGTH = 2;
const IN_BULK = 3;
const IN_ERROR = 4;

const LF = 0x0a;
const CR = 0x0d;
const MINUS = 0x2d;

export class ReplyCounter {
  #state = AT_TYPE;
  /** Bytes of a bulk string and its CRLF still to come, or its length while that is being read. */
  #remaining = 0;
  #negative = false;
  #error = '';

  /** Scans the first `length` bytes of `bytes`; answers how many replies ended within them. */
  feed(bytes: Uint8Array, length: number): number {
    let replies = 0;
    let at = 0;
    while (at < length) {
      switch (this.#state) {
        case AT_TYPE:
          this.#begin(bytes[at++]!);
          break;
        case IN_LINE:
          if (bytes[at++] === LF) {
            this.#state = AT_TYPE;
            replies++;
          }
          break;
        case IN_LENGTH:
          if (this.#lengthByte(bytes[at++]!)) replies++;
          break;
        case IN_BULK: {
          const step = Math.min(this.#remaining, length - at);
          at += step;
          this.#remaining -= step;
          if (this.#remaining === 0) {
            this.#state = AT_TYPE;
            replies++;
          }
          break;
        }
        default:
          this.#errorByte(bytes[at++]!);
      }
    }
    return replies;
  }

  #begin(type: number): void {
    if (type === 0x24 /* $ */) {
      this.#state = IN_LENGTH;
      this.#remaining = 0;
      this.#negative = false;
    } else if (type === 0x2b /* + */ || type === 0x3a /* : */) {
      this.#state = IN_LINE;
    } else if (type === MINUS) {
      this.#state = IN_ERROR;
      this.#error = '';
    } else {
      throw new Error(`unexpected reply type byte 0x${type.toString(16)}`);
    }
  }

  /** True when the line just ended a null bulk string, which has no body. */
  #lengthByte(byte: number): boolean {
    if (byte === MINUS) this.#negative = true;
    else if (byte === LF) {
      this.#state = this.#negative ? AT_TYPE : IN_BULK;
      this.#remaining += 2;
      return this.#negative;
    } else if (byte !== CR) this.#remaining = this.#remaining * 10 + byte - 48;
    return false;
  }

  #errorByte(byte: number): void {
    if (byte === LF) throw new Error(`the server answered: ${this.#error}`);
    if (byte !== CR) this.#error += String.fromCharCode(byte);
  }
}
