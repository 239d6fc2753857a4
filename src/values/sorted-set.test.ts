import { beforeEach, describe, expect, it } from 'vitest';
import { BlockCell } from '../../test/support/block-cell.ts';
import { randomText } from '../../test/support/listpack-model.ts';
import { chosenSeed, SeededRandom } from '../../test/support/seeded-random.ts';
import type { Ptr } from '../memory/address.ts';
import { OutOfMemoryError } from '../memory/heap.ts';
import { checkHeap } from '../memory/heap-check.ts';
import * as listpack from '../structures/listpack.ts';
import { isValidListpack } from '../structures/listpack-validate.ts';
import { checkTree } from '../structures/score-tree-check.ts';
import { hashBytes } from '../structures/siphash.ts';
import {
  ADDED,
  INCREMENT,
  NOT_A_NUMBER,
  ONLY_EXISTING,
  ONLY_GREATER,
  ONLY_LESS,
  ONLY_NEW,
  SKIPPED,
  SortedSets,
  UNCHANGED,
  UPDATED,
  ZSET_LISTPACK,
  ZSET_SKIPLIST,
} from './sorted-set.ts';
import { SortedSetBuilder } from './sorted-set-build.ts';
import { EXCLUDED, INCLUDED, MemberRange, ScoreRange } from './sorted-set-range.ts';

const seed = chosenSeed();
const SCORES = [0, -0, 1, -1, 2.5, 0.1, 1e300, 5e-324, 127, 128, 2 ** 53, 2 ** 62, -(2 ** 40)];

interface Pair {
  readonly member: Buffer;
  score: number;
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

function isBefore(a: Pair, b: Pair): number {
  if (a.score !== b.score) return a.score < b.score ? -1 : 1;
  return Buffer.compare(a.member, b.member);
}

/** A sorted set under test and what must be in it. */
class SortedSetModel {
  readonly cell: BlockCell = new BlockCell();
  readonly sets: SortedSets;
  pairs: Pair[] = [];

  constructor() {
    this.sets = new SortedSets(this.cell.heap, (root) => {
      this.sets.large.release(root, Number.POSITIVE_INFINITY);
    });
    this.cell.resize(listpack.EMPTY_BYTES);
    listpack.writeEmpty(this.cell.bytes, this.cell.view, this.cell.start);
  }

