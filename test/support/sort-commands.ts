/** Random SORT commands and what they sort, for comparing servers. */
import type { Arg } from './resp-client.ts';
import type { SeededRandom } from './seeded-random.ts';

const LISTS = ['l1', 'l2', 'long'];
const SETS = ['s1', 's2'];
const SORTED_SETS = ['z1', 'z2'];
/** What is too large or too small to be a number leaves Redis confused: errno stays as it is. */
const NUMBERS = ['0', '-0', '1.5', '-1.5', '1e3', '0x10', 'inf', '-inf', '', '9223372036854775807'];
const ODD_TEXTS = ['x', ' 1', '1 ', 'nan', '1\0x', 'a\0b', 'a\0', 'a', '\xff', '\x80', 'abcdef'];

type Maker = (random: SeededRandom) => Arg[];

/** How often each kind comes, and what it is. */
const MAKERS: readonly (readonly [weight: number, maker: Maker])[] = [
  [6, (random) => [random.pick(['LPUSH', 'RPUSH']), random.pick(LISTS), ...elements(random)]],
  [3, (random) => ['SADD', random.pick(SETS), ...elements(random).filter(hasNoNul), '7']],
  [3, (random) => ['ZADD', random.pick(SORTED_SETS), ...scored(random)]],
  [6, (random) => ['SET', random.pick(['w_', 'v_']) + element(random), weight(random)]],
  [4, (random) => ['HSET', `h_${element(random)}`, 'w', weight(random), 'name', weight(random)]],
  [1, (random) => ['RPUSH', `v_${element(random)}`, 'no string']],
  [2, (random) => ['DEL', random.pick([...LISTS, ...SETS, ...SORTED_SETS, 'stored'])]],
  [1, (random) => ['SET', 'string', element(random)]],
  [1, (random) => ['LPOP', random.pick(LISTS), '20']],
  [40, (random) => ['SORT', source(random), ...options(random, true)]],
  [10, (random) => ['SORT_RO', source(random), ...options(random, false)]],
];
const WEIGHTS_SUM = MAKERS.reduce((sum, [weight]) => sum + weight, 0);

/** One command. What is stored is stored in the key `stored`. */
export function randomSortCommand(random: SeededRandom): Arg[] {
  let left = random.integer(0, WEIGHTS_SUM - 1);
  for (const [weight, maker] of MAKERS) {
    left -= weight;
    if (left < 0) return maker(random);
  }
  throw new Error('weights do not add up');
}

/**
 * What of the reply to SORT, or of what it stores, is nobody's business: all but how many elements
 * it has where these come from a set that is not sorted, or from what has no order of its own and
 * has equals.
 */
export function leavesElementsOpen(command: readonly Arg[]): boolean {
  const words = command.map((word) => String(word).toUpperCase());
  const key = String(command[1]);
  if (!words[0]!.startsWith('SORT') || LISTS.includes(key)) return false;
  const patterns = words.filter((_, i) => words[i - 1] === 'BY');
  const isUnsorted = patterns.some((pattern) => !pattern.split('\0')[0]!.includes('*'));
  if (isUnsorted) return SETS.includes(key) && !words.includes('STORE');
  return patterns.length > 0 && words.includes('ALPHA');
}

function element(random: SeededRandom): string {
  const draw = random.fraction();
  if (draw < 0.01) return random.pick(ODD_TEXTS);
  if (draw < 0.03) return random.pick(NUMBERS);
  return String(random.integer(-5, 30));
}

function elements(random: SeededRandom): string[] {
  const most = random.fraction() < 0.1 ? 60 : 5;
  return Array.from({ length: random.integer(1, most) }, () => element(random));
}

function scored(random: SeededRandom): string[] {
  const members = [...elements(random).filter(hasNoNul), '7'];
  return members.flatMap((each) => [String(random.integer(-3, 3)), each]);
}

/** To SORT texts are equal that are so up to a NUL: that is tested where there is an order. */
function hasNoNul(text: string): boolean {
  return !text.includes('\0');
}

function weight(random: SeededRandom): string {
  const draw = random.fraction();
  if (draw < 0.01) return random.pick(ODD_TEXTS);
  if (draw < 0.2) return random.pick(NUMBERS);
  if (draw < 0.5) return String(random.integer(0, 3));
  return String((random.fraction() - 0.5) * 10 ** random.integer(-3, 6));
}

function source(random: SeededRandom): string {
  const draw = random.fraction();
  if (draw < 0.02) return random.pick(['string', 'missing', 'stored']);
  if (draw < 0.6) return random.pick(LISTS);
  return random.pick(draw < 0.8 ? SETS : SORTED_SETS);
}

const PATTERNS = ['w_*', 'v_*', 'h_*->w', 'h_*->name', 'h_*', 'h_*->none', 'w_*->w', 'h_*->', '*'];
const CONSTANTS = ['nosort', '#', '', 'w_', 'w\0*', '->'];

function options(random: SeededRandom, mayStore: boolean): string[] {
  const words: string[][] = [];
  if (random.fraction() < 0.5) words.push([random.pick(['BY', 'by']), pattern(random)]);
  if (random.fraction() < 0.4) words.push([random.pick(['ASC', 'DESC', 'desc'])]);
  if (random.fraction() < 0.4) words.push(['ALPHA']);
  if (random.fraction() < 0.4) words.push(['LIMIT', limit(random), limit(random)]);
  while (random.fraction() < 0.25) words.push(['GET', random.pick(['#', pattern(random)])]);
  if (mayStore && random.fraction() < 0.25) words.push(['STORE', 'stored']);
  if (random.fraction() < 0.01) {
    words.push([random.pick(['STORE', 'LIMIT', 'GET', 'BY', 'WITHSCORES', 'NX'])]);
  }
  return words.sort(() => random.fraction() - 0.5).flat();
}

function pattern(random: SeededRandom): string {
  return random.pick(random.fraction() < 0.25 ? CONSTANTS : PATTERNS);
}

function limit(random: SeededRandom): string {
  const draw = random.fraction();
  if (draw < 0.02) return random.pick(['x', '', '9223372036854775807', '-9223372036854775808']);
  return String(random.integer(-2, 20));
}
