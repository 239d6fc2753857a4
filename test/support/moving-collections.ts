/**
 * Collections under random commands, twice: in one engine the defragmenter works between any two of
 * them, and in the other it never does. Both must answer alike.
 */
import { Defragmenter } from '../../src/keyspace/defragmenter.ts';
import { checkKeyspace } from '../../src/keyspace/keyspace-check.ts';
import { OutOfMemoryError } from '../../src/memory/heap.ts';
import { TestEngine } from './engine.ts';
import type { SeededRandom } from './seeded-random.ts';

const KEYS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
/** Commands of which one is drawn; `m` makes a member and `k` a key. */
type Draw = (random: SeededRandom, k: () => string, m: () => string) => string[];

const DRAWS: readonly Draw[] = [
  (_, k, m) => ['HSET', `hash:${k()}`, m(), m(), m(), m(), m(), m()],
  (_, k, m) => ['HDEL', `hash:${k()}`, m(), m(), m()],
  (_, k, m) => ['HGET', `hash:${k()}`, m()],
  (_, k, m) => ['HINCRBY', `hash:${k()}`, `number:${m()}`, '7'],
  (_, k, m) => ['SADD', `set:${k()}`, m(), m(), m()],
  (_, k, m) => ['SREM', `set:${k()}`, m(), m(), m()],
  (_, k, m) => ['SMISMEMBER', `set:${k()}`, m(), m()],
  (_, k) => ['SUNIONSTORE', `set:${k()}`, `set:${k()}`, `set:${k()}`],
  (random, k, m) => ['ZADD', `zset:${k()}`, `${random.integer(0, 99)}`, m(), '5', m()],
  (_, k, m) => ['ZREM', `zset:${k()}`, m(), m(), m()],
  (_, k, m) => ['ZRANK', `zset:${k()}`, m()],
  (random, k) => ['ZREMRANGEBYRANK', `zset:${k()}`, '3', `${random.integer(3, 30)}`],
  (_, k) => ['ZRANGE', `zset:${k()}`, '0', '-1', 'WITHSCORES'],
  (_, k, m) => ['RPUSH', `list:${k()}`, m(), m(), m()],
  (_, k, m) => ['LPUSH', `list:${k()}`, m(), m(), m()],
  (random, k) => ['LPOP', `list:${k()}`, `${random.integer(1, 20)}`],
  (random, k) => ['LTRIM', `list:${k()}`, `${random.integer(0, 9)}`, '-3'],
  (_, k, m) => ['LINSERT', `list:${k()}`, 'BEFORE', m(), m()],
  (random, k, m) => ['LSET', `list:${k()}`, `${random.integer(0, 30)}`, m()],
  (_, k, m) => ['LREM', `list:${k()}`, '2', m()],
  (_, k) => ['LRANGE', `list:${k()}`, '0', '-1'],
  (_, k) => ['LMOVE', `list:${k()}`, `list:${k()}`, 'LEFT', 'RIGHT'],
  (_, k, m) => ['XADD', `stream:${k()}`, '*', m(), m()],
  (random, k, m) => ['XADD', `stream:${k()}`, 'MAXLEN', `${random.integer(0, 300)}`, '*', m(), m()],
  (random, k) => ['XTRIM', `stream:${k()}`, 'MAXLEN', '~', `${random.integer(0, 300)}`],
  (_, k) => ['XRANGE', `stream:${k()}`, '-', '+'],
  (_, k) => ['XGROUP', 'CREATE', `stream:${k()}`, 'g1', '0'],
  (_, k) => ['XGROUP', 'CREATE', `stream:${k()}`, 'g2', '0'],
  (random, k) => ['XGROUP', 'DESTROY', `stream:${k()}`, random.pick(['g1', 'g2'])],
  readGroup,
  readGroup,
  (random, k) => ['XPENDING', `stream:${k()}`, random.pick(['g1', 'g2']), '-', '+', '100'],
  (random, k) => ['XAUTOCLAIM', `stream:${k()}`, 'g1', pickConsumer(random), '0', '0'],
  (random, k) => ['XGROUP', 'DELCONSUMER', `stream:${k()}`, 'g1', pickConsumer(random)],
  (_, k) => ['XINFO', 'STREAM', `stream:${k()}`, 'FULL', 'COUNT', '0'],
];

