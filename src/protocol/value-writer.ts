/**
 * Replies as JavaScript values, for callers inside the process and for protocols that need a reply
 * as a whole.
 *
 *   null, null array     null                             boolean               boolean
 *   integer              number; bigint beyond 2^53       array, set, push      array
 *   double               number                           map                   Map
 *   big number           bigint                           attribute             dropped
 *   error                ReplyError, in its place
 *   string, status, verbatim text                         as the caller wants them, see Leaves
 *
 * While `resp3` is off, commands see a client of RESP2 and so does the caller: maps are arrays of
 * twice the length, doubles, big numbers and verbatim texts are strings, booleans are 0 and 1.
 *
 * A set is an array and not a Set: members that are Buffers would be compared by identity, and two
 * that are not UTF-8 may be the same once they are text.
 *
 * What is written is a flat list, aggregates as openings that announce their length; `take` builds
 * the nested values from it without recursion, so that no depth of nesting exhausts the stack.
 * Going back to a mark cuts the list.
 */
import { formatDouble, formatPlaces } from './numbers.ts';
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

/** How the texts in a reply become values. */
export interface Leaves<Leaf> {
  /** A byte string, which is `bytes[start, end)` only during the call. */
  readonly string: (bytes: Buffer, start: number, end: number) => Leaf;
  readonly status: (text: string) => Leaf;
  readonly verbatim: (format: string, text: string) => Leaf;
}

/** See the table at the head of the file. */
export type ReplyValue<Leaf> =
  | null
  | boolean
  | number
  | bigint
  | Leaf
  | ReplyError
  | ReplyValue<Leaf>[]
  | Map<ReplyValue<Leaf>, ReplyValue<Leaf>>;

/** Leaves of three types, none of which can be taken for another, with every byte as it was. */
export type ExactLeaf = Buffer | StatusReply | VerbatimReply;

/** A reply that lost nothing but attributes. */
export type ExactValue = ReplyValue<ExactLeaf>;

/** See ExactLeaf. */
export const EXACT_LEAVES: Leaves<ExactLeaf> = {
  string: (bytes, start, end) => Buffer.from(bytes.subarray(start, end)),
  status: (text) => new StatusReply(text),
  verbatim: (format, text) => new VerbatimReply(format, text),
};

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
interface Unfinished<Leaf> {
  readonly kind: AggregateKind;
  readonly values: ReplyValue<Leaf>[];
  readonly count: number;
}

/** See the file's comment. */
export class ValueWriter<Leaf> implements Reply {
  resp3: boolean;
  /**
   * Bytes that the replies up to `take` may hold, those that were written and dropped again
   * included.
   */
  limitBytes: number = Number.POSITIVE_INFINITY;
  readonly #leaves: Leaves<Leaf>;
  #written: (ReplyValue<Leaf> | Opening)[] = [];
  #bytes = 0;

  constructor(leaves: Leaves<Leaf>, resp3: boolean) {
    this.#leaves = leaves;
    this.resp3 = resp3;
  }

  /**
   * The reply written since the last call, undefined when there is none. Throws when it is not
   * complete, or not the only one: whoever takes values cannot do with several.
   */
  take(): ReplyValue<Leaf> | undefined {
    const written = this.#written;
    if (written.length === 1 && !(written[0] instanceof Opening)) {
      this.#bytes = 0;
      return written.pop() as ReplyValue<Leaf>; // No Opening, as just seen.
    }
    this.reset();
    return nested(written);
  }

  /** Forgets what was written. */
  reset(): void {
    this.#written = [];
    this.#bytes = 0;
  }

  ok(): void {
    this.status('OK');
  }

  status(text: string): void {
    this.#add(this.#leaves.status(text), text.length);
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
    this.#written.push(this.#leaves.string(bytes, offset, offset + length));
  }

  text(text: string): void {
    this.blob(Buffer.from(text));
  }

  blob(bytes: Uint8Array): void {
    const { buffer, byteOffset, length } = bytes;
    this.#add(this.#leaves.string(Buffer.from(buffer, byteOffset, length), 0, length), length);
  }

  verbatim(format: string, text: string): void {
    if (this.resp3) this.#add(this.#leaves.verbatim(format, text), text.length);
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

  longDouble(value: number): void {
    if (this.resp3) this.#add(value, 0);
    else this.text(formatPlaces(value));
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

  #add(written: ReplyValue<Leaf> | Opening, bytes: number): void {
    this.#reserve(bytes);
    this.#written.push(written);
  }

  #reserve(bytes: number): void {
    this.#bytes += bytes + VALUE_BYTES;
    if (this.#bytes > this.limitBytes)
      throw new ReplyTooLargeError(`reply of ${this.#bytes} bytes`);
  }
}

/** The one reply that a flat list stands for, undefined for an empty list. */
function nested<Leaf>(
  written: readonly (ReplyValue<Leaf> | Opening)[],
): ReplyValue<Leaf> | undefined {
  const replies: ReplyValue<Leaf>[] = [];
  const unfinished: Unfinished<Leaf>[] = [];
  for (const next of written) {
    if (next instanceof Opening) {
      unfinished.push({ kind: next.kind, values: [], count: next.count });
    } else {
      (unfinished.at(-1)?.values ?? replies).push(next);
    }
    closeFinished(unfinished, replies);
  }
  if (unfinished.length > 0) throw new Error('a reply lacks values that it has announced');
  if (replies.length > 1) throw new Error(`${replies.length} replies to one command`);
  return replies[0];
}

/** Puts every aggregate that has all its values into the one around it, or among the replies. */
function closeFinished<Leaf>(unfinished: Unfinished<Leaf>[], replies: ReplyValue<Leaf>[]): void {
  for (;;) {
    const innermost = unfinished.at(-1);
    if (innermost === undefined || innermost.values.length < innermost.count) return;
    unfinished.pop();
    if (innermost.kind === 'attribute') continue;
    const value = innermost.kind === 'map' ? mapOf(innermost.values) : innermost.values;
    (unfinished.at(-1)?.values ?? replies).push(value);
  }
}

function mapOf<Leaf>(values: readonly ReplyValue<Leaf>[]): Map<ReplyValue<Leaf>, ReplyValue<Leaf>> {
  const map = new Map<ReplyValue<Leaf>, ReplyValue<Leaf>>();
  for (let i = 0; i < values.length; i += 2) map.set(values[i]!, values[i + 1]!);
  return map;
}
