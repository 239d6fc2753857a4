/** Places: searching for those in a circle or a box. */
import { TYPE_ZSET } from '../keyspace/entry.ts';
import { PLACES_STORED } from '../keyspace/events.ts';
import { readCollection } from './collection-access.ts';
import type { Command } from './command.ts';
import { GeoQuery } from './geo-query.ts';
import { answerSearch } from './geo-result.ts';
import { READ_KEY } from './sorted-set-access.ts';

const COMPLEXITY =
  'O(N+log(M)) where N is the number of members in the cells of the grid that cover the area, ' +
  'and M the size of the sorted set.';

const CENTER_AND_AREA = `
  from<FROMMEMBER member | FROMLONLAT fromlonlat(longitude:double latitude:double)>
  by<circle(BYRADIUS radius:double unit<M | KM | FT | MI>) | box(BYBOX width:double height:double
    unit<M | KM | FT | MI>)>
  [order<ASC | DESC>] [count-block(COUNT count:integer [ANY])]
`;

const UPPER_CASE_UNITS = ['7.0.0', 'Units in upper case.'] as const;

const query = new GeoQuery();

export const geosearch: Command = {
  name: 'GEOSEARCH',
  group: 'geo',
  since: '6.2.0',
  summary: 'Returns the members in a circle or a box around a member or a place.',
  complexity: COMPLEXITY,
  arity: -7,
  flags: ['readonly'],
  keys: READ_KEY,
  syntax: `key ${CENTER_AND_AREA} [WITHCOORD] [WITHDIST] [WITHHASH]`,
  history: [UPPER_CASE_UNITS],
  run(context, args, reply) {
    const cell = readCollection(context, args, 1, TYPE_ZSET);
    query.reset();
    query.readOptions(context.keyspace.sortedSets, cell, args, 2, 'search');
    answerSearch(context, args, cell, query, PLACES_STORED, reply);
  },
};

export const geosearchstore: Command = {
  name: 'GEOSEARCHSTORE',
  group: 'geo',
  since: '6.2.0',
  summary: 'Stores the members in a circle or a box as a sorted set, and returns their number.',
  complexity: COMPLEXITY,
  arity: -8,
  flags: ['write', 'denyoom'],
  keys: [
    { flags: ['OW', 'update'], begin: { index: 1 }, find: { last: 0, step: 1, limit: 0 } },
    { flags: ['RO', 'access'], begin: { index: 2 }, find: { last: 0, step: 1, limit: 0 } },
  ],
  syntax: `destination:key source:key#1 ${CENTER_AND_AREA} [STOREDIST]`,
  history: [UPPER_CASE_UNITS],
  run(context, args, reply) {
    const cell = readCollection(context, args, 2, TYPE_ZSET);
    query.reset();
    query.readOptions(context.keyspace.sortedSets, cell, args, 3, 'search to store');
    query.target = 1;
    answerSearch(context, args, cell, query, PLACES_STORED, reply);
  },
};
