import { type Encoded, isArray, mapScalars, textOf, toJson } from './encoded.ts';
import { type Line, type Normaliser, normalised, type Step } from './script.ts';

/**
 * What legitimately differs between two servers, or between two runs of one, is brought to one form
 * before replies are recorded or compared. A normaliser that checks something (a tolerance, a
 * pattern) replaces what passes by what was asked for, and leaves what fails as it is, so that the
 * comparison shows it.
 */

/** The elements of the reply come in no defined order. */
export function sorted(line: Line): Step {
  return normalised(line, (reply) => sortElements(reply));
}

/** The elements of the reply are pairs (field and value) in no defined order; flat in RESP2. */
export function sortedPairs(line: Line): Step {
  return normalised(line, (reply) => {
    if (!isArray(reply) || reply.some(isArray)) return sortElements(reply);
    const pairs: Encoded[][] = [];
    for (let i = 0; i < reply.length; i += 2) pairs.push(reply.slice(i, i + 2));
    return sortByJson(pairs).flat();
  });
}

/** The reply is a number at most `below` under, and not above, the expected one: a TTL, say. */
export function near(line: Line, expected: number, below: number): Step {
  return normalised(line, (reply) => {
    if (typeof reply !== 'string') return reply;
    const value = Number(textOf(reply));
    const passes = textOf(reply) !== '' && value <= expected && value >= expected - below;
    return passes ? `${reply[0]}${expected}` : reply;
  });
}

/** The reply is any number from low to high. */
export function between(line: Line, low: number, high: number): Step {
  return normalised(line, (reply) => {
    if (typeof reply !== 'string') return reply;
    const value = Number(textOf(reply));
    const passes = textOf(reply) !== '' && value >= low && value <= high;
    return passes ? `${reply[0]}<${low}..${high}>` : reply;
  });
}

/** The reply is a scalar whose text matches the pattern as a whole. */
export function matching(line: Line, pattern: RegExp): Step {
  const whole = new RegExp(`^(?:${pattern.source})$`, pattern.flags);
  return normalised(line, (reply) => {
    if (typeof reply !== 'string') return reply;
    return whole.test(textOf(reply)) ? `${reply[0]}<${pattern.source}>` : reply;
  });
}

/** The reply is one of these, given as they are encoded. */
export function oneOf(line: Line, ...choices: readonly Encoded[]): Step {
  const shown = choices.map(toJson);
  return normalised(line, (reply) =>
    shown.includes(toJson(reply)) ? `<one of ${shown.join(' ')}>` : reply,
  );
}

/** The reply passes a check, described in words. */
export function such(line: Line, what: string, check: (reply: Encoded) => boolean): Step {
  return normalised(line, (reply) => (check(reply) ? `<${what}>` : reply));
}

/** Every match of the pattern in any scalar is left out of the comparison. */
export function masked(line: Line, pattern: RegExp, shown = '<any>'): Step {
  const everywhere = new RegExp(pattern.source, `g${pattern.flags.replace('g', '')}`);
  return normalised(line, (reply) => mapScalars(reply, (text) => text.replace(everywhere, shown)));
}

