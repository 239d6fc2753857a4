import { createHash } from 'node:crypto';
import type { Reply } from '../support/resp-reply.ts';

/**
 * A reply as JSON that a person can read in a recording or in a diff. Scalars are strings that
 * begin with the type byte of the wire ("+OK", "$bulk", ":1", "-ERR no", ",3.5", "#t", "(123",
 * "=txt:text"), and bytes are Latin-1 characters. Nulls are "nil$", "nil*" (RESP2) and "_" (RESP3).
 * An array is a JSON array; the other aggregates are objects whose only key is their type byte:
 * {"%": [[key, value], ...]}, {"~": [...]}, {">": [...]}, and {"|": [[[key, value], ...], reply]}
 * for a reply with attributes.
 */
export type Encoded = string | readonly Encoded[] | { readonly [mark: string]: Encoded };

/** Encodes a reply; see Encoded. */
export function encodeReply(reply: Reply): Encoded {
  switch (reply.type) {
    case 'simple':
      return `+${reply.text}`;
    case 'error':
      return `-${reply.text}`;
    case 'integer':
      return `:${reply.value}`;
    case 'bulk':
      return `$${reply.bytes.toString('latin1')}`;
    case 'null-bulk':
      return 'nil$';
    case 'null-array':
      return 'nil*';
    case 'null':
      return '_';
    case 'boolean':
      return reply.value ? '#t' : '#f';
    case 'double':
      return `,${reply.text}`;
    case 'big-number':
      return `(${reply.digits}`;
    case 'bulk-error':
      return `!${reply.bytes.toString('latin1')}`;
    case 'verbatim':
      return `=${reply.format}:${reply.bytes.toString('latin1')}`;
    case 'array':
      return reply.items.map(encodeReply);
    case 'set':
      return { '~': reply.items.map(encodeReply) };
    case 'push':
      return { '>': reply.items.map(encodeReply) };
    case 'map':
      return { '%': encodeEntries(reply.entries) };
    case 'attribute':
      return { '|': [encodeEntries(reply.entries), encodeReply(reply.reply)] };
  }
}

function encodeEntries(entries: readonly (readonly [Reply, Reply])[]): Encoded {
  return entries.map(([key, value]) => [encodeReply(key), encodeReply(value)]);
}

/** Encodes what a raw step got: the bytes as they came, and whether the server hung up. */
export function encodeBytes(bytes: Buffer, closed: boolean): Encoded {
  return { bytes: bytes.toString('latin1'), closed: closed ? 'yes' : 'no' };
}

/** Whether this is an outcome of encodeBytes. */
export function isBytes(encoded: Encoded): boolean {
  return typeof encoded === 'object' && 'bytes' in encoded;
}

/** Encodes that a step got no reply at all, and why. */
export function encodeFailure(reason: string): Encoded {
  return { failure: reason };
}

/** Whether this stands for a step that got no reply. */
export function isFailure(encoded: Encoded): boolean {
  return typeof encoded === 'object' && 'failure' in encoded;
}

/** Applies a change to every scalar of a reply, at any depth. */
export function mapScalars(encoded: Encoded, change: (scalar: string) => string): Encoded {
  if (typeof encoded === 'string') return change(encoded);
  if (isArray(encoded)) return encoded.map((item) => mapScalars(item, change));
  return Object.fromEntries(
    Object.entries(encoded).map(([mark, value]) => [mark, mapScalars(value, change)]),
  );
}

/** Array.isArray with a type guard that works for readonly arrays. */
export function isArray(encoded: Encoded): encoded is readonly Encoded[] {
  return Array.isArray(encoded);
}

/** The text of a scalar without its type byte (and without the format of a verbatim string). */
export function textOf(encoded: Encoded): string {
  if (typeof encoded !== 'string') return JSON.stringify(encoded);
  return encoded.startsWith('=') ? encoded.slice(5) : encoded.slice(1);
}

/** JSON with everything but printable ASCII escaped: equal on every terminal and in every diff. */
export function toJson(encoded: Encoded): string {
  return JSON.stringify(encoded).replace(
    /[\x7f-\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** A text, or of one longer than the limit its first bytes, its length and its digest. */
export function abbreviate(text: string, lengthMax: number): string {
  if (text.length <= lengthMax) return text;
  const digest = createHash('sha1').update(text, 'latin1').digest('hex').slice(0, 8);
  return `${text.slice(0, 20)}<${text.length} bytes, sha1 ${digest}>`;
}