  add(member: Buffer, score: number, mode = 0): number {
    const { cell, sets } = this;
    const view = viewOf(member);
    sets.score[0] = score;
    const hash = hashBytes(view, 0, member.length);
    const outcome = sets.add(cell, mode, hash, member, view, 0, member.length);
    expect(outcome).toBe(this.#expectedOutcome(member, score, mode));
    return outcome;
  }

  remove(member: Buffer): void {
    const view = viewOf(member);
    const hash = hashBytes(view, 0, member.length);
    const wasThere = this.pairs.some((pair) => pair.member.equals(member));
    expect(this.sets.remove(this.cell, hash, member, view, 0, member.length)).toBe(wasThere);
    this.pairs = this.pairs.filter((pair) => !pair.member.equals(member));
  }

  removeRanks(rank: number, elements: number): void {
    this.sets.removeRanks(this.cell, rank, elements);
    this.pairs.splice(rank, elements);
  }

  /** Compares one member, there or not, and its rank. */
  expectMember(member: Buffer): void {
    const { cell, sets, pairs } = this;
    const view = viewOf(member);
    const hash = hashBytes(view, 0, member.length);
    const rank = pairs.findIndex((pair) => pair.member.equals(member));
    expect(sets.find(cell, hash, member, view, 0, member.length)).toBe(rank >= 0);
    if (rank >= 0) expect(sets.score[0]).toBe(this.kept(pairs[rank]!.score));
    expect(sets.rankOf(cell, hash, member, view, 0, member.length)).toBe(rank);
  }

  expectScores(min: number, max: number, excludesMin: boolean, excludesMax: boolean): void {
    const range = new ScoreRange();
    range.min[0] = min;
    range.max[0] = max;
    range.excludesMin = excludesMin;
    range.excludesMax = excludesMax;
    const wanted = this.pairs.filter(
      ({ score }) =>
        (excludesMin ? score > min : score >= min) && (excludesMax ? score < max : score <= max),
    );
    this.#expectSelected(this.sets.selectScores(this.cell, range), wanted);
    for (const most of [0, 1, 3, 200, Number.POSITIVE_INFINITY]) {
      const count = this.sets.selectFirstScores(this.cell, range, most);
      expect(count).toBe(Math.min(most, wanted.length));
      for (const pair of wanted.slice(0, count)) this.#expectAt(pair);
    }
  }

  /** REQUIRES: all scores are equal. */
  expectMembers(min: Buffer, max: Buffer, excludesMin: boolean, excludesMax: boolean): void {
    const range = new MemberRange();
    range.bytes = Buffer.concat([min, max]);
    range.view = viewOf(range.bytes);
    range.minKind = excludesMin ? EXCLUDED : INCLUDED;
    range.minLength = min.length;
    range.maxKind = excludesMax ? EXCLUDED : INCLUDED;
    range.maxStart = min.length;
    range.maxLength = max.length;
    const wanted = this.pairs.filter(
      ({ member }) =>
        Buffer.compare(member, min) >= (excludesMin ? 1 : 0) &&
        Buffer.compare(member, max) <= (excludesMax ? -1 : 0),
    );
    this.#expectSelected(this.sets.selectMembers(this.cell, range), wanted);
  }

  expectRanks(start: number, stop: number): void {
    const { length } = this.pairs;
    const from = Math.max(start < 0 ? start + length : start, 0);
    const wanted = this.pairs.slice(from, Math.max((stop < 0 ? stop + length : stop) + 1, from));
    this.#expectSelected(this.sets.selectRanks(this.cell, start, stop), wanted);
  }

  /** Compares everything, either way, and proves the structure and the heap sound. */
  check(): void {
    const { cell, sets, pairs } = this;
    expect(sets.count(cell)).toBe(pairs.length);
    if (pairs.length > 0) {
      sets.enter(cell, 0);
      for (const pair of pairs) this.#expectAt(pair);
      const { cursor } = sets;
      sets.enter(cell, pairs.length - 1);
      for (const pair of pairs.toReversed()) {
        cursor.read();
        const { bytes, start, length } = cursor;
        expect(bytes.subarray(start, start + length).equals(pair.member)).toBe(true);
        expect(cursor.previous()).toBe(pair !== pairs[0]);
      }
    }
    const owned: Ptr[] = [cell.block];
    if (cell.encoding === ZSET_SKIPLIST) {
      const { large } = sets;
      sets.large.visitBlocks(cell.root, (block) => owned.push(block));
      checkTree(large.tree, large.members, cell.root);
    } else {
      const total = listpack.totalBytes(cell.view, cell.start);
      expect(total).toBeLessThanOrEqual(cell.length);
      const bytes = Buffer.from(cell.bytes.subarray(cell.start, cell.start + total));
      expect(isValidListpack(bytes, viewOf(bytes), 0, total)).toBe(true);
    }
    checkHeap(cell.heap, owned);
  }

  /** A score as it comes back: -0 does not survive in a listpack. */
  kept(score: number): number {
    return this.cell.encoding === ZSET_LISTPACK ? score + 0 : score;
  }

  #expectAt({ member, score }: Pair): void {
    const { cursor } = this.sets;
    cursor.read();
    cursor.readScore();
    const { bytes, start, length } = cursor;
    expect(bytes.subarray(start, start + length).equals(member)).toBe(true);
    expect(cursor.score[0]).toBe(this.kept(score));
    cursor.next();
  }

  #expectSelected(count: number, wanted: readonly Pair[]): void {
    expect(count).toBe(wanted.length);
    if (count === 0) return;
    expect(this.sets.first).toBe(this.pairs.indexOf(wanted[0]!));
    for (const pair of wanted) this.#expectAt(pair);
  }

