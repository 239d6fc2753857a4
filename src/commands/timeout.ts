/** How long a command may wait, as its arguments say. */
import type { Args } from '../protocol/args.ts';
import { parseLongDouble } from '../protocol/long-double.ts';
import { parseSafeInteger } from '../protocol/numbers.ts';
import { CommandError } from './errors.ts';
import { integerAt } from './options.ts';

const NOT_A_FLOAT: CommandError = new CommandError('ERR timeout is not a float or out of range');
const NOT_AN_INTEGER: CommandError = new CommandError(
  'ERR timeout is not an integer or out of range',
);
const NEGATIVE: CommandError = new CommandError('ERR timeout is negative');
const OUT_OF_RANGE: CommandError = new CommandError('ERR timeout is out of range');

/** The end of a longer wait, in ms since the epoch, is no 64-bit integer. */
const TIMEOUT_MS_MAX = 2 ** 63 - 2 ** 42;

/** Argument `i`, in seconds with a fraction, as milliseconds; 0 is for ever. */
export function timeoutInSecondsAt(args: Args, i: number): number {
  const start = args.start(i);
  const end = start + args.length(i);
  const seconds = parseSafeInteger(args.bytes, start, end);
  if (!Number.isNaN(seconds)) return checked(seconds * 1000);
  const value = parseLongDouble(args.bytes, start, end);
  if (value === undefined) throw NOT_A_FLOAT;
  const size =
    value.exponent === Infinity ? Infinity : Number(value.mantissa) * 2 ** value.exponent;
  const ms = (value.negative ? -size : size) * 1000;
  // A tenth of a second is a hundred milliseconds, whatever the last bit says.
  const near = Math.round(ms);
  return checked(Math.abs(ms - near) <= Math.abs(ms) * 2 ** -50 ? near : Math.ceil(ms));
}

/** Argument `i` in milliseconds; 0 is for ever. */
export function timeoutInMsAt(args: Args, i: number): number {
  return checked(integerAt(args, i, NOT_AN_INTEGER));
}

function checked(timeoutMs: number): number {
  if (timeoutMs < 0) throw NEGATIVE;
  if (timeoutMs > TIMEOUT_MS_MAX) throw OUT_OF_RANGE;
  return timeoutMs;
}
