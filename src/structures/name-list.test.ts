import { describe, expect, it } from 'vitest';
import { NameListModel, runNameListRound } from '../../test/support/name-list-model.ts';
import { chosenSeed, SeededRandom } from '../../test/support/seeded-random.ts';
import { NULL } from '../memory/address.ts';
import { OutOfMemoryError } from '../memory/heap.ts';

const seed = chosenSeed();

describe(`against a sorted array, SEED=${seed}`, () => {
  for (let round = 0; round < 6; round++) {
    it(`does what it does, round ${round}`, () => {
      runNameListRound(new SeededRandom(seed + round), 20_000);
    });
  }
});

describe('NameList', () => {
  it('has no name at first', () => {
    const model = new NameListModel();
    expect(model.find(Buffer.from('a'))).toBe(NULL);
    expect(model.list.first(model.root)).toBe(NULL);
    model.check();
  });

  it('takes few bytes for few names', () => {
    const model = new NameListModel();
    const before = model.heap.usedBytes;
    model.insert(Buffer.from('name'));
    expect(model.heap.usedBytes - before).toBe(16 + 16 + 16);
  });

  it('refuses to remove what is not in it', () => {
    const model = new NameListModel();
    model.insert(Buffer.from('a'));
    const { record } = model.named[0]!;
    model.remove(0);
    expect(() => model.list.remove(model.root, record)).toThrow('is not in the list');
  });

  it('is left as it was when there is no memory', () => {
    const model = new NameListModel();
    const { heap } = model;
    const alloc = heap.alloc.bind(heap);
    let refusals = 0;
    for (let i = 0; i < 1000; i++) {
      const name = Buffer.from(`${(i * 7919) % 1009}`);
      for (let allowed = 0; allowed < 2; allowed++) {
        let left = allowed;
        const record = alloc(12 + name.length);
        heap.setWord(record, 0, name.length);
        name.copy(heap.bytes[0]!, model.list.nameStart(record));
        heap.alloc = (bytes) => {
          if (--left < 0) throw new OutOfMemoryError('as asked');
          return alloc(bytes);
        };
        try {
          model.list.insert(model.root, record);
          model.list.remove(model.root, record);
        } catch (problem) {
          expect(problem).toBeInstanceOf(OutOfMemoryError);
          refusals++;
        }
        heap.free(record);
        heap.alloc = alloc;
        if (i % 100 === 0) model.check();
      }
      model.insert(name);
    }
    model.check();
    expect(refusals).toBeGreaterThan(10);
  });
});
