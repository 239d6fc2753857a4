/** Estimating how many distinct elements there are. */
import { TYPE_STRING } from '../keyspace/entry.ts';
import type { EntryCell } from '../keyspace/entry-cell.ts';
import { HYPERLOGLOG_CHANGED, REWRITTEN } from '../keyspace/events.ts';
import type { Args } from '../protocol/args.ts';
import type { Reply } from '../protocol/reply.ts';
import {
  addElement,
  countRegisters,
  EMPTY_BYTES,
  forgetCount,
  isSparse,
  keptCount,
  raiseTo,
  recount,
  setRegisters,
  writeEmpty,
} from '../values/hyperloglog.ts';
import { markOf } from '../values/hyperloglog-hash.ts';
import { REGISTER_COUNT } from '../values/hyperloglog-registers.ts';
import { CORRUPT, RAISED } from '../values/hyperloglog-sparse.ts';
import { STRING_RAW } from '../values/string.ts';
import {
  createCollection,
  readCollection,
  readCollectionToChange,
  writeCollection,
} from './collection-access.ts';
import type { Command, Context } from './command.ts';
import { CORRUPTED, requireHyperLogLog, requireSoundRegisters } from './hyperloglog-access.ts';

export const pfadd: Command = {
  name: 'PFADD',
  group: 'hyperloglog',
  since: '2.8.9',
  summary: 'Adds elements to a HyperLogLog, which is created if need be.',
  complexity: 'O(1) for each element, the bytes of a sparse HyperLogLog being few',
  arity: -2,
  flags: ['write', 'denyoom', 'fast'],
  keys: [{ flags: ['RW', 'insert'], begin: { index: 1 }, find: { last: 0, step: 1, limit: 0 } }],
  syntax: 'key [element...]',
  run(context, args, reply) {
    let cell = writeCollection(context, args, 1, TYPE_STRING);
    let changes = 0;
    if (cell === null) {
      cell = create(context, args);
      changes = 1;
    } else {
      requireHyperLogLog(cell);
      // The first of several elements must not be added when another cannot be.
      if (args.count > 3) requireSoundRegisters(cell);
      cell.encoding = STRING_RAW;
    }
    const { hyperloglogSparseBytesMax } = context.keyspace.thresholds;
    for (let i = 2; i < args.count; i++) {
      const mark = markOf(args.bytes, args.view, args.start(i), args.length(i));
      const outcome = addElement(cell, mark, hyperloglogSparseBytesMax);
      if (outcome === CORRUPT) throw CORRUPTED;
      if (outcome === RAISED) changes++;
    }
    if (changes > 0) {
      forgetCount(cell.bytes, cell.start);
      context.database.changed(args, 1, HYPERLOGLOG_CHANGED, changes);
    }
    reply.integer(changes > 0 ? 1 : 0);
  },
};

export const pfcount: Command = {
  name: 'PFCOUNT',
  group: 'hyperloglog',
  since: '2.8.9',
  summary: 'Estimates how many distinct elements were added to one or several HyperLogLogs.',
  complexity:
    'O(1) for one that has not changed since it was last counted, else O(N) with N HyperLogLogs',
  arity: -2,
  flags: ['readonly', 'may_replicate'],
  keys: [
    {
      notes: 'Writes, because the count is kept in the value',
      flags: ['RW', 'access'],
      begin: { index: 1 },
      find: { last: -1, step: 1, limit: 0 },
    },
  ],
  syntax: 'key...',
  run(context, args, reply) {
    if (args.count === 2) {
      answerCount(context, args, reply);
      return;
    }
    unite(context, args);
    reply.bigInteger(countRegisters(union));
  },
};

export const pfmerge: Command = {
  name: 'PFMERGE',
  group: 'hyperloglog',
  since: '2.8.9',
  summary: 'Adds to a HyperLogLog, which is created if need be, all that others were given.',
  complexity: 'O(N) with N HyperLogLogs',
  arity: -2,
  flags: ['write', 'denyoom'],
  keys: [
    {
      flags: ['RW', 'access', 'insert'],
      begin: { index: 1 },
      find: { last: 0, step: 1, limit: 0 },
    },
    { flags: ['RO', 'access'], begin: { index: 2 }, find: { last: -1, step: 1, limit: 0 } },
  ],
  syntax: 'destkey:key [sourcekey:key#1...]',
  run(context, args, reply) {
    const { hyperloglogSparseBytesMax } = context.keyspace.thresholds;
    const anyDense = unite(context, args);
    const cell = writeCollection(context, args, 1, TYPE_STRING) ?? create(context, args);
    cell.encoding = STRING_RAW;
    setRegisters(cell, union, anyDense, hyperloglogSparseBytesMax);
    forgetCount(cell.bytes, cell.start);
    context.database.changed(args, 1, HYPERLOGLOG_CHANGED);
    reply.ok();
  },
};

/** The highest value of each register among the HyperLogLogs of a call. */
const union = new Uint8Array(REGISTER_COUNT);

/** Gives argument 1, where nothing is, a HyperLogLog without elements. */
function create(context: Context, args: Args): EntryCell {
  const cell = createCollection(context, args, 1, TYPE_STRING, STRING_RAW, EMPTY_BYTES);
  writeEmpty(cell.bytes, cell.start);
  return cell;
}

/** Answers with the count of a single HyperLogLog, and keeps it there. */
function answerCount(context: Context, args: Args, reply: Reply): void {
  const cell = readCollectionToChange(context, args, 1, TYPE_STRING);
  if (cell === null) {
    reply.integer(0);
    return;
  }
  requireHyperLogLog(cell);
  const kept = keptCount(cell.bytes, cell.start);
  if (kept === undefined) requireSoundRegisters(cell);
  cell.encoding = STRING_RAW;
  reply.bigInteger(kept ?? recount(cell));
  if (kept === undefined) context.database.changed(args, 1, REWRITTEN);
}

/** Unites all HyperLogLogs from argument 1 on in `union`; whether any of them is dense. */
function unite(context: Context, args: Args): boolean {
  let anyDense = false;
  union.fill(0);
  for (let i = 1; i < args.count; i++) {
    const cell = readCollection(context, args, i, TYPE_STRING);
    if (cell === null) continue;
    requireHyperLogLog(cell);
    requireSoundRegisters(cell);
    if (!isSparse(cell.bytes, cell.start)) anyDense = true;
    raiseTo(union, cell);
  }
  return anyDense;
}