function pickConsumer(random: SeededRandom): string {
  return random.pick(['alice', 'bob', 'carol']);
}

function readGroup(random: SeededRandom, key: () => string): string[] {
  const who = [random.pick(['g1', 'g2']), pickConsumer(random)];
  const count = `${random.integer(1, 60)}`;
  return ['XREADGROUP', 'GROUP', ...who, 'COUNT', count, 'STREAMS', `stream:${key()}`, '>'];
}

/** What may happen to a key of any type. */
const RARE: readonly Draw[] = [
  (random, k) => {
    const type = random.pick(['hash', 'set', 'zset', 'list', 'stream']);
    return random.pick([
      ['DEL', `${type}:${k()}`],
      ['RENAME', `${type}:${k()}`, `${type}:${k()}`],
      ['COPY', `${type}:${k()}`, `${type}:${k()}`, 'REPLACE'],
      ['MOVE', `${type}:${k()}`, '1'],
      ['EXPIRE', `${type}:${k()}`, '1000'],
      ['PERSIST', `${type}:${k()}`],
      ['SWAPDB', '0', '1'],
      ['SELECT', random.pick(['0', '1'])],
    ]);
  },
  (random) => (random.fraction() < 0.05 ? ['FLUSHDB'] : ['PING']),
];

/** A random program of so many commands. */
export function runMovingRound(random: SeededRandom, commands: number): void {
  const moving = new TestEngine();
  const still = new TestEngine();
  const defragmenter = new Defragmenter(moving.keyspace);
  const size = random.pick([1, 2, 5]);
  for (const { keyspace } of [moving, still]) {
    keyspace.lists.limits.setSize(size);
    keyspace.streams.limits.entriesMax = size;
  }
  const members = random.pick([60, 600, 3000]);
  const length = random.pick([70, 200]);
  const key = () => random.pick(KEYS);
  const member = () => {
    const number = random.integer(0, members);
    const isFar = number % 97 === 0;
    return `member:${number}:`.padEnd(isFar ? 5000 : number % 3 === 0 ? length : 12, 'x');
  };
  for (let done = 0; done < commands; done++) {
    const draw = random.pick(random.fraction() < 0.03 ? RARE : DRAWS);
    const command = draw(random, key, member);
    const replies = [moving, still].map((engine) => engine.text(...command));
    if (replies[0] !== replies[1]) {
      throw new Error(`${command.join(' ')} answers ${replies.join('\nnot ')}`);
    }
    if (random.fraction() < 0.5) defragment(defragmenter, moving, random);
    if (done % 500 === 0) checkKeyspace(moving.keyspace);
  }
  while (defragmenter.isRunning) defragmenter.step(0);
  for (const { keyspace } of [moving, still]) {
    while (keyspace.hasGarbage) keyspace.freeGarbage();
  }
  checkKeyspace(moving.keyspace);
  const [used, expected] = [moving, still].map(({ keyspace }) => keyspace.heap.usedBytes);
  if (used !== expected) throw new Error(`${used} bytes are used, not ${expected}`);
}

/**
 * Takes a few steps, with memory refused now and then, and gives the defragmenter more to do than
 * so small a keyspace would.
 */
function defragment(defragmenter: Defragmenter, engine: TestEngine, random: SeededRandom): void {
  const { pages } = engine.keyspace.heap;
  if (!defragmenter.isRunning) {
    defragmenter.start();
    defragmenter.step(0);
    for (const page of [...pages.pagesInUse()]) {
      if (random.fraction() < 0.4) pages.evacuate(page);
    }
  }
  const { heap } = engine.keyspace;
  const { alloc } = heap;
  if (random.fraction() < 0.02) {
    let left = random.integer(0, 5);
    heap.alloc = (bytes) => {
      if (left-- === 0) throw new OutOfMemoryError('refused');
      return alloc.call(heap, bytes);
    };
  }
  for (let steps = random.integer(1, 8); steps > 0 && defragmenter.isRunning; steps--) {
    defragmenter.step(0);
  }
  heap.alloc = alloc;
}
