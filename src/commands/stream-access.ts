/** What the commands on streams share: finding one, and reading ids. */
import { type Entry, NO_ENTRY, TYPE_STREAM } from '../keyspace/entry.ts';
import { NULL, type Ptr } from '../memory/address.ts';
import type { Args } from '../protocol/args.ts';
import {
  ID_INVALID,
  ID_WITH_STAR,
  ID_WITHOUT_SEQUENCE,
  StreamId,
} from '../structures/stream-id.ts';
import { ROOT_BYTES } from '../values/cell.ts';
import { STREAM_BLOCKS } from '../values/stream.ts';
import { createCollection } from './collection-access.ts';
import type { Context } from './command.ts';
import { CommandError, echo, WRONG_TYPE } from './errors.ts';

const INVALID_ID: CommandError = new CommandError(
  'ERR Invalid stream ID specified as stream command argument',
);
const INVALID_START: CommandError = new CommandError('ERR invalid start ID for the interval');
const INVALID_END: CommandError = new CommandError('ERR invalid end ID for the interval');

const scratch = new StreamId();

const MINUS = 0x2d;
const PLUS = 0x2b;
const PARENTHESIS = 0x28;

/** The stream at argument `key` for a command that only reads, NULL if there is none. */
export function readStream(context: Context, args: Args, key: number): Ptr {
  return rootOf(context, context.database.read(args, key));
}

/** As `readStream`, for a command that may change what it finds and counts as one that reads. */
export function readStreamToChange(context: Context, args: Args, key: number): Ptr {
  return rootOf(context, context.database.readToChange(args, key));
}

/** As `readStream`, for a command that changes it. */
export function writeStream(context: Context, args: Args, key: number): Ptr {
  return rootOf(context, context.database.write(args, key));
}

function rootOf({ database }: Context, entry: Entry): Ptr {
  if (entry === NO_ENTRY) return NULL;
  const { entries } = database;
  if (entries.type(entry) !== TYPE_STREAM) throw WRONG_TYPE;
  return entries.view(entry).getUint32(entries.valueStart(entry), true) as Ptr;
}

/** Gives argument `key`, which is not there, an empty stream. */
export function createStream(context: Context, args: Args, key: number): Ptr {
  const { streams } = context.keyspace;
  const root = streams.create();
  try {
    createCollection(context, args, key, TYPE_STREAM, STREAM_BLOCKS, ROOT_BYTES).root = root;
  } catch (refusal) {
    streams.release(root, Number.POSITIVE_INFINITY);
    throw refusal;
  }
  return root;
}

/** Reads argument `i` as an id; one without a sequence is the first of its millisecond. */
export function readIdAt(args: Args, i: number, into: StreamId): void {
  readWord(args, args.start(i), args.length(i), into, false);
}

/** Whether argument `i` is an id. */
export function isIdAt(args: Args, i: number): boolean {
  const form = scratch.parse(args.bytes, args.start(i), args.length(i));
  return form !== ID_INVALID && form !== ID_WITH_STAR;
}

/** Reads argument `i` as an id, and also - and + as the first and the last of all. */
export function readAnyIdAt(args: Args, i: number, into: StreamId): void {
  readBound(args, i, into, false);
}

/** Reads argument `i` as where an interval begins; after `(` behind it. */
export function readStartAt(args: Args, i: number, into: StreamId): void {
  if (isExclusive(args, i)) {
    readWord(args, args.start(i) + 1, args.length(i) - 1, into, false);
    if (!into.increment()) throw INVALID_START;
  } else {
    readBound(args, i, into, false);
  }
}

/** Reads argument `i` as where an interval ends; after `(` before it. */
export function readEndAt(args: Args, i: number, into: StreamId): void {
  if (isExclusive(args, i)) {
    readWord(args, args.start(i) + 1, args.length(i) - 1, into, true);
    if (!into.decrement()) throw INVALID_END;
  } else {
    readBound(args, i, into, true);
  }
}

/** Whether argument `i` is this one character. */
export function isCharacter(args: Args, i: number, character: number): boolean {
  return args.length(i) === 1 && args.bytes[args.start(i)] === character;
}

/** That there is no such key or group; `detail` ends the sentence. */
export function noGroup(args: Args, key: number, group: number, detail = ''): CommandError {
  const names = `'${whole(args, key)}' or consumer group '${whole(args, group)}'`;
  return new CommandError(`NOGROUP No such key ${names}${detail}`);
}

/** That a key has no group of this name. */
export function noSuchGroup(args: Args, key: number, group: number): CommandError {
  const name = whole(args, group);
  return new CommandError(
    `NOGROUP No such consumer group '${name}' for key name '${whole(args, key)}'`,
  );
}

function whole(args: Args, i: number): string {
  return echo(args, i, args.length(i));
}

function isExclusive(args: Args, i: number): boolean {
  return args.length(i) > 1 && args.bytes[args.start(i)] === PARENTHESIS;
}

function readBound(args: Args, i: number, into: StreamId, isEnd: boolean): void {
  if (isCharacter(args, i, MINUS)) into.setMin();
  else if (isCharacter(args, i, PLUS)) into.setMax();
  else readWord(args, args.start(i), args.length(i), into, isEnd);
}

function readWord(args: Args, start: number, length: number, into: StreamId, isEnd: boolean): void {
  const form = into.parse(args.bytes, start, length);
  if (form === ID_INVALID || form === ID_WITH_STAR) throw INVALID_ID;
  if (form === ID_WITHOUT_SEQUENCE) into.setSequence(isEnd);
}

/**
 * Reads argument `i` as the id of a new entry, `ms-*` included; returns its form, see stream-id.ts.
 */
export function readNewIdAt(args: Args, i: number, into: StreamId): number {
  const form = into.parse(args.bytes, args.start(i), args.length(i));
  if (form === ID_INVALID) throw INVALID_ID;
  if (form === ID_WITHOUT_SEQUENCE) into.setSequence(false);
  return form;
}
