/**
 * A RESP2 or RESP3 reply with every type of the wire kept apart: what one client library would fold
 * into the same JavaScript value (null and null array, simple string and bulk string, 1 and true)
 * stays distinct.
 */
export type Reply =
  | { readonly type: 'simple'; readonly text: string }
  | { readonly type: 'error'; readonly text: string }
  | { readonly type: 'integer'; readonly value: bigint }
  | { readonly type: 'bulk'; readonly bytes: Buffer }
  | { readonly type: 'null-bulk' }
  | { readonly type: 'null-array' }
  | { readonly type: 'null' }
  | { readonly type: 'boolean'; readonly value: boolean }
  | { readonly type: 'double'; readonly text: string }
  | { readonly type: 'big-number'; readonly digits: string }
  | { readonly type: 'bulk-error'; readonly bytes: Buffer }
  | { readonly type: 'verbatim'; readonly format: string; readonly bytes: Buffer }
  | { readonly type: 'array' | 'set' | 'push'; readonly items: readonly Reply[] }
  | { readonly type: 'map'; readonly entries: Entries }
  | { readonly type: 'attribute'; readonly entries: Entries; readonly reply: Reply };

type Entries = readonly (readonly [Reply, Reply])[];

/** A parsed reply and the offset of the byte after it. */
export type ParsedReply = { readonly reply: Reply; readonly end: number };

/** Thrown when bytes are not RESP. */
export class NotRespError extends Error {}

/** Parses the reply that starts at an offset; null while bytes are missing; throws NotRespError. */
export function parseReply(bytes: Buffer, start: number): ParsedReply | null {
  const lineEnd = bytes.indexOf('\r\n', start, 'latin1');
  if (lineEnd < 0) return null;
  const mark = String.fromCharCode(bytes[start]!);
  const line = bytes.toString('latin1', start + 1, lineEnd);
  const after = lineEnd + 2;
  switch (mark) {
    case '+':
      return { reply: { type: 'simple', text: line }, end: after };
    case '-':
      return { reply: { type: 'error', text: line }, end: after };
    case ':':
      return { reply: { type: 'integer', value: integer(line) }, end: after };
    case '_':
      return { reply: { type: 'null' }, end: after };
    case '#':
      return { reply: { type: 'boolean', value: boolean(line) }, end: after };
    case ',':
      return { reply: { type: 'double', text: line }, end: after };
    case '(':
      return { reply: { type: 'big-number', digits: line }, end: after };
    case '$':
    case '!':
    case '=':
      return parseBulk(bytes, mark, line, after);
    case '*':
    case '~':
    case '>':
    case '%':
    case '|':
      return parseAggregate(bytes, mark, line, after);
    default:
      throw new NotRespError(`unknown type byte ${JSON.stringify(mark)} before ${line}`);
  }
}

function parseBulk(bytes: Buffer, mark: string, line: string, start: number): ParsedReply | null {
  const length = Number(integer(line));
  if (length === -1 && mark === '$') return { reply: { type: 'null-bulk' }, end: start };
  const end = start + length;
  if (bytes.length < end + 2) return null;
  if (bytes.toString('latin1', end, end + 2) !== '\r\n') {
    throw new NotRespError(`a bulk of ${length} bytes is not followed by CRLF`);
  }
  const content = Buffer.from(bytes.subarray(start, end));
  if (mark === '$') return { reply: { type: 'bulk', bytes: content }, end: end + 2 };
  if (mark === '!') return { reply: { type: 'bulk-error', bytes: content }, end: end + 2 };
  if (content[3] !== 0x3a) throw new NotRespError('a verbatim string without its format');
  const format = content.toString('latin1', 0, 3);
  return { reply: { type: 'verbatim', format, bytes: content.subarray(4) }, end: end + 2 };
}

const AGGREGATES = { '*': 'array', '~': 'set', '>': 'push' } as const;

function parseAggregate(
  bytes: Buffer,
  mark: string,
  line: string,
  start: number,
): ParsedReply | null {
  const count = Number(integer(line));
  if (count === -1 && mark === '*') return { reply: { type: 'null-array' }, end: start };
  const isMap = mark === '%' || mark === '|';
  const items: Reply[] = [];
  let at = start;
  for (let left = isMap ? 2 * count : count; left > 0; left--) {
    const item = parseReply(bytes, at);
    if (item === null) return null;
    items.push(item.reply);
    at = item.end;
  }
  if (!isMap) {
    return { reply: { type: AGGREGATES[mark as keyof typeof AGGREGATES], items }, end: at };
  }
  const entries = [];
  for (let i = 0; i < items.length; i += 2) entries.push([items[i]!, items[i + 1]!] as const);
  if (mark === '%') return { reply: { type: 'map', entries }, end: at };
  // An attribute belongs to the reply that follows it.
  const next = parseReply(bytes, at);
  if (next === null) return null;
  return { reply: { type: 'attribute', entries, reply: next.reply }, end: next.end };
}

function integer(line: string): bigint {
  if (!/^[+-]?\d+$/.test(line)) throw new NotRespError(`not an integer: ${JSON.stringify(line)}`);
  return BigInt(line);
}

function boolean(line: string): boolean {
  if (line !== 't' && line !== 'f') throw new NotRespError(`not a boolean: ${line}`);
  return line === 't';
}
