/** Hashes: reading all of their fields, and some at random. */
import { TYPE_HASH } from '../keyspace/entry.ts';
import type { Args } from '../protocol/args.ts';
import type { Reply } from '../protocol/reply.ts';
import { FIELDS, NESTED, VALUES } from '../values/hash-reader.ts';
import { readCollection } from './collection-access.ts';
import type { Command, Context } from './command.ts';
import { CommandError, SYNTAX_ERROR } from './errors.ts';
import { READ_KEY } from './hash-access.ts';
import { int64At } from './options.ts';

export const hgetall: Command = {
  name: 'HGETALL',
  group: 'hash',
  since: '2.0.0',
  summary: 'Returns all fields with their values.',
  complexity: 'O(N) where N is the number of fields.',
  arity: 2,
  flags: ['readonly'],
  tips: ['nondeterministic_output_order'],
  keys: READ_KEY,
  syntax: 'key',
  run(context, args, reply) {
    const cell = readCollection(context, args, 1, TYPE_HASH);
    const { hashes, hashReader } = context.keyspace;
    if (cell === null) {
      reply.map(0);
      return;
    }
    reply.map(hashes.length(cell));
    hashReader.writeAll(cell, FIELDS | VALUES, reply);
  },
};

export const hkeys: Command = {
  name: 'HKEYS',
  group: 'hash',
  since: '2.0.0',
  summary: 'Returns all fields.',
  complexity: 'O(N) where N is the number of fields.',
  arity: 2,
  flags: ['readonly'],
  tips: ['nondeterministic_output_order'],
  keys: READ_KEY,
  syntax: 'key',
  run(context, args, reply) {
    replyAll(context, args, FIELDS, reply);
  },
};

export const hvals: Command = {
  name: 'HVALS',
  group: 'hash',
  since: '2.0.0',
  summary: 'Returns the values of all fields.',
  complexity: 'O(N) where N is the number of fields.',
  arity: 2,
  flags: ['readonly'],
  tips: ['nondeterministic_output_order'],
  keys: READ_KEY,
  syntax: 'key',
  run(context, args, reply) {
    replyAll(context, args, VALUES, reply);
  },
};

export const hrandfield: Command = {
  name: 'HRANDFIELD',
  group: 'hash',
  since: '6.2.0',
  summary: 'Returns random fields: different ones, or with a negative count any.',
  complexity:
    'O(N) where N is the number of fields returned; of all when the hash is small or more ' +
    'than one in 64 is wanted.',
  arity: -2,
  flags: ['readonly'],
  tips: ['nondeterministic_output'],
  keys: READ_KEY,
  syntax: 'key [options(count:integer [WITHVALUES])]',
  run(context, args, reply) {
    if (args.count > 2) {
      replySeveral(context, args, reply);
      return;
    }
    const cell = readCollection(context, args, 1, TYPE_HASH);
    if (cell === null) reply.nil();
    else context.keyspace.hashReader.writeRandom(cell, FIELDS, reply);
  },
};

const COUNT_MAX = 2n ** 63n - 1n;
/** With values, twice as many texts are returned. */
const PAIRS_MAX: bigint = COUNT_MAX / 2n;
const BAD_COUNT = new CommandError(
  `ERR value is out of range, value must between -${COUNT_MAX} and ${COUNT_MAX}`,
);
const OUT_OF_RANGE = new CommandError('ERR value is out of range');
/** Most pairs that are answered when they may repeat: Redis begins whatever is asked for. */
const REPEATS_MAX = 2 ** 25;

function replyAll(context: Context, args: Args, parts: number, reply: Reply): void {
  const cell = readCollection(context, args, 1, TYPE_HASH);
  if (cell === null) {
    reply.array(0);
    return;
  }
  const { hashes, hashReader } = context.keyspace;
  reply.array(hashes.length(cell));
  hashReader.writeAll(cell, parts, reply);
}

/** HRANDFIELD with a count. */
function replySeveral(context: Context, args: Args, reply: Reply): void {
  const wanted = int64At(args, 2);
  if (wanted < -COUNT_MAX) throw BAD_COUNT;
  const withValues = args.count > 3;
  if (withValues) {
    if (args.count > 4 || !args.is(3, 'WITHVALUES')) throw SYNTAX_ERROR;
    if (wanted < -PAIRS_MAX || wanted > PAIRS_MAX) throw OUT_OF_RANGE;
  }
  const cell = readCollection(context, args, 1, TYPE_HASH);
  if (cell === null || wanted === 0n) {
    reply.array(0);
    return;
  }
  if (wanted < -REPEATS_MAX) throw OUT_OF_RANGE;
  const { hashes, hashReader } = context.keyspace;
  const fields = hashes.length(cell);
  const repeats = wanted < 0n;
  const count = repeats ? Number(-wanted) : Math.min(Number(wanted), fields);
  const isNested = withValues && reply.resp3;
  const parts = withValues ? FIELDS | VALUES | (isNested ? NESTED : 0) : FIELDS;
  reply.array(withValues && !isNested ? count * 2 : count);
  if (repeats) hashReader.writeRandomTimes(cell, count, parts, reply);
  else if (count === fields) hashReader.writeAll(cell, parts, reply);
  else hashReader.writeSample(cell, count, parts, reply);
}
