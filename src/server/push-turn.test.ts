import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chosenSeed } from '../../test/support/seeded-random.ts';
import { NO_LINK, type PushSender, PushTurn } from './push-turn.ts';

const seed = chosenSeed();

const message = (text: string): Buffer => Buffer.from(text);

/** A client of a turn, as an outbox is: gathers, and notes what it sends at the end. */
class Sender implements PushSender {
  readonly sent: Buffer[] = [];
  readonly #turn: PushTurn;
  #gathered: number = NO_LINK;

  constructor(turn: PushTurn) {
    this.#turn = turn;
  }

  post(bytes: Buffer): void {
    if (this.#gathered === NO_LINK) this.#turn.begin(this);
    this.#gathered = this.#turn.append(this.#gathered, bytes);
  }

  touch(): number {
    return this.#gathered;
  }

  sendGathered(): void {
    if (this.#gathered !== NO_LINK) this.sent.push(this.#turn.bytesOf(this.#gathered));
    this.#gathered = NO_LINK;
  }
}

const endOfTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('A chain of messages', () => {
  it('holds them in their order', () => {
    const turn = new PushTurn();
    const link = ['a', 'bc', 'd'].map(message).reduce((at, each) => turn.append(at, each), NO_LINK);
    expect(turn.lengthOf(NO_LINK)).toBe(0);
    expect(turn.lengthOf(link)).toBe(4);
    expect(turn.bytesOf(link).toString()).toBe('abcd');
  });

  it('gives a single message as it is, without a copy', () => {
    const turn = new PushTurn();
    const only = message('only');
    expect(turn.bytesOf(turn.append(NO_LINK, only))).toBe(only);
  });

  it('is shared by those who get the same', () => {
    const turn = new PushTurn();
    const [a, b, c] = [message('a'), message('b'), message('c')];
    const first = turn.append(turn.append(NO_LINK, a), b);
    const second = turn.append(turn.append(NO_LINK, a), b);
    const other = turn.append(turn.append(NO_LINK, a), c);
    expect(second).toBe(first);
    expect(turn.bytesOf(second)).toBe(turn.bytesOf(first));
    expect(turn.bytesOf(first).toString()).toBe('ab');
    expect(turn.bytesOf(other).toString()).toBe('ac');
  });
});

describe(`PushTurn (SEED=${seed})`, () => {
  it('has each sender send once, in the order in which they began', async () => {
    const turn = new PushTurn();
    const order: string[] = [];
    const senders = ['x', 'y'].map((name) => ({
      touch: () => 0,
      sendGathered: () => order.push(name),
    }));
    turn.begin(senders[1]!);
    turn.begin(senders[0]!);
    expect(order).toEqual([]);
    await endOfTurn();
    expect(order).toEqual(['y', 'x']);
    await endOfTurn();
    expect(order).toEqual(['y', 'x']);
  });

  it('gives everyone what was posted to them, whoever else got what', async () => {
    const posts = fc.array(fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 9 }), fc.nat(15)), {
      maxLength: 60,
    });
    await fc.assert(
      fc.asyncProperty(fc.array(posts, { maxLength: 3 }), async (turns) => {
        const turn = new PushTurn();
        const senders = Array.from({ length: 4 }, () => new Sender(turn));
        const expected = senders.map(() => '');
        for (const posted of turns) {
          for (const [bytes, receivers] of posted) {
            const shared = Buffer.from(bytes);
            for (const [i, sender] of senders.entries()) {
              if ((receivers & (1 << i)) === 0) continue;
              sender.post(shared);
              expected[i] += shared.toString('hex');
            }
          }
          await endOfTurn();
        }
        for (const [i, { sent }] of senders.entries()) {
          expect(Buffer.concat(sent).toString('hex')).toBe(expected[i]);
          expect(sent.length).toBeLessThanOrEqual(turns.length);
        }
      }),
      { seed },
    );
  });
});
