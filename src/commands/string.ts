/** Writing and reading one string as a whole. */
import { KEEP_EXPIRY, NO_EXPIRY } from '../keyspace/database.ts';
import { NO_ENTRY } from '../keyspace/entry.ts';
import { DELETED, EXPIRY_SET, PERSISTED, STRING_SET } from '../keyspace/events.ts';
import type { Args } from '../protocol/args.ts';
import type { Reply } from '../protocol/reply.ts';
import type { TimeMs } from '../structures/timing-wheel.ts';
import type { Command, Context, FoundKey } from './command.ts';
import type { CommandError } from './errors.ts';
import {
  expiryTime,
  expiryTimeAt,
  hasTime,
  invalidExpireTime,
  OPTION_GET,
  OPTION_KEEPTTL,
  OPTION_NX,
  OPTION_PERSIST,
  OPTION_XX,
  readOptions,
} from './expiry-options.ts';
import { putString, replyString, requireString } from './string-access.ts';

export const set: Command = {
  name: 'SET',
  group: 'string',
  since: '1.0.0',
  summary: 'Sets a key to a string, whatever it held before, and takes off its expiry.',
  complexity: 'O(1)',
  arity: -3,
  flags: ['write', 'denyoom'],
  keys: [
    {
      notes: 'Reads the key only with the `GET` option',
      flags: ['RW', 'access', 'update', 'variable_flags'],
      begin: { index: 1 },
      find: { last: 0, step: 1, limit: 0 },
    },
  ],
  syntax: `
    key value [condition<NX | XX>@2.6.12] [GET@6.2.0]
    [expiration<EX seconds:integer@2.6.12 | PX milliseconds:integer@2.6.12 |
      EXAT unix-time-seconds:unix-time@6.2.0 | PXAT unix-time-milliseconds:unix-time@6.2.0 |
      KEEPTTL@6.0.0>]
  `,
  history: [
    ['2.6.12', 'The options `EX`, `PX`, `NX` and `XX`.'],
    ['6.0.0', 'The option `KEEPTTL`.'],
    ['6.2.0', 'The options `GET`, `EXAT` and `PXAT`.'],
    ['7.0.0', '`NX` and `GET` may be used together.'],
  ],
  findKeys: keyOfSet,
  run(context, args, reply) {
    if (args.count > 3) {
      setWithOptions(context, args, reply);
      return;
    }
    putString(context.database, args, 1, 2, NO_EXPIRY);
    context.database.changed(args, 1, STRING_SET);
    reply.ok();
  },
};

export const get: Command = {
  name: 'GET',
  group: 'string',
  since: '1.0.0',
  summary: 'Returns the string that a key holds.',
  complexity: 'O(1)',
  arity: 2,
  flags: ['readonly', 'fast'],
  keys: [{ flags: ['RO', 'access'], begin: { index: 1 }, find: { last: 0, step: 1, limit: 0 } }],
  syntax: 'key',
  run(context, args, reply) {
    answerWithValue(context, args, reply);
  },
};

export const getex: Command = {
  name: 'GETEX',
  group: 'string',
  since: '6.2.0',
  summary: 'Returns the string that a key holds, and sets or takes off the expiry of the key.',
  complexity: 'O(1)',
  arity: -2,
  flags: ['write', 'fast'],
  keys: [
    {
      notes: 'Writes, because it changes the expiry',
      flags: ['RW', 'access', 'update'],
      begin: { index: 1 },
      find: { last: 0, step: 1, limit: 0 },
    },
  ],
  syntax: `
    key
    [expiration<EX seconds:integer | PX milliseconds:integer | EXAT unix-time-seconds:unix-time |
      PXAT unix-time-milliseconds:unix-time | PERSIST>]
  `,
  run(context, args, reply) {
    const { database } = context;
    const options = readOptions(args, 2, OPTION_PERSIST);
    const entry = database.read(args, 1);
    if (entry === NO_ENTRY) {
      reply.nil();
      return;
    }
    requireString(database.entries, entry);
    const { nowMs } = context.keyspace;
    const dueMs = hasTime(options)
      ? expiryTime(args, options, nowMs, INVALID_TIME_IN_GETEX)
      : NO_EXPIRY;
    replyString(database.entries, entry, reply);

    const { effects } = context.keyspace;
    if (dueMs > nowMs) {
      database.setExpiry(entry, dueMs);
      database.changed(args, 1, EXPIRY_SET);
      effects?.note('PEXPIREAT', args.copy(1), String(dueMs));
    } else if (hasTime(options)) {
      database.remove(args, 1);
      database.changed(args, 1, DELETED);
      effects?.note('DEL', args.copy(1));
    } else if ((options & OPTION_PERSIST) !== 0 && database.entries.expires(entry)) {
      database.clearExpiry(entry);
      database.changed(args, 1, PERSISTED);
      effects?.note('PERSIST', args.copy(1));
    }
  },
};

