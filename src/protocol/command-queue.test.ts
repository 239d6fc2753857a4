import { expect, it } from 'vitest';
import { chosenSeed, SeededRandom } from '../../test/support/seeded-random.ts';
import { Args } from './args.ts';
import { CommandQueue } from './command-queue.ts';

/** The commands of a queue, each a list of Latin-1 words. */
function wordsOf(queue: CommandQueue): string[][] {
  const args = new Args();
  const commands: string[][] = [];
  queue.forEach(args, () => {
    commands.push(Array.from({ length: args.count }, (_, i) => args.text(i)));
  });
  return commands;
}

const seed = chosenSeed();

it(`gives back what was put in, in order (SEED=${seed})`, () => {
  const random = new SeededRandom(seed);
  const queue = new CommandQueue();
  const commands: string[][] = [];
  let argumentBytes = 0;
  for (let i = 0; i < 400; i++) {
    const length = () =>
      random.fraction() < 0.02 ? random.integer(0, 200_000) : random.integer(0, 40);
    const words = Array.from({ length: random.integer(1, 5) }, () => 'x'.repeat(length()));
    commands.push(words);
    queue.add(Args.of(...words.map((word) => Buffer.from(word))));
    argumentBytes += words.join('').length + 8 * words.length;
  }
  expect(wordsOf(queue)).toEqual(commands);
  expect(wordsOf(queue)).toEqual(commands);
  expect([queue.count, queue.argumentBytes]).toEqual([400, argumentBytes]);
});

it('keeps copies', () => {
  const queue = new CommandQueue();
  const args = Args.of(Buffer.from('GET'), Buffer.from('k'));
  queue.add(args);
  args.bytes.fill(0);
  expect(wordsOf(queue)).toEqual([['GET', 'k']]);
});

it('holds nothing at first', () => {
  const queue = new CommandQueue();
  expect([queue.count, queue.argumentBytes, wordsOf(queue)]).toEqual([0, 0, []]);
});
