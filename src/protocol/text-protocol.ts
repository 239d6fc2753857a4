/**
 * Replies as single lines of text; docs/text-protocol.md describes them for users.
 *
 *   reply  = error | status | value
 *   error  = CODE " " text              CODE in capital letters
 *   value  = string | number | "(nil)" | "(true)" | "(false)" | "[" items "]" | "{" pairs "}"
 *   item   = value | word | "(error " string ")"
 *   pair   = item ": " item             between items and between pairs: ", "
 *   string = between double quotes, every byte but printable ASCII escaped as `quote` does
 *
 * No two replies look the same but for what is a string in one and a verbatim text in the other: a
 * status that would read as anything else is written as a string, and an error without a code gets
 * ERR. In the raw style a string that is the whole reply stands as it is, unless it holds a line
 * end or begins with a quote; it may then look like a status or a number, which is what a client
 * that asks for raw replies wants.
 */
import { formatDouble } from './numbers.ts';
import { quotedLength, writeQuoted } from './quoting.ts';
import { ReplyTooLargeError } from './resp-writer.ts';
import { type ExactValue, ReplyError, StatusReply, VerbatimReply } from './value-writer.ts';

/** Whether a string that is the whole reply is written between quotes or as it is. */
export type ReplyStyle = 'quoted' | 'raw';

/**
 * Longest reply. A line is built as a whole, and escapes can make it four times as long as its
 * value; a client that reads larger values has RESP.
 */
export const REPLY_BYTES_MAX: number = 64 * 1024 * 1024;

const INITIAL_BYTES = 256;

const CR = 0x0d;
const LF = 0x0a;
const DOUBLE_QUOTE = 0x22;

const ERROR = /^[A-Z][A-Z0-9_]* ./;
const STATUS = /^(?![A-Z][A-Z0-9_]* )(?!(?:inf|nan)$)[A-Za-z][ -~]*$/;
const WORD = /^(?!(?:inf|nan)$)[A-Za-z][A-Za-z0-9_-]*$/;

/**
 * The line of a reply with the LF that ends it. Throws ReplyTooLargeError beyond REPLY_BYTES_MAX.
 */
export function replyLine(reply: ExactValue, style: ReplyStyle): Buffer {
  const line = new Line();
  const whole = reply instanceof VerbatimReply ? Buffer.from(reply.text) : reply;
  if (whole instanceof ReplyError) line.text(errorText(whole));
  else if (whole instanceof StatusReply && STATUS.test(whole.text)) line.text(whole.text);
  else if (style === 'raw' && Buffer.isBuffer(whole) && isPlain(whole)) line.bytes(whole);
  else writeValue(line, whole);
  line.text('\n');
  return line.written;
}

/**
 * Writes a value and all that is in it; what is still to be written waits on a stack of its own.
 */
function writeValue(line: Line, value: ExactValue): void {
  // A string stands for its characters: no value is one.
  const waiting: (ExactValue | string)[] = [value];
  while (waiting.length > 0) {
    const next = waiting.pop()!;
    if (typeof next === 'string') line.text(next);
    else if (Array.isArray(next)) pushItems(waiting, next);
    else if (next instanceof Map) pushPairs(waiting, next);
    else writeScalar(line, next);
  }
}

function pushItems(waiting: (ExactValue | string)[], items: readonly ExactValue[]): void {
  waiting.push(']');
  for (let i = items.length - 1; i >= 0; i--) {
    waiting.push(items[i]!);
    if (i > 0) waiting.push(', ');
  }
  waiting.push('[');
}

function pushPairs(
  waiting: (ExactValue | string)[],
  pairs: ReadonlyMap<ExactValue, ExactValue>,
): void {
  let first = true;
  waiting.push('}');
  for (const [key, value] of [...pairs].reverse()) {
    if (!first) waiting.push(', ');
    waiting.push(value, ': ', key);
    first = false;
  }
  waiting.push('{');
}

/** A value with nothing in it. */
type Scalar = Exclude<ExactValue, ExactValue[] | Map<ExactValue, ExactValue>>;

function writeScalar(line: Line, value: Scalar): void {
  if (value === null) line.text('(nil)');
  else if (typeof value === 'boolean') line.text(value ? '(true)' : '(false)');
  else if (typeof value === 'number') line.text(formatDouble(value));
  else if (typeof value === 'bigint') line.text(value.toString());
  else if (Buffer.isBuffer(value)) line.quoted(value);
  else if (value instanceof ReplyError) {
    line.text('(error ');
    line.quoted(Buffer.from(value.message));
    line.text(')');
  } else if (value instanceof StatusReply && WORD.test(value.text)) line.text(value.text);
  else line.quoted(Buffer.from(value.text));
}

/** The text of an error on one line, with a code in front. */
function errorText({ message }: ReplyError): string {
  const text = message.replaceAll(/[\r\n]/g, ' ');
  return ERROR.test(text) ? text : `ERR ${text}`;
}

/** Whether a string can stand on a line as it is without being taken for one between quotes. */
function isPlain(bytes: Buffer): boolean {
  return bytes[0] !== DOUBLE_QUOTE && !bytes.includes(LF) && !bytes.includes(CR);
}

/** A line as it grows. */
class Line {
  #bytes = Buffer.allocUnsafe(INITIAL_BYTES);
  #length = 0;

  get written(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  text(text: string): void {
    this.#reserve(text.length * 3);
    this.#length += this.#bytes.write(text, this.#length);
  }

  bytes(bytes: Buffer): void {
    this.#reserve(bytes.length);
    bytes.copy(this.#bytes, this.#length);
    this.#length += bytes.length;
  }

  quoted(bytes: Buffer): void {
    this.#reserve(quotedLength(bytes));
    this.#length = writeQuoted(this.#bytes, this.#length, bytes);
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#bytes.length) return;
    if (needed > REPLY_BYTES_MAX) throw new ReplyTooLargeError(`reply of ${needed} bytes`);
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}
