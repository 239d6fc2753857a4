/** Comparing two strings. */
import type { Database } from '../keyspace/database.ts';
import { NO_ENTRY, TYPE_STRING } from '../keyspace/entry.ts';
import type { Args } from '../protocol/args.ts';
import type { Reply } from '../protocol/reply.ts';
import { type CommonRun, lcsLength, lcsRuns } from '../values/lcs.ts';
import type { Command } from './command.ts';
import { CommandError, SYNTAX_ERROR } from './errors.ts';
import { integerAt } from './options.ts';

export const lcs: Command = {
  name: 'LCS',
  group: 'string',
  since: '7.0.0',
  summary: 'Finds the longest common subsequence of two strings.',
  complexity: 'O(N*M) with strings of N and M bytes',
  arity: -3,
  flags: ['readonly'],
  keys: [{ flags: ['RO', 'access'], begin: { index: 1 }, find: { last: 1, step: 1, limit: 0 } }],
  syntax: 'key1:key key2:key [LEN] [IDX] [MINMATCHLEN min-match-len:integer] [WITHMATCHLEN]',
  run(context, args, reply) {
    const { database } = context;
    const a = stringAt(database, args, 1);
    const b = stringAt(database, args, 2);
    const options = readLcsOptions(args);
    if ((a.length + 1) * (b.length + 1) * CELL_BYTES > context.keyspace.stringBytesMax) {
      throw TABLE_TOO_LARGE;
    }
    if (options.length) {
      reply.integer(lcsLength(a, b));
      return;
    }
    const runs = lcsRuns(a, b);
    if (options.indexes) replyIndexes(reply, runs, options);
    else
      reply.blob(Buffer.concat(runs.map((run) => a.subarray(run.a, run.a + run.length)).reverse()));
  },
};

const NOT_STRINGS = new CommandError('ERR The specified keys must contain string values');
const LENGTH_AND_INDEXES = new CommandError(
  'ERR If you want both the length and indexes, please just use IDX.',
);
const TABLE_TOO_LARGE = new CommandError(
  'ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len',
);

/**
 * What Redis spends on each pair of bytes. We spend a bit, but strings that take it a long time are
 * to be refused all the same.
 */
const CELL_BYTES = 4;

interface LcsOptions {
  length: boolean;
  indexes: boolean;
  minimum: number;
  withLengths: boolean;
}

function readLcsOptions(args: Args): LcsOptions {
  const options = { length: false, indexes: false, minimum: 0, withLengths: false };
  for (let i = 3; i < args.count; i++) {
    if (args.is(i, 'LEN')) options.length = true;
    else if (args.is(i, 'IDX')) options.indexes = true;
    else if (args.is(i, 'WITHMATCHLEN')) options.withLengths = true;
    else if (args.is(i, 'MINMATCHLEN') && i + 1 < args.count)
      options.minimum = integerAt(args, ++i);
    else throw SYNTAX_ERROR;
  }
  if (options.length && options.indexes) throw LENGTH_AND_INDEXES;
  return options;
}

/** The bytes in place; none for a key that does not exist. */
function stringAt(database: Database, args: Args, key: number): Buffer {
  const { entries } = database;
  const entry = database.read(args, key);
  if (entry === NO_ENTRY) return NO_BYTES;
  if (entries.type(entry) !== TYPE_STRING) throw NOT_STRINGS;
  const start = entries.valueStart(entry);
  return entries.bytes(entry).subarray(start, start + entries.valueLength(entry));
}

const NO_BYTES = Buffer.alloc(0);

function replyIndexes(reply: Reply, runs: readonly CommonRun[], options: LcsOptions): void {
  const shown = runs.filter((run) => run.length >= options.minimum);
  reply.map(2);
  reply.text('matches');
  reply.array(shown.length);
  for (const { a, b, length } of shown) {
    reply.array(options.withLengths ? 3 : 2);
    for (const start of [a, b]) {
      reply.array(2);
      reply.integer(start);
      reply.integer(start + length - 1);
    }
    if (options.withLengths) reply.integer(length);
  }
  reply.text('len');
  reply.integer(runs.reduce((sum, run) => sum + run.length, 0));
}