  #expectedOutcome(member: Buffer, score: number, mode: number): number {
    const { pairs } = this;
    const wasPacked = this.cell.encoding === ZSET_LISTPACK;
    const pair = pairs.find((each) => each.member.equals(member));
    if (pair === undefined) {
      if ((mode & ONLY_EXISTING) !== 0) return SKIPPED;
      pairs.push({ member, score: wasPacked ? score + 0 : score });
      pairs.sort(isBefore);
      return ADDED;
    }
    if ((mode & ONLY_NEW) !== 0) return SKIPPED;
    const next = (mode & INCREMENT) !== 0 ? pair.score + score : score;
    if (Number.isNaN(next)) return NOT_A_NUMBER;
    if ((mode & ONLY_GREATER) !== 0 && next <= pair.score) return SKIPPED;
    if ((mode & ONLY_LESS) !== 0 && next >= pair.score) return SKIPPED;
    if (next === pair.score) return UNCHANGED;
    pair.score = wasPacked ? next + 0 : next;
    pairs.sort(isBefore);
    return UPDATED;
  }
}

let model: SortedSetModel;

beforeEach(() => {
  model = new SortedSetModel();
});

describe(`sorted sets (SEED=${seed})`, () => {
  const forms: readonly (readonly [string, entriesMax: number, memberBytesMax: number])[] = [
    ['packed', 1000, 10_000],
    ['large', 0, 64],
    ['that become large by their number', 30, 10_000],
    ['that become large by a member', 1000, 62],
  ];

  it.each(forms)('%s', (_, entriesMax, memberBytesMax) => {
    const random = new SeededRandom(seed);
    const scoreOf = () =>
      random.fraction() < 0.5
        ? random.integer(-3, 3)
        : random.pick([...SCORES, Infinity, -Infinity]);
    for (let round = 0; round < 12; round++) {
      model = new SortedSetModel();
      model.sets.limits.entriesMax = entriesMax;
      model.sets.limits.memberBytesMax = memberBytesMax;
      const known: Buffer[] = [randomText(random)];
      const memberOf = () => (random.fraction() < 0.5 ? random.pick(known) : randomText(random));
      for (let step = 0; step < 120; step++) {
        const member = memberOf();
        known.push(member);
        const modes = [0, 0, 0, ONLY_NEW, ONLY_EXISTING, ONLY_GREATER, ONLY_LESS, INCREMENT];
        const draw = random.integer(0, 9);
        if (draw < 6) model.add(member, scoreOf(), random.pick(modes));
        else if (draw < 8) model.remove(memberOf());
        else if (draw === 8 && model.pairs.length > 1) {
          const rank = random.integer(0, model.pairs.length - 1);
          const most = Math.min(model.pairs.length - rank, 3, model.pairs.length - 1);
          model.removeRanks(rank, random.integer(1, most));
        }
        model.expectMember(memberOf());
        const bounds = [scoreOf(), scoreOf()] as const;
        model.expectScores(...bounds, random.fraction() < 0.4, random.fraction() < 0.4);
        model.expectRanks(random.integer(-9, 9), random.integer(-9, 9));
        if (step % 20 === 19) model.check();
      }
      model.check();
    }
  });

  it.each(forms)('with equal scores, by member: %s', (_, entriesMax, memberBytesMax) => {
    const random = new SeededRandom(seed);
    model.sets.limits.entriesMax = entriesMax;
    model.sets.limits.memberBytesMax = memberBytesMax;
    for (let step = 0; step < 300; step++) {
      if (random.fraction() < 0.7) model.add(randomText(random), 1);
      else if (model.pairs.length > 0) model.remove(random.pick(model.pairs).member);
      const bounds = [randomText(random), randomText(random)] as const;
      model.expectMembers(...bounds, random.fraction() < 0.5, random.fraction() < 0.5);
    }
    model.check();
  });
});

