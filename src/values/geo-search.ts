/**
 * Searching a sorted set of places: which members lie in an area, how far from its center, in what
 * order. What was found is kept as numbers, in arrays that are used again; members stay where they
 * are, and are gone to by their records, or by their ranks where they are packed.
 */
import type { Ptr } from '../memory/address.ts';
import { orderAll, orderRange } from '../structures/ordering.ts';
import type { Cell } from './cell.ts';
import { type GeoArea, GeoCover, OUTSIDE } from './geo-area.ts';
import { GeoCell, latitudeOf, longitudeOf } from './geo-cell.ts';
import { type SortedSets, ZSET_SKIPLIST } from './sorted-set.ts';
import type { SortedSetCursor } from './sorted-set-cursor.ts';
import { ScoreRange } from './sorted-set-range.ts';

/** Places that are kept room for; more than these give their memory back. */
const KEPT_MAX = 4096;

/** What was found by one search. */
export class GeoSearch {
  /** How many places were found. */
  found = 0;
  /** Of the place found as number `i`: its score, and its distance from the center in meters. */
  scores: Float64Array = new Float64Array(KEPT_MAX);
  distances: Float64Array = new Float64Array(KEPT_MAX);
  /** The numbers of the places in order; see `sort`. */
  order: Uint32Array = new Uint32Array(KEPT_MAX);
  #places = new Uint32Array(KEPT_MAX);
  /** What is sorted by. */
  #keys = new Float64Array(KEPT_MAX);
  readonly #cover = new GeoCover();
  readonly #place = new GeoCell();
  readonly #range = new ScoreRange();

  constructor() {
    this.#range.excludesMax = true;
  }

  /** Finds the places in an area: at least one, and then no more than `limit`. */
  search(sortedSets: SortedSets, cell: Cell, area: GeoArea, limit: number): void {
    this.found = 0;
    const { cells, isNeeded } = this.#cover;
    this.#cover.cover(area);
    area.prepare();
    let searched: GeoCell | null = null;
    for (let i = 0; i < cells.length; i++) {
      const around = cells[i]!;
      if (!isNeeded[i]) continue;
      // Around a huge area neighbours are the same; the center is no neighbour.
      if (searched !== null && around.row === searched.row && around.column === searched.column) {
        continue;
      }
      if (this.found >= limit) return;
      this.#searchCell(sortedSets, cell, around, area, limit);
      if (i > 0) searched = around;
    }
  }

  /** Puts those found in order of their distances, as far as it matters for the first `wanted`. */
  sort(isDescending: boolean, wanted: number): void {
    const { found, distances, order } = this;
    const keys = this.#keys;
    for (let i = 0; i < found; i++) keys[i] = isDescending ? -distances[i]! : distances[i]!;
    if (wanted === found) orderAll(order, keys, found, null);
    else orderRange(order, keys, found, null, 0, wanted - 1);
  }

  /** Goes to the member that is the place found as number `i`. */
  enter(sortedSets: SortedSets, cell: Cell, i: number): SortedSetCursor {
    if (cell.encoding === ZSET_SKIPLIST) {
      sortedSets.cursor.readMemberOf(this.#places[i]! as Ptr);
      return sortedSets.cursor;
    }
    const cursor = sortedSets.enter(cell, this.#places[i]!);
    cursor.read();
    return cursor;
  }

  /** Gives back the memory of a large result. */
  end(): void {
    if (this.scores.length > KEPT_MAX) this.#resize(KEPT_MAX);
    this.found = 0;
  }

  #searchCell(
    sortedSets: SortedSets,
    cell: Cell,
    around: GeoCell,
    area: GeoArea,
    limit: number,
  ): void {
    this.#range.min[0] = around.score();
    this.#range.max[0] = around.scoreEnd();
    const { cursor } = sortedSets;
    const place = this.#place;
    const isLarge = cell.encoding === ZSET_SKIPLIST;
    const count = sortedSets.selectScores(cell, this.#range);
    for (let i = 0; i < count && this.found < limit; i++) {
      if (i > 0) cursor.next();
      cursor.readScore();
      const score = cursor.score[0]!;
      place.ofScore(score);
      const distance = area.distanceWithin(longitudeOf(place), latitudeOf(place));
      if (distance === OUTSIDE) continue;
      this.#add(isLarge ? cursor.place.record : sortedSets.first + i, score, distance);
    }
  }

  #add(at: number, score: number, distance: number): void {
    const { found } = this;
    if (found === this.scores.length) this.#resize(2 * found);
    this.#places[found] = at;
    this.scores[found] = score;
    this.distances[found] = distance;
    this.order[found] = found;
    this.found = found + 1;
  }

  #resize(length: number): void {
    const { scores, distances, order } = this;
    const places = this.#places;
    const kept = Math.min(length, scores.length);
    this.scores = new Float64Array(length);
    this.distances = new Float64Array(length);
    this.order = new Uint32Array(length);
    this.#places = new Uint32Array(length);
    this.#keys = new Float64Array(length);
    this.scores.set(scores.subarray(0, kept));
    this.distances.set(distances.subarray(0, kept));
    this.order.set(order.subarray(0, kept));
    this.#places.set(places.subarray(0, kept));
  }
}
