/** Random sorted set commands, of every kind and with all their options, for comparing servers. */
import type { Arg } from './resp-client.ts';
import type { SeededRandom } from './seeded-random.ts';

/** Keys of sorted sets with any scores, and of those whose scores are all equal. */
export const KEYS: readonly string[] = ['a', 'b', 'c', '', 'k'.repeat(300)];
export const EQUAL_KEYS: readonly string[] = ['lex', 'equal'];
/** Keys of plain sets. */
export const SETS: readonly string[] = ['s1', 's2', 's3'];
export const STRING_KEY = 'string';

/** The score of all members of EQUAL_KEYS. */
const EQUAL_SCORE = '0';

const SCORES = [
  '0',
  '-0',
  '1',
  '-1',
  '2',
  '3',
  '1.5',
  '0.1',
  '-2.25',
  '100',
  '127',
  '128',
  '4096',
  '-70000',
  '1e9',
  '123456789.125',
  '9007199254740993',
  '1e20',
  '4611686018427387904',
  '9223372036854775807',
  '1e-7',
  '3.141592653589793',
  '1.7976931348623157e308',
  '5e-324',
  'inf',
  '-inf',
  '+Infinity',
  '0x10',
];
const NO_SCORES = ['', 'nan', 'x', '1x', ' 1', '1e400', '--1', '('];
const INTEGERS = ['2147483647', '-2147483648', '9223372036854775807', '-9223372036854775808'];
const NO_INTEGERS = ['', '-', '+1', '01', ' 1', '1.0', '9223372036854775808', 'x'];
const MEMBERS = ['', '0', '1', '-1', '01', '12', '12345678901234567890', '9223372036854775807'];

type Maker = (random: SeededRandom) => Arg[];

/** How often each kind comes, and what it is. */
const MAKERS: readonly (readonly [weight: number, maker: Maker])[] = [
  [22, (random) => ['ZADD', key(random), ...addOptions(random), ...pairs(random)]],
  [2, (random) => ['ZADD', key(random), ...random.pick([[], ['NX'], ['CH']]), ...many(random)]],
  [10, (random) => ['ZADD', random.pick(EQUAL_KEYS), ...equalPairs(random)]],
  [6, (random) => ['ZINCRBY', key(random), score(random), member(random)]],
  [5, (random) => ['ZREM', key(random), ...members(random)]],
  [3, (random) => ['ZREM', random.pick(EQUAL_KEYS), ...members(random)]],
  [2, (random) => ['ZSCORE', key(random), member(random)]],
  [2, (random) => ['ZMSCORE', key(random), ...members(random)]],
  [1, (random) => ['ZCARD', key(random)]],
  [3, (random) => ['ZCOUNT', key(random), bound(random), bound(random)]],
  [3, (random) => ['ZLEXCOUNT', equalKey(random), lexBound(random), lexBound(random)]],
  [4, (random) => [random.pick(['ZRANK', 'ZREVRANK']), key(random), member(random)]],
  [6, (random) => ['ZRANGE', key(random), index(random), index(random), ...options(random, 0)]],
  [5, (random) => ['ZRANGE', key(random), bound(random), bound(random), ...byScore(random)]],
  [5, (random) => ['ZRANGE', equalKey(random), ...lexBounds(random), ...byMember(random)]],
  [3, (random) => ['ZREVRANGE', key(random), index(random), index(random), ...scores(random)]],
  [6, (random) => [scoreRange(random), key(random), bound(random), bound(random), ...tail(random)]],
  [6, (random) => [lexRange(random), equalKey(random), ...lexBounds(random), ...limit(random)]],
  [3, (random) => ['ZRANGESTORE', random.pick(KEYS), anyKey(random), ...storedRange(random)]],
  [
    2,
    (random) => {
      const [target, source] = [random.pick(EQUAL_KEYS), equalKey(random)];
      return ['ZRANGESTORE', target, source, ...lexBounds(random), ...byMember(random)];
    },
  ],
  [2, (random) => ['ZREMRANGEBYRANK', anyKey(random), index(random), index(random)]],
  [2, (random) => ['ZREMRANGEBYSCORE', anyKey(random), bound(random), bound(random)]],
  [2, (random) => ['ZREMRANGEBYLEX', equalKey(random), ...lexBounds(random)]],
  [3, (random) => [random.pick(['ZPOPMIN', 'ZPOPMAX']), anyKey(random), ...popCount(random)]],
  [3, (random) => ['ZMPOP', ...multiPop(random)]],
  [1, (random) => ['ZRANDMEMBER', anyKey(random), ...wholeSample(random)]],
  [2, (random) => ['ZSCAN', anyKey(random), '0', ...scanOptions(random)]],
  [3, (random) => ['ZUNION', ...operands(random), ...weighted(random), ...scores(random)]],
  [3, (random) => ['ZINTER', ...operands(random), ...weighted(random), ...scores(random)]],
  [3, (random) => ['ZDIFF', ...operands(random), ...scores(random)]],
  [2, (random) => ['ZINTERCARD', ...operands(random), ...cardLimit(random)]],
  [2, (random) => ['ZUNIONSTORE', random.pick(KEYS), ...operands(random), ...weighted(random)]],
  [2, (random) => ['ZINTERSTORE', random.pick(KEYS), ...operands(random), ...weighted(random)]],
  [2, (random) => ['ZDIFFSTORE', random.pick(KEYS), ...operands(random)]],
  [3, (random) => ['SADD', random.pick(SETS), ...members(random)]],
  [1, (random) => ['SREM', random.pick(SETS), ...members(random)]],
  [1, (random) => [random.pick(['DEL', 'UNLINK']), random.pick([...KEYS, ...EQUAL_KEYS])]],
  [1, (random) => ['COPY', random.pick(KEYS), random.pick(KEYS), 'REPLACE']],
  [1, (random) => ['RENAME', random.pick(KEYS), random.pick(KEYS)]],
];
const WEIGHTS_SUM = MAKERS.reduce((sum, [weight]) => sum + weight, 0);

