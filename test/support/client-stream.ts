import { type Encoded, encodeReply, isArray, mapScalars, toJson } from '../compat/encoded.ts';
import { parseReply } from './resp-reply.ts';

/**
 * What a client was sent, in a form in which Redstart and redis-server 7.0 agree: every reply and
 * push in its order, less what depends on the clock, on a version, or on the order of a hash table.
 */

/** Errors of 7.0, and of 7.2, for who waits for a group that goes. */
const GONE = /^-(?:NOGROUP|UNBLOCKED|WRONGTYPE Operation|-?ERR no such key).*$/s;
const VERSION = /^\$\d+\.\d+\.\d+$/;
const MONITORED = /^\+\d+\.\d{6} \[(\d+) (\S+?)(?::\d+)?\]/;
const CLIENT_FIELDS = /(?<![\w-])(?:id|name|db|sub|psub|ssub|multi|flags|redir|resp)=\S*/g;
const PUSHED = /^\$(?:[ps]?message|invalidate|tracking-redir-broken)$/;
/** The channel of invalidations for clients of RESP2. */
const INVALIDATIONS = '$__redis__:invalidate';
const LEAVING = /^\$[ps]?unsubscribe$/;

/**
 * The replies and pushes in these bytes, one text each; a last one that is cut says so. Of the
 * client that has sent something, pushes come after the replies: what a command tells its own
 * client comes behind the reply of the command or of EXEC, in 7.0 before or within it.
 */
export function comparable(bytes: Buffer, isSender: boolean): string[] {
  const stream = new Stream(bytes);
  const both: Encoded[] = [];
  for (;;) {
    const reply = stream.next();
    both.push(...stream.takePushes().map(normal));
    if (reply === null) break;
    both.push(normal(reply));
  }
  const replies = isSender
    ? [...both.filter((reply) => !isPush(reply)), ...both.filter(isPush)]
    : both;
  const texts = settleOrders(replies).map(toJson);
  if (stream.rest !== '') texts.push(`cut: ${JSON.stringify(stream.rest)}`);
  return texts;
}

/** Replies, out of which the pushes are taken that 7.0 writes in between their elements. */
class Stream {
  readonly #bytes: Buffer;
  #at = 0;
  #pushes: Encoded[] = [];

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** The next whole reply or push; null at the end, and where it is cut. */
  next(): Encoded | null {
    const start = this.#at;
    const reply = this.#element();
    if (reply === null) this.#at = start;
    return reply;
  }

  /** The pushes that were found within replies since the last time. */
  takePushes(): Encoded[] {
    const pushes = this.#pushes;
    this.#pushes = [];
    return pushes;
  }

  /** What is left where a reply is cut. */
  get rest(): string {
    return this.#bytes.toString('latin1', this.#at);
  }

  #element(): Encoded | null {
    const lineEnd = this.#bytes.indexOf('\r\n', this.#at, 'latin1');
    if (lineEnd < 0) return null;
    const mark = String.fromCharCode(this.#bytes[this.#at]!);
    const count = Number(this.#bytes.toString('latin1', this.#at + 1, lineEnd));
    if (!'*~>%'.includes(mark) || count < 0) return this.#scalar();
    this.#at = lineEnd + 2;
    const items = this.#elements(mark === '%' ? 2 * count : count);
    if (items === null) return null;
    if (mark === '*') return items;
    if (mark !== '%') return { [mark]: items };
    return { '%': items.flatMap((key, i) => (i % 2 === 0 ? [[key, items[i + 1]!]] : [])) };
  }

  #elements(count: number): Encoded[] | null {
    const elements: Encoded[] = [];
    while (elements.length < count) {
      const element = this.#element();
      if (element === null) return null;
      if (isPush(element)) this.#pushes.push(element);
      else elements.push(element);
    }
    return elements;
  }

  #scalar(): Encoded | null {
    const parsed = parseReply(this.#bytes, this.#at);
    if (parsed === null) return null;
    this.#at = parsed.end;
    return encodeReply(parsed.reply);
  }
}

function normal(reply: Encoded): Encoded {
  const plain = mapScalars(reply, (scalar) => {
    if (GONE.test(scalar)) return '-<gone>';
    if (VERSION.test(scalar)) return '$<version>';
    if (/^[$=]\S*id=\d+ addr=/.test(scalar)) return scalar.match(CLIENT_FIELDS)!.join(' ');
    return scalar.replace(MONITORED, '+<time> [$1 $2]');
  });
  return sortMembers(plain);
}

