/** The number of a database as an argument. */
import type { Database } from '../keyspace/database.ts';
import type { Args } from '../protocol/args.ts';
import type { Context } from './command.ts';
import { CommandError } from './errors.ts';
import { integerInRange } from './options.ts';

export const INT32_MIN: number = -(2 ** 31);
export const INT32_MAX: number = 2 ** 31 - 1;

const NOT_AN_INT32: CommandError = new CommandError(
  `ERR value is out of range, value must between ${INT32_MIN} and ${INT32_MAX}`,
);
export const NO_SUCH_DATABASE: CommandError = new CommandError('ERR DB index is out of range');

/** The database whose number argument `i` is. */
export function databaseAt({ keyspace }: Context, args: Args, i: number): Database {
  const database = keyspace.databases[integerInRange(args, i, INT32_MIN, INT32_MAX, NOT_AN_INT32)];
  if (database === undefined) throw NO_SUCH_DATABASE;
  return database;
}
