import { describe, expect, it } from 'vitest';
import { TestEngine } from '../../test/support/engine.ts';
import { runMovingRound } from '../../test/support/moving-collections.ts';
import { chosenSeed, SeededRandom } from '../../test/support/seeded-random.ts';
import { Defragmenter } from './defragmenter.ts';
import { checkKeyspace } from './keyspace-check.ts';

const seed = chosenSeed();
const MIB = 1024 * 1024;

describe(`collections that move among other commands, SEED=${seed}`, () => {
  for (let round = 0; round < 5; round++) {
    it(`answer as those that stay, round ${round}`, () => {
      runMovingRound(new SeededRandom(seed + round), 2000);
    });
  }
});

interface Kind {
  readonly name: string;
  /** The commands that add members. */
  readonly add: (key: string, members: string[]) => string[][];
  readonly thin: (key: string, members: string[]) => string[];
  readonly show: (key: string) => string[];
}

const KINDS: readonly Kind[] = [
  {
    name: 'hashes',
    add: (key, members) => [['HSET', key, ...members.flatMap((member) => [member, member])]],
    thin: (key, members) => ['HDEL', key, ...members],
    show: (key) => ['HGETALL', key],
  },
  {
    name: 'sets',
    add: (key, members) => [['SADD', key, ...members]],
    thin: (key, members) => ['SREM', key, ...members],
    show: (key) => ['SMEMBERS', key],
  },
  {
    name: 'sorted sets',
    add: (key, members) => [['ZADD', key, ...members.flatMap((member, i) => [`${i}`, member])]],
    thin: (key, members) => ['ZREM', key, ...members],
    show: (key) => ['ZRANGE', key, '0', '-1', 'WITHSCORES'],
  },
  {
    name: 'lists',
    add: (key, members) => [['RPUSH', key, ...members]],
    thin: (key) => ['LTRIM', key, '-2000', '-1'],
    show: (key) => ['LRANGE', key, '0', '-1'],
  },
  {
    name: 'streams',
    add: (key, members) => members.map((member) => ['XADD', key, idOf(member), 'member', member]),
    thin: (key, members) => ['XDEL', key, ...members.map(idOf)],
    show: (key) => ['XRANGE', key, '-', '+'],
  },
];

/** The member's number, as the id of an entry. */
function idOf(member: string): string {
  return `${member.split(':')[1]}-1`;
}

describe.each(KINDS)('$name of which nine in ten go', ({ add, thin, show }) => {
  it.each([
    ['as many small ones', 1500, 200],
    ['as parts of a few large ones', 8, 20_000],
  ])('leave less than a quarter more than is used, %s', (_, count, size) => {
    const engine = new TestEngine();
    const { keyspace } = engine;
    // A block goes with the last of its entries.
    keyspace.streams.limits.entriesMax = 4;
    const random = new SeededRandom(seed);
    const membersOf = (from: number, to: number) =>
      Array.from({ length: to - from }, (_x, i) => `member:${from + i}:${'x'.repeat(40)}`);
    const kept: string[] = [];
    for (let from = 0; from < size; from += 1000) {
      for (let i = 0; i < count; i++) {
        const added = add(`key:${i}`, membersOf(from, Math.min(from + 1000, size)));
        for (const command of added) engine.run(...command);
      }
    }
    for (let i = 0; i < count; i++) {
      if (size > 1000) {
        const gone = membersOf(0, size).filter(() => random.fraction() < 0.9);
        while (gone.length > 0) engine.run(...thin(`key:${i}`, gone.splice(0, 1000)));
        kept.push(`key:${i}`);
      } else if (random.fraction() < 0.9) {
        engine.run('DEL', `key:${i}`);
      } else {
        kept.push(`key:${i}`);
      }
    }
    while (keyspace.hasGarbage) keyspace.freeGarbage();
    const { heap } = keyspace;
    const shown = kept.map((key) => engine.text(...show(key)));
    const before = heap.heldBytes / heap.usedBytes;
    const usedBytes = heap.usedBytes;
    const defragmenter = new Defragmenter(keyspace);
    let longestMs = 0;
    const startMs = performance.now();
    for (let lastMs = startMs; defragmenter.step(0.5); lastMs = performance.now()) {
      longestMs = Math.max(longestMs, performance.now() - lastMs);
    }
    const ms = performance.now() - startMs;
    const after = heap.heldBytes / heap.usedBytes;
    const [was, is] = [before.toFixed(2), after.toFixed(2)];
    console.log(
      `${was} to ${is} in ${ms.toFixed(0)} ms, at most ${longestMs.toFixed(1)} at a time`,
    );
    expect(heap.usedBytes).toBe(usedBytes);
    // Of each size of block one page may be partly filled.
    expect(heap.heldBytes).toBeLessThan(heap.usedBytes * 1.25 + MIB);
    expect(kept.map((key) => engine.text(...show(key)))).toEqual(shown);
    checkKeyspace(keyspace);
  });
});
