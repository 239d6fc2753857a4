/** Places: the older commands that search a circle. */
import { TYPE_ZSET } from '../keyspace/entry.ts';
import { PLACES_STORED_BY_RADIUS } from '../keyspace/events.ts';
import type { Args } from '../protocol/args.ts';
import type { Reply } from '../protocol/reply.ts';
import { readCollection } from './collection-access.ts';
import type { Command, Context, KeySpec } from './command.ts';
import { type GeoGrammar, GeoQuery } from './geo-query.ts';
import { answerSearch } from './geo-result.ts';
import { READ_KEY } from './sorted-set-access.ts';

const COMPLEXITY =
  'O(N+log(M)) where N is the number of members in the cells of the grid that cover the circle, ' +
  'and M the size of the sorted set.';

const CIRCLE = 'radius:double unit<M | KM | FT | MI>';
const PARTS = '[WITHCOORD] [WITHDIST] [WITHHASH]';
const ORDER = '[order<ASC | DESC>]';
const TARGET = '[store<STORE storekey"key":key#1 | STOREDIST storedistkey"key":key#2>]';

const ANY_ADDED = ['6.2.0', 'The option `ANY` of `COUNT`.'] as const;
const UPPER_CASE_UNITS = ['7.0.0', 'Units in upper case.'] as const;

const query = new GeoQuery();

export const georadius: Command = {
  name: 'GEORADIUS',
  group: 'geo',
  since: '3.2.0',
  summary: 'Returns the members in a circle around a place, or stores them.',
  complexity: COMPLEXITY,
  arity: -6,
  flags: ['write', 'denyoom', 'movablekeys'],
  keys: keysFrom(6),
  syntax: `
    key longitude:double latitude:double ${CIRCLE} ${PARTS}
    [count-block(COUNT count:integer [ANY@6.2.0])] ${ORDER} ${TARGET}
  `,
  history: [ANY_ADDED, UPPER_CASE_UNITS],
  deprecated: { since: '6.2.0', replacedBy: '`GEOSEARCH` and `GEOSEARCHSTORE` with `BYRADIUS`' },
  run(context, args, reply) {
    searchAroundPlace(context, args, reply, 'radius');
  },
};

export const georadiusRo: Command = {
  name: 'GEORADIUS_RO',
  group: 'geo',
  since: '3.2.10',
  summary: 'Returns the members in a circle around a place.',
  complexity: COMPLEXITY,
  arity: -6,
  flags: ['readonly'],
  keys: READ_KEY,
  syntax: `
    key longitude:double latitude:double ${CIRCLE} ${PARTS}
    [count-block(COUNT count:integer [ANY@6.2.0])] ${ORDER}
  `,
  history: [ANY_ADDED, UPPER_CASE_UNITS],
  deprecated: { since: '6.2.0', replacedBy: '`GEOSEARCH` with `BYRADIUS`' },
  run(context, args, reply) {
    searchAroundPlace(context, args, reply, 'radius to read');
  },
};

export const georadiusbymember: Command = {
  name: 'GEORADIUSBYMEMBER',
  group: 'geo',
  since: '3.2.0',
  summary: 'Returns the members in a circle around a member, or stores them.',
  complexity: COMPLEXITY,
  arity: -5,
  flags: ['write', 'denyoom', 'movablekeys'],
  keys: keysFrom(5),
  syntax: `
    key member ${CIRCLE} ${PARTS} [count-block(COUNT count:integer [ANY])] ${ORDER} ${TARGET}
  `,
  history: [ANY_ADDED, UPPER_CASE_UNITS],
  deprecated: {
    since: '6.2.0',
    replacedBy: '`GEOSEARCH` and `GEOSEARCHSTORE` with `BYRADIUS` and `FROMMEMBER`',
  },
  run(context, args, reply) {
    searchAroundMember(context, args, reply, 'radius');
  },
};

export const georadiusbymemberRo: Command = {
  name: 'GEORADIUSBYMEMBER_RO',
  group: 'geo',
  since: '3.2.10',
  summary: 'Returns the members in a circle around a member.',
  complexity: COMPLEXITY,
  arity: -5,
  flags: ['readonly'],
  keys: READ_KEY,
  syntax: `key member ${CIRCLE} ${PARTS} [count-block(COUNT count:integer [ANY])] ${ORDER}`,
  history: [ANY_ADDED, UPPER_CASE_UNITS],
  deprecated: { since: '6.2.0', replacedBy: '`GEOSEARCH` with `BYRADIUS` and `FROMMEMBER`' },
  run(context, args, reply) {
    searchAroundMember(context, args, reply, 'radius to read');
  },
};

function searchAroundPlace(context: Context, args: Args, reply: Reply, grammar: GeoGrammar): void {
  const cell = readCollection(context, args, 1, TYPE_ZSET);
  query.reset();
  query.readCenter(args, 2);
  query.readCircle(args, 4);
  query.readOptions(context.keyspace.sortedSets, cell, args, 6, grammar);
  answerSearch(context, args, cell, query, PLACES_STORED_BY_RADIUS, reply);
}

function searchAroundMember(context: Context, args: Args, reply: Reply, grammar: GeoGrammar): void {
  const { sortedSets } = context.keyspace;
  const cell = readCollection(context, args, 1, TYPE_ZSET);
  query.reset();
  // As in Redis radius and unit are not looked at where there are no members.
  if (cell !== null) {
    query.readMember(sortedSets, cell, args, 2);
    query.readCircle(args, 3);
  }
  query.readOptions(sortedSets, cell, args, 5, grammar);
  answerSearch(context, args, cell, query, PLACES_STORED_BY_RADIUS, reply);
}

/** The key to search, and those to store in, whose words are looked for from an argument on. */
function keysFrom(startFrom: number): readonly KeySpec[] {
  const find = { last: 0, step: 1, limit: 0 };
  const stored = ['OW', 'update'];
  return [
    READ_KEY[0]!,
    { flags: stored, begin: { keyword: 'STORE', startFrom }, find },
    { flags: stored, begin: { keyword: 'STOREDIST', startFrom }, find },
  ];
}
