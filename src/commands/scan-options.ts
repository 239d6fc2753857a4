/** The arguments that SCAN and its kin share. */
import type { Args } from '../protocol/args.ts';
import { parseCursor } from '../protocol/numbers.ts';
import { CommandError, SYNTAX_ERROR } from './errors.ts';
import { integerAt } from './options.ts';

const COUNT_DEFAULT = 10;

const INVALID_CURSOR: CommandError = new CommandError('ERR invalid cursor');

/** What is behind the cursor. */
export interface ScanOptions {
  /** How many elements to visit, about. */
  readonly count: number;
  /** The glob, where it lies among the arguments; null for any. */
  readonly pattern: Uint8Array | null;
  /** Name of the type, in lower case; null for any. */
  readonly type: string | null;
  /** Whether a hash is to leave its values out. */
  readonly noValues: boolean;
}

/** Argument `i` as a cursor: a number below 2^64, rounded above 2^53. */
export function cursorAt(args: Args, i: number): number {
  const start = args.start(i);
  const cursor = parseCursor(args.bytes, start, start + args.length(i));
  if (cursor === undefined) throw INVALID_CURSOR;
  return Number(cursor);
}

/**
 * Reads the options from argument `first` on; of one given several times the last counts. TYPE and
 * NOVALUES are for some commands only.
 */
export function readScanOptions(
  args: Args,
  first: number,
  takesType: boolean,
  takesNoValues = false,
): ScanOptions {
  let count = COUNT_DEFAULT;
  let pattern: Uint8Array | null = null;
  let type: string | null = null;
  let noValues = false;
  for (let i = first; i < args.count; i += 2) {
    if (takesNoValues && args.is(i, 'NOVALUES')) {
      noValues = true;
      i--;
      continue;
    }
    if (i + 1 === args.count) throw SYNTAX_ERROR;
    if (args.is(i, 'COUNT')) {
      count = integerAt(args, i + 1);
      if (count < 1) throw SYNTAX_ERROR;
    } else if (args.is(i, 'MATCH')) {
      const start = args.start(i + 1);
      pattern = args.bytes.subarray(start, start + args.length(i + 1));
    } else if (takesType && args.is(i, 'TYPE')) {
      type = args.text(i + 1).toLowerCase();
    } else {
      throw SYNTAX_ERROR;
    }
  }
  return { count, pattern, type, noValues };
}
