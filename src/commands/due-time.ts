/** Reading the time at which a key shall expire. */
import type { Args } from '../protocol/args.ts';
import { parseSafeInteger } from '../protocol/numbers.ts';
import type { TimeMs } from '../structures/timing-wheel.ts';
import type { CommandError } from './errors.ts';
import { int64At } from './options.ts';

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

/**
 * Argument `i` as so many units of `unitMs` behind `baseMs`. Throws `invalid` when 64 bits do not
 * hold the product or the sum. A time that is over is not a mistake here.
 */
export function dueTimeAt(
  args: Args,
  i: number,
  unitMs: number,
  baseMs: number,
  invalid: CommandError,
): TimeMs {
  const start = args.start(i);
  const delayMs = parseSafeInteger(args.bytes, start, start + args.length(i)) * unitMs;
  const dueMs = delayMs + baseMs;
  // NaN, for what is no safe integer, is none here either.
  if (Number.isSafeInteger(delayMs) && Number.isSafeInteger(dueMs)) return dueMs;
  const exactDelayMs = int64At(args, i) * BigInt(unitMs);
  const exactDueMs = exactDelayMs + BigInt(baseMs);
  if (exactDelayMs < INT64_MIN || exactDelayMs > INT64_MAX) throw invalid;
  if (exactDueMs > INT64_MAX) throw invalid;
  return exactDueMs;
}
