import { describe, expect, it } from 'vitest';
import { Args } from '../protocol/args.ts';
import { type Topic, Topics } from './topics.ts';

const NAMES = 200_000;

function find(topics: Topics, name: string): Topic | null {
  const { bytes, view } = Args.of(Buffer.from(name, 'latin1'));
  return topics.find(bytes, view, 0, bytes.length);
}

function findOrAdd(topics: Topics, name: string): Topic {
  const { bytes, view } = Args.of(Buffer.from(name, 'latin1'));
  return topics.findOrAdd(bytes, view, 0, bytes.length);
}

describe('Topics', () => {
  it('are found by every byte of their names', () => {
    const topics = new Topics();
    const names = ['', 'a', 'A', 'a\0', '\0a', '\xff\r\n', 'ab'];
    for (const name of names) findOrAdd(topics, name);
    expect(names.map((name) => find(topics, name)?.name)).toEqual(names);
    expect(['b', 'aB', '\0'].map((name) => find(topics, name))).toEqual([null, null, null]);
    expect(find(topics, '\xff\r\n')!.nameBytes()).toEqual(Buffer.from([0xff, 0x0d, 0x0a]));
    expect([...topics].map(({ name }) => name)).toEqual(names);
  });

  it('may be so many that some have the same hash', () => {
    const topics = new Topics();
    const made = Array.from({ length: NAMES }, (_, i) => findOrAdd(topics, `topic ${i}`));
    // With 32 bits of hash there are about five such pairs; none is so rare that it would pass
    // unseen run after run.
    expect(made.every((topic, i) => findOrAdd(topics, `topic ${i}`) === topic)).toBe(true);
    expect(topics.size).toBe(NAMES);
    expect(new Set(topics).size).toBe(NAMES);
    for (let i = 0; i < NAMES; i += 2) topics.remove(made[i]!);
    expect(made.every((topic, i) => find(topics, `topic ${i}`) === (i % 2 ? topic : null))).toBe(
      true,
    );
    for (let i = 1; i < NAMES; i += 2) topics.remove(made[i]!);
    expect(topics.size).toBe(0);
    expect([...topics]).toEqual([]);
  });
});
