/** Which values are structures of their own, by type and encoding: every structure has its line. */
import type { Movable, Structured } from '../values/cell.ts';
import type { MemberTable, ScoreOrder } from '../values/member-ahead.ts';
import { kindOf } from './entry.ts';

const KINDS = 64;

/** Finds what a value owns beside its record. */
export class Collections {
  readonly #owners: (Structured | null)[] = new Array(KINDS).fill(null);
  readonly #movables: (Movable | null)[] = new Array(KINDS).fill(null);
  readonly #tables: (MemberTable | null)[] = new Array(KINDS).fill(null);
  readonly #orders: (ScoreOrder | null)[] = new Array(KINDS).fill(null);
  readonly #memberArguments = new Int8Array(KINDS);

  /** Declares what values of this type and encoding are. */
  declare(type: number, encoding: number, owner: Structured): void {
    this.#owners[kindOf(type, encoding)] = owner;
  }

  /**
   * Declares what finds their members. `argument` says where most commands on such values name one:
   * its index among the arguments, from their end if negative (-1 is the last).
   */
  declareMembers(type: number, encoding: number, table: MemberTable, argument: number): void {
    this.#tables[kindOf(type, encoding)] = table;
    this.#memberArguments[kindOf(type, encoding)] = argument;
  }

  /** Declares what finds their elements by score. */
  declareScores(type: number, encoding: number, order: ScoreOrder): void {
    this.#orders[kindOf(type, encoding)] = order;
  }

  /** Declares what moves values of this type and encoding. */
  declareMovable(type: number, encoding: number, mover: Movable): void {
    this.#movables[kindOf(type, encoding)] = mover;
  }

  /** What moves what values of a kind (see `Entries.kind`) own beside their records, or null. */
  movable(kind: number): Movable | null {
    return this.#movables[kind]!;
  }

  /** The operations of a structured value, or null when all of it is in its record. */
  of(type: number, encoding: number): Structured | null {
    return this.#owners[kindOf(type, encoding)]!;
  }

  /** What finds members of values of a kind (see `Entries.kind`), or null. */
  memberTable(kind: number): MemberTable | null {
    return this.#tables[kind]!;
  }

  /** What finds elements of values of a kind by score, or null. */
  scoreOrder(kind: number): ScoreOrder | null {
    return this.#orders[kind]!;
  }

  /** Where commands name a member of such a value; see `declareMembers`. */
  memberArgument(kind: number): number {
    return this.#memberArguments[kind]!;
  }
}
