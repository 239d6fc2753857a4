/** Random values of every type and encoding, as the commands that make them on any server. */
import type { SeededRandom } from './seeded-random.ts';

/** A command with its arguments, in Latin-1. */
export type CommandLine = readonly string[];

export const VALUE_KINDS = ['string', 'list', 'hash', 'set', 'zset', 'stream'] as const;
export type ValueKind = (typeof VALUE_KINDS)[number];

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
const ANY_BYTES: string = Array.from({ length: 256 }, (_, i) => String.fromCharCode(i)).join('');
const INTEGERS = [
  '0',
  '-1',
  '127',
  '128',
  '-128',
  '4095',
  '-4097',
  '32767',
  '-32769',
  '8388607',
  '2147483647',
  '-2147483648',
  '2147483648',
  '9223372036854775807',
  '-9223372036854775808',
  '007',
  '-0',
];
const SCORES = ['0', '1', '-1', 'inf', '-inf', '1e300', '3.14159', '-0.001', '123456789012'];

/** A text: an integer, letters, any bytes, something that repeats, or nothing. */
export function randomText(random: SeededRandom, lengthMax: number): string {
  switch (random.integer(0, 5)) {
    case 0:
      return random.pick(INTEGERS);
    case 1:
      return String(random.integer(-300, 70_000));
    case 2:
      return random.text(ANY_BYTES, 0, Math.min(lengthMax, 40));
    case 3:
      return random.text(LETTERS, 1, 4).repeat(random.integer(1, Math.max(1, lengthMax / 4)));
    default:
      return random.text(LETTERS, 0, Math.min(lengthMax, 80));
  }
}

/** Commands that make a key of this kind, which is not there yet. */
export function randomValue(random: SeededRandom, kind: ValueKind, key: string): CommandLine[] {
  const size = random.pick([1, 3, 20, 140, 700]);
  const lengthMax = random.pick([8, 64, 64, 1000]);
  switch (kind) {
    case 'string':
      return [['SET', key, randomText(random, random.pick([10, 100, 100_000]))]];
    case 'list':
      return randomList(random, key, size, lengthMax);
    case 'hash':
      return inParts(['HSET', key], texts(random, size * 2, lengthMax), 2);
    case 'set':
      return randomSet(random, key, size, lengthMax);
    case 'zset':
      return randomSortedSet(random, key, size, lengthMax);
    case 'stream':
      return randomStream(random, key, Math.min(size, 300), Math.min(lengthMax, 100));
  }
}

function texts(random: SeededRandom, count: number, lengthMax: number): string[] {
  return Array.from({ length: count }, () => randomText(random, lengthMax));
}

/** Several commands that begin the same, each with some of the arguments. */
function inParts(begin: CommandLine, args: readonly string[], step: number): CommandLine[] {
  const lines: CommandLine[] = [];
  for (let at = 0; at < args.length; at += 50 * step) {
    lines.push([...begin, ...args.slice(at, at + 50 * step)]);
  }
  return lines;
}

function randomList(
  random: SeededRandom,
  key: string,
  size: number,
  lengthMax: number,
): CommandLine[] {
  const lines = inParts([random.pick(['RPUSH', 'LPUSH']), key], texts(random, size, lengthMax), 1);
  // An element that has a node to itself.
  if (random.fraction() < 0.2) lines.push(['RPUSH', key, randomText(random, 8) + 'x'.repeat(9000)]);
  return lines;
}

function randomSet(
  random: SeededRandom,
  key: string,
  size: number,
  lengthMax: number,
): CommandLine[] {
  if (random.fraction() < 0.5) return inParts(['SADD', key], texts(random, size, lengthMax), 1);
  const bits = random.pick([10, 20, 50]);
  const integers = Array.from({ length: size }, () => random.integer(-(2 ** bits), 2 ** bits));
  return inParts(['SADD', key], integers.map(String), 1);
}

function randomSortedSet(
  random: SeededRandom,
  key: string,
  size: number,
  lengthMax: number,
): CommandLine[] {
  const pairs: string[] = [];
  for (let i = 0; i < size; i++) {
    const score = random.fraction() < 0.3 ? random.pick(SCORES) : String(random.fraction() * 100);
    pairs.push(score, randomText(random, lengthMax));
  }
  return inParts(['ZADD', key], pairs, 2);
}

function randomStream(
  random: SeededRandom,
  key: string,
  size: number,
  lengthMax: number,
): CommandLine[] {
  const lines: CommandLine[] = [];
  let ms = random.integer(1, 1000);
  const ids: string[] = [];
  const fields = ['name', 'age', randomText(random, 20)];
  for (let i = 0; i < size; i++) {
    ms += random.integer(0, 3);
    const id = `${ms}-${i + 1}`;
    ids.push(id);
    const names = random.fraction() < 0.7 ? fields : texts(random, random.integer(1, 4), 10);
    const pairs = names.flatMap((name) => [name, randomText(random, lengthMax)]);
    lines.push(['XADD', key, id, ...pairs]);
  }
  for (const id of ids) if (random.fraction() < 0.1) lines.push(['XDEL', key, id]);
  for (let group = random.integer(0, 3); group > 0; group--) {
    lines.push(...randomGroup(random, key, `group ${group}`, ids));
  }
  return lines;
}

function randomGroup(
  random: SeededRandom,
  key: string,
  group: string,
  ids: readonly string[],
): CommandLine[] {
  const lines: CommandLine[] = [['XGROUP', 'CREATE', key, group, random.pick(['0', '$', ids[0]!])]];
  for (const consumer of ['Ann', 'Bob', 'nobody']) {
    lines.push(['XGROUP', 'CREATECONSUMER', key, group, consumer]);
    if (consumer === 'nobody') continue;
    const count = String(random.integer(1, 30));
    lines.push(['XREADGROUP', 'GROUP', group, consumer, 'COUNT', count, 'STREAMS', key, '>']);
  }
  for (const id of ids) if (random.fraction() < 0.1) lines.push(['XACK', key, group, id]);
  return lines;
}
