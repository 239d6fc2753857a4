/**
 * Looking ahead: hashes the keys that come next and fetches their buckets and records together, so
 * that the cache misses overlap. For the commands of a pipeline (`touch`), and for one command on
 * many keys (`visit`).
 *
 * Where a key holds a large collection, `touch` goes on to the member that the command names:
 * values/member-ahead.ts tells how. Which argument that is it takes from the kind of value, not
 * from the command, which is not known yet; a wrong guess costs some reads and changes nothing.
 * Commands on ranges of scores, known by the end of their names, name no member; for them it
 * goes on to where the range begins. For ZADD it goes on to where the member is and to where it
 * will be.
 */
import { NULL, type Ptr } from '../memory/address.ts';
import { equalBytes } from '../memory/bytes.ts';
import type { Args } from '../protocol/args.ts';
import { parseDouble, parseScoreBound } from '../protocol/numbers.ts';
import { PREFETCH_MAX } from '../structures/hash-table.ts';
import { NamedScores, RANGE_BEGINS, SCORES_AHEAD_MAX } from '../structures/score-ahead.ts';
import { hashBytes } from '../structures/siphash.ts';
import { MEMBERS_AHEAD_MAX, type MemberTable, type ScoreOrder } from '../values/member-ahead.ts';
import type { Database } from './database.ts';
import type { Entry } from './entry.ts';

/** Fewer keys, or commands, than this are not worth it. */
const KEYS_MIN = 4;

/** Longer arguments are values rather than members; hashing them might be for nothing. */
const MEMBER_BYTES_MAX = 128;

const NO_SLOT = -1;

/** The last letters of the commands on ranges of scores. */
const WORD_BYSC = 0x42595343;
const WORD_CORE = 0x434f5245;
const WORD_ZADD = 0x5a414444;
const UPPER_CASE = 0xdfdfdfdf;
const SCORE_COMMAND_BYTES_MIN = 'ZRANGEBYSCORE'.length;
const OPEN_PARENTHESIS = 0x28;

/** See the file's comment. */
export class LookAhead {
  readonly #hashes = new Int32Array(PREFETCH_MAX);
  readonly #fetched = new Int32Array(PREFETCH_MAX);
  /** By command of a batch: the place of its key among the hashes. */
  readonly #slots = new Int32Array(PREFETCH_MAX);
  readonly #memberHashes = new Int32Array(MEMBERS_AHEAD_MAX);
  readonly #memberRoots = new Uint32Array(MEMBERS_AHEAD_MAX);
  readonly #named = new NamedScores();
  /** By named score: the place of the member that gets it among those to be fetched, or -1. */
  readonly #receivers = new Int32Array(SCORES_AHEAD_MAX);
  /** The table that `touch` has looked at, and its `moves` then. */
  #root: Ptr = NULL;
  #moves = 0;
  /** Sum of what was read, so that the reads cannot be optimised away. */
  sum = 0;

  /**
   * Reads ahead what the commands of a batch, at most PREFETCH_MAX, will need: hashes their first
   * keys, fetches those keys' buckets and records, and then what their members need.
   */
  touch(database: Database, batch: readonly Args[], count: number): void {
    if (count < KEYS_MIN) return;
    const fetched = this.#fetched;
    const slots = this.#slots;
    let keys = 0;
    let last: Args | null = null;
    for (let i = 0; i < count; i++) {
      const args = batch[i]!;
      slots[i] = NO_SLOT;
      if (args.count < 2) continue;
      args.hashed = 1;
      // Pipelines often work on one key.
      if (last !== null && sameKey(args, last)) {
        args.hash = last.hash;
        slots[i] = keys - 1;
        continue;
      }
      last = args;
      const hash = hashBytes(args.view, args.start(1), args.length(1));
      args.hash = hash;
      slots[i] = keys;
      fetched[keys++] = hash;
    }
    const { access, table } = database.keyspace;
    if (access.queues !== null) this.sum = access.queues.ghosts.touch(fetched, keys);
    this.sum ^= table.prefetch(database.root, fetched, keys);
    this.#root = database.root;
    this.#moves = table.moves;
    this.#touchMembers(database, batch, count);
  }

  /**
   * To be called with each key in turn, just before it is looked up: `first`, `first + step` and so
   * on to the last argument.
   */
  visit(database: Database, args: Args, key: number, first: number, step: number): void {
    const index = ((key - first) / step) % PREFETCH_MAX;
    if (index === 0) {
      if ((args.count - key) / step < KEYS_MIN) return;
      this.#fetch(database, args, key, step);
    } else if ((args.count - key + index * step) / step < KEYS_MIN) {
      return;
    }
    args.hash = this.#hashes[index]!;
    args.hashed = key;
    args.ahead = 0;
  }

  /** Whether the records that `touch` has found are where they were, in a database. */
  knows(database: Database): boolean {
    return this.#root === database.root && this.#moves === database.keyspace.table.moves;
  }

