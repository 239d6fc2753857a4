import { type Encoded, isArray } from './encoded.ts';
import { type Line, normalised, type Step } from './script.ts';

/** Fields of XINFO whose values depend on the clock, or on how blocks are found. */
const VARYING = new Set(['$idle', '$inactive', '$seen-time', '$active-time', '$radix-tree-nodes']);
const NEW_IN_72 = new Set(['$inactive', '$active-time']);
const TIME = /^:1\d{12}$/;

/**
 * A reply of XINFO: of values that vary only the type counts, and fields that 7.2 has added are
 * left out, once they are seen to be numbers.
 */
export function streamInfo(line: Line): Step {
  return normalised(line, (reply) => withoutNew(reply));
}

/** Times since the epoch, anywhere in a reply, are of the type they are, no more. */
export function timeless(line: Line): Step {
  return normalised(line, (reply) => maskTimes(reply));
}

/** A list of pending entries, of which the milliseconds since they were delivered vary. */
export function pendingList(line: Line): Step {
  return normalised(line, (reply) => {
    if (!isArray(reply)) return reply;
    return reply.map((item) => {
      if (!isArray(item) || item.length !== 4 || !isRecent(item[2]!)) return item;
      return [item[0]!, item[1]!, ':<recent>', item[3]!];
    });
  });
}

/** Of a list with one consumer only the names of its fields count, and whether a value is -1. */
export function fieldsOf(line: Line): Step {
  return normalised(line, (reply) => {
    if (!isArray(reply) || reply.length !== 1) return reply;
    const consumer = reply[0]!;
    const flat = isArray(consumer) ? consumer : Object.values(consumer).flat(2);
    const names = flat.filter((_, i) => i % 2 === 0).map(String);
    return names.map((name, i) => (flat[i * 2 + 1] === ':-1' ? `${name}=-1` : name));
  });
}

function isRecent(item: Encoded): boolean {
  return typeof item === 'string' && /^:\d{1,4}$/.test(item);
}

function withoutNew(reply: Encoded): Encoded {
  if (typeof reply === 'string') return reply;
  if (isArray(reply)) return flatWithoutNew(reply);
  const entries = reply['%'] as readonly (readonly [Encoded, Encoded])[];
  return { '%': entries.filter(([key, value]) => !isNew(key, value)).map(maskPair) };
}

/** A flat list of fields and values, or any other list. */
function flatWithoutNew(items: readonly Encoded[]): Encoded[] {
  const kept: Encoded[] = [];
  for (let i = 0; i < items.length; i++) {
    const key = items[i]!;
    const value = items[i + 1];
    if (value === undefined || !isVarying(key)) {
      kept.push(withoutNew(key));
    } else {
      if (!isNew(key, value)) kept.push(...maskPair([key, value]));
      i++;
    }
  }
  return kept;
}

function isNew(key: Encoded, value: Encoded): boolean {
  return typeof key === 'string' && NEW_IN_72.has(key) && /^:-?\d+$/.test(String(value));
}

function isVarying(key: Encoded): boolean {
  return typeof key === 'string' && VARYING.has(key);
}

function maskPair([key, value]: readonly [Encoded, Encoded]): [Encoded, Encoded] {
  if (!isVarying(key)) return [key, withoutNew(value)];
  return [key, /^:\d+$/.test(String(value)) ? ':<any>' : value];
}

function maskTimes(reply: Encoded): Encoded {
  if (typeof reply === 'string') return TIME.test(reply) ? ':<time>' : reply;
  if (isArray(reply)) return reply.map(maskTimes);
  return Object.fromEntries(Object.entries(reply).map(([mark, items]) => [mark, maskTimes(items)]));
}
