/** Random operations on a large sorted set, checked against the model. */
import { setHashKey } from '../../src/structures/siphash.ts';
import type { SeededRandom } from './seeded-random.ts';
import { SortedSetModel } from './sorted-set-model.ts';

type Scores = (random: SeededRandom) => number;
type Members = (random: SeededRandom) => Buffer;

const BORDERS = [
  0,
  -0,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  Number.MIN_VALUE,
  -Number.MIN_VALUE,
  Number.MAX_VALUE,
  -Number.MAX_VALUE,
  1,
];

/** What scores there are, from all different to all equal. */
const SCORES: Readonly<Record<string, Scores>> = {
  different: (random) => (random.fraction() - 0.5) * 1e6,
  few: (random) => random.integer(-3, 3),
  many: (random) => random.integer(0, 2000),
  borders: (random) => random.pick(BORDERS),
  equal: () => 7,
};

/**
 * What members there are: short ones of the bytes that matter, prefixes of each other, long ones.
 */
const MEMBERS: Readonly<Record<string, Members>> = {
  numbers: (random) => Buffer.from(`member:${random.integer(0, 6000)}`),
  bytes: (random) => Buffer.from(random.text('\0\u0001\u007f\u0080\u00ff', 0, 6), 'latin1'),
  prefixes: (random) => Buffer.alloc(random.integer(0, 400), 'abcd'),
  'one byte apart': (random) => {
    const member = Buffer.alloc(random.pick([5, 127, 128, 129, 200]), 120);
    member[random.integer(0, member.length - 1)] = random.pick([0, 119, 121, 255]);
    return member;
  },
};

interface Round {
  readonly model: SortedSetModel;
  readonly random: SeededRandom;
  readonly isEqual: boolean;
  member(): Buffer;
  score(): number;
}

/** One round of random operations; ends by emptying the set one way or another. */
export function runSortedSetRound(random: SeededRandom, steps: number): void {
  setHashKey(random.integer(0, 2 ** 31), random.integer(0, 2 ** 31));
  const kind = random.pick(Object.keys(SCORES));
  const scores = SCORES[kind]!;
  const members = MEMBERS[random.pick(Object.keys(MEMBERS))]!;
  const model = new SortedSetModel();
  const round: Round = {
    model,
    random,
    isEqual: kind === 'equal',
    member: () => members(random),
    score: () => scores(random),
  };
  let growing = 0.8;
  for (let step = 0; step < steps; step++) {
    if (step % 2048 === 0) growing = random.pick([1, 0.8, 0.5, 0.2, 0]);
    const chosen = random.fraction();
    if (chosen < 0.65) changeMember(round, growing);
    else if (chosen < 0.75) model.expectAround(round.score(), random.fraction() < 0.5, 5);
    else if (chosen < 0.8) lookAtRank(round);
    else if (chosen < 0.85) changeWithoutMemory(round);
    else if (chosen < 0.9 && round.isEqual) {
      model.expectAroundMember(round.member(), random.fraction() < 0.5);
    } else if (chosen < 0.901) changeMuch(round);
    if (step % 1024 === 0) model.check();
  }
  model.check();
  endOf(round);
}

function changeMember({ model, random, isEqual, member, score }: Round, growing: number): void {
  const { pairs } = model;
  if (random.fraction() < growing) model.put(member(), score(), random.fraction() < 0.3);
  else if (pairs.length > 0) model.remove(random.pick(pairs).member);
  if (pairs.length > 0 && !isEqual && random.fraction() < 0.2) {
    // A small change often leaves a member where it is.
    const pair = random.pick(pairs);
    if (Number.isFinite(pair.score)) model.put(pair.member, pair.score + random.pick([-1, 1e-9]));
  }
}

function lookAtRank({ model, random }: Round): void {
  const { set, root, cursor, pairs } = model;
  const rank = random.integer(0, pairs.length + 2);
  const isThere = set.tree.seekRank(root, cursor, rank);
  if (isThere !== rank < pairs.length) throw new Error(`is there a rank ${rank}?`);
  if (isThere) model.expectPair(rank);
  const record = set.random(root, () => random.fraction());
  if (pairs.length > 0 && !model.scores.has(model.memberOf(record)))
    throw new Error('not a member');
}

/** A refusal changes nothing; removal needs no memory. */
function changeWithoutMemory({ model, random, member, score }: Round): void {
  const { set, root, pairs } = model;
  if (random.fraction() < 0.3 && pairs.length > 0) {
    if (!model.withoutMemory(0, () => model.remove(random.pick(pairs).member))) {
      throw new Error('a removal was refused memory');
    }
    return;
  }
  const chosen = member();
  const text = chosen.toString('latin1');
  const before = set.usedBytes(root);
  const old = model.scores.get(text);
  if (model.withoutMemory(random.integer(0, 3), () => model.put(chosen, score()))) return;
  // The table may have grown before the refusal.
  if (set.usedBytes(root) < before) throw new Error('a refusal freed something');
  if (old !== undefined) model.expectPair(model.placeOf({ member: chosen, score: old }));
  else if (model.find(chosen) !== 0) throw new Error('a member was refused and added');
}

function changeMuch(round: Round): void {
  const { model, random } = round;
  const { pairs } = model;
  const changeSome = () => {
    for (let i = random.integer(0, 3); i > 0; i--) changeMember(round, 0.5);
  };
  const chosen = random.integer(0, 3);
  if (chosen === 0) model.scan(changeSome);
  else if (chosen === 1) model.copyAndRelease(random.pick([1, 50, 1000]));
  else if (chosen === 2) evacuateSome(round, changeSome);
  else if (pairs.length > 0) {
    const rank = random.integer(0, pairs.length - 1);
    model.removeRange(rank, random.integer(1, pairs.length - rank));
  }
}

function evacuateSome({ model, random }: Round, between: () => void): void {
  const { pages } = model.heap;
  const isQuiet = random.fraction() < 0.7;
  for (const page of [...pages.pagesInUse()]) if (random.fraction() < 0.5) pages.evacuate(page);
  model.relocate(isQuiet ? () => undefined : between);
  for (const page of [...pages.pagesInUse()]) {
    if (isQuiet && (pages.flags[page]! & 1) !== 0) throw new Error(`page ${page} is not empty`);
    pages.keep(page);
  }
  model.check();
}

function endOf({ model, random }: Round): void {
  const { pairs, set, heap } = model;
  const chosen = random.integer(0, 2);
  if (chosen === 0) while (pairs.length > 0) model.remove(random.pick(pairs).member);
  else if (chosen === 1) while (pairs.length > 0) model.remove(pairs[0]!.member);
  else if (pairs.length > 0) model.removeRange(0, pairs.length);
  model.check();
  while (!set.release(model.root, 10));
  if (heap.usedBytes !== 0) throw new Error(`${heap.usedBytes} bytes are left`);
}
