/** Generic commands: when keys expire. */
import { type Database, NO_EXPIRY } from '../keyspace/database.ts';
import { NO_ENTRY } from '../keyspace/entry.ts';
import { DELETED, EXPIRY_SET, PERSISTED } from '../keyspace/events.ts';
import type { Args } from '../protocol/args.ts';
import type { Reply } from '../protocol/reply.ts';
import type { TimeMs } from '../structures/timing-wheel.ts';
import type { Command, KeySpec } from './command.ts';
import { dueTimeAt } from './due-time.ts';
import { CommandError, echo } from './errors.ts';

const NO_KEY = -2;
/** Times are shown in seconds rounded to the nearest. */
const HALF_SECOND_MS = 500;

/** Bits of the condition under which EXPIRE and its kin set a time. */
const IF_NONE = 1;
const IF_ANY = 2;
const IF_LATER = 4;
const IF_EARLIER = 8;

const INCOMPATIBLE_WITH_NX: CommandError = new CommandError(
  'ERR NX and XX, GT or LT options at the same time are not compatible',
);
const INCOMPATIBLE_GT_LT: CommandError = new CommandError(
  'ERR GT and LT options at the same time are not compatible',
);

const INVALID_EXPIRE = invalidTime('expire');
const INVALID_PEXPIRE = invalidTime('pexpire');
const INVALID_EXPIREAT = invalidTime('expireat');
const INVALID_PEXPIREAT = invalidTime('pexpireat');

const UPDATED_KEY: readonly KeySpec[] = [
  { flags: ['RW', 'update'], begin: { index: 1 }, find: { last: 0, step: 1, limit: 0 } },
];
const ASKED_KEY: readonly KeySpec[] = [
  { flags: ['RO', 'access'], begin: { index: 1 }, find: { last: 0, step: 1, limit: 0 } },
];
const CONDITIONS_ADDED = [['7.0.0', 'Takes the conditions `NX`, `XX`, `GT` and `LT`.']] as const;

function invalidTime(command: string): CommandError {
  return new CommandError(`ERR invalid expire time in '${command}' command`);
}

export const expire: Command = {
  name: 'EXPIRE',
  group: 'generic',
  since: '1.0.0',
  summary: 'Sets in how many seconds a key expires.',
  complexity: 'O(1)',
  arity: -3,
  flags: ['write', 'fast'],
  keys: UPDATED_KEY,
  syntax: 'key seconds:integer [condition<NX | XX | GT | LT>@7.0.0]',
  history: CONDITIONS_ADDED,
  run({ database, keyspace }, args, reply) {
    const condition = readCondition(args);
    const dueMs = dueTimeAt(args, 2, 1000, keyspace.nowMs, INVALID_EXPIRE);
    reply.integer(setDueTime(database, args, dueMs, condition));
  },
};

export const pexpire: Command = {
  name: 'PEXPIRE',
  group: 'generic',
  since: '2.6.0',
  summary: 'Sets in how many milliseconds a key expires.',
  complexity: 'O(1)',
  arity: -3,
  flags: ['write', 'fast'],
  keys: UPDATED_KEY,
  syntax: 'key milliseconds:integer [condition<NX | XX | GT | LT>@7.0.0]',
  history: CONDITIONS_ADDED,
  run({ database, keyspace }, args, reply) {
    const condition = readCondition(args);
    const dueMs = dueTimeAt(args, 2, 1, keyspace.nowMs, INVALID_PEXPIRE);
    reply.integer(setDueTime(database, args, dueMs, condition));
  },
};

export const expireat: Command = {
  name: 'EXPIREAT',
  group: 'generic',
  since: '1.2.0',
  summary: 'Sets the second at which a key expires, as a Unix time.',
  complexity: 'O(1)',
  arity: -3,
  flags: ['write', 'fast'],
  keys: UPDATED_KEY,
  syntax: 'key unix-time-seconds:unix-time [condition<NX | XX | GT | LT>@7.0.0]',
  history: CONDITIONS_ADDED,
  run({ database }, args, reply) {
    const condition = readCondition(args);
    const dueMs = dueTimeAt(args, 2, 1000, 0, INVALID_EXPIREAT);
    reply.integer(setDueTime(database, args, dueMs, condition));
  },
};

export const pexpireat: Command = {
  name: 'PEXPIREAT',
  group: 'generic',
  since: '2.6.0',
  summary: 'Sets the millisecond at which a key expires, as a Unix time.',
  complexity: 'O(1)',
  arity: -3,
  flags: ['write', 'fast'],
  keys: UPDATED_KEY,
  syntax: 'key unix-time-milliseconds:unix-time [condition<NX | XX | GT | LT>@7.0.0]',
  history: CONDITIONS_ADDED,
  run({ database }, args, reply) {
    const condition = readCondition(args);
    const dueMs = dueTimeAt(args, 2, 1, 0, INVALID_PEXPIREAT);
    reply.integer(setDueTime(database, args, dueMs, condition));
  },
};

export const ttl: Command = {
  name: 'TTL',
  group: 'generic',
  since: '1.0.0',
  summary: 'Tells how many seconds a key has left to live.',
  complexity: 'O(1)',
  arity: 2,
  flags: ['readonly', 'fast'],
  tips: ['nondeterministic_output'],
  keys: ASKED_KEY,
  syntax: 'key',
  history: [['2.8.0', 'Answers -2 for a key that is not there.']],
  run({ database, keyspace }, args, reply) {
    replyDueTime(reply, database, args, keyspace.nowMs, 1000);
  },
};