/** One command. Scores of EQUAL_KEYS stay equal. */
export function randomSortedSetCommand(random: SeededRandom): Arg[] {
  let left = random.integer(0, WEIGHTS_SUM - 1);
  for (const [weight, maker] of MAKERS) {
    left -= weight;
    if (left < 0) return maker(random);
  }
  throw new Error('weights do not add up');
}

function key(random: SeededRandom): string {
  return random.fraction() < 0.02 ? STRING_KEY : random.pick(KEYS);
}

function equalKey(random: SeededRandom): string {
  return random.fraction() < 0.02 ? STRING_KEY : random.pick(EQUAL_KEYS);
}

function anyKey(random: SeededRandom): string {
  return random.fraction() < 0.3 ? equalKey(random) : key(random);
}

function member(random: SeededRandom): string {
  const draw = random.integer(0, 19);
  if (draw < 12) return random.text('abc', 1, 2);
  if (draw < 15) return random.pick(MEMBERS);
  if (draw < 17) return String(random.integer(-3, 300));
  if (draw < 19) return random.text('a\0\r\n\xff', 0, 4);
  return random.pick('xy').repeat(random.pick([7, 8, 9, 20, 21, 63, 64, 127, 128, 300]));
}

function members(random: SeededRandom): string[] {
  const most = random.fraction() < 0.05 ? 30 : 3;
  return Array.from({ length: random.integer(1, most) }, () => member(random));
}

function score(random: SeededRandom): string {
  const draw = random.integer(0, 39);
  if (draw < 14) return String(random.integer(-3, 6));
  if (draw < 26) return random.pick(SCORES);
  if (draw < 38) return String((random.fraction() - 0.5) * 10 ** random.integer(-3, 6));
  return draw === 38 ? random.pick(NO_SCORES) : String(random.integer(-1000, 1000) / 8);
}

function pairs(random: SeededRandom): string[] {
  const words = Array.from({ length: random.integer(1, 2) }, () => [score(random), member(random)]);
  return random.fraction() < 0.01 ? words.flat().slice(1) : words.flat();
}

/** More than any limit: 7.2 makes room for them at once, in what keeps a -0. */
function many(random: SeededRandom): string[] {
  return Array.from({ length: 40 }, (_, i) => [
    score(random).replace(/^-0$/, '0'),
    `many:${i}`,
  ]).flat();
}

function equalPairs(random: SeededRandom): string[] {
  return members(random)
    .slice(0, 2)
    .flatMap((each) => [EQUAL_SCORE, each]);
}

function addOptions(random: SeededRandom): string[] {
  if (random.fraction() < 0.5) return [];
  const words = ['NX', 'XX', 'GT', 'LT', 'CH', 'INCR', 'nx', 'Xx', 'gt', 'lt', 'ch', 'incr'];
  return Array.from({ length: random.integer(1, 2) }, () => random.pick(words));
}

function bound(random: SeededRandom): string {
  const text = score(random);
  return random.fraction() < 0.3 ? `(${text}` : text;
}

function lexBound(random: SeededRandom): string {
  const draw = random.fraction();
  if (draw < 0.1) return '-';
  if (draw < 0.2) return '+';
  if (draw < 0.22) return random.pick(['', 'a', '+1', '--', '(', '[']);
  return random.pick('[(') + member(random);
}

function lexBounds(random: SeededRandom): string[] {
  return [lexBound(random), lexBound(random)];
}

