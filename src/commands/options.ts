/** Reading arguments: numbers and option words, with Redis's errors. */
import type { Args } from '../protocol/args.ts';
import { parseInt64, parseSafeInteger } from '../protocol/numbers.ts';
import { type CommandError, NOT_AN_INTEGER } from './errors.ts';

/**
 * Argument `i` as an integer; `problem` is the error when it is none of 64 bits. One that a double
 * cannot hold exactly comes back rounded: use it where a huge number only means "very far", and
 * `int64At` where every bit counts.
 */
export function integerAt(args: Args, i: number, problem: CommandError = NOT_AN_INTEGER): number {
  const start = args.start(i);
  const value = parseSafeInteger(args.bytes, start, start + args.length(i));
  return Number.isNaN(value) ? Number(int64At(args, i, problem)) : value;
}

/** Argument `i` as a 64-bit integer, exactly; `problem` is the error when it is none. */
export function int64At(args: Args, i: number, problem: CommandError = NOT_AN_INTEGER): bigint {
  const start = args.start(i);
  const value = parseInt64(args.bytes, start, start + args.length(i));
  if (value === undefined) throw problem;
  return value;
}

/** Argument `i` as an integer in [min, max]; `problem` is the error outside of it. */
export function integerInRange(
  args: Args,
  i: number,
  min: number,
  max: number,
  problem: CommandError = NOT_AN_INTEGER,
): number {
  const value = integerAt(args, i);
  if (value < min || value > max) throw problem;
  return value;
}