export const pttl: Command = {
  name: 'PTTL',
  group: 'generic',
  since: '2.6.0',
  summary: 'Tells how many milliseconds a key has left to live.',
  complexity: 'O(1)',
  arity: 2,
  flags: ['readonly', 'fast'],
  tips: ['nondeterministic_output'],
  keys: ASKED_KEY,
  syntax: 'key',
  history: [['2.8.0', 'Answers -2 for a key that is not there.']],
  run({ database, keyspace }, args, reply) {
    replyDueTime(reply, database, args, keyspace.nowMs, 1);
  },
};

export const expiretime: Command = {
  name: 'EXPIRETIME',
  group: 'generic',
  since: '7.0.0',
  summary: 'Tells the second at which a key expires, as a Unix time.',
  complexity: 'O(1)',
  arity: 2,
  flags: ['readonly', 'fast'],
  keys: ASKED_KEY,
  syntax: 'key',
  run({ database }, args, reply) {
    replyDueTime(reply, database, args, 0, 1000);
  },
};

export const pexpiretime: Command = {
  name: 'PEXPIRETIME',
  group: 'generic',
  since: '7.0.0',
  summary: 'Tells the millisecond at which a key expires, as a Unix time.',
  complexity: 'O(1)',
  arity: 2,
  flags: ['readonly', 'fast'],
  keys: ASKED_KEY,
  syntax: 'key',
  run({ database }, args, reply) {
    replyDueTime(reply, database, args, 0, 1);
  },
};

export const persist: Command = {
  name: 'PERSIST',
  group: 'generic',
  since: '2.2.0',
  summary: 'Makes a key that would expire stay.',
  complexity: 'O(1)',
  arity: 2,
  flags: ['write', 'fast'],
  keys: UPDATED_KEY,
  syntax: 'key',
  run({ database }, args, reply) {
    const entry = database.write(args, 1);
    if (entry === NO_ENTRY || !database.entries.expires(entry)) {
      reply.integer(0);
      return;
    }
    database.clearExpiry(entry);
    database.changed(args, 1, PERSISTED);
    reply.integer(1);
  },
};

/** The condition bits that the arguments behind the time name. */
function readCondition(args: Args): number {
  let condition = 0;
  for (let i = 3; i < args.count; i++) condition |= conditionAt(args, i);
  if ((condition & IF_NONE) !== 0 && condition !== IF_NONE) throw INCOMPATIBLE_WITH_NX;
  if ((condition & IF_LATER) !== 0 && (condition & IF_EARLIER) !== 0) throw INCOMPATIBLE_GT_LT;
  return condition;
}

function conditionAt(args: Args, i: number): number {
  if (args.is(i, 'NX')) return IF_NONE;
  if (args.is(i, 'XX')) return IF_ANY;
  if (args.is(i, 'GT')) return IF_LATER;
  if (args.is(i, 'LT')) return IF_EARLIER;
  throw new CommandError(`ERR Unsupported option ${echo(args, i)}`);
}

/** Sets when key 1 expires, and removes it if that is over. Returns 1, or 0 if nothing was done. */
function setDueTime(database: Database, args: Args, dueMs: TimeMs, condition: number): number {
  const entry = database.write(args, 1);
  if (entry === NO_ENTRY) return 0;
  if (condition !== 0 && !isMet(condition, dueMs, database.expiryMs(entry))) return 0;
  const { effects, nowMs, replaying } = database.keyspace;
  if (dueMs <= nowMs && !replaying) {
    database.remove(args, 1);
    database.changed(args, 1, DELETED);
    effects?.note('DEL', args.copy(1));
    return 1;
  }
  database.setExpiry(entry, dueMs);
  database.changed(args, 1, EXPIRY_SET);
  effects?.note('PEXPIREAT', args.copy(1), String(dueMs));
  return 1;
}

/** Whether a new time passes the condition; a key without an expiry counts as living forever. */
function isMet(condition: number, dueMs: TimeMs, currentMs: TimeMs): boolean {
  const expires = currentMs !== NO_EXPIRY;
  if ((condition & IF_NONE) !== 0 && expires) return false;
  if ((condition & IF_ANY) !== 0 && !expires) return false;
  if ((condition & IF_LATER) !== 0 && (!expires || dueMs <= currentMs)) return false;
  return (condition & IF_EARLIER) === 0 || !expires || dueMs < currentMs;
}

/** Answers with the time, counted from `originMs` in units, at which key 1 expires. */
function replyDueTime(
  reply: Reply,
  database: Database,
  args: Args,
  originMs: number,
  unitMs: number,
): void {
  const entry = database.look(args, 1);
  if (entry === NO_ENTRY) {
    reply.integer(NO_KEY);
    return;
  }
  const dueMs = database.expiryMs(entry);
  if (typeof dueMs === 'bigint') {
    const leftMs = dueMs - BigInt(originMs);
    reply.bigInteger(unitMs === 1 ? leftMs : (leftMs + BigInt(HALF_SECOND_MS)) / BigInt(unitMs));
    return;
  }
  if (dueMs === NO_EXPIRY) {
    reply.integer(NO_EXPIRY);
    return;
  }
  const leftMs = dueMs - originMs;
  reply.integer(unitMs === 1 ? leftMs : Math.floor((leftMs + HALF_SECOND_MS) / unitMs));
}
