import { describe, expect, it } from 'vitest';
import { TestEngine } from '../../test/support/engine.ts';
import { chosenSeed, SeededRandom } from '../../test/support/seeded-random.ts';
import { Args } from '../protocol/args.ts';
import { GeoArea } from './geo-area.ts';
import { GeoCell, latitudeOf, longitudeOf, STEPS_MAX } from './geo-cell.ts';
import { distanceMeters } from './geo-distance.ts';
import { GeoSearch } from './geo-search.ts';

const seed = chosenSeed();
const PLACES = 300;

/** A sorted set of random places, and where they are. */
function scattered(random: SeededRandom, entriesMax: number) {
  const engine = new TestEngine();
  const { keyspace } = engine;
  keyspace.sortedSets.limits.entriesMax = entriesMax;
  const cell = new GeoCell();
  const places = Array.from({ length: PLACES }, (_, i) => {
    const longitude = (random.fraction() - 0.5) * 360;
    const latitude = (random.fraction() - 0.5) * 170;
    engine.run('GEOADD', 'g', String(longitude), String(latitude), `m${i}`);
    cell.locate(longitude, latitude, STEPS_MAX);
    return { member: `m${i}`, longitude: longitudeOf(cell), latitude: latitudeOf(cell) };
  });
  const database = keyspace.databases[0]!;
  const entry = database.find(Args.of(Buffer.from('g')), 0);
  return { keyspace, places, set: keyspace.cell(0).open(database, entry) };
}

describe(`GeoSearch, SEED=${seed}`, () => {
  it.each([0, 1000])('finds what a look at every place finds (packed up to %i)', (entriesMax) => {
    const random = new SeededRandom(seed);
    const { keyspace, places, set } = scattered(random, entriesMax);
    const { sortedSets } = keyspace;
    const search = new GeoSearch();
    const area = new GeoArea();
    for (let round = 0; round < 300; round++) {
      area.longitude = (random.fraction() - 0.5) * 300;
      area.latitude = (random.fraction() - 0.5) * 120;
      area.isBox = false;
      area.unitMeters = 1000;
      // Small enough to reach neither the date line nor a pole, where Redis misses places.
      area.radius = random.fraction() * 1500;
      search.search(sortedSets, set, area, Number.POSITIVE_INFINITY);
      search.sort(false, search.found);
      const found = Array.from({ length: search.found }, (_, nth) => {
        const { bytes, start, length } = search.enter(sortedSets, set, search.order[nth]!);
        return bytes.toString('latin1', start, start + length);
      });
      const expected = places
        .map(({ member, longitude, latitude }) => ({
          member,
          meters: distanceMeters(area.longitude, area.latitude, longitude, latitude),
        }))
        .filter(({ meters }) => meters <= area.radius * area.unitMeters)
        .sort((a, b) => a.meters - b.meters);
      expect(found).toEqual(expected.map(({ member }) => member));
    }
  });

  it('finds no more than it is to, and sorts as far as it is to', () => {
    const random = new SeededRandom(seed);
    const { keyspace, set } = scattered(random, 0);
    const search = new GeoSearch();
    const area = new GeoArea();
    area.radius = 3e7;
    search.search(keyspace.sortedSets, set, area, 7);
    expect(search.found).toBe(7);
    search.search(keyspace.sortedSets, set, area, Number.POSITIVE_INFINITY);
    expect(search.found).toBe(PLACES);
    const sorted = search.distances.slice(0, PLACES).sort();
    search.sort(true, 5);
    const farthest = Array.from({ length: 5 }, (_, nth) => search.distances[search.order[nth]!]);
    expect(farthest).toEqual([...sorted.slice(-5)].reverse());
  });
});
