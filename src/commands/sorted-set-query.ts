/**
 * Which elements of a sorted set a command means: a range of ranks, of scores or of members, in
 * either direction, perhaps with an offset and a limit.
 */
import type { Args } from '../protocol/args.ts';
import { parseScoreBound } from '../protocol/numbers.ts';
import type { Cell } from '../values/cell.ts';
import type { SortedSets } from '../values/sorted-set.ts';
import {
  BEFORE_ALL,
  BEHIND_ALL,
  EXCLUDED,
  INCLUDED,
  MemberRange,
  ScoreRange,
} from '../values/sorted-set-range.ts';
import { CommandError, SYNTAX_ERROR } from './errors.ts';
import { integerAt } from './options.ts';

const BAD_SCORE_RANGE = new CommandError('ERR min or max is not a float');
const BAD_MEMBER_RANGE = new CommandError('ERR min or max not valid string range item');
const LIMIT_WITH_RANKS = new CommandError(
  'ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX',
);
const SCORES_WITH_MEMBERS = new CommandError(
  'ERR syntax error, WITHSCORES not supported in combination with BYLEX',
);

const OPEN_PARENTHESIS = 0x28;
const OPEN_BRACKET = 0x5b;
const PLUS = 0x2b;
const MINUS = 0x2d;

/** Elements that are passed one by one. */
const NEAR_OFFSET_MAX = 32;

export type RangeKind = 'ranks' | 'scores' | 'members';

/** What may be said among the options, and what the command says already. */
export interface RangeGrammar {
  /** null: ranks, unless an option says otherwise. */
  readonly kind: RangeKind | null;
  /** null: forward, unless an option says otherwise. */
  readonly isBackward: boolean | null;
  readonly takesScores: boolean;
}

/** Reads argument `min` and the next as bounds of scores; a backward range has the max first. */
export function readScoreRange(args: Args, i: number, isBackward: boolean, to: ScoreRange): void {
  const min = isBackward ? i + 1 : i;
  const max = isBackward ? i : i + 1;
  to.excludesMin = readScoreBound(args, min, to.min);
  to.excludesMax = readScoreBound(args, max, to.max);
}

/** As `readScoreRange`, for bounds of members. */
export function readMemberRange(args: Args, i: number, isBackward: boolean, to: MemberRange): void {
  const min = isBackward ? i + 1 : i;
  const max = isBackward ? i : i + 1;
  to.bytes = args.bytes;
  to.view = args.view;
  to.minKind = memberBoundKind(args, min);
  to.minStart = args.start(min) + 1;
  to.minLength = args.length(min) - 1;
  to.maxKind = memberBoundKind(args, max);
  to.maxStart = args.start(max) + 1;
  to.maxLength = args.length(max) - 1;
}

/** One query, read anew for each command. */
export class RangeQuery {
  kind: RangeKind = 'ranks';
  isBackward = false;
  withScores = false;
  readonly scores: ScoreRange = new ScoreRange();
  readonly members: MemberRange = new MemberRange();
  #start = 0;
  #stop = 0;
  #offset = 0;
  /** Negative for none. */
  #limit = -1;

  /** Reads the bounds at argument `i` and the next, and the options behind them. */
  read(args: Args, i: number, grammar: RangeGrammar): void {
    this.#readOptions(args, i + 2, grammar);
    if (this.kind === 'scores') {
      readScoreRange(args, i, this.isBackward, this.scores);
    } else if (this.kind === 'members') {
      readMemberRange(args, i, this.isBackward, this.members);
    } else {
      this.#start = integerAt(args, i);
      this.#stop = integerAt(args, i + 1);
    }
  }

  /**
   * Returns how many elements are meant, and puts the sorted sets' cursor on the first of them, in
   * the direction of the query, if there is one.
   */
  select(sortedSets: SortedSets, cell: Cell): number {
    if (this.kind === 'ranks') {
      const selected = sortedSets.selectRanks(cell, this.#start, this.#stop);
      if (selected > 0 && this.isBackward) {
        sortedSets.enter(cell, sortedSets.count(cell) - 1 - sortedSets.first);
      }
      return selected;
    }
    if (this.kind === 'scores' && !this.isBackward && this.#offset <= NEAR_OFFSET_MAX) {
      return this.#selectForward(sortedSets, cell);
    }
    const selected =
      this.kind === 'scores'
        ? sortedSets.selectScores(cell, this.scores)
        : sortedSets.selectMembers(cell, this.members);
    const offset = this.#offset;
    if (offset < 0 || offset >= selected) return 0;
    if (this.isBackward) sortedSets.enter(cell, sortedSets.first + selected - 1 - offset);
    else if (offset > 0) sortedSets.enter(cell, sortedSets.first + offset);
    const left = selected - offset;
    return this.#limit < 0 ? left : Math.min(left, this.#limit);
  }

  /** As `select`, for scores forward from near the first: only what is wanted is looked at. */
  #selectForward(sortedSets: SortedSets, cell: Cell): number {
    const offset = this.#offset;
    if (offset < 0) return 0;
    const most = this.#limit < 0 ? Number.POSITIVE_INFINITY : offset + this.#limit;
    const selected = sortedSets.selectFirstScores(cell, this.scores, most);
    if (offset >= selected) return 0;
    for (let passed = 0; passed < offset; passed++) sortedSets.cursor.next();
    return selected - offset;
  }

  #readOptions(args: Args, first: number, grammar: RangeGrammar): void {
    let kind = grammar.kind;
    let isBackward = grammar.isBackward;
    this.withScores = false;
    this.#offset = 0;
    this.#limit = -1;
    for (let i = first; i < args.count; i++) {
      if (grammar.takesScores && args.is(i, 'WITHSCORES')) {
        this.withScores = true;
      } else if (args.is(i, 'LIMIT') && i + 2 < args.count) {
        this.#offset = integerAt(args, i + 1);
        this.#limit = integerAt(args, i + 2);
        i += 2;
      } else if (isBackward === null && args.is(i, 'REV')) {
        isBackward = true;
      } else if (kind === null && args.is(i, 'BYLEX')) {
        kind = 'members';
      } else if (kind === null && args.is(i, 'BYSCORE')) {
        kind = 'scores';
      } else {
        throw SYNTAX_ERROR;
      }
    }
    this.kind = kind ?? 'ranks';
    this.isBackward = isBackward ?? false;
    if (this.#limit !== -1 && this.kind === 'ranks') throw LIMIT_WITH_RANKS;
    if (this.withScores && this.kind === 'members') throw SCORES_WITH_MEMBERS;
  }
}

/** Puts the score of a bound in `to`; whether the range is without it. */
function readScoreBound(args: Args, i: number, to: Float64Array): boolean {
  const start = args.start(i);
  const end = start + args.length(i);
  const isExcluded = end > start && args.bytes[start] === OPEN_PARENTHESIS;
  const score = parseScoreBound(args.bytes, isExcluded ? start + 1 : start, end);
  if (Number.isNaN(score)) throw BAD_SCORE_RANGE;
  to[0] = score;
  return isExcluded;
}

function memberBoundKind(args: Args, i: number): number {
  const length = args.length(i);
  const first = length === 0 ? 0 : args.bytes[args.start(i)];
  if (first === OPEN_PARENTHESIS) return EXCLUDED;
  if (first === OPEN_BRACKET) return INCLUDED;
  if (first === MINUS && length === 1) return BEFORE_ALL;
  if (first === PLUS && length === 1) return BEHIND_ALL;
  throw BAD_MEMBER_RANGE;
}
