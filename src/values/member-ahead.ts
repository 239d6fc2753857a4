/**
 * Looking ahead in large collections: what finding a member will read is fetched for many members
 * together, so that the cache misses overlap.
 *
 * It happens at two places. `LookAhead` of the keyspace does it for the members that the commands
 * of a pipeline name, and leaves each hash in the command's Args. `MemberAhead` does it for the
 * members of one command that names several. Operations take a hash from `memberHash` or from
 * `MemberAhead.hash`, whichever is at hand, and need not know whether anything was fetched.
 *
 * A type joins in with one line where the Keyspace is constructed, which names what finds members
 * (a `MemberTable`; PackedTable is one) and the argument that names them:
 *
 *   collections.declareMembers(TYPE_SET, SET_HASHTABLE, sets.table, 2)
 */
import type { Ptr } from '../memory/address.ts';
import type { Args } from '../protocol/args.ts';
import type { NamedScores } from '../structures/score-ahead.ts';
import { hashBytes } from '../structures/siphash.ts';

/** Most members that are fetched together: the memory system keeps no more misses under way. */
export const MEMBERS_AHEAD_MAX = 16;

/** Fewer members than this are not worth it. */
const MEMBERS_MIN = 3;

/** What finds members of one kind of value by their hashes. */
export interface MemberTable {
  /**
   * Brings into the cache what finding `hashes[i]` in the structure at `roots[i]` will read, for
   * the first `count`, at most MEMBERS_AHEAD_MAX. May overwrite both. The value returned only keeps
   * the loads from being optimised away.
   */
  prefetchMembers(roots: Uint32Array, hashes: Int32Array, count: number): number;
}

/** What finds elements of one kind of value by their scores. */
export interface ScoreOrder {
  /** As `prefetchMembers`, for what commands do that name scores. */
  prefetchScores(named: NamedScores): number;
}

/** The hash of argument `i`, a member: the look ahead may have computed it. */
export function memberHash(args: Args, i: number): number {
  if (args.memberHashed === i) return args.memberHash;
  return hashBytes(args.view, args.start(i), args.length(i));
}

/** See the file's comment. One serves all commands. */
export class MemberAhead {
  readonly #hashes = new Int32Array(MEMBERS_AHEAD_MAX);
  readonly #fetched = new Int32Array(MEMBERS_AHEAD_MAX);
  readonly #roots = new Uint32Array(MEMBERS_AHEAD_MAX);
  /** Sum of what was read, so that the reads cannot be optimised away. */
  sum = 0;

  /**
   * The hash of argument `i`. To be called for each member in turn, just before it is looked up:
   * for `first`, `first + step` and so on to the last argument.
   */
  hash(table: MemberTable, root: Ptr, args: Args, i: number, first: number, step: number): number {
    const index = ((i - first) / step) % MEMBERS_AHEAD_MAX;
    const begin = i - index * step;
    if (args.count - begin <= (MEMBERS_MIN - 1) * step) return memberHash(args, i);
    if (index === 0) this.#fetch(table, root, args, begin, step);
    return this.#hashes[index]!;
  }

  #fetch(table: MemberTable, root: Ptr, args: Args, from: number, step: number): void {
    const hashes = this.#hashes;
    const roots = this.#roots;
    let count = 0;
    for (let i = from; i < args.count && count < MEMBERS_AHEAD_MAX; i += step) {
      roots[count] = root;
      hashes[count++] = memberHash(args, i);
    }
    this.#fetched.set(hashes);
    this.sum = table.prefetchMembers(roots, this.#fetched, count);
  }
}
