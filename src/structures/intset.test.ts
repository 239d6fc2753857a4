import { describe, expect, it } from 'vitest';
import {
  bigintOf,
  encodeIntset,
  IntsetModel,
  int64Of,
  runIntsetDamageRound,
  runIntsetRound,
} from '../../test/support/intset-model.ts';
import { rangeOf } from '../../test/support/listpack-format.ts';
import { chosenSeed, SeededRandom } from '../../test/support/seeded-random.ts';
import { Int64 } from './int64.ts';
import * as intset from './intset.ts';

const seed = chosenSeed();

describe(`against a sorted array, SEED=${seed}`, () => {
  for (let round = 0; round < 20; round++) {
    it(`has the right bytes after every operation, round ${round}`, () => {
      runIntsetRound(new SeededRandom(seed + round), 500);
    });
  }

  it('is valid exactly when it is an intset, whatever the damage', () => {
    for (let round = 0; round < 100; round++) {
      runIntsetDamageRound(new SeededRandom(seed + round), 50);
    }
  });
});

describe('a wider integer', () => {
  const narrow = [-7n, 0n, 4n];

  it.each([32767n, 32768n, -32768n, -32769n, 2n ** 31n, -(2n ** 31n) - 1n, 2n ** 63n - 1n])(
    'makes room for %i among members of two bytes',
    (value) => {
      const model = new IntsetModel(new SeededRandom(1));
      for (const member of [...narrow, value]) model.add(member);
      model.check();
      for (const member of [...narrow, value]) model.checkFind(member);
    },
  );

  it('leaves members wide when it goes again', () => {
    const model = new IntsetModel(new SeededRandom(1));
    for (const member of [1n, 2n ** 40n, 2n]) model.add(member);
    model.remove(2n ** 40n);
    model.check();
    expect(intset.totalBytes(model.view, model.start)).toBe(8 + 2 * 8);
  });

  it('is not looked for among narrower members', () => {
    const model = new IntsetModel(new SeededRandom(1));
    for (const member of narrow) model.add(member);
    for (const value of [2n ** 16n, -(2n ** 16n), 2n ** 32n, -(2n ** 63n)]) {
      model.checkFind(value);
      model.remove(value);
    }
    model.check();
  });
});

it('reads members that doubles cannot tell apart', () => {
  const members = [2n ** 53n, 2n ** 53n + 1n, 2n ** 63n - 2n, 2n ** 63n - 1n];
  const { view } = rangeOf(encodeIntset(members, 8));
  const scratch = new Int64();
  members.forEach((member, index) => {
    intset.read(view, 0, index, scratch);
    expect(bigintOf(scratch)).toBe(member);
    expect(intset.find(view, 0, int64Of(member))).toBe(index);
  });
});

it.each([2, 4, 8])('removes the flagged ones among members of %i bytes', (width) => {
  const members = [-5n, -1n, 0n, 7n, 300n];
  for (const flags of [
    [0, 0, 0, 0, 0],
    [1, 0, 0, 0, 1],
    [0, 1, 1, 1, 0],
    [1, 1, 1, 1, 0],
  ]) {
    const { bytes, view } = rangeOf(encodeIntset(members, width));
    intset.removeFlagged(bytes, view, 0, Uint8Array.from(flags));
    const kept = encodeIntset(
      members.filter((_, index) => flags[index] === 0),
      width,
    );
    expect(bytes.subarray(0, kept.length).equals(kept)).toBe(true);
  }
});

it('chooses every member as often as any other', () => {
  const { view } = rangeOf(encodeIntset([1n, 2n, 3n, 4n], 2));
  const scratch = new Int64();
  const random = new SeededRandom(5);
  const times = [0, 0, 0, 0, 0];
  for (let i = 0; i < 4000; i++) {
    intset.readRandom(view, 0, () => random.fraction(), scratch);
    times[scratch.low]!++;
  }
  expect(times[0]).toBe(0);
  for (const count of times.slice(1)) expect(Math.abs(count - 1000)).toBeLessThan(150);
});

describe('not valid is', () => {
  const whole = encodeIntset([-1n, 2n, 300n], 4);

  it.each([
    ['no member', '0200000000000000'],
    ['half a header', '02000000'],
    ['a width of 3', '03000000 01000000 010000'],
    ['a width of 0', '00000000 01000000 0100'],
    ['more members than bytes', '02000000 02000000 0100'],
    ['fewer members than bytes', '02000000 01000000 01000200'],
    ['2^31 members', '02000000 00000080 0100'],
    ['2^32 - 1 members', '08000000 ffffffff 0100000000000000'],
    ['a member twice', '02000000 02000000 01000100'],
    ['members in the wrong order', '02000000 02000000 0100ffff'],
    ['wide members in the wrong order', `08000000 02000000 ${'00000080ffffffff'.repeat(2)}`],
  ])('%s', (_, hex) => {
    const { bytes, view } = rangeOf(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
    expect(intset.isValidIntset(bytes, view, 0, bytes.length)).toBe(false);
  });

  it('a range that is longer than its memory', () => {
    const { bytes, view } = rangeOf(whole);
    expect(intset.isValidIntset(bytes, view, 0, bytes.length)).toBe(true);
    for (const start of [1, bytes.length, 100]) {
      expect(intset.isValidIntset(bytes, view, start, bytes.length)).toBe(false);
    }
    const cut = rangeOf(Buffer.from(bytes.subarray(0, -1)));
    expect(intset.isValidIntset(cut.bytes, cut.view, 0, bytes.length)).toBe(false);
  });
});
