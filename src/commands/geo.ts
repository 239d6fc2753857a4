/** Places: adding them to a sorted set, where they are, how far apart. */
import { TYPE_ZSET } from '../keyspace/entry.ts';
import type { EntryCell } from '../keyspace/entry-cell.ts';
import { SCORED } from '../keyspace/events.ts';
import type { Args } from '../protocol/args.ts';
import { GeoCell, LATITUDE_POLE, latitudeOf, longitudeOf, STEPS_MAX } from '../values/geo-cell.ts';
import { distanceMeters } from '../values/geo-distance.ts';
import { ADDED, ONLY_EXISTING, ONLY_NEW, UPDATED, ZSET_SKIPLIST } from '../values/sorted-set.ts';
import { readCollection, writeCollection } from './collection-access.ts';
import type { Command, Context } from './command.ts';
import { SYNTAX_ERROR } from './errors.ts';
import { placeAt, placeOf, replyDistance, unitAt } from './geo-access.ts';
import { createSortedSet, hashIn, READ_KEY } from './sorted-set-access.ts';

/** The digits of standard geohashes. */
const DIGITS = '0123456789bcdefghjkmnpqrstuvwxyz';
/** Digits that the bits of a place make; there is one more, always 0. */
const HASH_DIGITS = 10;

const place = { longitude: 0, latitude: 0 };
const cell52 = new GeoCell();

export const geoadd: Command = {
  name: 'GEOADD',
  group: 'geo',
  since: '3.2.0',
  summary: 'Adds members with their places on the earth to a sorted set, or moves them.',
  complexity: 'O(log(N)) for each member, where N is the size of the sorted set.',
  arity: -5,
  flags: ['write', 'denyoom'],
  keys: [{ flags: ['RW', 'update'], begin: { index: 1 }, find: { last: 0, step: 1, limit: 0 } }],
  syntax: `
    key [condition<NX | XX>@6.2.0] [change=CH@6.2.0]
    data(longitude:double latitude:double member)...
  `,
  history: [['6.2.0', 'The options `CH`, `NX` and `XX`.']],
  run(context, args, reply) {
    let mode = 0;
    let countsChanged = false;
    let first = 2;
    for (; first < args.count; first++) {
      if (args.is(first, 'NX')) mode |= ONLY_NEW;
      else if (args.is(first, 'XX')) mode |= ONLY_EXISTING;
      else if (args.is(first, 'CH')) countsChanged = true;
      else break;
    }
    const count = args.count - first;
    if (count === 0 || count % 3 !== 0 || mode === (ONLY_NEW | ONLY_EXISTING)) throw SYNTAX_ERROR;
    for (let i = first; i < args.count; i += 3) placeAt(args, i, place);
    const cell = cellToAddTo(context, args, first, mode);
    reply.integer(cell === null ? 0 : addPlaces(context, cell, args, first, mode, countsChanged));
  },
};

export const geopos: Command = {
  name: 'GEOPOS',
  group: 'geo',
  since: '3.2.0',
  summary: 'Returns the longitudes and latitudes of members.',
  complexity: 'O(1) for each member.',
  arity: -2,
  flags: ['readonly'],
  keys: READ_KEY,
  syntax: 'key [member...]',
  run(context, args, reply) {
    const cell = readCollection(context, args, 1, TYPE_ZSET);
    const { sortedSets } = context.keyspace;
    reply.array(args.count - 2);
    for (let i = 2; i < args.count; i++) {
      const found = cell === null ? null : placeOf(sortedSets, cell, args, i);
      if (found === null) {
        reply.nilArray();
        continue;
      }
      reply.array(2);
      reply.longDouble(longitudeOf(found));
      reply.longDouble(latitudeOf(found));
    }
  },
};

