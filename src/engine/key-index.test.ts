import { expect, it } from 'vitest';
import { START_MS } from '../../test/support/engine.ts';
import { chosenSeed, SeededRandom } from '../../test/support/seeded-random.ts';
import { Keyspace } from '../keyspace/keyspace.ts';
import { Args } from '../protocol/args.ts';
import { IndexedKey, KeyIndex } from './key-index.ts';

const seed = chosenSeed();

it(`finds what is there, by database and name (SEED=${seed})`, () => {
  const random = new SeededRandom(seed);
  const { databases } = new Keyspace(2, START_MS);
  const index = new KeyIndex<IndexedKey>();
  const model = new Map<string, IndexedKey>();
  for (let step = 0; step < 5000; step++) {
    const database = random.pick(databases);
    const name = random.text('abc\0', 0, 5);
    const args = Args.of(Buffer.from('COMMAND'), Buffer.from(name));
    const id = `${database.id} ${name}`;
    const found = index.find(database, args, 1);
    expect(found).toBe(model.get(id) ?? null);
    if (found === null) {
      const key = new IndexedKey(database, args, 1);
      index.add(key);
      model.set(id, key);
    } else if (random.fraction() < 0.4) {
      index.remove(found);
      model.delete(id);
    }
    expect(index.count).toBe(model.size);
  }
  expect(new Set(index)).toEqual(new Set(model.values()));
  for (const { id } of databases) {
    const expected = [...model.values()].filter(({ databaseId }) => databaseId === id);
    expect(new Set(index.ofDatabase(id))).toEqual(new Set(expected));
  }
});

it('takes no notice of a change of the arguments that a key was made of', () => {
  const [database] = new Keyspace(1, START_MS).databases;
  const index = new KeyIndex<IndexedKey>();
  const args = Args.of(Buffer.from('k'));
  index.add(new IndexedKey(database!, args, 0));
  args.bytes.fill(0x78);
  expect(index.find(database!, Args.of(Buffer.from('k')), 0)).not.toBeNull();
});
