import { describe, expect, it } from 'vitest';
import { chosenSeed, SeededRandom } from '../../test/support/seeded-random.ts';
import { GeoCell, LATITUDE_MAX, latitudeOf, longitudeOf, STEPS_MAX } from './geo-cell.ts';

const seed = chosenSeed();

function located(longitude: number, latitude: number, steps = STEPS_MAX): GeoCell {
  const cell = new GeoCell();
  cell.locate(longitude, latitude, steps);
  return cell;
}

function ofScore(score: number): GeoCell {
  const cell = new GeoCell();
  cell.ofScore(score);
  return cell;
}

/** The score of a cell of the finest grid, bit by bit. */
function interleaved(column: number, row: number): bigint {
  let score = 0n;
  for (let bit = 0n; bit < 32n; bit++) {
    score |= ((BigInt(row) >> bit) & 1n) << (2n * bit);
    score |= ((BigInt(column) >> bit) & 1n) << (2n * bit + 1n);
  }
  return score;
}

describe(`GeoCell, SEED=${seed}`, () => {
  it('has the scores that Redis has', () => {
    expect(located(13.361389, 38.115556).score()).toBe(3479099956230698);
    expect(located(15.087269, 37.502669).score()).toBe(3479447370796909);
    expect(located(-180, -LATITUDE_MAX).score()).toBe(0);
    expect(located(180, LATITUDE_MAX).score()).toBe(2 ** 52 + 2 ** 53);
  });

  it('interleaves the bits of both coordinates, and takes them apart again', () => {
    const random = new SeededRandom(seed);
    for (let round = 0; round < 2000; round++) {
      const longitude = (random.fraction() - 0.5) * 360;
      const latitude = (random.fraction() - 0.5) * 2 * LATITUDE_MAX;
      const cell = located(longitude, latitude);
      expect(BigInt(cell.score())).toBe(interleaved(cell.column, cell.row));
      const again = ofScore(cell.score());
      expect([again.column, again.row]).toEqual([cell.column, cell.row]);
      expect(again.west()).toBeLessThanOrEqual(longitude);
      expect(again.east()).toBeGreaterThanOrEqual(longitude);
      expect(Math.abs(longitudeOf(again) - longitude)).toBeLessThan(360 / 2 ** 26);
      expect(Math.abs(latitudeOf(again) - latitude)).toBeLessThan(180 / 2 ** 26);
    }
  });

  it('covers in a coarser grid the scores of the places within', () => {
    const random = new SeededRandom(seed);
    for (let round = 0; round < 2000; round++) {
      const longitude = (random.fraction() - 0.5) * 360;
      const latitude = (random.fraction() - 0.5) * 2 * LATITUDE_MAX;
      const score = located(longitude, latitude).score();
      const steps = random.integer(1, STEPS_MAX);
      const cell = located(longitude, latitude, steps);
      expect(cell.score()).toBeLessThanOrEqual(score);
      expect(cell.scoreEnd()).toBeGreaterThan(score);
      expect(cell.scoreEnd() - cell.score()).toBe(4 ** (STEPS_MAX - steps));
    }
  });

  it('goes around the world to its neighbours', () => {
    const east = new GeoCell();
    east.neighbour(located(179, 0, 3), 1, 0);
    expect([east.column, east.row, east.steps]).toEqual([0, 4, 3]);
    const south = new GeoCell();
    south.neighbour(located(-180, -85, 3), -1, -1);
    expect([south.column, south.row]).toEqual([7, 7]);
  });

  it('takes scores that no place has, as a processor makes them integers', () => {
    expect(ofScore(-1)).toMatchObject({ column: 2 ** 32 - 1, row: 2 ** 32 - 1 });
    expect(ofScore(1.9)).toMatchObject({ column: 0, row: 1 });
    expect(ofScore(-0.5)).toMatchObject({ column: 0, row: 0 });
    expect(ofScore(Number.POSITIVE_INFINITY)).toMatchObject({ column: 0, row: 0 });
    expect(ofScore(Number.NEGATIVE_INFINITY)).toMatchObject({ column: 2 ** 31, row: 0 });
    expect(longitudeOf(ofScore(2 ** 63))).toBe(180);
  });
});
