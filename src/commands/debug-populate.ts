/** DEBUG POPULATE: a data set to try something with. */
import { NO_EXPIRY } from '../keyspace/database.ts';
import { NO_ENTRY } from '../keyspace/entry.ts';
import { STRING_SET } from '../keyspace/events.ts';
import { Args } from '../protocol/args.ts';
import type { Reply } from '../protocol/reply.ts';
import type { Context } from './command.ts';
import { CommandError, unknownUse } from './errors.ts';
import { integerAt } from './options.ts';
import { putString, STRING_TOO_LONG } from './string-access.ts';

const NOT_POSITIVE = new CommandError('ERR value is out of range, must be positive');

/**
 * Makes keys `prefix:0`, `prefix:1` and so on, but for those that are there. A value is `value:`
 * and the number; where a size is given it is cut off there, or NUL bytes follow up to it.
 */
export function populate({ database }: Context, args: Args, reply: Reply): void {
  if (args.count > 5) throw unknownUse(args);
  const count = sizeAt(args, 2);
  const prefix = args.count > 3 ? args.copy(3) : Buffer.from('key');
  const size = args.count > 4 ? sizeAt(args, 4) : 0;
  if (size > database.keyspace.stringBytesMax) throw STRING_TOO_LONG;
  for (let i = 0; i < count; i++) {
    const key = Buffer.concat([prefix, Buffer.from(`:${i}`)]);
    const text = Buffer.from(`value:${i}`);
    const value = size === 0 ? text : Buffer.alloc(size);
    if (size > 0) text.copy(value);
    const words = Args.of(key, value);
    if (database.find(words, 0) !== NO_ENTRY) continue;
    putString(database, words, 0, 1, NO_EXPIRY);
    database.changed(words, 0, STRING_SET);
  }
  reply.ok();
}

function sizeAt(args: Args, i: number): number {
  const size = integerAt(args, i, NOT_POSITIVE);
  if (size < 0) throw NOT_POSITIVE;
  return size;
}
