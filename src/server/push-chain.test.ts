import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chosenSeed } from '../../test/support/seeded-random.ts';
import { PushChain, type PushSender, PushTurn } from './push-chain.ts';

const seed = chosenSeed();

const message = (text: string): Buffer => Buffer.from(text);

/** A client of a turn, as an outbox is: gathers, and notes what it sends at the end. */
class Sender implements PushSender {
  readonly sent: Buffer[] = [];
  #gathered: PushChain | null = null;

  post(turn: PushTurn, bytes: Buffer): void {
    this.#gathered = this.#gathered === null ? turn.begin(this, bytes) : this.#gathered.with(bytes);
  }

  sendGathered(): void {
    if (this.#gathered !== null) this.sent.push(this.#gathered.bytes);
    this.#gathered = null;
  }
}

const endOfTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('PushChain', () => {
  it('holds messages in their order', () => {
    const chain = PushChain.empty().with(message('a')).with(message('bc')).with(message('d'));
    expect(chain.length).toBe(4);
    expect(chain.bytes.toString()).toBe('abcd');
  });

  it('gives a single message as it is, without a copy', () => {
    const only = message('only');
    expect(PushChain.empty().with(only).bytes).toBe(only);
  });

  it('is shared by those who get the same', () => {
    const [a, b, c] = [message('a'), message('b'), message('c')];
    const start = PushChain.empty();
    const first = start.with(a).with(b);
    const second = start.with(a).with(b);
    expect(first.bytes).toBe(second.bytes);
    expect(start.with(a).with(c).bytes.toString()).toBe('ac');
    expect(first.bytes.toString()).toBe('ab');
  });
});

describe(`PushTurn (SEED=${seed})`, () => {
  it('has each sender send once, in the order in which they began', async () => {
    const turn = new PushTurn();
    const order: string[] = [];
    const senders = ['x', 'y'].map((name) => ({ sendGathered: () => order.push(name) }));
    turn.begin(senders[1]!, message('a'));
    turn.begin(senders[0]!, message('a'));
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
        const senders = Array.from({ length: 4 }, () => new Sender());
        const expected = senders.map(() => '');
        for (const posted of turns) {
          for (const [bytes, receivers] of posted) {
            const shared = Buffer.from(bytes);
            for (const [i, sender] of senders.entries()) {
              if ((receivers & (1 << i)) === 0) continue;
              sender.post(turn, shared);
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