function index(random: SeededRandom): string {
  const draw = random.fraction();
  if (draw < 0.02) return random.pick(NO_INTEGERS);
  if (draw < 0.06) return random.pick(INTEGERS);
  return String(random.integer(-12, 12));
}

function scores(random: SeededRandom): string[] {
  return random.fraction() < 0.5 ? [random.pick(['WITHSCORES', 'withscores'])] : [];
}

function limit(random: SeededRandom): string[] {
  const draw = random.fraction();
  if (draw < 0.5) return [];
  if (draw < 0.52) return ['LIMIT', '1'];
  if (draw < 0.54) return ['LIMIT', random.pick(NO_INTEGERS), '1'];
  return [random.pick(['LIMIT', 'limit']), small(random), small(random)];
}

function small(random: SeededRandom): string {
  return random.fraction() < 0.05 ? random.pick(INTEGERS) : String(random.integer(-2, 8));
}

/** Options of ZRANGE, of which few should go together wrongly. */
function options(random: SeededRandom, mistakes: number): string[] {
  const words = scores(random);
  if (random.fraction() < 0.4) words.push(random.pick(['REV', 'rev']));
  if (random.fraction() < 0.02 + mistakes) words.push(random.pick(['BYSCORE', 'LIMIT', 'x']));
  return words;
}

function byScore(random: SeededRandom): string[] {
  return ['BYSCORE', ...options(random, 0), ...limit(random)];
}

function byMember(random: SeededRandom): string[] {
  const words = ['BYLEX', ...limit(random)];
  if (random.fraction() < 0.4) words.unshift('REV');
  if (random.fraction() < 0.02) words.push('WITHSCORES');
  return words;
}

function tail(random: SeededRandom): string[] {
  return [...limit(random), ...scores(random)];
}

function scoreRange(random: SeededRandom): string {
  return random.pick(['ZRANGEBYSCORE', 'ZREVRANGEBYSCORE']);
}

function lexRange(random: SeededRandom): string {
  return random.pick(['ZRANGEBYLEX', 'ZREVRANGEBYLEX']);
}

function storedRange(random: SeededRandom): string[] {
  const isByScore = random.fraction() < 0.5;
  const rev = random.fraction() < 0.3 ? ['REV'] : [];
  if (isByScore) return [bound(random), bound(random), 'BYSCORE', ...rev, ...limit(random)];
  return [index(random), index(random), ...rev];
}

function popCount(random: SeededRandom): string[] {
  const draw = random.fraction();
  if (draw < 0.5) return [];
  if (draw < 0.55) return [random.pick([...NO_INTEGERS, ...INTEGERS])];
  return [String(random.integer(-1, draw < 0.7 ? 40 : 4))];
}

function multiPop(random: SeededRandom): string[] {
  const keys = Array.from({ length: random.integer(1, 3) }, () => anyKey(random));
  const number = random.fraction() < 0.05 ? index(random) : String(keys.length);
  const words = random.fraction() < 0.5 ? [] : ['COUNT', index(random)];
  if (random.fraction() < 0.03) words.push('COUNT');
  return [number, ...keys, random.pick(['MIN', 'MAX', 'min', 'max', 'UP']), ...words];
}

/** Counts for which the reply does not depend on chance. */
function wholeSample(random: SeededRandom): string[] {
  if (random.fraction() < 0.2) return [random.pick([...NO_INTEGERS, '0'])];
  const count = random.pick(['100000', '9223372036854775807', '4611686018427387903']);
  return [count, ...scores(random)];
}

function scanOptions(random: SeededRandom): string[] {
  const words = ['COUNT', '1000000'];
  if (random.fraction() < 0.4) words.push('MATCH', random.pick(['*', 'a*', '?', '[a-b]*', '']));
  if (random.fraction() < 0.05) words.push(random.pick(['TYPE', 'x']));
  return words;
}

function operands(random: SeededRandom): string[] {
  const all = [...KEYS, ...EQUAL_KEYS, ...SETS, 'missing'];
  const keys = Array.from({ length: random.integer(1, 3) }, () =>
    random.fraction() < 0.01 ? STRING_KEY : random.pick(all),
  );
  return [random.fraction() < 0.03 ? index(random) : String(keys.length), ...keys];
}

function weighted(random: SeededRandom): string[] {
  const words: string[] = [];
  if (random.fraction() < 0.4) {
    const count = random.integer(1, 3);
    words.push('WEIGHTS', ...Array.from({ length: count }, () => score(random)));
  }
  if (random.fraction() < 0.4) {
    words.push('AGGREGATE', random.pick(['SUM', 'MIN', 'MAX', 'min', 'max', 'AVG']));
  }
  return words;
}

function cardLimit(random: SeededRandom): string[] {
  return random.fraction() < 0.5 ? [] : ['LIMIT', index(random)];
}
