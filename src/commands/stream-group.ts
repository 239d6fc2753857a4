/** Streams: consumer groups, and acknowledging what they were given. */
import {
  CONSUMER_CREATED,
  CONSUMER_DELETED,
  GROUP_CREATED,
  GROUP_DESTROYED,
  GROUP_ID_SET,
  PENDING_CHANGED,
} from '../keyspace/events.ts';
import { NULL, type Ptr } from '../memory/address.ts';
import type { Args } from '../protocol/args.ts';
import { StreamId } from '../structures/stream-id.ts';
import { UNKNOWN } from '../values/stream-group.ts';
import type { Command, Context, KeySpec } from './command.ts';
import { CommandError, unknownUse } from './errors.ts';
import { replyHelp } from './help.ts';
import { int64At } from './options.ts';
import {
  createStream,
  isCharacter,
  noSuchGroup,
  readAnyIdAt,
  readIdAt,
  readStreamToChange,
  writeStream,
} from './stream-access.ts';

const NO_STREAM: CommandError = new CommandError(
  'ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM option to create an empty stream automatically.',
);
const GROUP_EXISTS: CommandError = new CommandError('BUSYGROUP Consumer Group name already exists');
const INVALID_ENTRIES_READ: CommandError = new CommandError(
  'ERR value for ENTRIESREAD must be positive or -1',
);

const DOLLAR = 0x24;
/** Most arguments of CREATE and of SETID: options may not be given twice. */
const CREATE_COUNT_MAX = 8;
const SET_ID_COUNT_MAX = 7;

const id = new StreamId();

function keyToBe(flag: string): readonly KeySpec[] {
  return [{ flags: ['RW', flag], begin: { index: 2 }, find: { last: 0, step: 1, limit: 0 } }];
}

export const xgroup: Command = {
  name: 'XGROUP',
  group: 'stream',
  since: '5.0.0',
  summary: 'Commands on the consumer groups of a stream.',
  complexity: 'Depends on the subcommand.',
  arity: -2,
  flags: [],
  subcommands: [
    {
      name: 'CREATE',
      group: 'stream',
      since: '5.0.0',
      summary: 'Makes a consumer group that begins behind an id.',
      complexity: 'O(1)',
      arity: -5,
      flags: ['write', 'denyoom'],
      keys: keyToBe('insert'),
      syntax: `
        key group id-selector<id | new-id=$> [MKSTREAM]
        [ENTRIESREAD entriesread"entries-read":integer]
      `,
      history: [['7.0.0', 'The option `ENTRIESREAD`.']],
      run(context, args, reply) {
        const makesStream = hasMakeStream(args);
        const entriesRead = readEntriesRead(args, true);
        let root = writeStream(context, args, 2);
        if (root === NULL && !makesStream) throw NO_STREAM;
        if (args.count > CREATE_COUNT_MAX) throw unknownUse(args);
        readGroupId(context, args, root, false);
        const { streams } = context.keyspace;
        if (root === NULL) root = createStream(context, args, 2);
        else if (streams.groups.find(root, args, 3) !== NULL) throw GROUP_EXISTS;
        streams.groups.create(root, args, 3, id, entriesRead);
        context.database.changed(args, 2, GROUP_CREATED);
        reply.ok();
      },
    },
    {
      name: 'CREATECONSUMER',
      group: 'stream',
      since: '6.2.0',
      summary: 'Makes a consumer of a group; answers whether it was not there.',
      complexity: 'O(1)',
      arity: 5,
      flags: ['write', 'denyoom'],
      keys: keyToBe('insert'),
      syntax: 'key group consumer',
      run(context, args, reply) {
        const group = findGroup(context, args, writeExisting(context, args));
        const { groups } = context.keyspace.streams;
        const isNew = groups.findConsumer(group, args, 4) === NULL;
        if (isNew) {
          groups.createConsumer(group, args, 4, context.keyspace.nowMs);
          context.database.changed(args, 2, CONSUMER_CREATED);
        }
        reply.integer(isNew ? 1 : 0);
      },
    },
    {
      name: 'DELCONSUMER',
      group: 'stream',
      since: '5.0.0',
      summary: 'Removes a consumer of a group; answers how many entries were pending with it.',
      complexity: 'O(N) where N is the number of entries pending with the consumer.',
      arity: 5,
      flags: ['write'],
      keys: keyToBe('delete'),
      syntax: 'key group consumer',
      run(context, args, reply) {
        const group = findGroup(context, args, writeExisting(context, args));
        const { groups } = context.keyspace.streams;
        const consumer = groups.findConsumer(group, args, 4);
        let pending = 0;
        if (consumer !== NULL) {
          pending = groups.removeConsumer(group, consumer);
          context.database.changed(args, 2, CONSUMER_DELETED);
        }
        reply.integer(pending);
      },
    },
    {
      name: 'DESTROY',
      group: 'stream',
      since: '5.0.0',
      summary: 'Removes a consumer group; answers whether it was there.',
      complexity: 'O(1); what was pending in it is freed bit by bit.',
      arity: 4,
      flags: ['write'],
      keys: keyToBe('delete'),
      syntax: 'key group',
      run(context, args, reply) {
        const root = writeExisting(context, args);
        const { streams } = context.keyspace;
        const group = streams.groups.find(root, args, 3);
        if (group !== NULL) {
          streams.removeGroup(root, group);
          context.database.changed(args, 2, GROUP_DESTROYED);
        }
        reply.integer(group === NULL ? 0 : 1);
      },
    },
    {
      name: 'HELP',
      group: 'stream',
      since: '5.0.0',
      summary: 'Lists the subcommands.',
      complexity: 'O(1)',
      arity: 2,
      flags: ['loading', 'stale'],
      run(_context, _args, reply) {
        replyHelp(reply, xgroup);
      },
    },
    {
      name: 'SETID',
      group: 'stream',
      since: '5.0.0',
      summary: 'Sets the id behind which a consumer group goes on.',
      complexity: 'O(1)',
      arity: -5,
      flags: ['write'],
      keys: keyToBe('update'),
      syntax: `
        key group id-selector<id | new-id=$> [ENTRIESREAD entriesread"entries-read":integer]
      `,
      history: [['7.0.0', 'The option `ENTRIESREAD`.']],
      run(context, args, reply) {
        const entriesRead = readEntriesRead(args, false);
        const root = writeExisting(context, args);
        const group = findGroup(context, args, root);
        if (args.count > SET_ID_COUNT_MAX) throw unknownUse(args);
        readGroupId(context, args, root, true);
        context.keyspace.consumerGroups.setLastId(group, id, entriesRead);
        context.database.changed(args, 2, GROUP_ID_SET);
        reply.ok();
      },
    },
  ],
};

