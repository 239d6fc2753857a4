/**
 * Where the keys of a call are: what COMMAND GETKEYS and the first-last-step triple of COMMAND INFO
 * say.
 */
import type { Args } from '../protocol/args.ts';
import { parseSafeInteger } from '../protocol/numbers.ts';
import type { Command, FoundKey, KeySpec } from './command.ts';

/**
 * The keys of a command as older clients know them: argument indexes, `last` counted from the end
 * if negative.
 */
export interface KeyRange {
  readonly first: number;
  readonly last: number;
  readonly step: number;
}

const NO_KEYS: KeyRange = { first: 0, last: 0, step: 0 };

/** Whether the arguments of a command can be keys, wherever. */
export function hasKeys(command: Command): boolean {
  return command.findKeys !== undefined || (command.keys ?? []).some(isOfKeys);
}

/**
 * The keys of a call, in the order of the key specifications; none when the arguments are not what
 * those expect. What a specification leaves open is asked of the command itself.
 */
export function keysOf(command: Command, call: Args): readonly FoundKey[] {
  const specs = (command.keys ?? []).filter(isOfKeys);
  const varying = specs.some((spec) => spec.flags.includes('variable_flags'));
  const found = varying ? undefined : keysBySpecs(specs, call);
  return found ?? command.findKeys?.(call) ?? [];
}

/**
 * The range that a command's key specifications amount to. Specifications that follow on each other
 * become one; the others are what the flag movablekeys warns of.
 */
export function keyRange(keys: readonly KeySpec[] = []): KeyRange {
  const ranges = keys.flatMap((spec) => rangeOf(spec) ?? []);
  if (keys.length === 1) return ranges[0] ?? NO_KEYS;
  let range: KeyRange | undefined;
  for (const { first, last, step } of ranges) {
    if (step !== 1 || (range !== undefined && first !== range.last + 1)) continue;
    range = { first: range?.first ?? first, last, step };
  }
  return range ?? NO_KEYS;
}

function rangeOf({ begin, find }: KeySpec): KeyRange | undefined {
  if (!('index' in begin && 'last' in find)) return undefined;
  const last = find.last < 0 ? find.last : begin.index + find.last;
  return { first: begin.index, last, step: find.step };
}

/** A channel or the like stands where a key would, so that clients route the call. */
function isOfKeys(spec: KeySpec): boolean {
  return !spec.flags.includes('not_key');
}

/** Undefined when there is no specification, or one that does not fit the call. */
function keysBySpecs(specs: readonly KeySpec[], call: Args): FoundKey[] | undefined {
  if (specs.length === 0) return undefined;
  const found: FoundKey[] = [];
  for (const { begin, find, flags } of specs) {
    const start = startOf(begin, call);
    if (start === undefined) continue;
    const range = start === UNKNOWN ? undefined : rangeFrom(find, start, call);
    if (range === undefined) return undefined;
    for (let index = range.first; index <= range.last; index += range.step) {
      found.push({ index, flags });
    }
  }
  return found;
}

const UNKNOWN = -1;

/** The argument at which the search for keys begins; undefined when this call has none. */
function startOf(begin: KeySpec['begin'], call: Args): number | undefined {
  if ('index' in begin) return begin.index;
  if ('unknown' in begin) return UNKNOWN;
  const { keyword, startFrom } = begin;
  const step = startFrom > 0 ? 1 : -1;
  const from = startFrom > 0 ? startFrom : call.count + startFrom;
  for (let i = from; i > 0 && i < call.count; i += step) {
    if (call.text(i).toUpperCase() === keyword.toUpperCase()) return i + 1;
  }
  return undefined;
}

/** The arguments that are keys; undefined when they would not all be there. */
function rangeFrom(find: KeySpec['find'], start: number, call: Args): KeyRange | undefined {
  if ('unknown' in find) return undefined;
  const { step } = find;
  let first = start;
  let last: number;
  if ('keynumIndex' in find) {
    const count = countAt(call, start + find.keynumIndex);
    if (count === undefined) return undefined;
    first += find.firstKey;
    last = first + (count - 1) * step;
  } else if (find.last >= 0) {
    last = first + find.last;
  } else if (find.limit === 0) {
    last = call.count + find.last;
  } else {
    last = first + Math.floor((call.count - first) / find.limit) + find.last;
  }
  return first <= last && last < call.count ? { first, last, step } : undefined;
}

/** A number of keys; undefined when the argument is missing or no such number. */
function countAt(call: Args, i: number): number | undefined {
  if (i >= call.count) return undefined;
  const start = call.start(i);
  const count = parseSafeInteger(call.bytes, start, start + call.length(i));
  return Number.isNaN(count) || count < 0 ? undefined : count;
}