export const geodist: Command = {
  name: 'GEODIST',
  group: 'geo',
  since: '3.2.0',
  summary: 'Returns the distance between two members.',
  complexity: 'O(1)',
  arity: -4,
  flags: ['readonly'],
  keys: READ_KEY,
  syntax: 'key member1 member2 [unit<M | KM | FT | MI>]',
  run(context, args, reply) {
    const unitMeters = args.count === 5 ? unitAt(args, 4) : 1;
    if (args.count > 5) throw SYNTAX_ERROR;
    const cell = readCollection(context, args, 1, TYPE_ZSET);
    const { sortedSets } = context.keyspace;
    const from = cell === null ? null : placeOf(sortedSets, cell, args, 2);
    if (cell === null || from === null) {
      reply.nil();
      return;
    }
    const longitude = longitudeOf(from);
    const latitude = latitudeOf(from);
    const to = placeOf(sortedSets, cell, args, 3);
    if (to === null) {
      reply.nil();
      return;
    }
    const meters = distanceMeters(longitude, latitude, longitudeOf(to), latitudeOf(to));
    replyDistance(reply, meters / unitMeters);
  },
};

export const geohash: Command = {
  name: 'GEOHASH',
  group: 'geo',
  since: '3.2.0',
  summary: 'Returns the places of members as standard geohashes.',
  complexity: 'O(1) for each member.',
  arity: -2,
  flags: ['readonly'],
  keys: READ_KEY,
  syntax: 'key [member...]',
  run(context, args, reply) {
    const cell = readCollection(context, args, 1, TYPE_ZSET);
    const { sortedSets } = context.keyspace;
    reply.array(args.count - 2);
    for (let i = 2; i < args.count; i++) {
      const found = cell === null ? null : placeOf(sortedSets, cell, args, i);
      if (found === null) reply.nil();
      else reply.text(geohashOf(found));
    }
  },
};

/** The sorted set to add to, made if need be; null if there is none and nothing may be new. */
function cellToAddTo(context: Context, args: Args, first: number, mode: number): EntryCell | null {
  const { sortedSets } = context.keyspace;
  const places = (args.count - first) / 3;
  const cell = writeCollection(context, args, 1, TYPE_ZSET);
  if (cell === null) {
    if ((mode & ONLY_EXISTING) !== 0) return null;
    return createSortedSet(context, args, 1, places, args.length(first + 2));
  }
  // As ZADD does, which takes them for so many new members.
  if (cell.encoding !== ZSET_SKIPLIST && !sortedSets.isSmall(places, 0)) sortedSets.enlarge(cell);
  return cell;
}

/** Adds the places from argument `first` on; how many count for the reply. */
function addPlaces(
  context: Context,
  cell: EntryCell,
  args: Args,
  first: number,
  mode: number,
  countsChanged: boolean,
): number {
  const { database, keyspace } = context;
  const { sortedSets } = keyspace;
  const { bytes, view } = args;
  let added = 0;
  let moved = 0;
  try {
    for (let i = first; i < args.count; i += 3) {
      placeAt(args, i, place);
      cell52.locate(place.longitude, place.latitude, STEPS_MAX);
      sortedSets.score[0] = cell52.score();
      const hash = hashIn(cell, args, i + 2);
      const start = args.start(i + 2);
      const outcome = sortedSets.add(cell, mode, hash, bytes, view, start, args.length(i + 2));
      if (outcome === ADDED) added++;
      else if (outcome === UPDATED) moved++;
    }
  } finally {
    // Those that were added stay, even if there was no memory for the others.
    if (added + moved > 0) database.changed(args, 1, SCORED, added + moved);
    else if (sortedSets.count(cell) === 0) database.remove(args, 1);
  }
  return countsChanged ? added + moved : added;
}

/** A place as a standard geohash, which counts latitudes from pole to pole. */
function geohashOf(found: GeoCell): string {
  cell52.locate(longitudeOf(found), latitudeOf(found), STEPS_MAX, LATITUDE_POLE);
  let text = '';
  for (let i = 0; i < HASH_DIGITS; i++) text += DIGITS[cell52.fiveBits(2 * STEPS_MAX - 5 * i)]!;
  return `${text}0`;
}