  /** REQUIRES: `#fetched` has the records of the batch's keys, as `prefetch` left them. */
  #touchMembers(database: Database, batch: readonly Args[], count: number): void {
    const { entries, keyspace } = database;
    const { collections } = keyspace;
    let table: MemberTable | null = null;
    let members = 0;
    let order: ScoreOrder | null = null;
    const named = this.#named;
    named.count = 0;
    for (let i = 0; i < count; i++) {
      const slot = this.#slots[i]!;
      // A signed address: every function of Entries takes it as it is.
      const record = (slot === NO_SLOT ? 0 : this.#fetched[slot]!) as Entry;
      const args = batch[i]!;
      args.ahead = record;
      if (record === 0) continue;
      const kind = entries.kind(record);
      const found = collections.memberTable(kind);
      if (found === null) continue;
      const scored = collections.scoreOrder(kind);
      if (scored !== null && namesScore(args)) {
        order = scored;
        const root = rootOf(entries.view(record), entries.valueStart(record));
        this.#name(root, boundOf(args), RANGE_BEGINS, -1);
        continue;
      }
      const index = collections.memberArgument(kind);
      const member = index < 0 ? args.count + index : index;
      if (member < 2 || member >= args.count || args.length(member) > MEMBER_BYTES_MAX) continue;
      if (table !== null && (table !== found || members === MEMBERS_AHEAD_MAX)) {
        this.#fetchMembers(table, members);
        members = 0;
      }
      table = found;
      const hash = hashBytes(args.view, args.start(member), args.length(member));
      args.memberHash = hash;
      args.memberHashed = member;
      const root = rootOf(entries.view(record), entries.valueStart(record));
      if (scored !== null && givesScore(args)) {
        order = scored;
        this.#name(root, scoreOf(args), 0, members);
      }
      this.#memberHashes[members] = hash;
      this.#memberRoots[members++] = root;
    }
    if (table !== null) this.#fetchMembers(table, members);
    if (order !== null && named.count > 1) this.sum ^= order.prefetchScores(named);
  }

  /** Adds a score, unless it is none, to those that are named. */
  #name(root: Ptr, score: number, record: number, receiver: number): void {
    const named = this.#named;
    const i = named.count;
    if (i === SCORES_AHEAD_MAX || Number.isNaN(score)) return;
    named.roots[i] = root;
    named.scores[i] = score;
    named.records[i] = record;
    this.#receivers[i] = receiver;
    named.count = i + 1;
  }

  #fetchMembers(table: MemberTable, members: number): void {
    // One alone has nobody to wait with.
    const isFetched = members > 1;
    if (isFetched) {
      this.sum ^= table.prefetchMembers(this.#memberRoots, this.#memberHashes, members);
    }
    const receivers = this.#receivers;
    const { count, records } = this.#named;
    for (let i = 0; i < count; i++) {
      if (receivers[i]! < 0) continue;
      if (isFetched) records[i] = this.#memberHashes[receivers[i]!]!;
      receivers[i] = -1;
    }
  }

  #fetch(database: Database, args: Args, from: number, step: number): void {
    const hashes = this.#hashes;
    let count = 0;
    for (let key = from; key < args.count && count < PREFETCH_MAX; key += step) {
      hashes[count++] = hashBytes(args.view, args.start(key), args.length(key));
    }
    this.#fetched.set(hashes);
    this.sum = database.keyspace.table.prefetch(database.root, this.#fetched, count);
  }
}

/** Whether the first keys of two calls are the same. */
function sameKey(args: Args, other: Args): boolean {
  const length = args.length(1);
  if (other.length(1) !== length) return false;
  const start = other.start(1);
  return equalBytes(args.bytes, args.view, args.start(1), other.bytes, other.view, start, length);
}

/** The address of the structure that a value is. */
function rootOf(view: DataView, valueStart: number): Ptr {
  return view.getUint32(valueStart, true) as Ptr;
}

/** Whether this is ZRANGEBYSCORE or one of its like: then argument 2 is a bound. */
function namesScore(args: Args): boolean {
  const length = args.length(0);
  if (length < SCORE_COMMAND_BYTES_MIN || args.count < 4) return false;
  const end = args.start(0) + length;
  const { view } = args;
  return (
    (view.getInt32(end - 7) & UPPER_CASE) === WORD_BYSC &&
    (view.getInt32(end - 4) & UPPER_CASE) === WORD_CORE
  );
}

/** Whether this is ZADD with one member and no options: then argument 2 is its score. */
function givesScore(args: Args): boolean {
  if (args.count !== 4 || args.length(0) !== 4) return false;
  return (args.view.getInt32(args.start(0)) & UPPER_CASE) === WORD_ZADD;
}

/** Argument 2 as a bound of a range; NaN if it is none. */
function boundOf(args: Args): number {
  const length = args.length(2);
  if (length > MEMBER_BYTES_MAX) return Number.NaN;
  const start = args.start(2);
  const isExcluded = length > 0 && args.bytes[start] === OPEN_PARENTHESIS;
  return parseScoreBound(args.bytes, isExcluded ? start + 1 : start, start + length);
}

/** Argument 2 as a score; NaN if it is none. */
function scoreOf(args: Args): number {
  const length = args.length(2);
  if (length > MEMBER_BYTES_MAX) return Number.NaN;
  const start = args.start(2);
  return parseDouble(args.bytes, start, start + length);
}
