/** Distances on the earth, taken for a sphere, in meters. */
import { arcsine, cosine, sine } from './geo-angles.ts';

/** Radius of the sphere. */
export const EARTH_RADIUS_METERS = 6372797.560856;

const RADIANS_PER_DEGREE = Math.PI / 180;

/** An angle in radians. */
export function radians(degrees: number): number {
  return degrees * RADIANS_PER_DEGREE;
}

/** An angle, given in radians, in degrees. */
export function degrees(angle: number): number {
  return angle / RADIANS_PER_DEGREE;
}

/** The distance between two places, given in degrees: the haversine formula. */
export function distanceMeters(
  longitude: number,
  latitude: number,
  otherLongitude: number,
  otherLatitude: number,
): number {
  const v = sine((radians(otherLongitude) - radians(longitude)) / 2);
  if (v === 0) return meridianMeters(latitude, otherLatitude);
  const from = radians(latitude);
  const to = radians(otherLatitude);
  const u = sine((to - from) / 2);
  const a = u * u + cosine(from) * cosine(to) * v * v;
  return 2 * EARTH_RADIUS_METERS * arcsine(Math.sqrt(a));
}

/** The distance between two places on a meridian, by their latitudes. */
export function meridianMeters(latitude: number, otherLatitude: number): number {
  return EARTH_RADIUS_METERS * Math.abs(radians(otherLatitude) - radians(latitude));
}
