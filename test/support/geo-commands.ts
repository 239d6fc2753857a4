/** Random commands on places, of every kind and with all their options, for comparing servers. */
import type { Arg } from './resp-client.ts';
import type { SeededRandom } from './seeded-random.ts';

const KEYS = ['a', 'b', 'c'];
const MEMBERS = Array.from({ length: 40 }, (_, i) => `m${i}`).concat('', '7', '-12', 'nul\0');
const UNITS = ['m', 'km', 'ft', 'mi', 'KM', 'Mi'];
const LONGITUDES = ['180', '-180', '0', '179.999999', '-179.9999', '90', '-90', '0.0000001'];
const LATITUDES = ['85.05112878', '-85.05112878', '0', '85', '-85', '66', '66.0001', '80.5', '45'];
const NO_PLACES = [
  ['181', '0'],
  ['0', '86'],
  ['-0', '90.0000005'],
  ['200.0078125', '1'],
  ['1e30', '2'],
  ['inf', '0'],
  ['x', '0'],
  ['0', ''],
];
const LENGTHS = ['0', '1', '1000', '5000000', '20000000', '25000000', '1e10', '0.5', '100000'];
const NO_LENGTHS = ['-1', 'x', '', 'nan', 'inf', '1e400'];

type Maker = (random: SeededRandom) => Arg[];

/** How often each kind comes, and what it is. */
const MAKERS: readonly (readonly [weight: number, maker: Maker])[] = [
  [20, (random) => ['GEOADD', key(random), ...addOptions(random), ...places(random)]],
  [2, (random) => ['ZREM', key(random), member(random), member(random)]],
  [1, (random) => ['ZADD', key(random), randomScore(random), member(random)]],
  [1, (random) => ['DEL', random.pick(KEYS)]],
  [4, (random) => ['GEOPOS', key(random), ...members(random)]],
  [4, (random) => ['GEOHASH', key(random), ...members(random)]],
  [8, (random) => ['GEODIST', key(random), member(random), member(random), ...unit(random)]],
  [30, (random) => ['GEOSEARCH', key(random), ...searched(random, false)]],
  [8, (random) => ['GEOSEARCHSTORE', target(random), key(random), ...searched(random, true)]],
  [10, (random) => ['GEORADIUS', key(random), ...place(random), ...around(random, true)]],
  [3, (random) => ['GEORADIUS_RO', key(random), ...place(random), ...around(random, false)]],
  [8, (random) => ['GEORADIUSBYMEMBER', key(random), member(random), ...around(random, true)]],
  [3, (random) => ['GEORADIUSBYMEMBER_RO', key(random), member(random), ...around(random, false)]],
];
const WEIGHTS_SUM = MAKERS.reduce((sum, [weight]) => sum + weight, 0);

/** One command. What is stored is mostly stored in the key `stored`. */
export function randomGeoCommand(random: SeededRandom): Arg[] {
  let left = random.integer(0, WEIGHTS_SUM - 1);
  for (const [weight, maker] of MAKERS) {
    left -= weight;
    if (left < 0) return maker(random);
  }
  throw new Error('weights do not add up');
}

function key(random: SeededRandom): string {
  const draw = random.fraction();
  if (draw < 0.01) return 'string';
  return draw < 0.05 ? random.pick(['stored', 'missing']) : random.pick(KEYS);
}

function target(random: SeededRandom): string {
  const draw = random.fraction();
  if (draw < 0.02) return random.pick(KEYS);
  return draw < 0.03 ? 'string2' : 'stored';
}

function member(random: SeededRandom): string {
  return random.fraction() < 0.02 ? 'nobody' : random.pick(MEMBERS);
}

function members(random: SeededRandom): string[] {
  return Array.from({ length: random.integer(0, 4) }, () => member(random));
}

