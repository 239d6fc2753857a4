/** Reading what SORT asks for. */
import type { Args } from '../protocol/args.ts';
import { SYNTAX_ERROR } from './errors.ts';
import { integerAt } from './options.ts';
import { SortPattern } from './sort-pattern.ts';

/** What a call asks for. */
export interface SortQuery {
  /** What elements are sorted by; null for themselves. */
  readonly by: SortPattern | null;
  /** False when elements are to stay in their order: what they are sorted by is a constant. */
  readonly isSorted: boolean;
  readonly isAlpha: boolean;
  readonly isDescending: boolean;
  readonly offset: number;
  /** Negative for all. */
  readonly count: number;
  /** What is answered of each element; nothing for the element. */
  readonly gets: readonly SortPattern[];
  /** The argument that is the key to store in; 0 for none. */
  readonly target: number;
}

/** Reads the arguments of SORT, or, if nothing may be stored, of SORT_RO. */
export function readSort(args: Args, mayStore: boolean): SortQuery {
  const gets: SortPattern[] = [];
  let by: SortPattern | null = null;
  let isSorted = true;
  let isAlpha = false;
  let isDescending = false;
  let offset = 0;
  let count = -1;
  let target = 0;
  for (let i = 2; i < args.count; i++) {
    const left = args.count - 1 - i;
    if (args.is(i, 'ASC')) isDescending = false;
    else if (args.is(i, 'DESC')) isDescending = true;
    else if (args.is(i, 'ALPHA')) isAlpha = true;
    else if (args.is(i, 'LIMIT') && left >= 2) {
      offset = integerAt(args, i + 1);
      count = integerAt(args, i + 2);
      i += 2;
    } else if (args.is(i, 'STORE') && left >= 1 && mayStore) {
      target = ++i;
    } else if (args.is(i, 'BY') && left >= 1) {
      by = new SortPattern(args, ++i);
      // As in Redis one constant is enough, even if another pattern follows.
      if (!by.hasStar) isSorted = false;
    } else if (args.is(i, 'GET') && left >= 1) {
      gets.push(new SortPattern(args, ++i));
    } else {
      throw SYNTAX_ERROR;
    }
  }
  return { by, isSorted, isAlpha, isDescending, offset, count, gets, target };
}

/** The key that is stored in: the last one of a call that has several; 0 for none. */
export function targetOf(args: Args): number {
  let target = 0;
  for (let i = 2; i < args.count; i++) {
    if (args.is(i, 'LIMIT')) i += 2;
    else if (args.is(i, 'GET') || args.is(i, 'BY')) i++;
    else if (args.is(i, 'STORE') && i + 1 < args.count) target = ++i;
  }
  return target;
}
