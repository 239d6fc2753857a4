/** Streams: adding and removing entries. */
import { ENTRY_ADDED, ENTRY_DELETED, STREAM_ID_SET, STREAM_TRIMMED } from '../keyspace/events.ts';
import { NULL, type Ptr } from '../memory/address.ts';
import type { Args } from '../protocol/args.ts';
import { ID_WITH_STAR, StreamId } from '../structures/stream-id.ts';
import { ENTRY_TEXT_BYTES_MAX, type Streams } from '../values/stream.ts';
import type { Command, Context } from './command.ts';
import { CommandError, NO_SUCH_KEY, SYNTAX_ERROR, wrongArity } from './errors.ts';
import { int64At } from './options.ts';
import { createStream, readIdAt, readStream, writeStream } from './stream-access.ts';
import { noteAdd, noteTrim } from './stream-effects.ts';
import { replyId } from './stream-reply.ts';
import { ID_AUTOMATIC, StreamOptions } from './stream-trim-options.ts';

const ID_TOO_SMALL: CommandError = new CommandError(
  'ERR The ID specified in XADD is equal or smaller than the target stream top item',
);
const ID_ZERO: CommandError = new CommandError(
  'ERR The ID specified in XADD must be greater than 0-0',
);
const EXHAUSTED: CommandError = new CommandError(
  'ERR The stream has exhausted the last possible ID, unable to add more items',
);
const TOO_LARGE: CommandError = new CommandError('ERR Elements are too large to be stored');

const SET_ID_BELOW_TOP: CommandError = new CommandError(
  'ERR The ID specified in XSETID is smaller than the target stream top item',
);
const SET_ID_BELOW_DELETED: CommandError = new CommandError(
  'ERR The ID specified in XSETID is smaller than current max_deleted_entry_id',
);
const SET_ID_BELOW_GIVEN: CommandError = new CommandError(
  'ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id',
);
const ADDED_BELOW_LENGTH: CommandError = new CommandError(
  'ERR The entries_added specified in XSETID is smaller than the target stream length',
);
const ADDED_NEGATIVE: CommandError = new CommandError('ERR entries_added must be positive');

const options = new StreamOptions();
const id = new StreamId();
const bound = new StreamId();

export const xadd: Command = {
  name: 'XADD',
  group: 'stream',
  since: '5.0.0',
  summary: 'Adds an entry to a stream, which is made if it is not there, and may trim the stream.',
  complexity: 'O(1), and O(N) to remove N entries when the stream is trimmed.',
  arity: -5,
  flags: ['write', 'denyoom', 'fast'],
  tips: ['nondeterministic_output'],
  keys: [
    {
      notes: 'Updates and does not only insert, because it may trim the stream',
      flags: ['RW', 'update'],
      begin: { index: 1 },
      find: { last: 0, step: 1, limit: 0 },
    },
  ],
  syntax: `
    key [NOMKSTREAM@6.2.0]
    [trim(strategy<MAXLEN | MINID@6.2.0> [operator<equal== | approximately=~>] threshold
      [LIMIT count:integer@6.2.0])] id-selector<auto-id=* | id> data(field value)...
  `,
  history: [
    ['6.2.0', 'The options `NOMKSTREAM` and `LIMIT`, and the strategy `MINID`.'],
    ['7.0.0', 'Takes ids of the form `<ms>-*`.'],
  ],
  run(context, args, reply) {
    const { database, keyspace } = context;
    const { streams } = keyspace;
    const first = options.readAdd(args, streams);
    if (args.count - first < 2 || (args.count - first) % 2 === 1) throw wrongArity('xadd');
    if (options.idForm !== ID_AUTOMATIC && options.idForm !== ID_WITH_STAR) {
      if (options.id.isMin()) throw ID_ZERO;
    }
    let root = writeStream(context, args, 1);
    if (root === NULL && options.noMakeStream) {
      reply.nil();
      return;
    }
    const textBytes = sumOfLengths(args, first);
    if (textBytes > ENTRY_TEXT_BYTES_MAX) throw TOO_LARGE;
    // What is to come cannot fail for an empty stream.
    if (root === NULL) root = createStream(context, args, 1);
    chooseId(context, streams, root);
    streams.log.append(root, id, args, first, textBytes);
    replyId(reply, id);
    database.changed(args, 1, ENTRY_ADDED);
    const removed = options.keepsAll ? 0 : options.trim(streams, root);
    if (removed > 0) database.announce(args, 1, STREAM_TRIMMED);
    if (keyspace.effects !== null && (options.isApproximate || options.makesId)) {
      noteAdd(keyspace.effects, args, options, streams, root, first);
    }
  },
};

export const xlen: Command = {
  name: 'XLEN',
  group: 'stream',
  since: '5.0.0',
  summary: 'Counts the entries of a stream.',
  complexity: 'O(1)',
  arity: 2,
  flags: ['readonly', 'fast'],
  keys: [{ flags: ['RO'], begin: { index: 1 }, find: { last: 0, step: 1, limit: 0 } }],
  syntax: 'key',
  run(context, args, reply) {
    const root = readStream(context, args, 1);
    reply.integer(root === NULL ? 0 : context.keyspace.streams.length(root));
  },
};

