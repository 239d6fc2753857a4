/** Every command: each export of a family's file is one. */
import type { Command } from './command.ts';
import * as strings from './string.ts';
import * as stringCounters from './string-counter.ts';
import * as stringComparison from './string-lcs.ts';
import * as manyStrings from './string-many.ts';
import * as stringRanges from './string-range.ts';

const FAMILIES: readonly Readonly<Record<string, Command>>[] = [
  strings,
  manyStrings,
  stringCounters,
  stringRanges,
  stringComparison,
];

/** All top-level commands. */
export const COMMANDS: readonly Command[] = FAMILIES.flatMap((family) => Object.values(family));
