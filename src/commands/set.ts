/** Sets: adding, removing, moving and asking for members. */
import { TYPE_SET } from '../keyspace/entry.ts';
import { MEMBERS_ADDED, MEMBERS_DELETED } from '../keyspace/events.ts';
import { readCollection, removeEmptied, writeCollection } from './collection-access.ts';
import type { Command } from './command.ts';
import { createSet, READ_KEY } from './set-access.ts';

/** The cell of the set that SMOVE moves to. */
const TARGET_SLOT = 1;

export const sadd: Command = {
  name: 'SADD',
  group: 'set',
  since: '1.0.0',
  summary: 'Adds members to a set, which is created if need be.',
  complexity: 'O(N) where N is the number of members given.',
  arity: -3,
  flags: ['write', 'denyoom', 'fast'],
  keys: [{ flags: ['RW', 'insert'], begin: { index: 1 }, find: { last: 0, step: 1, limit: 0 } }],
  syntax: 'key member...',
  history: [['2.4.0', 'Takes several members.']],
  run(context, args, reply) {
    const { database, keyspace } = context;
    const cell = writeCollection(context, args, 1, TYPE_SET);
    const added = cell === null ? createSet(context, args, 1, 2) : keyspace.sets.add(cell, args, 2);
    if (added > 0) database.changed(args, 1, MEMBERS_ADDED, added);
    reply.integer(added);
  },
};

export const srem: Command = {
  name: 'SREM',
  group: 'set',
  since: '1.0.0',
  summary: 'Takes members out of a set, which goes with its last one.',
  complexity: 'O(N) where N is the number of members given.',
  arity: -3,
  flags: ['write', 'fast'],
  keys: [{ flags: ['RW', 'delete'], begin: { index: 1 }, find: { last: 0, step: 1, limit: 0 } }],
  syntax: 'key member...',
  history: [['2.4.0', 'Takes several members.']],
  run(context, args, reply) {
    const { database, keyspace } = context;
    const { sets } = keyspace;
    const cell = writeCollection(context, args, 1, TYPE_SET);
    let removed = 0;
    if (cell !== null) {
      const size = sets.size(cell);
      for (let i = 2; i < args.count && removed < size; i++) {
        if (sets.removeArgument(cell, args, i, 2)) removed++;
      }
      if (removed > 0) database.changed(args, 1, MEMBERS_DELETED, removed);
      if (removed === size) removeEmptied(context, args, 1);
    }
    reply.integer(removed);
  },
};

export const smove: Command = {
  name: 'SMOVE',
  group: 'set',
  since: '1.0.0',
  summary: 'Takes a member out of one set and adds it to another.',
  complexity: 'O(1)',
  arity: 4,
  flags: ['write', 'fast'],
  keys: [
    {
      flags: ['RW', 'access', 'delete'],
      begin: { index: 1 },
      find: { last: 0, step: 1, limit: 0 },
    },
    { flags: ['RW', 'insert'], begin: { index: 2 }, find: { last: 0, step: 1, limit: 0 } },
  ],
  syntax: 'source:key destination:key#1 member',
  run(context, args, reply) {
    const { database, keyspace } = context;
    const { sets } = keyspace;
    const source = writeCollection(context, args, 1, TYPE_SET);
    if (source === null) {
      // Redis looks for the other key all the same.
      database.write(args, 2);
      reply.integer(0);
      return;
    }
    const target = writeCollection(context, args, 2, TYPE_SET, TARGET_SLOT);
    const isMember = sets.containsArgument(source, args, 3, 3);
    reply.integer(isMember ? 1 : 0);
    if (!isMember || target?.entry === source.entry) return;
    // What can fail comes first: adding.
    const added = target === null ? createSet(context, args, 2, 3) : sets.add(target, args, 3);
    sets.removeArgument(source, args, 3, 3);
    database.changed(args, 1, MEMBERS_DELETED);
    if (sets.size(source) === 0) removeEmptied(context, args, 1);
    if (added > 0) database.changed(args, 2, MEMBERS_ADDED);
  },
};

export const sismember: Command = {
  name: 'SISMEMBER',
  group: 'set',
  since: '1.0.0',
  summary: 'Tells whether a set has a member.',
  complexity: 'O(1)',
  arity: 3,
  flags: ['readonly', 'fast'],
  keys: [{ flags: ['RO'], begin: { index: 1 }, find: { last: 0, step: 1, limit: 0 } }],
  syntax: 'key member',
  run(context, args, reply) {
    const cell = readCollection(context, args, 1, TYPE_SET);
    const isMember = cell !== null && context.keyspace.sets.containsArgument(cell, args, 2, 2);
    reply.integer(isMember ? 1 : 0);
  },
};

export const smismember: Command = {
  name: 'SMISMEMBER',
  group: 'set',
  since: '6.2.0',
  summary: 'Tells which of several members a set has.',
  complexity: 'O(N) where N is the number of members given.',
  arity: -3,
  flags: ['readonly', 'fast'],
  keys: READ_KEY,
  syntax: 'key member...',
  run(context, args, reply) {
    const { sets } = context.keyspace;
    const cell = readCollection(context, args, 1, TYPE_SET);
    reply.array(args.count - 2);
    for (let i = 2; i < args.count; i++) {
      reply.integer(cell !== null && sets.containsArgument(cell, args, i, 2) ? 1 : 0);
    }
  },
};

export const scard: Command = {
  name: 'SCARD',
  group: 'set',
  since: '1.0.0',
  summary: 'Returns the number of members of a set.',
  complexity: 'O(1)',
  arity: 2,
  flags: ['readonly', 'fast'],
  keys: [{ flags: ['RO'], begin: { index: 1 }, find: { last: 0, step: 1, limit: 0 } }],
  syntax: 'key',
  run(context, args, reply) {
    const cell = readCollection(context, args, 1, TYPE_SET);
    reply.integer(cell === null ? 0 : context.keyspace.sets.size(cell));
  },
};
