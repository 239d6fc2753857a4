/** Generic commands: values as bytes, to be carried to another server. */
import { NO_EXPIRY } from '../keyspace/database.ts';
import type { Effects } from '../keyspace/effects.ts';
import { NO_ENTRY } from '../keyspace/entry.ts';
import { DELETED, NEW, RESTORED } from '../keyspace/events.ts';
import type { Args } from '../protocol/args.ts';
import type { TimeMs } from '../structures/timing-wheel.ts';
import type { Command, Context } from './command.ts';
import { CommandError, SYNTAX_ERROR } from './errors.ts';
import { int64At, integerAt } from './options.ts';

const KEY_EXISTS: CommandError = new CommandError('BUSYKEY Target key name already exists.');
const NOT_INTACT: CommandError = new CommandError('ERR DUMP payload version or checksum are wrong');
const NO_VALUE: CommandError = new CommandError('ERR Bad data format');
const INVALID_TTL: CommandError = new CommandError('ERR Invalid TTL value, must be >= 0');
const INVALID_IDLE_TIME: CommandError = new CommandError(
  'ERR Invalid IDLETIME value, must be >= 0',
);
const INVALID_FREQUENCY: CommandError = new CommandError(
  'ERR Invalid FREQ value, must be >= 0 and <= 255',
);
const FREQUENCY_MAX = 255;

export const dump: Command = {
  name: 'DUMP',
  group: 'generic',
  since: '2.6.0',
  summary: 'Returns the value of a key as bytes that RESTORE takes, here or elsewhere.',
  complexity: 'O(N) where N is the size of the value.',
  arity: 2,
  flags: ['readonly'],
  tips: ['nondeterministic_output'],
  keys: [{ flags: ['RO', 'access'], begin: { index: 1 }, find: { last: 0, step: 1, limit: 0 } }],
  syntax: 'key',
  run({ database, services }, args, reply) {
    const entry = database.read(args, 1);
    if (entry === NO_ENTRY) reply.nil();
    else reply.blob(services.serialization.dump(database, entry));
  },
};

export const restore: Command = {
  name: 'RESTORE',
  group: 'generic',
  since: '2.6.0',
  summary: 'Creates a key from the bytes that DUMP returned.',
  complexity: 'O(N) where N is the size of the value; O(N*log(N)) for a large sorted set.',
  arity: -4,
  flags: ['write', 'denyoom'],
  categories: ['dangerous'],
  keys: [{ flags: ['OW', 'update'], begin: { index: 1 }, find: { last: 0, step: 1, limit: 0 } }],
  syntax: `
    key ttl:integer serialized-value [REPLACE@3.0.0] [ABSTTL@5.0.0] [IDLETIME seconds:integer@5.0.0]
    [FREQ frequency:integer@5.0.0]
  `,
  history: [
    ['3.0.0', 'Takes REPLACE.'],
    ['5.0.0', 'Takes ABSTTL.'],
    ['5.0.0', 'Takes IDLETIME and FREQ.'],
  ],
  run(context, args, reply) {
    const { database, services } = context;
    const { serialization } = services;
    const options = readOptions(args);
    const isThere = database.write(args, 1) !== NO_ENTRY;
    if (isThere && !options.replaces) throw KEY_EXISTS;
    const ttlMs = int64At(args, 2);
    if (ttlMs < 0n) throw INVALID_TTL;
    if (!serialization.isIntact(args, 3)) throw NOT_INTACT;
    if (!serialization.read(args, 3)) throw NO_VALUE;
    const { nowMs } = database.keyspace;
    const dueMs = ttlMs > 0n && !options.isAbsolute ? ttlMs + BigInt(nowMs) : ttlMs;
    const { effects, replaying } = database.keyspace;
    if (ttlMs > 0n && isOver(dueMs, nowMs) && !replaying) {
      serialization.discard();
      if (database.remove(args, 1)) {
        database.changed(args, 1, DELETED);
        effects?.note('DEL', args.copy(1));
      }
    } else {
      storeValue(context, args, ttlMs > 0n ? timeOf(dueMs) : NO_EXPIRY, options);
      if (isThere) database.announce(args, 1, NEW);
      database.changed(args, 1, RESTORED);
      if (effects !== null && ttlMs > 0n && !options.isAbsolute) noteAbsolute(effects, args, dueMs);
    }
    reply.ok();
  },
};

interface RestoreOptions {
  replaces: boolean;
  isAbsolute: boolean;
  /** Below 0 where they were not given. */
  idleSeconds: number;
  frequency: number;
}

function readOptions(args: Args): RestoreOptions {
  const options: RestoreOptions = {
    replaces: false,
    isAbsolute: false,
    idleSeconds: -1,
    frequency: -1,
  };
  for (let i = 4; i < args.count; i++) {
    const isLast = i + 1 === args.count;
    if (args.is(i, 'REPLACE')) {
      options.replaces = true;
    } else if (args.is(i, 'ABSTTL')) {
      options.isAbsolute = true;
    } else if (args.is(i, 'IDLETIME') && !isLast && options.frequency < 0) {
      options.idleSeconds = integerAt(args, ++i);
      if (options.idleSeconds < 0) throw INVALID_IDLE_TIME;
    } else if (args.is(i, 'FREQ') && !isLast && options.idleSeconds < 0) {
      options.frequency = integerAt(args, ++i);
      if (options.frequency < 0 || options.frequency > FREQUENCY_MAX) throw INVALID_FREQUENCY;
    } else {
      throw SYNTAX_ERROR;
    }
  }
  return options;
}

/** Notes a RESTORE with the time at which the key expires. */
function noteAbsolute(effects: Effects, args: Args, dueMs: bigint): void {
  const options: Buffer[] = [];
  for (let i = 4; i < args.count; i++) options.push(args.copy(i));
  effects.note('RESTORE', args.copy(1), String(dueMs), args.copy(3), ...options, 'ABSTTL');
}

/** A time beyond 64 bits counts as one that is over: Redis's sum wraps. */
function isOver(dueMs: bigint, nowMs: number): boolean {
  return dueMs <= BigInt(nowMs) || BigInt.asIntN(64, dueMs) !== dueMs;
}

function timeOf(dueMs: bigint): TimeMs {
  return dueMs <= Number.MAX_SAFE_INTEGER ? Number(dueMs) : dueMs;
}

function storeValue(
  { database, services }: Context,
  args: Args,
  expiry: TimeMs,
  { idleSeconds, frequency }: RestoreOptions,
): void {
  const { entries, keyspace } = database;
  const { access } = keyspace;
  const entry = services.serialization.store(database, args, 1, expiry);
  if (access.counting && frequency >= 0) entries.setClock(entry, access.withFrequency(frequency));
  if (access.timing && idleSeconds >= 0) entries.setClock(entry, access.idleSince(idleSeconds));
}
