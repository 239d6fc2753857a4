/** The options of SET and GETEX, and the times that they and SETEX, PSETEX give. */
import type { Args } from '../protocol/args.ts';
import type { TimeMs } from '../structures/timing-wheel.ts';
import { dueTimeAt } from './due-time.ts';
import { CommandError, SYNTAX_ERROR } from './errors.ts';
import { integerAt } from './options.ts';

/** Bits of what `readOptions` returns. */
export const OPTION_NX = 1;
export const OPTION_XX = 2;
export const OPTION_GET = 4;
export const OPTION_KEEPTTL = 8;
export const OPTION_PERSIST = 16;
const OPTION_EX = 32;
const OPTION_PX = 64;
const OPTION_EXAT = 128;
const OPTION_PXAT = 256;
/** Argument index of the time that EX and the like are followed by, 0 for none. */
const TIME_SHIFT = 9;

const TIMES = OPTION_EX | OPTION_PX | OPTION_EXAT | OPTION_PXAT;
const EXPIRIES = TIMES | OPTION_KEEPTTL | OPTION_PERSIST;

/** The error of a time that cannot be; `command` in lower case. */
export function invalidExpireTime(command: string): CommandError {
  return new CommandError(`ERR invalid expire time in '${command}' command`);
}

/**
 * Reads arguments from `first` on as options, of which `allowed` are known, and those of a time.
 * An option may be repeated; two that contradict each other are a syntax error. Returns the bits of
 * those that are there, and for `expiryTime` where the time is.
 */
export function readOptions(args: Args, first: number, allowed: number): number {
  let options = 0;
  for (let i = first; i < args.count; i++) {
    const option = optionAt(args, i);
    if ((option & (allowed | TIMES)) === 0 || (options & excludedBy(option)) !== 0) {
      throw SYNTAX_ERROR;
    }
    options |= option;
    if ((option & TIMES) !== 0) {
      i++;
      if (i === args.count) throw SYNTAX_ERROR;
      options = (options & ((1 << TIME_SHIFT) - 1)) | (i << TIME_SHIFT);
    }
  }
  return options;
}

/** Whether a time was given, which is for `expiryTime` to read. */
export function hasTime(options: number): boolean {
  return (options & TIMES) !== 0;
}

/** The time that the options give, as `expiryTimeAt` reads it. REQUIRES: `hasTime(options)`. */
export function expiryTime(
  args: Args,
  options: number,
  nowMs: number,
  invalid: CommandError,
): TimeMs {
  const unitMs = (options & (OPTION_EX | OPTION_EXAT)) !== 0 ? 1000 : 1;
  const baseMs = (options & (OPTION_EXAT | OPTION_PXAT)) !== 0 ? 0 : nowMs;
  return expiryTimeAt(args, options >>> TIME_SHIFT, unitMs, baseMs, invalid);
}

/** Argument `i` as so many units behind `baseMs`, in ms. Throws `invalid` unless it is positive. */
export function expiryTimeAt(
  args: Args,
  i: number,
  unitMs: number,
  baseMs: number,
  invalid: CommandError,
): TimeMs {
  if (integerAt(args, i) <= 0) throw invalid;
  return dueTimeAt(args, i, unitMs, baseMs, invalid);
}

/** The option that argument `i` names, or 0. */
function optionAt(args: Args, i: number): number {
  switch (args.length(i)) {
    case 2:
      if (args.is(i, 'EX')) return OPTION_EX;
      if (args.is(i, 'PX')) return OPTION_PX;
      if (args.is(i, 'NX')) return OPTION_NX;
      return args.is(i, 'XX') ? OPTION_XX : 0;
    case 3:
      return args.is(i, 'GET') ? OPTION_GET : 0;
    case 4:
      if (args.is(i, 'PXAT')) return OPTION_PXAT;
      return args.is(i, 'EXAT') ? OPTION_EXAT : 0;
    case 7:
      if (args.is(i, 'KEEPTTL')) return OPTION_KEEPTTL;
      return args.is(i, 'PERSIST') ? OPTION_PERSIST : 0;
    default:
      return 0;
  }
}

/** The options that must not stand beside one. */
function excludedBy(option: number): number {
  if (option === OPTION_NX) return OPTION_XX;
  if (option === OPTION_XX) return OPTION_NX;
  return (option & EXPIRIES) === 0 ? 0 : EXPIRIES & ~option;
}
