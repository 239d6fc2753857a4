import { describe, expect, it } from 'vitest';
import { parseReply } from '../../test/support/resp-reply.ts';
import { chosenSeed, SeededRandom } from '../../test/support/seeded-random.ts';
import { SetModel, setsOn } from '../../test/support/set-model.ts';
import { RespWriter } from '../protocol/resp-writer.ts';
import { SET_HASHTABLE, SET_INTSET, SET_LISTPACK } from './set-encoding.ts';
import { SetPicker } from './set-random.ts';

const seed = chosenSeed();

/** Sets in every encoding, small enough for every choice to be met often. */
const SHAPES: readonly (readonly [string, number, readonly string[]])[] = [
  ['an intset', SET_INTSET, members('', 12)],
  ['a listpack', SET_LISTPACK, members('m', 12)],
  ['a table', SET_HASHTABLE, members('x'.repeat(65), 12)],
  ['a table of many', SET_HASHTABLE, members('m', 200)],
];

function members(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${prefix}${i}`);
}

function pickerOf(model: SetModel, random: SeededRandom): SetPicker {
  const picker = new SetPicker(model.sets);
  picker.random = () => random.fraction();
  return picker;
}

/** The texts that `write` answers with. */
function written(count: number, write: (reply: RespWriter) => void): string[] {
  const writer = new RespWriter();
  writer.array(count);
  write(writer);
  const parsed = parseReply(Buffer.from(writer.written()), 0)!;
  expect(parsed.end).toBe(writer.length);
  const items = parsed.reply.type === 'array' ? parsed.reply.items : [];
  return items.map((item) => (item.type === 'bulk' ? item.bytes.toString('latin1') : 'none'));
}

/**
 * Throws unless all were met about equally often; `share` of them at a time, without repetition.
 */
function expectEven(met: readonly string[], all: readonly string[], share: number): void {
  const counts = new Map(all.map((text) => [text, 0]));
  for (const text of met) counts.set(text, counts.get(text)! + 1);
  const expected = met.length / all.length;
  const squares = [...counts.values()].map((count) => (count - expected) ** 2 / expected);
  const chiSquare = squares.reduce((sum, square) => sum + square, 0) / (1 - share);
  const freedom = all.length - 1;
  const sigmas = (chiSquare - freedom) / Math.sqrt(2 * freedom);
  expect(sigmas, `${sigmas} sigmas`).toBeLessThan(9);
}

describe.each(SHAPES)(`choosing from %s, SEED=${seed}`, (_name, encoding, texts) => {
  const random = new SeededRandom(seed);

  it('has equal chances, one at a time', () => {
    const model = new SetModel(texts);
    expect(model.encoding).toBe(encoding);
    const picker = pickerOf(model, random);
    const rounds = texts.length * 60;
    const one = written(rounds, (reply) => {
      for (let i = 0; i < rounds; i++) picker.pick(model.cell).write(reply);
    });
    expectEven(one, texts, 0);
    const many = written(rounds, (reply) => picker.writeTimes(model.cell, rounds, reply));
    expectEven(many, texts, 0);
  });

  it.each([1, 5, texts.length - 1])('has equal chances, %i different ones at a time', (count) => {
    const model = new SetModel(texts);
    const picker = pickerOf(model, random);
    const met: string[] = [];
    for (let i = 0; i < (texts.length * 60) / count; i++) {
      const chosen = written(count, (reply) => picker.writeSample(model.cell, count, reply));
      expect(new Set(chosen).size).toBe(count);
      met.push(...chosen);
    }
    expectEven(met, texts, count / texts.length);
    model.check();
  });

  it.each([1, 5, texts.length - 1])('takes out %i with equal chances', (count) => {
    const met: string[] = [];
    const sets = setsOn();
    for (let i = 0; i < Math.max(20, (texts.length * 20) / count); i++) {
      const model = new SetModel(texts, sets);
      const picker = pickerOf(model, random);
      const gone = written(count, (reply) => picker.takeOut(model.cell, count, reply));
      for (const text of gone) expect(model.texts.delete(text)).toBe(true);
      if (i < 3) model.check();
      model.dispose();
      met.push(...gone);
    }
    expectEven(met, texts, count / texts.length);
  });

  it('takes them out one by one until one is left', () => {
    const model = new SetModel(texts);
    const picker = pickerOf(model, random);
    while (model.texts.size > 1) {
      const [gone] = written(1, (reply) => picker.pick(model.cell).write(reply));
      picker.removePicked(model.cell);
      expect(model.texts.delete(gone!)).toBe(true);
    }
    expect(model.encoding).toBe(encoding);
    model.check();
  });
});

describe(`choosing from a large table, SEED=${seed}`, () => {
  it('has equal chances though numbers are drawn ahead, and goes on while members go', () => {
    const texts = members('m', 30_000);
    const model = new SetModel(texts);
    const picker = pickerOf(model, new SeededRandom(seed));
    const endings = members('', 100).map((text) => text.padStart(2, '0'));
    const met = written(50_000, (reply) => picker.writeTimes(model.cell, 50_000, reply));
    const ended = met.map((text) => text.slice(1).padStart(2, '0').slice(-2));
    expectEven(ended, endings, 0);
    const gone = written(20_000, (reply) => picker.takeOut(model.cell, 20_000, reply));
    for (const text of gone) expect(model.texts.delete(text)).toBe(true);
    const last = gone.map((text) => text.slice(1).padStart(2, '0').slice(-2));
    expectEven(last, endings, 20 / 30);
    model.check();
  });
});

describe('what stays of a table when most of it is taken out', () => {
  it.each([
    [5, SET_LISTPACK],
    [128, SET_LISTPACK],
    [129, SET_HASHTABLE],
  ])('%i members: in encoding %i', (stays, encoding) => {
    const texts = members('m', 1000);
    const model = new SetModel(texts);
    const picker = pickerOf(model, new SeededRandom(seed));
    const count = texts.length - stays;
    const gone = written(count, (reply) => picker.takeOut(model.cell, count, reply));
    for (const text of gone) expect(model.texts.delete(text)).toBe(true);
    expect(model.encoding).toBe(encoding);
    model.check();
  });
});
