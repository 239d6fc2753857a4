/** OBJECT: how a key's value is held. */
import type { Database } from '../keyspace/database.ts';
import { encodingName } from '../keyspace/encodings.ts';
import { type Entry, NO_ENTRY } from '../keyspace/entry.ts';
import type { Args } from '../protocol/args.ts';
import type { Command, KeySpec } from './command.ts';
import { CommandError } from './errors.ts';
import { replyHelp } from './help.ts';

const POLICY_NOTE =
  'Please note that when switching between policies at runtime LRU and LFU data will take some ' +
  'time to adjust.';
const USES_NOT_COUNTED: CommandError = new CommandError(
  `ERR An LFU maxmemory policy is not selected, access frequency not tracked. ${POLICY_NOTE}`,
);
const IDLE_TIME_NOT_KEPT: CommandError = new CommandError(
  `ERR An LFU maxmemory policy is selected, idle time not tracked. ${POLICY_NOTE}`,
);
const ONLY_QUEUES_KEPT: CommandError = new CommandError(
  `ERR An S3-FIFO maxmemory policy is selected, idle time not tracked. ${POLICY_NOTE}`,
);

const KEY: readonly KeySpec[] = [
  { flags: ['RO'], begin: { index: 2 }, find: { last: 0, step: 1, limit: 0 } },
];

export const object: Command = {
  name: 'OBJECT',
  group: 'generic',
  since: '2.2.3',
  summary: 'Commands that look into how values are held.',
  complexity: 'Depends on the subcommand.',
  arity: -2,
  flags: [],
  subcommands: [
    {
      name: 'ENCODING',
      group: 'generic',
      since: '2.2.3',
      summary: 'Tells how the value of a key is laid out in memory.',
      complexity: 'O(1)',
      arity: 3,
      flags: ['readonly'],
      tips: ['nondeterministic_output'],
      keys: KEY,
      syntax: 'key',
      run({ database }, args, reply) {
        const { entries } = database;
        const entry = lookUp(database, args);
        if (entry === NO_ENTRY) reply.nil();
        else reply.text(encodingName(entries.type(entry), entries.encoding(entry)));
      },
    },
    {
      name: 'FREQ',
      group: 'generic',
      since: '4.0.0',
      summary: 'Tells how often a key is used, on a logarithmic scale of 0 to 255.',
      complexity: 'O(1)',
      arity: 3,
      flags: ['readonly'],
      tips: ['nondeterministic_output'],
      keys: KEY,
      syntax: 'key',
      run({ database, keyspace }, args, reply) {
        const entry = lookUp(database, args);
        if (entry === NO_ENTRY) {
          reply.nil();
          return;
        }
        if (!keyspace.access.counting) throw USES_NOT_COUNTED;
        reply.integer(keyspace.access.frequency(database.entries.clock(entry)));
      },
    },
    {
      name: 'HELP',
      group: 'generic',
      since: '6.2.0',
      summary: 'Lists the subcommands.',
      complexity: 'O(1)',
      arity: 2,
      flags: ['loading', 'stale'],
      run(_context, _args, reply) {
        replyHelp(reply, object);
      },
    },
    {
      name: 'IDLETIME',
      group: 'generic',
      since: '2.2.3',
      summary: 'Tells for how many seconds a key has not been used.',
      complexity: 'O(1)',
      arity: 3,
      flags: ['readonly'],
      tips: ['nondeterministic_output'],
      keys: KEY,
      syntax: 'key',
      run({ database, keyspace }, args, reply) {
        const entry = lookUp(database, args);
        if (entry === NO_ENTRY) {
          reply.nil();
          return;
        }
        if (keyspace.access.counting) throw IDLE_TIME_NOT_KEPT;
        if (!keyspace.access.timing) throw ONLY_QUEUES_KEPT;
        reply.integer(keyspace.access.idleSeconds(database.entries.clock(entry)));
      },
    },
    {
      name: 'REFCOUNT',
      group: 'generic',
      since: '2.2.3',
      summary: 'Tells how many owners the value of a key has: always one.',
      complexity: 'O(1)',
      arity: 3,
      flags: ['readonly'],
      tips: ['nondeterministic_output'],
      keys: KEY,
      syntax: 'key',
      run({ database }, args, reply) {
        if (lookUp(database, args) === NO_ENTRY) reply.nil();
        else reply.integer(1);
      },
    },
  ],
};

/** Finds key 2: it counts as a hit or a miss, but of a miss nobody is told. */
function lookUp(database: Database, args: Args): Entry {
  const { keyspace } = database;
  const entry = database.find(args, 2);
  if (entry === NO_ENTRY) keyspace.misses++;
  else keyspace.hits++;
  return entry;
}
