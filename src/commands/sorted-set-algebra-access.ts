/** Reading the arguments of unions, intersections and differences of sorted sets. */
import { type Entry, NO_ENTRY, TYPE_SET, TYPE_ZSET } from '../keyspace/entry.ts';
import { EntryCell } from '../keyspace/entry-cell.ts';
import type { Args } from '../protocol/args.ts';
import {
  type Aggregate,
  addScores,
  greaterScore,
  lesserScore,
} from '../values/sorted-set-algebra.ts';
import type { Source } from '../values/sorted-set-source.ts';
import type { Context } from './command.ts';
import { CommandError, SYNTAX_ERROR, WRONG_TYPE } from './errors.ts';
import { integerAt } from './options.ts';
import { scoreAt } from './sorted-set-access.ts';

const BAD_WEIGHT = new CommandError('ERR weight value is not a float');
const BAD_LIMIT = new CommandError("ERR LIMIT can't be negative");

/** Sources of one command whose cells are kept for the next. */
const CELLS_KEPT = 8;

/** Which options a command takes. */
export interface AlgebraGrammar {
  readonly weights: boolean;
  readonly scores: boolean;
  readonly limit: boolean;
}

/** What a call asks for. */
export interface AlgebraCall {
  readonly sources: readonly Source[];
  readonly aggregate: Aggregate;
  readonly withScores: boolean;
  /** Infinity for none. */
  readonly limit: number;
}

/** Reads the arguments from the number of keys at `first` on; `name` is the command's. */
export function readAlgebra(
  context: Context,
  args: Args,
  first: number,
  grammar: AlgebraGrammar,
  name: string,
): AlgebraCall {
  const keyCount = integerAt(args, first);
  if (keyCount < 1) {
    throw new CommandError(`ERR at least 1 input key is needed for '${name}' command`);
  }
  const firstKey = first + 1;
  const firstOption = firstKey + keyCount;
  if (firstOption > args.count) throw SYNTAX_ERROR;
  // As in Redis a key of the wrong type is found before a wrong option.
  const sources = Array.from({ length: keyCount }, (_, i) =>
    sourceAt(context, args, firstKey + i, i),
  );
  let weights: number[] = [];
  let aggregate: Aggregate = addScores;
  let withScores = false;
  let limit = 0;
  for (let i = firstOption; i < args.count; i++) {
    const isLast = i + 1 === args.count;
    if (grammar.weights && i + keyCount < args.count && args.is(i, 'WEIGHTS')) {
      weights = sources.map((_, nth) => scoreAt(args, i + 1 + nth, BAD_WEIGHT));
      i += keyCount;
    } else if (grammar.weights && !isLast && args.is(i, 'AGGREGATE')) {
      aggregate = aggregateAt(args, ++i);
    } else if (grammar.scores && args.is(i, 'WITHSCORES')) {
      withScores = true;
    } else if (grammar.limit && !isLast && args.is(i, 'LIMIT')) {
      limit = integerAt(args, ++i, BAD_LIMIT);
      if (limit < 0) throw BAD_LIMIT;
    } else {
      throw SYNTAX_ERROR;
    }
  }
  return {
    sources: sources.map((source, i) => ({ ...source, weight: weights[i] ?? 1 })),
    aggregate,
    withScores,
    limit: limit === 0 ? Number.POSITIVE_INFINITY : limit,
  };
}

function sourceAt(context: Context, args: Args, key: number, slot: number): Source {
  const { database, keyspace } = context;
  const { sets, sortedSets } = keyspace;
  const cell = slot < CELLS_KEPT ? keyspace.cell(slot) : new EntryCell(keyspace);
  const entry: Entry = database.read(args, key);
  if (entry === NO_ENTRY) return { cell, isSet: false, count: 0, weight: 1 };
  const type = database.entries.type(entry);
  if (type !== TYPE_SET && type !== TYPE_ZSET) throw WRONG_TYPE;
  const isSet = type === TYPE_SET;
  cell.open(database, entry);
  return { cell, isSet, count: isSet ? sets.size(cell) : sortedSets.count(cell), weight: 1 };
}

function aggregateAt(args: Args, i: number): Aggregate {
  if (args.is(i, 'SUM')) return addScores;
  if (args.is(i, 'MIN')) return lesserScore;
  if (args.is(i, 'MAX')) return greaterScore;
  throw SYNTAX_ERROR;
}
