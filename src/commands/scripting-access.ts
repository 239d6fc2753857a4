/** What the commands of scripts and functions have in common. */
import type { Args } from '../protocol/args.ts';
import type { KeySpec } from './command.ts';
import { CommandError } from './errors.ts';
import { integerAt } from './options.ts';

const NEGATIVE_KEYS = new CommandError("ERR Number of keys can't be negative");
const TOO_MANY_KEYS = new CommandError("ERR Number of keys can't be greater than number of args");

/** The arguments before the keys. */
const ARGUMENTS_BEFORE_KEYS = 3;

/** How many keys argument 2 says there are. Throws CommandError. */
export function keyCountOf(args: Args): number {
  const count = integerAt(args, 2);
  if (count > args.count - ARGUMENTS_BEFORE_KEYS) throw TOO_MANY_KEYS;
  if (count < 0) throw NEGATIVE_KEYS;
  return count;
}

/** Where the keys of a script are, and what it may do with them. */
export function scriptKeys(flags: readonly string[], notes?: string): readonly KeySpec[] {
  const found = {
    flags,
    begin: { index: 2 },
    find: { keynumIndex: 0, firstKey: 1, step: 1 },
  };
  return [notes === undefined ? found : { ...found, notes }];
}

/** All that a script may do with a key. */
export const ANY_USE: readonly string[] = ['RW', 'access', 'update'];
/** All that one may do that only reads. */
export const ANY_READ: readonly string[] = ['RO', 'access'];

/** Argument `i`, if there is one, is ASYNC or SYNC, which mean the same. Throws `problem`. */
export function checkFlushMode(args: Args, i: number, problem: CommandError): void {
  if (args.count > i + 1) throw problem;
  if (args.count === i + 1 && !args.is(i, 'ASYNC') && !args.is(i, 'SYNC')) throw problem;
}