export const xack: Command = {
  name: 'XACK',
  group: 'stream',
  since: '5.0.0',
  summary:
    'Says that entries which a group was given are done with; answers how many were pending.',
  complexity: 'O(log N) for each id, where N is the number of entries pending in the group.',
  arity: -4,
  flags: ['write', 'fast'],
  keys: [{ flags: ['RW', 'update'], begin: { index: 1 }, find: { last: 0, step: 1, limit: 0 } }],
  syntax: 'key group id...',
  run(context, args, reply) {
    const { groups } = context.keyspace.streams;
    const root = readStreamToChange(context, args, 1);
    const group = root === NULL ? NULL : groups.find(root, args, 2);
    let done = 0;
    if (group !== NULL) {
      for (let i = 3; i < args.count; i++) readIdAt(args, i, id);
      for (let i = 3; i < args.count; i++) {
        readIdAt(args, i, id);
        if (groups.remove(group, id)) done++;
      }
    }
    if (done > 0) context.database.changed(args, 1, PENDING_CHANGED);
    reply.integer(done);
  },
};

function hasMakeStream(args: Args): boolean {
  for (let i = 5; i < args.count; i++) if (args.is(i, 'MKSTREAM')) return true;
  return false;
}

/** Reads the options of CREATE or SETID; returns the last ENTRIESREAD, or UNKNOWN. */
function readEntriesRead(args: Args, takesMakeStream: boolean): bigint {
  let entriesRead = UNKNOWN;
  for (let i = 5; i < args.count; i++) {
    if (takesMakeStream && args.is(i, 'MKSTREAM')) continue;
    if (!args.is(i, 'ENTRIESREAD') || i + 1 === args.count) throw unknownUse(args);
    entriesRead = int64At(args, ++i);
    if (entriesRead < 0n && entriesRead !== UNKNOWN) throw INVALID_ENTRIES_READ;
  }
  return entriesRead;
}

/** Reads argument 4 into `id`; $ is the last id of the stream. */
function readGroupId(context: Context, args: Args, root: Ptr, takesEnds: boolean): void {
  if (!isCharacter(args, 4, DOLLAR)) {
    if (takesEnds) readAnyIdAt(args, 4, id);
    else readIdAt(args, 4, id);
  } else if (root === NULL) {
    id.setMin();
  } else {
    context.keyspace.streams.readLastId(root, id);
  }
}

/** The stream at argument 2, which must be there. */
function writeExisting(context: Context, args: Args): Ptr {
  const root = writeStream(context, args, 2);
  if (root === NULL) throw NO_STREAM;
  return root;
}

/** The group of argument 3, which must be there. */
function findGroup(context: Context, args: Args, root: Ptr): Ptr {
  const group = context.keyspace.streams.groups.find(root, args, 3);
  if (group === NULL) throw noSuchGroup(args, 2, 3);
  return group;
}
