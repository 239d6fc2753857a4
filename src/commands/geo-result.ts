/** Running a search for places, and answering with what it found or storing it. */
import type { EntryCell } from '../keyspace/entry-cell.ts';
import { DELETED, type KeyEvent } from '../keyspace/events.ts';
import type { Args } from '../protocol/args.ts';
import type { Reply } from '../protocol/reply.ts';
import { hashBytes } from '../structures/siphash.ts';
import type { Cell } from '../values/cell.ts';
import { GeoCell, latitudeOf, longitudeOf } from '../values/geo-cell.ts';
import { GeoSearch } from '../values/geo-search.ts';
import type { SortedSets } from '../values/sorted-set.ts';
import { SortedSetBuilder } from '../values/sorted-set-build.ts';
import type { Context } from './command.ts';
import { replyDistance } from './geo-access.ts';
import type { GeoQuery } from './geo-query.ts';
import { storeSortedSet } from './sorted-set-store.ts';

const search = new GeoSearch();
const place = new GeoCell();

/**
 * Searches a sorted set, null for none, and answers; or stores what was found, and says so with
 * `event`.
 */
export function answerSearch(
  context: Context,
  args: Args,
  cell: EntryCell | null,
  query: GeoQuery,
  event: KeyEvent,
  reply: Reply,
): void {
  if (cell === null) {
    answerNothing(context, args, query, reply);
    return;
  }
  try {
    const wanted = runSearch(context.keyspace.sortedSets, cell, query);
    if (query.target === 0) replyPlaces(context.keyspace.sortedSets, cell, query, wanted, reply);
    else storePlaces(context, args, cell, query, wanted, event, reply);
  } finally {
    search.end();
  }
}

/** There is nothing to search: what is stored is nothing too. */
function answerNothing(
  { database }: Context,
  args: Args,
  { target }: GeoQuery,
  reply: Reply,
): void {
  if (target === 0) {
    reply.array(0);
    return;
  }
  if (database.remove(args, target)) database.changed(args, target, DELETED);
  reply.integer(0);
}

/** How many of those found are wanted: the first in order. */
function runSearch(sortedSets: SortedSets, cell: Cell, query: GeoQuery): number {
  const { area, count, takesAny } = query;
  search.search(sortedSets, cell, area, takesAny ? count : Number.POSITIVE_INFINITY);
  const wanted = count === 0 ? search.found : Math.min(count, search.found);
  // The nearest are those meant by a number without an order.
  const sorts = query.direction !== 0 || (count > 0 && !takesAny);
  if (sorts && search.found > 0) search.sort(query.direction < 0, wanted);
  return wanted;
}

function replyPlaces(
  sortedSets: SortedSets,
  cell: Cell,
  query: GeoQuery,
  wanted: number,
  reply: Reply,
): void {
  const { withDistance, withScore, withPlace } = query;
  const parts = query.partCount();
  reply.array(wanted);
  for (let nth = 0; nth < wanted; nth++) {
    const i = search.order[nth]!;
    const { bytes, view, start, length } = search.enter(sortedSets, cell, i);
    if (parts > 0) reply.array(parts + 1);
    reply.bulk(bytes, view, start, length);
    if (withDistance) replyDistance(reply, search.distances[i]! / query.area.unitMeters);
    if (withScore) replyScore(reply, search.scores[i]!);
    if (withPlace) {
      place.ofScore(search.scores[i]!);
      reply.array(2);
      reply.longDouble(longitudeOf(place));
      reply.longDouble(latitudeOf(place));
    }
  }
}

function storePlaces(
  context: Context,
  args: Args,
  cell: Cell,
  query: GeoQuery,
  wanted: number,
  event: KeyEvent,
  reply: Reply,
): void {
  const { sortedSets } = context.keyspace;
  const builder = new SortedSetBuilder(sortedSets);
  try {
    for (let nth = 0; nth < wanted; nth++) {
      const i = search.order[nth]!;
      const { bytes, view, start, length } = search.enter(sortedSets, cell, i);
      const score = query.storesDistance
        ? search.distances[i]! / query.area.unitMeters
        : search.scores[i]!;
      builder.add(hashBytes(view, start, length), score, bytes, view, start, length);
    }
    storeSortedSet(context, args, query.target, builder, event);
  } finally {
    builder.end();
  }
  reply.integer(wanted);
}

/** Answers with a score as the integer of 64 bits that it is made to. */
function replyScore(reply: Reply, score: number): void {
  if (Number.isSafeInteger(score)) reply.integer(score);
  else if (Math.abs(score) < 2 ** 63) reply.bigInteger(BigInt(Math.trunc(score)));
  else reply.bigInteger(-(2n ** 63n));
}
