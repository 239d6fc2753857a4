import { describe, expect, it } from 'vitest';
import { chosenSeed, SeededRandom } from '../../test/support/seeded-random.ts';
import { runGroupRound, StreamModel } from '../../test/support/stream-model.ts';
import { checkHeap } from '../memory/heap-check.ts';
import { StreamId } from '../structures/stream-id.ts';

const seed = chosenSeed();

function deliver(model: StreamModel, group: string, consumer: string, count = 0): number {
  const { consumerGroups, root } = model;
  const reader = model.consumer(model.group(group), consumer);
  return consumerGroups.deliver(root, model.group(group), reader, count, false, 9, new StreamId());
}

function filled(count: number): StreamModel {
  const model = new StreamModel();
  for (let i = 1; i <= count; i++) model.append(BigInt(i) << 64n, ['f', `${i}`]);
  return model;
}

describe(`random commands of groups, SEED=${seed}`, () => {
  for (let round = 0; round < 6; round++) {
    it(`leave a sound stream, round ${round}`, () => {
      runGroupRound(new SeededRandom(seed + round), 4000);
    });
  }
});

describe('groups', () => {
  it('are in the order of their names', () => {
    const model = filled(1);
    for (const name of ['b', '', 'a', 'B', 'aa', '\xff', '\x7f']) model.group(name);
    expect(model.groupNames()).toEqual(['', 'B', 'a', 'aa', 'b', '\x7f', '\xff']);
    model.check();
  });

  it('give out what is there once', () => {
    const model = filled(10);
    expect(deliver(model, 'g', 'a', 3)).toBe(3);
    expect(deliver(model, 'g', 'b', 3)).toBe(3);
    expect(deliver(model, 'g', 'a')).toBe(4);
    expect(deliver(model, 'g', 'a')).toBe(0);
    expect(deliver(model, 'h', 'a')).toBe(10);
    const { groups } = model.streams;
    const group = model.group('g');
    expect(groups.pendingCount(group)).toBe(10);
    expect(groups.pendingCount(model.consumer(group, 'a'))).toBe(7);
    model.check();
  });

  it('with much that is pending go in slices, alone or with their stream', () => {
    const model = filled(20_000);
    for (const name of ['a', 'b', 'c', 'd']) deliver(model, 'g', name, 5000);
    deliver(model, 'h', 'a');
    model.streams.removeGroup(model.root, model.group('g'));
    const [detached] = model.discarded.splice(0);
    expect(model.release(detached!, 1000)).toBeGreaterThan(19);
    model.check();
    expect(model.groupNames()).toEqual(['h']);
    expect(model.release(model.root, 1000)).toBeGreaterThan(19);
    checkHeap(model.heap, []);
  });

  it('take what is pending with a consumer away with it', () => {
    const model = filled(100);
    deliver(model, 'g', 'a', 60);
    deliver(model, 'g', 'b');
    const { groups } = model.streams;
    const group = model.group('g');
    expect(groups.removeConsumer(group, model.consumer(group, 'a'))).toBe(60);
    expect(groups.pendingCount(group)).toBe(40);
    model.check();
  });

  it('have as many consumers as they like', () => {
    const model = filled(5000);
    for (let i = 0; i < 5000; i++) expect(deliver(model, 'g', `consumer-${i}`, 1)).toBe(1);
    const { groups } = model.streams;
    expect(groups.consumers.count(groups.consumersOf(model.group('g')))).toBe(5000);
    model.copy();
    model.check();
  });
});
