/** Hashes: setting, getting and deleting fields. */
import { TYPE_HASH } from '../keyspace/entry.ts';
import { FIELD_DELETED } from '../keyspace/events.ts';
import type { Args } from '../protocol/args.ts';
import { readCollection, removeEmptied, writeCollection } from './collection-access.ts';
import type { Command, Context } from './command.ts';
import { wrongArity } from './errors.ts';
import { READ_KEY, setFields } from './hash-access.ts';

export const hset: Command = {
  name: 'HSET',
  group: 'hash',
  since: '2.0.0',
  summary: 'Sets fields of a hash, which is created if need be; answers how many are new.',
  complexity: 'O(N) where N is the number of fields set.',
  arity: -4,
  flags: ['write', 'denyoom', 'fast'],
  keys: [{ flags: ['RW', 'update'], begin: { index: 1 }, find: { last: 0, step: 1, limit: 0 } }],
  syntax: 'key data(field value)...',
  history: [['4.0.0', 'Takes several pairs.']],
  run(context, args, reply) {
    if ((args.count & 1) !== 0) throw INCOMPLETE_HSET;
    reply.integer(setFields(context, args, writeCollection(context, args, 1, TYPE_HASH)));
  },
};

export const hmset: Command = {
  name: 'HMSET',
  group: 'hash',
  since: '2.0.0',
  summary: 'Sets fields of a hash, which is created if need be.',
  complexity: 'O(N) where N is the number of fields set.',
  arity: -4,
  flags: ['write', 'denyoom', 'fast'],
  keys: [{ flags: ['RW', 'update'], begin: { index: 1 }, find: { last: 0, step: 1, limit: 0 } }],
  syntax: 'key data(field value)...',
  deprecated: { since: '4.0.0', replacedBy: '`HSET` with multiple field-value pairs' },
  run(context, args, reply) {
    if ((args.count & 1) !== 0) throw INCOMPLETE_HMSET;
    setFields(context, args, writeCollection(context, args, 1, TYPE_HASH));
    reply.ok();
  },
};

export const hsetnx: Command = {
  name: 'HSETNX',
  group: 'hash',
  since: '2.0.0',
  summary: 'Sets a field of a hash unless it is there; answers whether it did.',
  complexity: 'O(1)',
  arity: 4,
  flags: ['write', 'denyoom', 'fast'],
  keys: [{ flags: ['RW', 'insert'], begin: { index: 1 }, find: { last: 0, step: 1, limit: 0 } }],
  syntax: 'key field value',
  run(context, args, reply) {
    const cell = writeCollection(context, args, 1, TYPE_HASH);
    if (cell !== null && context.keyspace.hashes.find(cell, args, 2)) reply.integer(0);
    else reply.integer(setFields(context, args, cell));
  },
};

export const hget: Command = {
  name: 'HGET',
  group: 'hash',
  since: '2.0.0',
  summary: 'Returns the value of a field.',
  complexity: 'O(1)',
  arity: 3,
  flags: ['readonly', 'fast'],
  keys: READ_KEY,
  syntax: 'key field',
  run(context, args, reply) {
    const cell = readCollection(context, args, 1, TYPE_HASH);
    const { hashes } = context.keyspace;
    if (cell === null || !hashes.find(cell, args, 2)) reply.nil();
    else reply.bulk(hashes.valueBytes, hashes.valueView, hashes.valueStart, hashes.valueLength);
  },
};

export const hmget: Command = {
  name: 'HMGET',
  group: 'hash',
  since: '2.0.0',
  summary: 'Returns the values of several fields.',
  complexity: 'O(N) where N is the number of fields asked for.',
  arity: -3,
  flags: ['readonly', 'fast'],
  keys: READ_KEY,
  syntax: 'key field...',
  run(context, args, reply) {
    const cell = readCollection(context, args, 1, TYPE_HASH);
    const { hashes } = context.keyspace;
    reply.array(args.count - 2);
    for (let i = 2; i < args.count; i++) {
      if (cell === null || !hashes.findNext(cell, args, i, 2)) reply.nil();
      else reply.bulk(hashes.valueBytes, hashes.valueView, hashes.valueStart, hashes.valueLength);
    }
  },
};

export const hdel: Command = {
  name: 'HDEL',
  group: 'hash',
  since: '2.0.0',
  summary: 'Deletes fields, and with the last one the key; answers how many there were.',
  complexity: 'O(N) where N is the number of fields named.',
  arity: -3,
  flags: ['write', 'fast'],
  keys: [{ flags: ['RW', 'delete'], begin: { index: 1 }, find: { last: 0, step: 1, limit: 0 } }],
  syntax: 'key field...',
  history: [['2.4.0', 'Takes several fields.']],
  run(context, args, reply) {
    const cell = writeCollection(context, args, 1, TYPE_HASH);
    if (cell === null) {
      reply.integer(0);
      return;
    }
    const { hashes } = context.keyspace;
    const removed = hashes.remove(cell, args, 2);
    if (removed > 0) {
      context.database.changed(args, 1, FIELD_DELETED, removed);
      if (hashes.length(cell) === 0) removeEmptied(context, args, 1);
    }
    reply.integer(removed);
  },
};

export const hexists: Command = {
  name: 'HEXISTS',
  group: 'hash',
  since: '2.0.0',
  summary: 'Answers whether a hash has a field.',
  complexity: 'O(1)',
  arity: 3,
  flags: ['readonly', 'fast'],
  keys: [{ flags: ['RO'], begin: { index: 1 }, find: { last: 0, step: 1, limit: 0 } }],
  syntax: 'key field',
  run(context, args, reply) {
    reply.integer(valueLength(context, args) < 0 ? 0 : 1);
  },
};

export const hstrlen: Command = {
  name: 'HSTRLEN',
  group: 'hash',
  since: '3.2.0',
  summary: 'Returns the length of the value of a field, in bytes.',
  complexity: 'O(1)',
  arity: 3,
  flags: ['readonly', 'fast'],
  keys: [{ flags: ['RO'], begin: { index: 1 }, find: { last: 0, step: 1, limit: 0 } }],
  syntax: 'key field',
  run(context, args, reply) {
    reply.integer(Math.max(valueLength(context, args), 0));
  },
};

export const hlen: Command = {
  name: 'HLEN',
  group: 'hash',
  since: '2.0.0',
  summary: 'Returns the number of fields.',
  complexity: 'O(1)',
  arity: 2,
  flags: ['readonly', 'fast'],
  keys: [{ flags: ['RO'], begin: { index: 1 }, find: { last: 0, step: 1, limit: 0 } }],
  syntax: 'key',
  run(context, args, reply) {
    const cell = readCollection(context, args, 1, TYPE_HASH);
    reply.integer(cell === null ? 0 : context.keyspace.hashes.length(cell));
  },
};

const INCOMPLETE_HSET = wrongArity('hset');
const INCOMPLETE_HMSET = wrongArity('hmset');

/** Length of the value of the field at argument 2, -1 when it is not there. */
function valueLength(context: Context, args: Args): number {
  const cell = readCollection(context, args, 1, TYPE_HASH);
  const { hashes } = context.keyspace;
  return cell !== null && hashes.find(cell, args, 2) ? hashes.valueLength : -1;
}