/** Only the types count, scalars' content does not. */
export function typesOnly(line: Line): Step {
  return normalised(line, (reply) =>
    mapScalars(reply, (text) => (/^(nil|_|#)/.test(text) ? text : text.slice(0, 1))),
  );
}

/** Of a reply that is text, only what the pattern matches counts, as a list. */
export function picked(line: Line, pattern: RegExp): Step {
  const everywhere = new RegExp(pattern.source, `g${pattern.flags.replace('g', '')}`);
  return normalised(line, (reply) =>
    typeof reply === 'string' && !reply.startsWith('-')
      ? (textOf(reply).match(everywhere) ?? [])
      : reply,
  );
}

/** Of text of name=value words or name:value lines, only the names count, in order. */
export function namesOnly(line: Line): Step {
  return picked(line, /(?<=^|\s)[\w-]+(?=[:=])/m);
}

/**
 * The reply is a list of help texts, in each server's own words, whose first line names the
 * command.
 */
export function helpOf(command: string, line: Line): Step {
  return normalised(line, (reply) => {
    const isHelp =
      isArray(reply) &&
      reply.length > 2 &&
      reply.every((text) => typeof text === 'string' && /^[+$]/.test(text)) &&
      textOf(reply[0]!).toUpperCase().includes(command.toUpperCase());
    return isHelp ? `<help of ${command}>` : reply;
  });
}

/**
 * The reply has doubles, which 7.0 prints as %.17g and 7.2 with the fewest digits that read back.
 */
export function doubles(line: Line): Step {
  const shorten: Normaliser = (reply, dialect) =>
    dialect === '7.2' ? reply : mapScalars(reply, shortestDouble);
  return normalised(line, shorten);
}

/** A double of 7.0 in the form of 7.2: integers in full, else the fewest digits that read back. */
function shortestDouble(scalar: string): string {
  const text = textOf(scalar);
  if (!/^[,$]/.test(scalar) || !/^-?\d+(\.\d+)?(e[+-]?\d+)?$/.test(text)) return scalar;
  const value = Number(text);
  if (Number.isInteger(value) && Math.abs(value) < 2 ** 62)
    return scalar[0] + BigInt(value).toString();
  return scalar[0] + fewestDigits(value);
}

/** Where 7.2 puts the point: plain digits while the zeros are few, an exponent beyond. */
function fewestDigits(value: number): string {
  const sign = value < 0 ? '-' : '';
  const [mantissa, exponentText] = Math.abs(value).toExponential().split('e');
  const digits = mantissa!.replace('.', '');
  const exponent = Number(exponentText);
  const unit = exponent - digits.length + 1;
  if (unit >= 0 && Math.abs(exponent) < digits.length + 7) {
    return sign + digits + '0'.repeat(unit);
  }
  if (unit < 0 && (unit > -7 || Math.abs(exponent) < 4)) {
    if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
    return `${sign}${digits.slice(0, exponent + 1)}.${digits.slice(exponent + 1)}`;
  }
  const fraction = digits.length > 1 ? `.${digits.slice(1)}` : '';
  return `${sign}${digits[0]}${fraction}e${exponent < 0 ? '-' : '+'}${Math.abs(exponent)}`;
}

function sortElements(reply: Encoded): Encoded {
  if (typeof reply === 'string') return reply;
  if (isArray(reply)) return sortByJson(reply);
  return Object.fromEntries(
    Object.entries(reply).map(([mark, items]) => [mark, sortElements(items)]),
  );
}

function sortByJson<T extends Encoded>(items: readonly T[]): T[] {
  const keyed = items.map((item) => ({ item, key: toJson(item) }));
  return keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)).map(({ item }) => item);
}

/**
 * The values of these fields of a map (a flat array in RESP2) are of the type they are, no more.
 */
export function anyValueOf(line: Line, ...fields: readonly string[]): Step {
  const marked = new Set(fields.map((field) => `$${field}`));
  const mask = (key: Encoded, value: Encoded): Encoded =>
    typeof key === 'string' && typeof value === 'string' && marked.has(key)
      ? `${value[0]}<any>`
      : value;
  return normalised(line, (reply) => {
    if (isArray(reply)) return reply.map((item, i) => (i % 2 ? mask(reply[i - 1]!, item) : item));
    if (typeof reply === 'string' || !('%' in reply)) return reply;
    const entries = reply['%'] as readonly (readonly [Encoded, Encoded])[];
    return { '%': entries.map(([key, value]) => [key, mask(key, value)]) };
  });
}

/** The reply is a line of MONITOR; its time and address do not count. */
export function monitored(line: Line): Step {
  return masked(line, /^\+\d+\.\d{6} \[(\d+) 127\.0\.0\.1:\d+\]/, '+<time> [$1 <address>]');
}

/** Of a map (a flat array in RESP2) only the names of its fields count. */
export function fieldsOnly(line: Line): Step {
  return normalised(line, (reply) => {
    if (isArray(reply)) return reply.filter((_, i) => i % 2 === 0);
    if (typeof reply === 'string' || !('%' in reply)) return reply;
    return (reply['%'] as readonly (readonly Encoded[])[]).map(([key]) => key!);
  });
}