export const getdel: Command = {
  name: 'GETDEL',
  group: 'string',
  since: '6.2.0',
  summary: 'Returns the string that a key holds, and deletes the key.',
  complexity: 'O(1)',
  arity: 2,
  flags: ['write', 'fast'],
  keys: [
    {
      flags: ['RW', 'access', 'delete'],
      begin: { index: 1 },
      find: { last: 0, step: 1, limit: 0 },
    },
  ],
  syntax: 'key',
  run(context, args, reply) {
    if (!answerWithValue(context, args, reply)) return;
    context.database.remove(args, 1);
    context.database.changed(args, 1, DELETED);
    context.keyspace.effects?.note('DEL', args.copy(1));
  },
};

export const getset: Command = {
  name: 'GETSET',
  group: 'string',
  since: '1.0.0',
  summary: 'Sets a key to a string, and returns the string that it held before.',
  complexity: 'O(1)',
  arity: 3,
  flags: ['write', 'denyoom', 'fast'],
  keys: [
    {
      flags: ['RW', 'access', 'update'],
      begin: { index: 1 },
      find: { last: 0, step: 1, limit: 0 },
    },
  ],
  syntax: 'key value',
  deprecated: { since: '6.2.0', replacedBy: '`SET` with the option `GET`' },
  run(context, args, reply) {
    answerWithValue(context, args, reply);
    putString(context.database, args, 1, 2, NO_EXPIRY);
    context.database.changed(args, 1, STRING_SET);
    context.keyspace.effects?.note('SET', args.copy(1), args.copy(2));
  },
};

export const setex: Command = {
  name: 'SETEX',
  group: 'string',
  since: '2.0.0',
  summary: 'Sets a key to a string that expires after so many seconds.',
  complexity: 'O(1)',
  arity: 4,
  flags: ['write', 'denyoom'],
  keys: [{ flags: ['OW', 'update'], begin: { index: 1 }, find: { last: 0, step: 1, limit: 0 } }],
  syntax: 'key seconds:integer value',
  deprecated: { since: '2.6.12', replacedBy: '`SET` with the option `EX`' },
  run(context, args, reply) {
    setExpiring(context, args, 1000, INVALID_TIME_IN_SETEX);
    reply.ok();
  },
};

export const psetex: Command = {
  name: 'PSETEX',
  group: 'string',
  since: '2.6.0',
  summary: 'Sets a key to a string that expires after so many milliseconds.',
  complexity: 'O(1)',
  arity: 4,
  flags: ['write', 'denyoom'],
  keys: [{ flags: ['OW', 'update'], begin: { index: 1 }, find: { last: 0, step: 1, limit: 0 } }],
  syntax: 'key milliseconds:integer value',
  deprecated: { since: '2.6.12', replacedBy: '`SET` with the option `PX`' },
  run(context, args, reply) {
    setExpiring(context, args, 1, INVALID_TIME_IN_PSETEX);
    reply.ok();
  },
};

