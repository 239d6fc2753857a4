/** What the commands on strings share: finding, writing and answering with one. */
import type { Database } from '../keyspace/database.ts';
import { type Entries, type Entry, TYPE_STRING } from '../keyspace/entry.ts';
import { copyBytes } from '../memory/bytes.ts';
import type { Args } from '../protocol/args.ts';
import type { Reply } from '../protocol/reply.ts';
import type { TimeMs } from '../structures/timing-wheel.ts';
import { stringEncoding } from '../values/string.ts';
import { CommandError, WRONG_TYPE } from './errors.ts';

export const STRING_TOO_LONG: CommandError = new CommandError(
  'ERR string exceeds maximum allowed size (proto-max-bulk-len)',
);

/** Throws WRONG_TYPE for an entry that is no string. */
export function requireString(entries: Entries, entry: Entry): void {
  if (entries.type(entry) !== TYPE_STRING) throw WRONG_TYPE;
}

/** Sets a key to the string in argument `value`, whatever it held; `expiry` is that of `put`. */
export function putString(
  database: Database,
  args: Args,
  key: number,
  value: number,
  expiry: TimeMs,
): void {
  const length = args.length(value);
  const encoding = stringEncoding(args.bytes, args.start(value), length);
  const entry = database.put(args, key, TYPE_STRING, encoding, length, expiry);
  writeArgument(database, args, value, entry, 0);
}

/** Copies argument `i` into a value, `offset` bytes behind its start. */
export function writeArgument(
  database: Database,
  args: Args,
  i: number,
  entry: Entry,
  offset: number,
): void {
  const { entries } = database;
  const to = entries.valueStart(entry) + offset;
  const length = args.length(i);
  copyBytes(
    args.bytes,
    args.view,
    args.start(i),
    entries.bytes(entry),
    entries.view(entry),
    to,
    length,
  );
}

/** Answers with the value of a string. */
export function replyString(entries: Entries, entry: Entry, reply: Reply): void {
  const start = entries.valueStart(entry);
  reply.bulk(entries.bytes(entry), entries.view(entry), start, entries.valueLength(entry));
}
