/** What the commands on places share: reading coordinates, lengths and units, answering. */
import type { Args } from '../protocol/args.ts';
import { parseDouble, writeInteger } from '../protocol/numbers.ts';
import type { Reply } from '../protocol/reply.ts';
import type { Cell } from '../values/cell.ts';
import { GeoCell, LATITUDE_MAX, LONGITUDE_MAX } from '../values/geo-cell.ts';
import type { SortedSets } from '../values/sorted-set.ts';
import { CommandError, NOT_A_FLOAT } from './errors.ts';
import { hashIn } from './sorted-set-access.ts';

const BAD_UNIT = new CommandError('ERR unsupported unit provided. please use M, KM, FT, MI');

const METERS_PER_KILOMETER = 1000;
const METERS_PER_FOOT = 0.3048;
const METERS_PER_MILE = 1609.34;

/** Decimal places of distances. */
const PLACES = 4;
const PLACES_FACTOR = 10 ** PLACES;
const ZERO = 0x30;
const POINT = 0x2e;

/** The longest distance that is printed here: digits, a point, and the places. */
const DISTANCE_LENGTH_MAX = 24;
const distanceText = Buffer.alloc(DISTANCE_LENGTH_MAX);
const distanceView = new DataView(
  distanceText.buffer,
  distanceText.byteOffset,
  DISTANCE_LENGTH_MAX,
);

const place = new GeoCell();

/** Argument `i` as a number; `problem` is the error when it is none. */
export function doubleAt(args: Args, i: number, problem: CommandError = NOT_A_FLOAT): number {
  const start = args.start(i);
  const value = parseDouble(args.bytes, start, start + args.length(i));
  if (Number.isNaN(value)) throw problem;
  return value;
}

/** Arguments `i` and `i + 1` as a longitude and a latitude: the cell of the grid they lie in. */
export function placeAt(
  args: Args,
  i: number,
  into: { longitude: number; latitude: number },
): void {
  const longitude = doubleAt(args, i);
  const latitude = doubleAt(args, i + 1);
  if (Math.abs(longitude) > LONGITUDE_MAX || Math.abs(latitude) > LATITUDE_MAX) {
    const pair = `${sixPlaces(longitude)},${sixPlaces(latitude)}`;
    throw new CommandError(`ERR invalid longitude,latitude pair ${pair}`);
  }
  into.longitude = longitude;
  into.latitude = latitude;
}

/** Argument `i`, a unit of length, in meters. */
export function unitAt(args: Args, i: number): number {
  if (args.is(i, 'M')) return 1;
  if (args.is(i, 'KM')) return METERS_PER_KILOMETER;
  if (args.is(i, 'FT')) return METERS_PER_FOOT;
  if (args.is(i, 'MI')) return METERS_PER_MILE;
  throw BAD_UNIT;
}

/** The place of argument `i`, a member, whose cell holds until the next call; null if none. */
export function placeOf(sortedSets: SortedSets, cell: Cell, args: Args, i: number): GeoCell | null {
  const { bytes, view } = args;
  const hash = hashIn(cell, args, i);
  if (!sortedSets.find(cell, hash, bytes, view, args.start(i), args.length(i))) return null;
  place.ofScore(sortedSets.score[0]!);
  return place;
}

/** Answers with a distance, to four decimal places. */
export function replyDistance(reply: Reply, distance: number): void {
  const scaled = roundToEven(distance * PLACES_FACTOR);
  if (!Number.isSafeInteger(scaled)) {
    reply.text(Number.isFinite(distance) ? distance.toFixed(PLACES) : String(distance).slice(0, 3));
    return;
  }
  const whole = Math.floor(scaled / PLACES_FACTOR);
  let rest = scaled - whole * PLACES_FACTOR;
  const point = writeInteger(distanceText, 0, whole);
  distanceText[point] = POINT;
  for (let at = point + PLACES; at > point; at--) {
    distanceText[at] = ZERO + (rest % 10);
    rest = Math.floor(rest / 10);
  }
  reply.bulk(distanceText, distanceView, 0, point + 1 + PLACES);
}

/** A number as C prints it with `%f`. */
function sixPlaces(value: number): string {
  if (!Number.isFinite(value)) return value < 0 ? '-inf' : 'inf';
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  const magnitude = Math.abs(value);
  if (Number.isInteger(magnitude)) return `${sign}${BigInt(magnitude)}.000000`;
  // What lies halfway between two texts is a multiple of 1/128, which has seven places.
  const isExact = Number.isInteger(magnitude * 128) && magnitude < 2 ** 30;
  const shown = isExact ? roundToEven(magnitude * 1e6) / 1e6 : magnitude;
  return sign + shown.toFixed(6);
}

/** The nearest integer, of two the even one. */
function roundToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return rest < 0.5 ? floor : floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}