export const setnx: Command = {
  name: 'SETNX',
  group: 'string',
  since: '1.0.0',
  summary: 'Sets a key to a string, unless the key exists.',
  complexity: 'O(1)',
  arity: 3,
  flags: ['write', 'denyoom', 'fast'],
  keys: [{ flags: ['OW', 'insert'], begin: { index: 1 }, find: { last: 0, step: 1, limit: 0 } }],
  syntax: 'key value',
  deprecated: { since: '2.6.12', replacedBy: '`SET` with the option `NX`' },
  run(context, args, reply) {
    const { database } = context;
    if (database.write(args, 1) !== NO_ENTRY) {
      reply.integer(0);
      return;
    }
    putString(database, args, 1, 2, NO_EXPIRY);
    database.changed(args, 1, STRING_SET);
    reply.integer(1);
  },
};

const INVALID_TIME_IN_SET = invalidExpireTime('set');
const INVALID_TIME_IN_SETEX = invalidExpireTime('setex');
const INVALID_TIME_IN_PSETEX = invalidExpireTime('psetex');
const INVALID_TIME_IN_GETEX = invalidExpireTime('getex');

const SET_OPTIONS = OPTION_NX | OPTION_XX | OPTION_GET | OPTION_KEEPTTL;

function setWithOptions(context: Context, args: Args, reply: Reply): void {
  const { database } = context;
  const options = readOptions(args, 3, SET_OPTIONS);
  let expiry: TimeMs = (options & OPTION_KEEPTTL) !== 0 ? KEEP_EXPIRY : NO_EXPIRY;
  if (hasTime(options)) {
    expiry = expiryTime(args, options, context.keyspace.nowMs, INVALID_TIME_IN_SET);
  }

  const returnsOld = (options & OPTION_GET) !== 0;
  const found = returnsOld
    ? answerWithValue(context, args, reply)
    : database.write(args, 1) !== NO_ENTRY;
  const refusal = found ? OPTION_NX : OPTION_XX;
  if ((options & refusal) !== 0) {
    if (!returnsOld) reply.nil();
    return;
  }

  putString(database, args, 1, 2, expiry);
  database.changed(args, 1, STRING_SET);
  if (hasTime(options)) {
    database.announce(args, 1, EXPIRY_SET);
    context.keyspace.effects?.note('SET', args.copy(1), args.copy(2), 'PXAT', String(expiry));
  } else if (returnsOld) {
    noteWithoutGet(context, args, options);
  }
  if (!returnsOld) reply.ok();
}

/** What SETEX and PSETEX do: key, time and value are the arguments 1, 2 and 3. */
function setExpiring(context: Context, args: Args, unitMs: number, invalid: CommandError): void {
  const { database } = context;
  const dueMs = expiryTimeAt(args, 2, unitMs, context.keyspace.nowMs, invalid);
  putString(database, args, 1, 3, dueMs);
  database.changed(args, 1, STRING_SET);
  database.announce(args, 1, EXPIRY_SET);
  context.keyspace.effects?.note('SET', args.copy(1), args.copy(3), 'PXAT', String(dueMs));
}

/** A SET that was done can be done again without asking for what there was. */
function noteWithoutGet({ keyspace }: Context, args: Args, options: number): void {
  const keeps = (options & OPTION_KEEPTTL) !== 0 ? ['KEEPTTL'] : [];
  keyspace.effects?.note('SET', args.copy(1), args.copy(2), ...keeps);
}

/** Answers with the string at argument 1, or nil; whether the key exists. */
function answerWithValue(context: Context, args: Args, reply: Reply): boolean {
  const { database } = context;
  const entry = database.read(args, 1);
  if (entry === NO_ENTRY) {
    reply.nil();
    return false;
  }
  requireString(database.entries, entry);
  replyString(database.entries, entry, reply);
  return true;
}

/** The key of a SET, which reads it only with GET. */
function keyOfSet(args: Args): readonly FoundKey[] {
  for (let i = 3; i < args.count; i++) {
    if (args.is(i, 'GET')) return [{ index: 1, flags: ['RW', 'access', 'update'] }];
  }
  return [{ index: 1, flags: ['OW', 'update'] }];
}
