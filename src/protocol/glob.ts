// Redis's glob matcher over byte ranges.
//
//   *      any bytes, also none     [abc] [a-z]   a byte of the set; reversed ranges are put right
//   ?      any one byte             [^a-z]        a byte outside of the set
//   \x     the byte x itself, also in a set
//
// Every element but `*` takes exactly one byte, so when a match fails it is enough to let the most
// recent `*` take one byte more: earlier ones can gain nothing that it cannot. That is at most
// pattern x subject steps and no memory. The recursive form is exponential in the number of `*`;
// turning the pattern into a RegExp is that too, and opens the engine to whoever writes the
// pattern.
//
// Faithful oddities: an empty subject matches only the empty pattern (`*` does not match it); a set
// without its `]` ends with the pattern; `[a-]` is a range up to `]`; the end of a range is never
// an escape; range bounds compare as signed bytes; a case-insensitive set compares escaped bytes
// exactly and folds range bounds after ordering them.

const STAR = 0x2a;
const DASH = 0x2d;
const QUESTION = 0x3f;
const OPEN = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE = 0x5d;
const CARET = 0x5e;

/**
 * Whether the glob pattern[pStart..pEnd) matches all of subject[sStart..sEnd); ignoreCase folds
 * ASCII letters.
 */
export function globMatch(
  pattern: Uint8Array,
  pStart: number,
  pEnd: number,
  subject: Uint8Array,
  sStart: number,
  sEnd: number,
  ignoreCase: boolean,
): boolean {
  if (sStart === sEnd) return pStart === pEnd;
  let p = pStart;
  let s = sStart;
  let starNext = -1;
  let starSubject = 0;
  while (s < sEnd) {
    if (p < pEnd) {
      const element = pattern[p]!;
      if (element === STAR) {
        starNext = ++p;
        starSubject = s;
        if (p === pEnd) return true;
        continue;
      }
      const next = matchElement(pattern, p, pEnd, subject[s]!, ignoreCase);
      if (next >= 0) {
        p = next;
        s++;
        continue;
      }
    }
    if (starNext < 0) return false;
    p = starNext;
    s = ++starSubject;
  }
  while (p < pEnd && pattern[p] === STAR) p++;
  return p === pEnd;
}

/**
 * Matches the one-byte element at pattern[p]: the position behind it, or -1 when the byte does not
 * match.
 */
function matchElement(
  pattern: Uint8Array,
  p: number,
  pEnd: number,
  byte: number,
  ignoreCase: boolean,
): number {
  let element = pattern[p]!;
  if (element === QUESTION) return p + 1;
  if (element === OPEN) return matchSet(pattern, p + 1, pEnd, byte, ignoreCase);
  if (element === BACKSLASH && p + 1 < pEnd) element = pattern[++p]!;
  const equal = ignoreCase ? fold(element) === fold(byte) : element === byte;
  return equal ? p + 1 : -1;
}

/** Matches the set whose `[` lies before pattern[p], like `matchElement`. */
function matchSet(
  pattern: Uint8Array,
  p: number,
  pEnd: number,
  byte: number,
  ignoreCase: boolean,
): number {
  const negated = p < pEnd && pattern[p] === CARET;
  if (negated) p++;
  const wanted = ignoreCase ? fold(byte) : byte;
  let found = false;
  for (; p < pEnd; p++) {
    const member = pattern[p]!;
    if (member === BACKSLASH && p + 1 < pEnd) {
      p++;
      if (pattern[p] === byte) found = true;
    } else if (member === CLOSE) {
      p++;
      break;
    } else if (p + 2 < pEnd && pattern[p + 1] === DASH) {
      if (isInRange(member, pattern[p + 2]!, byte, ignoreCase)) found = true;
      p += 2;
    } else if ((ignoreCase ? fold(member) : member) === wanted) {
      found = true;
    }
  }
  return found !== negated ? p : -1;
}

function isInRange(from: number, to: number, byte: number, ignoreCase: boolean): boolean {
  const first = toSigned(from);
  const last = toSigned(to);
  let low = Math.min(first, last);
  let high = Math.max(first, last);
  let value = toSigned(byte);
  if (ignoreCase) {
    low = fold(low);
    high = fold(high);
    value = fold(value);
  }
  return value >= low && value <= high;
}

function fold(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
}

function toSigned(byte: number): number {
  return (byte << 24) >> 24;
}