export const xdel: Command = {
  name: 'XDEL',
  group: 'stream',
  since: '5.0.0',
  summary: 'Deletes entries of a stream; answers how many were there.',
  complexity: 'O(log N) for each entry, where N is the size of the stream.',
  arity: -3,
  flags: ['write', 'fast'],
  keys: [{ flags: ['RW', 'delete'], begin: { index: 1 }, find: { last: 0, step: 1, limit: 0 } }],
  syntax: 'key id...',
  run(context, args, reply) {
    const { database, keyspace } = context;
    const root = writeStream(context, args, 1);
    let deleted = 0;
    if (root !== NULL) {
      for (let i = 2; i < args.count; i++) readIdAt(args, i, id);
      for (let i = 2; i < args.count; i++) {
        readIdAt(args, i, id);
        if (keyspace.streams.log.remove(root, id)) deleted++;
      }
    }
    if (deleted > 0) database.changed(args, 1, ENTRY_DELETED);
    reply.integer(deleted);
  },
};

export const xtrim: Command = {
  name: 'XTRIM',
  group: 'stream',
  since: '5.0.0',
  summary: 'Removes entries from the beginning of a stream; answers how many.',
  complexity: 'O(N) where N is the number of removed entries, many of which go in one step.',
  arity: -4,
  flags: ['write'],
  tips: ['nondeterministic_output'],
  keys: [{ flags: ['RW', 'delete'], begin: { index: 1 }, find: { last: 0, step: 1, limit: 0 } }],
  syntax: `
    key
    trim(strategy<MAXLEN | MINID@6.2.0> [operator<equal== | approximately=~>] threshold
      [LIMIT count:integer@6.2.0])
  `,
  history: [['6.2.0', 'The strategy `MINID` and the option `LIMIT`.']],
  run(context, args, reply) {
    const { database, keyspace } = context;
    options.readTrim(args, keyspace.streams);
    const root = writeStream(context, args, 1);
    const removed = root === NULL ? 0 : options.trim(keyspace.streams, root);
    if (removed > 0) {
      database.changed(args, 1, STREAM_TRIMMED);
      const effects = options.isApproximate ? keyspace.effects : null;
      if (effects !== null) noteTrim(effects, args, options, keyspace.streams, root);
    }
    reply.integer(removed);
  },
};

export const xsetid: Command = {
  name: 'XSETID',
  group: 'stream',
  since: '5.0.0',
  summary: 'Sets the last id of a stream, for those who write one anew.',
  complexity: 'O(1)',
  arity: -3,
  flags: ['write', 'denyoom', 'fast'],
  keys: [{ flags: ['RW', 'update'], begin: { index: 1 }, find: { last: 0, step: 1, limit: 0 } }],
  syntax: `
    key last-id [ENTRIESADDED entries-added:integer@7.0.0] [MAXDELETEDID max-deleted-id@7.0.0]
  `,
  history: [['7.0.0', 'The options `ENTRIESADDED` and `MAXDELETEDID`.']],
  run(context, args, reply) {
    const { database, keyspace } = context;
    const { streams } = keyspace;
    readIdAt(args, 2, id);
    const entriesAdded = readSetIdOptions(args);
    const root = writeStream(context, args, 1);
    if (root === NULL) throw NO_SUCH_KEY;
    requireLastId(streams, root, entriesAdded);
    streams.setLastId(root, id, entriesAdded, options.id);
    database.changed(args, 1, STREAM_ID_SET);
    reply.ok();
  },
};

/** Puts the id that a new entry will have into `id`. */
function chooseId(context: Context, streams: Streams, root: Ptr): void {
  if (options.idForm === ID_AUTOMATIC) {
    if (!streams.nextId(root, context.keyspace.nowMs, id)) throw EXHAUSTED;
    return;
  }
  if (streams.isExhausted(root)) throw EXHAUSTED;
  id.copyFrom(options.id);
  if (options.idForm === ID_WITH_STAR && !streams.completeId(root, id)) throw ID_TOO_SMALL;
  if (!streams.isNext(root, id)) throw ID_TOO_SMALL;
}

/** Bytes of the arguments from `first` on. */
function sumOfLengths(args: Args, first: number): number {
  let sum = 0;
  for (let i = first; i < args.count; i++) sum += args.length(i);
  return sum;
}

/**
 * Reads the options of XSETID, the deleted id into `options.id`; returns the added entries or -1.
 */
function readSetIdOptions(args: Args): bigint {
  let entriesAdded = -1n;
  options.id.setMin();
  for (let i = 3; i < args.count; i += 2) {
    const hasMore = i + 1 < args.count;
    if (hasMore && args.is(i, 'ENTRIESADDED')) {
      entriesAdded = int64At(args, i + 1);
      if (entriesAdded < 0n) throw ADDED_NEGATIVE;
    } else if (hasMore && args.is(i, 'MAXDELETEDID')) {
      readIdAt(args, i + 1, options.id);
      if (id.isBefore(options.id)) throw SET_ID_BELOW_GIVEN;
    } else {
      throw SYNTAX_ERROR;
    }
  }
  return entriesAdded;
}

/** Throws unless the last id of a stream may become `id`. */
function requireLastId(streams: Streams, root: Ptr, entriesAdded: bigint): void {
  streams.readGreatestDeletedId(root, bound);
  if (id.isBefore(bound)) throw SET_ID_BELOW_DELETED;
  if (!streams.readLastEntryId(root, bound)) return;
  if (id.isBefore(bound)) throw SET_ID_BELOW_TOP;
  if (entriesAdded >= 0n && BigInt(streams.length(root)) > entriesAdded) throw ADDED_BELOW_LENGTH;
}