describe('the border between packed and large', () => {
  const textOf = (i: number) => Buffer.from(`member ${i}`);

  it('is as many elements as the limit says', () => {
    for (let i = 0; i < 128; i++) model.add(textOf(i), i);
    expect(model.cell.encoding).toBe(ZSET_LISTPACK);
    model.add(textOf(5), 500);
    expect(model.cell.encoding).toBe(ZSET_LISTPACK);
    model.add(textOf(128), 1);
    expect(model.cell.encoding).toBe(ZSET_SKIPLIST);
    model.removeRanks(0, 128);
    expect(model.cell.encoding).toBe(ZSET_SKIPLIST);
    model.check();
  });

  it('is a member as long as the limit says', () => {
    model.add(Buffer.alloc(64, 'x'), 1);
    expect(model.cell.encoding).toBe(ZSET_LISTPACK);
    model.add(Buffer.alloc(65, 'x'), 1, ONLY_EXISTING);
    expect(model.cell.encoding).toBe(ZSET_LISTPACK);
    model.add(Buffer.alloc(65, 'x'), 1);
    expect(model.cell.encoding).toBe(ZSET_SKIPLIST);
    model.check();
  });

  it('loses the sign of 0 on one side only', () => {
    model.add(Buffer.from('packed'), -0);
    model.expectMember(Buffer.from('packed'));
    model.sets.enlarge(model.cell);
    model.add(Buffer.from('large'), -0);
    model.expectMember(Buffer.from('large'));
    model.check();
  });
});

describe('a sorted set that is built', () => {
  it('is packed when it is small, whatever it was built as', () => {
    const { cell, sets } = model;
    const builder = new SortedSetBuilder(sets);
    for (const [i, score] of SCORES.entries()) {
      const member = Buffer.from(`${i}`);
      const view = viewOf(member);
      builder.add(hashBytes(view, 0, member.length), score, member, view, 0, member.length);
      model.pairs.push({ member, score: score + 0 });
    }
    model.pairs.sort(isBefore);
    expect(builder.isSmall()).toBe(true);
    cell.resize(builder.packedBytes());
    builder.fill(cell);
    builder.end();
    model.check();
  });

  it('combines the scores of a member that comes twice', () => {
    const builder = new SortedSetBuilder(model.sets);
    const member = Buffer.from('twice');
    const view = viewOf(member);
    const hash = hashBytes(view, 0, member.length);
    for (const score of [5, 3]) {
      builder.merge(hash, score, member, view, 0, member.length, (one, other) => one - other);
    }
    expect(builder.count()).toBe(1);
    expect(model.sets.large.score(builder.root, hash, member, view, 0, member.length)).toBe(2);
    builder.end();
    model.check();
  });
});

describe('without memory', () => {
  /** Runs it with allocation number `allowed` refused; whether it got so far. */
  function refused(allowed: number, run: () => void): boolean {
    const { heap } = model.cell;
    const { alloc } = heap;
    let left = allowed;
    let wasRefused = false;
    heap.alloc = (sizeBytes) => {
      if (left-- > 0) return alloc.call(heap, sizeBytes);
      wasRefused = true;
      throw new OutOfMemoryError('refused');
    };
    try {
      run();
    } catch (problem) {
      if (!(problem instanceof OutOfMemoryError)) throw problem;
    } finally {
      heap.alloc = alloc;
    }
    return wasRefused;
  }

  it.each([
    ['a member is added', 'new member', 1],
    ['a member gets a score with a longer text', 'a', 1.2345678901234567],
    ['a member makes it large', 'x'.repeat(65), 1],
  ])('nothing changes when %s', (_, name, score) => {
    const { cell, sets } = model;
    for (const member of ['a', 'b', 'c']) model.add(Buffer.from(member), 1);
    const member = Buffer.from(name);
    const view = viewOf(member);
    const hash = hashBytes(view, 0, member.length);
    let allowed = 0;
    const add = () => {
      sets.score[0] = score;
      sets.add(cell, 0, hash, member, view, 0, member.length);
    };
    while (refused(allowed, add)) {
      model.check();
      allowed++;
    }
    expect(allowed).toBeGreaterThan(0);
    expect(sets.find(cell, hash, member, view, 0, member.length)).toBe(true);
    expect(sets.score[0]).toBe(score);
  });

  it('what needs less room than before is done all the same', () => {
    const { cell, sets } = model;
    for (const member of ['a', 'b', 'c']) model.add(Buffer.from(member), 0.1);
    const shorter = () => {
      model.add(Buffer.from('a'), 1);
      model.remove(Buffer.from('b'));
    };
    expect(refused(0, shorter)).toBe(true);
    model.check();
    expect(refused(0, () => model.remove(Buffer.from('a')))).toBe(true);
    expect(sets.count(cell)).toBe(1);
    model.check();
  });
});