function place(random: SeededRandom): string[] {
  const draw = random.fraction();
  if (draw < 0.01) return random.pick(NO_PLACES);
  if (draw < 0.2) return [random.pick(LONGITUDES), random.pick(LATITUDES)];
  // Close together, and some at the very same place.
  if (draw < 0.5) return [String(random.integer(0, 9) / 1000), String(random.integer(0, 9) / 1000)];
  if (draw < 0.6) return [String(random.integer(179, 180)), String(random.integer(-85, 85))];
  const scale = random.pick([360, 360, 10, 1]);
  const longitude = (random.fraction() - 0.5) * scale;
  return [String(longitude), String(((random.fraction() - 0.5) * 170 * scale) / 360)];
}

function places(random: SeededRandom): string[] {
  const most = random.fraction() < 0.1 ? 30 : 3;
  const count = random.integer(1, most);
  const words = Array.from({ length: count }, () => [...place(random), member(random)]).flat();
  return random.fraction() < 0.01 ? words.slice(1) : words;
}

function addOptions(random: SeededRandom): string[] {
  if (random.fraction() < 0.7) return [];
  return Array.from({ length: random.integer(1, 2) }, () => random.pick(['NX', 'XX', 'ch', 'CH']));
}

/** A score that no place has, or one of any size. */
function randomScore(random: SeededRandom): string {
  if (random.fraction() < 0.3) return random.pick(['-1', '1.5', '-1e18', '1e18', '1e19', '1e300']);
  return String(Math.floor(random.fraction() * 2 ** random.integer(1, 54)));
}

function unit(random: SeededRandom): string[] {
  const draw = random.fraction();
  if (draw < 0.3) return [];
  if (draw < 0.32) return random.pick([['yd'], [''], ['m', 'm']]);
  return [random.pick(UNITS)];
}

function oneUnit(random: SeededRandom): string {
  return random.fraction() < 0.01 ? 'parsec' : random.pick(UNITS);
}

function length(random: SeededRandom): string {
  const draw = random.fraction();
  if (draw < 0.01) return random.pick(NO_LENGTHS);
  if (draw < 0.4) return random.pick(LENGTHS);
  return String(random.fraction() * 10 ** random.integer(0, 7));
}

function center(random: SeededRandom): string[] {
  if (random.fraction() < 0.4) return ['FROMMEMBER', member(random)];
  return ['FROMLONLAT', ...place(random)];
}

function shape(random: SeededRandom): string[] {
  if (random.fraction() < 0.5) return ['BYRADIUS', length(random), oneUnit(random)];
  return ['bybox', length(random), length(random), oneUnit(random)];
}

function searched(random: SeededRandom, stores: boolean): string[] {
  const words =
    random.fraction() < 0.8 ? [center(random), shape(random)] : [shape(random), center(random)];
  if (random.fraction() < 0.01) words.pop();
  if (random.fraction() < 0.01) words.push(random.pick([center(random), shape(random)]));
  words.push(options(random));
  if (stores && random.fraction() < 0.5) words.push(['STOREDIST']);
  if (!stores || random.fraction() < 0.02) words.push(parts(random));
  return words.flat();
}

function around(random: SeededRandom, stores: boolean): string[] {
  const words = [[length(random), oneUnit(random)], options(random)];
  if (stores && random.fraction() < 0.3) {
    words.push([random.pick(['STORE', 'storedist']), target(random)]);
    if (random.fraction() < 0.05) words.push(parts(random));
  } else {
    words.push(parts(random));
  }
  return words.flat();
}

function options(random: SeededRandom): string[] {
  const words: string[][] = [];
  if (random.fraction() < 0.5) words.push([random.pick(['ASC', 'DESC', 'asc'])]);
  if (random.fraction() < 0.4) {
    const count = random.fraction() < 0.03 ? random.pick(['0', '-1', 'x']) : random.integer(1, 12);
    words.push(['COUNT', String(count)]);
    if (random.fraction() < 0.3) words.push(['ANY']);
  }
  if (random.fraction() < 0.01) words.push([random.pick(['ANY', 'FOO', 'COUNT', 'STORE'])]);
  return words.flat();
}

function parts(random: SeededRandom): string[] {
  return ['WITHDIST', 'WITHCOORD', 'WITHHASH'].filter(() => random.fraction() < 0.4);
}
