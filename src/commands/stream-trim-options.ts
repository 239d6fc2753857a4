/**
 * The options with which XADD and XTRIM say what is to be removed from the beginning of a stream.
 */
import type { Ptr } from '../memory/address.ts';
import type { Args } from '../protocol/args.ts';
import { ID_WHOLE, ID_WITHOUT_SEQUENCE, StreamId } from '../structures/stream-id.ts';
import type { Streams } from '../values/stream.ts';
import { CommandError, SYNTAX_ERROR } from './errors.ts';
import { integerAt } from './options.ts';
import { isCharacter, readIdAt, readNewIdAt } from './stream-access.ts';

const TWO_STRATEGIES: CommandError = new CommandError(
  'ERR syntax error, MAXLEN and MINID options at the same time are not compatible',
);
const NEGATIVE_LENGTH: CommandError = new CommandError('ERR The MAXLEN argument must be >= 0.');
const NEGATIVE_LIMIT: CommandError = new CommandError('ERR The LIMIT argument must be >= 0.');
const LIMIT_ALONE: CommandError = new CommandError(
  'ERR syntax error, LIMIT cannot be used without specifying a trimming strategy',
);
const LIMIT_OF_EXACT: CommandError = new CommandError(
  'ERR syntax error, LIMIT cannot be used without the special ~ option',
);
const NO_STRATEGY: CommandError = new CommandError(
  'ERR syntax error, XTRIM must be called with a trimming strategy',
);

const STAR = 0x2a;
const TILDE = 0x7e;
const EQUALS = 0x3d;

const KEEP_ALL = 0;
const KEEP_LENGTH = 1;
const KEEP_FROM_ID = 2;

/** Where an id was not given but is to be made. */
export const ID_AUTOMATIC = -1;

/** Without LIMIT an approximate trimming removes so many blocks' worth of entries at most. */
const BLOCKS_MAX = 100;
const LIMIT_DEFAULT_MAX = 1_000_000;
const LIMIT_OF_UNLIMITED_BLOCKS = 10_000;

/** What was asked for. One serves all commands: each reads its own before it does anything. */
export class StreamOptions {
  strategy = KEEP_ALL;
  isApproximate = false;
  /** Most entries to remove, 0 for any number. */
  limit = 0;
  noMakeStream = false;
  /** Form of the new entry's id, see stream-id.ts, or ID_AUTOMATIC. */
  idForm = ID_AUTOMATIC;
  readonly id: StreamId = new StreamId();
  #length = 0;
  readonly #minId = new StreamId();

  /** Whether nothing is to be removed. */
  get keepsAll(): boolean {
    return this.strategy === KEEP_ALL;
  }

  /** Whether what is to stay was told by an id, not by its number. */
  get keepsFromId(): boolean {
    return this.strategy === KEEP_FROM_ID;
  }

  /** Whether the id of the new entry is made, or a part of it. */
  get makesId(): boolean {
    return this.idForm !== ID_WHOLE;
  }

  /** Reads the options of XTRIM, from argument 2 on. */
  readTrim(args: Args, streams: Streams): void {
    this.#read(args, streams, false);
  }

  /** Reads the options of XADD and the id; returns the index behind it. */
  readAdd(args: Args, streams: Streams): number {
    return this.#read(args, streams, true);
  }

  /** Trims a stream; how many entries were removed. */
  trim(streams: Streams, root: Ptr): number {
    const { trimmer } = streams;
    if (this.strategy === KEEP_LENGTH) {
      return trimmer.toLength(root, this.#length, this.isApproximate, this.limit);
    }
    return trimmer.toId(root, this.#minId, this.isApproximate, this.limit);
  }

  #read(args: Args, streams: Streams, isAdd: boolean): number {
    this.strategy = KEEP_ALL;
    this.isApproximate = false;
    this.noMakeStream = false;
    this.idForm = ID_AUTOMATIC;
    let limit = -1;
    let i = 2;
    for (; i < args.count; i++) {
      const hasMore = i + 1 < args.count;
      if (isAdd && isCharacter(args, i, STAR)) break;
      if (hasMore && args.is(i, 'MAXLEN')) {
        i = this.#readStrategy(args, i, KEEP_LENGTH);
      } else if (hasMore && args.is(i, 'MINID')) {
        i = this.#readStrategy(args, i, KEEP_FROM_ID);
      } else if (hasMore && args.is(i, 'LIMIT')) {
        limit = integerAt(args, ++i);
        if (limit < 0) throw NEGATIVE_LIMIT;
      } else if (isAdd && args.is(i, 'NOMKSTREAM')) {
        this.noMakeStream = true;
      } else if (isAdd) {
        this.idForm = readNewIdAt(args, i, this.id);
        if (this.idForm === ID_WITHOUT_SEQUENCE) this.id.setSequence(false);
        break;
      } else {
        throw SYNTAX_ERROR;
      }
    }
    if (limit > 0 && this.strategy === KEEP_ALL) throw LIMIT_ALONE;
    if (!isAdd && this.strategy === KEEP_ALL) throw NO_STRATEGY;
    if (limit >= 0 && !this.isApproximate) throw LIMIT_OF_EXACT;
    this.#setLimit(limit, streams);
    return i + 1;
  }

  /** Reads how the strategy at argument `i` goes on; returns the index of its last argument. */
  #readStrategy(args: Args, i: number, strategy: number): number {
    if (this.strategy !== KEEP_ALL) throw TWO_STRATEGIES;
    let at = i + 1;
    this.isApproximate = false;
    if (at + 1 < args.count) {
      this.isApproximate = isCharacter(args, at, TILDE);
      if (this.isApproximate || isCharacter(args, at, EQUALS)) at++;
    }
    if (strategy === KEEP_LENGTH) {
      this.#length = integerAt(args, at);
      if (this.#length < 0) throw NEGATIVE_LENGTH;
    } else {
      readIdAt(args, at, this.#minId);
    }
    this.strategy = strategy;
    return at;
  }

  #setLimit(given: number, streams: Streams): void {
    this.limit = Math.max(given, 0);
    if (given >= 0 || !this.isApproximate) return;
    const { entriesMax } = streams.limits;
    this.limit = Math.min(entriesMax * BLOCKS_MAX, LIMIT_DEFAULT_MAX) || LIMIT_OF_UNLIMITED_BLOCKS;
  }
}
