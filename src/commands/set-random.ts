/** Sets: members chosen at random, to look at them or to take them out. */

import type { Effects } from '../keyspace/effects.ts';
import { TYPE_SET } from '../keyspace/entry.ts';
import { MEMBERS_POPPED } from '../keyspace/events.ts';
import type { Args } from '../protocol/args.ts';
import type { Reply } from '../protocol/reply.ts';
import type { TextSink } from '../values/set-member.ts';
import { readCollection, removeEmptied, writeCollection } from './collection-access.ts';
import type { Command, Context } from './command.ts';
import { CommandError, SYNTAX_ERROR } from './errors.ts';
import { int64At, integerAt } from './options.ts';
import { READ_KEY } from './set-access.ts';

const NOT_POSITIVE = new CommandError('ERR value is out of range, must be positive');
const BAD_COUNT = new CommandError(
  'ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807',
);
const COUNT_MIN = -(2n ** 63n - 1n);
/**
 * Most members that are answered when they may repeat. Redis tries to answer whatever is asked for,
 * be it more than anybody's memory holds.
 */
const REPEATED_MAX = 2 ** 25;
/** Members that one command of the log takes out. */
const NOTED_TOGETHER_MAX = 1024;
const TOO_MANY = new CommandError('ERR value is out of range');

export const spop: Command = {
  name: 'SPOP',
  group: 'set',
  since: '1.0.0',
  summary: 'Takes members chosen at random out of a set and returns them.',
  complexity: 'O(1), or O(N) where N is the number of members returned.',
  arity: -2,
  flags: ['write', 'fast'],
  tips: ['nondeterministic_output'],
  keys: [
    {
      flags: ['RW', 'access', 'delete'],
      begin: { index: 1 },
      find: { last: 0, step: 1, limit: 0 },
    },
  ],
  syntax: 'key [count:integer@3.2.0]',
  history: [['3.2.0', 'Takes a count.']],
  run(context, args, reply) {
    if (args.count > 3) throw SYNTAX_ERROR;
    if (args.count === 3) {
      popSeveral(context, args, reply);
      return;
    }
    const cell = writeCollection(context, args, 1, TYPE_SET);
    if (cell === null) {
      reply.nil();
      return;
    }
    const { effects, sets, setPicker } = context.keyspace;
    const member = setPicker.pick(cell);
    member.write(reply);
    if (effects !== null) {
      const { bytes, start, length } = member;
      effects.note('SREM', args.copy(1), Buffer.from(bytes.subarray(start, start + length)));
    }
    const isLast = sets.size(cell) === 1;
    if (!isLast) setPicker.removePicked(cell);
    context.database.changed(args, 1, MEMBERS_POPPED);
    if (isLast) removeEmptied(context, args, 1);
  },
};

export const srandmember: Command = {
  name: 'SRANDMEMBER',
  group: 'set',
  since: '1.0.0',
  summary: 'Returns members of a set chosen at random.',
  complexity: 'O(1), or O(N) where N is the number of members returned.',
  arity: -2,
  flags: ['readonly'],
  tips: ['nondeterministic_output'],
  keys: READ_KEY,
  syntax: 'key [count:integer@2.6.0]',
  history: [['2.6.0', 'Takes a count.']],
  run(context, args, reply) {
    if (args.count > 3) throw SYNTAX_ERROR;
    if (args.count === 3) {
      replySeveral(context, args, reply);
      return;
    }
    const cell = readCollection(context, args, 1, TYPE_SET);
    if (cell === null) reply.nil();
    else context.keyspace.setPicker.pick(cell).write(reply);
  },
};

function popSeveral(context: Context, args: Args, reply: Reply): void {
  const count = integerAt(args, 2, NOT_POSITIVE);
  if (count < 0) throw NOT_POSITIVE;
  const { database, keyspace } = context;
  const { sets, setPicker } = keyspace;
  const cell = writeCollection(context, args, 1, TYPE_SET);
  if (cell === null || count === 0) {
    reply.set(0);
    return;
  }
  const size = sets.size(cell);
  if (count >= size) {
    reply.set(size);
    sets.writeAll(cell, reply);
    database.changed(args, 1, MEMBERS_POPPED, size);
    removeEmptied(context, args, 1);
    keyspace.effects?.note('DEL', args.copy(1));
    return;
  }
  reply.set(count);
  const taken = keyspace.effects === null ? null : new TakenMembers(reply);
  try {
    setPicker.takeOut(cell, count, taken ?? reply);
  } finally {
    const removed = size - sets.size(cell);
    if (removed > 0) {
      database.changed(args, 1, MEMBERS_POPPED, removed);
      taken?.note(keyspace.effects!, args.copy(1));
    }
  }
}

/** Members that are taken out: told to the client, and noted. */
class TakenMembers implements TextSink {
  readonly #reply: Reply;
  readonly #members: Buffer[] = [];

  constructor(reply: Reply) {
    this.#reply = reply;
  }

  bulk(bytes: Buffer, view: DataView, offset: number, length: number): void {
    this.#reply.bulk(bytes, view, offset, length);
    this.#members.push(Buffer.from(bytes.subarray(offset, offset + length)));
  }

  note(effects: Effects, key: Buffer): void {
    for (let at = 0; at < this.#members.length; at += NOTED_TOGETHER_MAX) {
      effects.note('SREM', key, ...this.#members.slice(at, at + NOTED_TOGETHER_MAX));
    }
  }
}

/** SRANDMEMBER with a count: different members, or, if it is negative, each time any of them. */
function replySeveral(context: Context, args: Args, reply: Reply): void {
  const wanted = int64At(args, 2);
  if (wanted < COUNT_MIN) throw BAD_COUNT;
  const cell = readCollection(context, args, 1, TYPE_SET);
  if (cell === null || wanted === 0n) {
    reply.array(0);
    return;
  }
  if (wanted < -REPEATED_MAX) throw TOO_MANY;
  const { sets, setPicker } = context.keyspace;
  const size = sets.size(cell);
  const count = wanted < 0n ? Number(-wanted) : Math.min(Number(wanted), size);
  reply.array(count);
  if (wanted < 0n) setPicker.writeTimes(cell, count, reply);
  else if (count === size) sets.writeAll(cell, reply);
  else setPicker.writeSample(cell, count, reply);
}
