/** Sorting the elements of a list, a set or a sorted set. */
import type { Args } from '../protocol/args.ts';
import type { Command, FoundKey, KeySpec } from './command.ts';
import { openSource } from './sort-elements.ts';
import { readSort, targetOf } from './sort-query.ts';
import { replySorted, sortElements, storeSorted } from './sort-result.ts';

const COMPLEXITY =
  'O(N+M*log(M)) where N is the number of elements, and M the number of those returned; O(N) ' +
  'where nothing is sorted.';

const SOURCE: FoundKey = { index: 1, flags: ['RO', 'access'] };

const SOURCE_AND_PATTERNS: readonly KeySpec[] = [
  { flags: ['RO', 'access'], begin: { index: 1 }, find: { last: 0, step: 1, limit: 0 } },
  {
    notes: 'The keys of `BY` and `GET`, whose names the elements are a part of.',
    flags: ['RO', 'access'],
    begin: { unknown: true },
    find: { unknown: true },
  },
];

const SYNTAX = `
  key [BY by-pattern"pattern":pattern#1] [LIMIT(offset:integer count:integer)]
  [GET... get-pattern"pattern":pattern#1] [order<ASC | DESC>] [sorting=ALPHA]
`;

export const sort: Command = {
  name: 'SORT',
  group: 'generic',
  since: '1.0.0',
  summary: 'Returns the elements of a list, a set or a sorted set in order, or stores them.',
  complexity: COMPLEXITY,
  arity: -2,
  flags: ['write', 'denyoom', 'movablekeys'],
  categories: ['set', 'sortedset', 'list', 'dangerous'],
  keys: [
    ...SOURCE_AND_PATTERNS,
    {
      notes: 'The key of `STORE`, which may stand anywhere among the options.',
      flags: ['OW', 'update'],
      begin: { unknown: true },
      find: { unknown: true },
    },
  ],
  syntax: `${SYNTAX} [STORE destination:key#2]`,
  findKeys: keysOfSort,
  run(context, args, reply) {
    const query = readSort(args, true);
    const sorted = sortElements(context, query, openSource(context, args, 1));
    if (query.target === 0) replySorted(context, sorted, query.gets, reply);
    else reply.integer(storeSorted(context, args, query.target, sorted, query.gets));
  },
};

export const sortRo: Command = {
  name: 'SORT_RO',
  group: 'generic',
  since: '7.0.0',
  summary: 'Returns the elements of a list, a set or a sorted set in order.',
  complexity: COMPLEXITY,
  arity: -2,
  flags: ['readonly', 'movablekeys'],
  categories: ['set', 'sortedset', 'list', 'dangerous'],
  keys: SOURCE_AND_PATTERNS,
  syntax: SYNTAX,
  findKeys: () => [SOURCE],
  run(context, args, reply) {
    const query = readSort(args, false);
    const sorted = sortElements(context, query, openSource(context, args, 1));
    replySorted(context, sorted, query.gets, reply);
  },
};

function keysOfSort(args: Args): readonly FoundKey[] {
  const target = targetOf(args);
  return target === 0 ? [SOURCE] : [SOURCE, { index: target, flags: ['OW', 'update'] }];
}
