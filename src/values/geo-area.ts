/**
 * What is searched for places: a circle, or a box along the meridians, around a center; and which
 * cells of the grid cover it.
 */
import { GeoCell, STEPS_MAX } from './geo-cell.ts';
import {
  degrees,
  distanceMeters,
  EARTH_RADIUS_METERS,
  meridianMeters,
  radians,
} from './geo-distance.ts';

/** Half of the length of the equator on the map whose grid this is. */
const MAP_METERS = 20037726.37;

/** In place of a distance: the place is not in the area. */
export const OUTSIDE = -1;

/** Beyond these latitudes cells are so much narrower that larger ones are needed. */
const FAR_LATITUDE = 66;
const POLAR_LATITUDE = 80;

/** By so much what is far is farther than what is not, lest rounding decides. */
const FAR_ENOUGH = 1 + 1e-6;
const TINY_SINE = 1e-24;

/** The cells around one, in the order in which they are searched, as (eastward, northward). */
const AROUND: readonly (readonly [number, number])[] = [
  [0, 0],
  [0, 1],
  [0, -1],
  [1, 0],
  [-1, 0],
  [1, 1],
  [-1, 1],
  [1, -1],
  [-1, -1],
];

/** A circle or a box. */
export class GeoArea {
  /** The center, in degrees. */
  longitude = 0;
  latitude = 0;
  isBox = false;
  /** Of a circle: in the unit of the query, as all lengths here. */
  radius = 0;
  /** Of a box, from side to side. */
  width = 0;
  height = 0;
  /** The unit. */
  unitMeters = 1;

  #longitudeRadians = 0;
  #latitudeRadians = 0;
  #latitudeCosine = 0;
  /** The square of the sine of half the angle beyond which places are outside for certain. */
  #farSine = 0;

  /** To be called before the first `distanceWithin`, when all is said. */
  prepare(): void {
    this.#longitudeRadians = radians(this.longitude);
    this.#latitudeRadians = radians(this.latitude);
    this.#latitudeCosine = Math.cos(this.#latitudeRadians);
    // To the corner of a box it is no farther than along its sides, however the earth is bent.
    const reach = this.isBox ? (this.width + this.height) / 2 : this.radius;
    const halfAngle = ((reach * this.unitMeters) / EARTH_RADIUS_METERS / 2) * FAR_ENOUGH;
    const sine = Math.sin(halfAngle);
    this.#farSine = halfAngle < Math.PI / 2 ? sine * sine + TINY_SINE : Number.POSITIVE_INFINITY;
  }

  /** The distance from the center to a place, or OUTSIDE. */
  distanceWithin(longitude: number, latitude: number): number {
    const { unitMeters } = this;
    if (this.#isFar(longitude, latitude)) return OUTSIDE;
    if (!this.isBox) {
      const distance = distanceMeters(this.longitude, this.latitude, longitude, latitude);
      return distance > this.radius * unitMeters ? OUTSIDE : distance;
    }
    const northward = meridianMeters(latitude, this.latitude);
    if (northward > (this.height * unitMeters) / 2) return OUTSIDE;
    const eastward = distanceMeters(longitude, latitude, this.longitude, latitude);
    if (eastward > (this.width * unitMeters) / 2) return OUTSIDE;
    return distanceMeters(this.longitude, this.latitude, longitude, latitude);
  }

  /** Whether a place is outside for certain: most are, and it is told quickly. */
  #isFar(longitude: number, latitude: number): boolean {
    const angle = radians(latitude);
    const u = Math.sin((angle - this.#latitudeRadians) / 2);
    if (u * u > this.#farSine) return true;
    const v = Math.sin((radians(longitude) - this.#longitudeRadians) / 2);
    return u * u + this.#latitudeCosine * Math.cos(angle) * v * v > this.#farSine;
  }

  /** The distance from the center to what is farthest from it, in meters. */
  reachMeters(): number {
    if (!this.isBox) return this.radius * this.unitMeters;
    const width = this.width / 2;
    const height = this.height / 2;
    return Math.sqrt(width * width + height * height) * this.unitMeters;
  }
}

/** The cells that cover an area, in the order in which they are searched. */
export class GeoCover {
  readonly cells: readonly GeoCell[] = AROUND.map(() => new GeoCell());
  /** Which of the cells count. */
  readonly isNeeded: boolean[] = AROUND.map(() => true);
  #west = 0;
  #east = 0;
  #south = 0;
  #north = 0;

  /** Covers an area. */
  cover(area: GeoArea): void {
    this.#measure(area);
    let steps = stepsFor(area.reachMeters(), area.latitude);
    this.#surround(area, steps);
    // The center may lie so near to an edge of its cell that a neighbour does not reach far enough.
    if (steps > 1 && this.#fallsShort()) this.#surround(area, --steps);
    this.isNeeded.fill(true);
    if (steps >= 2) this.#dropNeedless();
  }

  /** Bounds the area. Meridians run together, so a box is widest on the side of the pole. */
  #measure(area: GeoArea): void {
    const { longitude, latitude, unitMeters } = area;
    const height = unitMeters * (area.isBox ? area.height / 2 : area.radius);
    const width = unitMeters * (area.isBox ? area.width / 2 : area.radius);
    const northward = degrees(height / EARTH_RADIUS_METERS);
    const widest = latitude < 0 ? latitude - northward : latitude + northward;
    const eastward = degrees(width / EARTH_RADIUS_METERS / Math.cos(radians(widest)));
    this.#west = longitude - eastward;
    this.#east = longitude + eastward;
    this.#south = latitude - northward;
    this.#north = latitude + northward;
  }

  #surround({ longitude, latitude }: GeoArea, steps: number): void {
    const [center, ...others] = this.cells;
    center!.locate(longitude, latitude, steps);
    others.forEach((cell, i) => {
      const [eastward, northward] = AROUND[i + 1]!;
      cell.neighbour(center!, eastward, northward);
    });
  }

  #fallsShort(): boolean {
    const [, north, south, east, west] = this.cells;
    return (
      north!.north() < this.#north ||
      south!.south() > this.#south ||
      east!.east() < this.#east ||
      west!.west() > this.#west
    );
  }

  /** Leaves out the neighbours that the area does not reach. */
  #dropNeedless(): void {
    const center = this.cells[0]!;
    // Bounds of a boundless area are no numbers: they drop nothing.
    const keepsSouth = !(center.south() < this.#south);
    const keepsNorth = !(center.north() > this.#north);
    const keepsWest = !(center.west() < this.#west);
    const keepsEast = !(center.east() > this.#east);
    AROUND.forEach(([eastward, northward], i) => {
      if (northward < 0 && !keepsSouth) this.isNeeded[i] = false;
      if (northward > 0 && !keepsNorth) this.isNeeded[i] = false;
      if (eastward < 0 && !keepsWest) this.isNeeded[i] = false;
      if (eastward > 0 && !keepsEast) this.isNeeded[i] = false;
    });
  }
}

/** Steps of the grid whose cells are about as large as what is searched, and not smaller. */
function stepsFor(reachMeters: number, latitude: number): number {
  if (reachMeters === 0) return STEPS_MAX;
  let steps = 1;
  for (let reach = reachMeters; reach < MAP_METERS; reach *= 2) steps++;
  steps -= 2;
  if (Math.abs(latitude) > FAR_LATITUDE) steps--;
  if (Math.abs(latitude) > POLAR_LATITUDE) steps--;
  return Math.min(Math.max(steps, 1), STEPS_MAX);
}
