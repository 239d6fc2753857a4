/**
 * Text that may hold bytes which are no UTF-8, so that an error can give a client's own words back
 * byte for byte: such a byte b is the lone surrogate U+DC00 + b, which no valid text contains.
 * Whoever prints the text by other means sees U+FFFD in its place.
 */
import { isUtf8 } from 'node:buffer';

const ESCAPE = 0xdc00;
/** With the flag u a surrogate matches only where it is not one of a pair. */
const ESCAPED_BYTE = /[\udc80-\udcff]/u;

/** The text of `bytes[start, end)`. */
export function losslessText(bytes: Buffer, start: number, end: number): string {
  if (isUtf8(bytes.subarray(start, end))) return bytes.toString('utf8', start, end);
  let text = '';
  for (let at = start; at < end; ) {
    const next = Math.min(end, at + sequenceLength(bytes[at]!));
    if (isUtf8(bytes.subarray(at, next))) {
      text += bytes.toString('utf8', at, next);
      at = next;
    } else {
      text += String.fromCharCode(ESCAPE + bytes[at]!);
      at++;
    }
  }
  return text;
}

/** The bytes of such a text. */
export function losslessBytes(text: string): Buffer {
  if (!ESCAPED_BYTE.test(text)) return Buffer.from(text);
  const parts = Array.from(text, (character) =>
    ESCAPED_BYTE.test(character)
      ? Buffer.of(character.charCodeAt(0) - ESCAPE)
      : Buffer.from(character),
  );
  return Buffer.concat(parts);
}

/** Bytes of the UTF-8 sequence that begins with this one; 1 where none does. */
function sequenceLength(first: number): number {
  if (first >= 0xf0) return 4;
  if (first >= 0xe0) return 3;
  return first >= 0xc0 ? 2 : 1;
}
