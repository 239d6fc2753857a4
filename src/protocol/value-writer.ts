/**
 * Replies as JavaScript values, for callers inside the process and for protocols that need a reply as a whole.
 *
 *   string, verbatim text      Buffer, VerbatimReply          null, null array    null
 *   status                     StatusReply                    boolean             boolean
 *   error                      ReplyError, in its place       array, set, push    array
 *   integer                    number; bigint beyond 2^53     map                 Map
 *   double                     number                         attribute           dropped
 *   big number                 bigint
 *
 * While `resp3` is off, commands see a client of RESP2 and so does the caller: maps are arrays of twice the length,
 * doubles, big numbers and verbatim texts are Buffers, booleans are 0 and 1.
 *
 * A set is an array and not a Set because its members are Buffers, which a Set compares by identity: it could answer
 * no question about them.
 *
 * What is written is a flat list, aggregates as openings that announce their length; `take` builds the nested values
 * from it without recursion, so that no depth of nesting exhausts the stack. Going back to a mark cuts the list.
 */
import { formatDouble } from './numbers.ts';
import type { Reply, ReplyMark } from './reply.ts';
import { ReplyTooLargeError } from './resp-writer.ts';

/** What a value costs beside its bytes. */
const VALUE_BYTES = 16;

/** A status such as `OK`, told apart from the string of the same text. */
export class StatusReply {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** A text for people; `format` has three letters, such as txt. */
export class VerbatimReply {
  readonly format: string;
  readonly text: string;

  constructor(format: string, text: string) {
    this.format = format;
    this.text = text;
  }
}

/** An error as a command answers it; the message starts with its code, such as ERR or WRONGTYPE. */
export class ReplyError extends Error {
  override name = 'ReplyError';

  get code(): string {
    const space = this.message.indexOf(' ');
    return space < 0 ? this.message : this.message.slice(0, space);
  }
}

/** See the table at the head of the file. */
export type ReplyValue =
  | null
  | boolean
  | number
  | bigint
  | Buffer
  | StatusReply
  | VerbatimReply
  | ReplyError
  | ReplyValue[]
  | Map<ReplyValue, ReplyValue>;

type AggregateKind = 'array' | 'map' | 'attribute';

/** Announces an aggregate: the next `count` values, complete with what is in them, are its own. */
class Opening {
  readonly kind: AggregateKind;
  readonly count: number;

  constructor(kind: AggregateKind, count: number) {
    this.kind = kind;
    this.count = count;
  }
}

/** An aggregate that lacks values. */
interface Unfinished {
  readonly kind: AggregateKind;
  readonly values: ReplyValue[];
  readonly count: number;
}

const OK = new StatusReply('OK');

/** See the file's comment. */
export class ValueWriter implements Reply {
  resp3: boolean;
  /** Bytes that the replies up to `take` may hold, those that were written and dropped again included. */
  limitBytes: number = Number.POSITIVE_INFINITY;
  #written: (ReplyValue | Opening)[] = [];
  #bytes = 0;

  constructor(resp3: boolean) {
    this.resp3 = resp3;
  }

  /**
   * The reply written since the last call, undefined when there is none. Throws when it is not complete, or not the
   * only one: whoever takes values cannot do with several.
   */
  take(): ReplyValue | undefined {
    const replies: ReplyValue[] = [];
    const unfinished: Unfinished[] = [];
    for (const written of this.#written) {
      if (written instanceof Opening) {
        unfinished.push({ kind: written.kind, values: [], count: written.count });
      } else {
        (unfinished.at(-1)?.values ?? replies).push(written);
      }
      closeFinished(unfinished, replies);
    }
    this.reset();
    if (unfinished.length > 0) throw new Error('a reply lacks values that it has announced');
    if (replies.length > 1) throw new Error(`${replies.length} replies to one command`);
    return replies[0];
  }

  /** Forgets what was written. */
  reset(): void {
    this.#written = [];
    this.#bytes = 0;
  }

  ok(): void {
    this.#add(OK, 0);
  }

  status(text: string): void {
    this.#add(new StatusReply(text), text.length);
  }

  error(text: string): void {
    this.#add(new ReplyError(text.replaceAll(/[\r\n]/g, ' ')), text.length);
  }

  integer(value: number): void {
    this.#add(value, 0);
  }

  bigInteger(value: bigint): void {
    const number = Number(value);
    this.#add(Number.isSafeInteger(number) ? number : value, 0);
  }

  bulk(bytes: Buffer, _view: DataView, offset: number, length: number): void {
    this.#reserve(length);
    this.#written.push(Buffer.from(bytes.subarray(offset, offset + length)));
  }

  text(text: string): void {
    this.#add(Buffer.from(text), text.length);
  }

  blob(bytes: Uint8Array): void {
    this.#add(Buffer.from(bytes), bytes.length);
  }

  verbatim(format: string, text: string): void {
    if (this.resp3) this.#add(new VerbatimReply(format, text), text.length);
    else this.text(text);
  }

  nil(): void {
    this.#add(null, 0);
  }

  nilArray(): void {
    this.#add(null, 0);
  }

  double(value: number): void {
    if (this.resp3) this.#add(value, 0);
    else this.text(formatDouble(value));
  }

  boolean(value: boolean): void {
    this.#add(this.resp3 ? value : Number(value), 0);
  }

  bigNumber(digits: string): void {
    if (this.resp3) this.#add(BigInt(digits), digits.length);
    else this.text(digits);
  }

  array(length: number): void {
    this.#add(new Opening('array', length), 0);
  }

  map(length: number): void {
    this.#add(new Opening(this.resp3 ? 'map' : 'array', length * 2), 0);
  }

  set(length: number): void {
    this.array(length);
  }

  push(length: number): void {
    this.array(length);
  }

  attribute(length: number): void {
    this.#add(new Opening('attribute', length * 2), 0);
  }

  openArray(): ReplyMark {
    return this.#written.length;
  }

  closeArray(mark: ReplyMark, length: number): void {
    this.#written.splice(mark, 0, new Opening('array', length));
  }

  closeSet(mark: ReplyMark, length: number): void {
    this.closeArray(mark, length);
  }

  mark(): ReplyMark {
    return this.#written.length;
  }

  rewind(mark: ReplyMark): void {
    this.#written.length = mark;
  }

  #add(written: ReplyValue | Opening, bytes: number): void {
    this.#reserve(bytes);
    this.#written.push(written);
  }

  #reserve(bytes: number): void {
    this.#bytes += bytes + VALUE_BYTES;
    if (this.#bytes > this.limitBytes)
      throw new ReplyTooLargeError(`reply of ${this.#bytes} bytes`);
  }
}

/** Puts every aggregate that has all its values into the one around it, or among the replies. */
function closeFinished(unfinished: Unfinished[], replies: ReplyValue[]): void {
  for (;;) {
    const innermost = unfinished.at(-1);
    if (innermost === undefined || innermost.values.length < innermost.count) return;
    unfinished.pop();
    if (innermost.kind === 'attribute') continue;
    const value = innermost.kind === 'map' ? mapOf(innermost.values) : innermost.values;
    (unfinished.at(-1)?.values ?? replies).push(value);
  }
}

function mapOf(values: readonly ReplyValue[]): Map<ReplyValue, ReplyValue> {
  const map = new Map<ReplyValue, ReplyValue>();
  for (let i = 0; i < values.length; i += 2) map.set(values[i]!, values[i + 1]!);
  return map;
}
