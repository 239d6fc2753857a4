import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ReplyQueue } from './reply-queue.ts';

const PIECE_BYTES_MAX = 256 * 1024;

/** Lengths around the borders between what is copied together, copied alone, and kept. */
const someLength = fc.oneof(
  fc.integer({ min: 1, max: 100 }),
  fc.constantFrom(16_383, 16_384, 16_385, 65_535, 65_536, 65_537, 262_144, 262_145, 700_000),
);

/** Adds so many bytes, or takes a piece (undefined). */
const someSteps = fc.array(fc.option(someLength, { nil: undefined }), { maxLength: 60 });

/** Bytes of which each says where it is in the whole. */
function bytesFrom(start: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  for (let i = 0; i < length; i++) bytes[i] = (start + i) % 251;
  return bytes;
}

describe('ReplyQueue', () => {
  it('gives all bytes back in order, in pieces of bounded size, and counts them', () => {
    fc.assert(
      fc.property(someSteps, (steps) => {
        const queue = new ReplyQueue();
        let added = 0;
        let taken = 0;
        const take = (): boolean => {
          const piece = queue.take();
          if (piece === undefined) return false;
          expect(piece.length).toBeGreaterThan(0);
          expect(piece.length).toBeLessThanOrEqual(PIECE_BYTES_MAX);
          expect(piece.equals(bytesFrom(taken, piece.length))).toBe(true);
          taken += piece.length;
          return true;
        };
        for (const length of steps) {
          if (length === undefined) {
            const waiting = added > taken;
            expect(take()).toBe(waiting);
          } else {
            const bytes = bytesFrom(added, length);
            queue.add(bytes);
            // Whoever added what is copied goes on to use the buffer.
            if (ReplyQueue.copies(length)) bytes.fill(255);
            added += length;
          }
          expect(queue.bytes).toBe(added - taken);
          expect(queue.chunks > 0).toBe(queue.bytes > 0);
        }
        while (take());
        expect(taken).toBe(added);
        expect(queue.bytes).toBe(0);
        expect(queue.chunks).toBe(0);
      }),
      { seed: Number(process.env.SEED ?? Date.now()), numRuns: 200 },
    );
  });

  it('holds about what it counts, however small the replies', () => {
    const queue = new ReplyQueue();
    const reply = Buffer.from('+PONG\r\n');
    for (let i = 0; i < 100_000; i++) queue.add(reply);
    expect(queue.bytes).toBe(700_000);
    expect(queue.chunks).toBe(Math.ceil(700_000 / (16_384 - (16_384 % 7))));
  });

  it('forgets what is dropped', () => {
    const queue = new ReplyQueue();
    queue.add(bytesFrom(0, 100_000));
    queue.add(bytesFrom(0, 10));
    queue.clear();
    expect(queue.bytes).toBe(0);
    expect(queue.take()).toBeUndefined();
    queue.add(bytesFrom(0, 3));
    expect(queue.take()).toEqual(bytesFrom(0, 3));
  });
});