/** Members of sets begin with a tilde and come in any order. */
function sortMembers(reply: Encoded): Encoded {
  if (typeof reply === 'string') return reply;
  if (isArray(reply)) {
    const isSet = reply.every((item) => typeof item === 'string' && item.startsWith('$~'));
    return isSet ? [...reply].sort() : reply.map(sortMembers);
  }
  return Object.fromEntries(
    Object.entries(reply).map(([mark, items]) => [mark, sortMembers(items)]),
  );
}

/**
 * Lines of MONITOR come with the batch in which they were gathered, and invalidations with the
 * change of each key: so the former come first here, and of pushes in a row the latter. Messages of
 * one event by pattern, and channels that are left at once, come in the order of a hash table.
 */
function settleOrders(replies: readonly Encoded[]): Encoded[] {
  const others = replies.filter((reply) => !isMonitored(reply));
  const settled = replies.filter(isMonitored);
  for (let at = 0; at < others.length; ) {
    const kind = kindOf(others[at]!);
    if (PUSHED.test(kind)) {
      const pushes = runFrom(others, at, isPush);
      const isTold = (push: Encoded) =>
        kindOf(push).endsWith('message') && itemsOf(push)[1] !== INVALIDATIONS;
      settled.push(...pushes.filter((push) => !isTold(push)).map(nullOfInvalidation));
      settled.push(...withSettledPatterns(pushes.filter(isTold).map(nullOfInvalidation)));
      at += pushes.length;
    } else if (LEAVING.test(kind)) {
      const leaving = runFrom(others, at, (reply) => kindOf(reply) === kind);
      settled.push(...withSortedNames(leaving));
      at += leaving.length;
    } else {
      settled.push(others[at++]!);
    }
  }
  return settled;
}

function isMonitored(reply: Encoded): boolean {
  return typeof reply === 'string' && reply.startsWith('+<time>');
}

function runFrom(
  replies: readonly Encoded[],
  at: number,
  belongs: (reply: Encoded) => boolean,
): readonly Encoded[] {
  let end = at + 1;
  while (end < replies.length && belongs(replies[end]!)) end++;
  return replies.slice(at, end);
}

/** Messages of which those by pattern are in order wherever channel and content are the same. */
function withSettledPatterns(messages: readonly Encoded[]): Encoded[] {
  const settled: Encoded[] = [];
  const about = (message: Encoded) => toJson([kindOf(message), ...itemsOf(message).slice(2)]);
  for (let at = 0; at < messages.length; ) {
    const isByPattern = kindOf(messages[at]!) === '$pmessage';
    const same = isByPattern
      ? runFrom(messages, at, (message) => about(message) === about(messages[at]!))
      : [messages[at]!];
    settled.push(...sortedByJson(same));
    at += same.length;
  }
  return settled;
}

function isPush(reply: Encoded): boolean {
  return PUSHED.test(kindOf(reply));
}

/** The first element of a push or of an array, which names what a message is. */
function kindOf(reply: Encoded): string {
  const [first] = itemsOf(reply);
  return typeof first === 'string' ? first : '';
}

function itemsOf(reply: Encoded): readonly Encoded[] {
  if (typeof reply === 'string') return [];
  if (isArray(reply)) return reply;
  const pushed = reply['>'];
  return pushed !== undefined && isArray(pushed) ? pushed : [];
}

function sortedByJson(replies: readonly Encoded[]): Encoded[] {
  return [...replies].sort((a, b) => (toJson(a) < toJson(b) ? -1 : 1));
}

/** The names in order; how many are left stays where it is. */
function withSortedNames(replies: readonly Encoded[]): Encoded[] {
  const names = sortedByJson(replies.map((reply) => itemsOf(reply)[1]!));
  return replies.map((reply, i) => [itemsOf(reply)[0]!, names[i]!, itemsOf(reply)[2]!]);
}

/** Redis sends a null of RESP3 to a client of RESP2 for one of RESP3. */
function nullOfInvalidation(reply: Encoded): Encoded {
  const items = itemsOf(reply);
  const isOfAll =
    toJson(items.slice(0, -1)).includes('invalidate') &&
    ['_', 'nil$', 'nil*'].includes(items.at(-1) as string);
  return isOfAll ? [...items.slice(0, -1), 'nil'] : reply;
}
