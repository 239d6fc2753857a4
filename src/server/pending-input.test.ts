import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chosenSeed } from '../../test/support/seeded-random.ts';
import { PendingInput } from './pending-input.ts';

const KIB = 1024;

function text(pending: PendingInput): string {
  expect(pending.view.buffer).toBe(pending.bytes.buffer);
  expect(pending.view.byteOffset).toBe(pending.bytes.byteOffset);
  expect(pending.freeBytes).toBe(pending.bytes.length - pending.length);
  return pending.bytes.toString('latin1', 0, pending.length);
}

describe('PendingInput', () => {
  it('tells when what it holds has moved', () => {
    const pending = new PendingInput();
    expect(pending.append(Buffer.alloc(100, 'a'), 100, 0)).toBe(true);
    expect(pending.append(Buffer.alloc(100, 'b'), 100, 0)).toBe(false);
    expect(pending.append(Buffer.alloc(1, 'c'), 1, 0)).toBe(true);
    expect(text(pending)).toBe(`${'a'.repeat(100)}${'b'.repeat(100)}c`);
  });

  it('never makes more than four times the room that is needed for a declared length', () => {
    const pending = new PendingInput();
    pending.append(Buffer.alloc(100), 100, 512 * KIB * KIB);
    expect(pending.bytes.length).toBeLessThanOrEqual(400);
    pending.append(Buffer.alloc(500), 500, 10);
    expect(pending.bytes.length).toBe(610);
  });

  it('comes to a large declared length in few steps, of which the last ends at it', () => {
    const whole = 100_000_003;
    const piece = Buffer.alloc(64 * KIB);
    const pending = new PendingInput();
    let moved = 0;
    while (pending.length < whole) {
      const held = pending.length;
      const length = Math.min(piece.length, whole - held);
      if (pending.append(piece, length, whole - held - length)) moved += held;
      expect(pending.bytes.length).toBeLessThanOrEqual(4 * pending.length);
    }
    expect(pending.bytes.length).toBe(whole);
    expect(moved).toBeLessThan(0.4 * whole);
  });

  it('gives up a large buffer that is mostly empty', () => {
    const pending = new PendingInput();
    pending.append(Buffer.alloc(200 * KIB, 'a'), 200 * KIB, 0);
    pending.keep(pending.bytes, 200 * KIB - 10, 200 * KIB);
    expect(pending.bytes.length).toBe(KIB);
    expect(text(pending)).toBe('a'.repeat(10));
  });

  it('uses memory again that was released, and no other', () => {
    const memoryOf = (pending: PendingInput) => pending.bytes.buffer;
    const [first, second] = [new PendingInput(), new PendingInput()];
    first.append(Buffer.alloc(9 * KIB, 'a'), 9 * KIB, 0);
    second.append(Buffer.alloc(9 * KIB, 'b'), 9 * KIB, 0);
    expect(memoryOf(second)).not.toBe(memoryOf(first));
    first.release();
    second.append(Buffer.alloc(20 * KIB, 'c'), 20 * KIB, 0);
    expect(text(second)).toBe('b'.repeat(9 * KIB) + 'c'.repeat(20 * KIB));
    first.append(Buffer.alloc(10 * KIB, 'd'), 10 * KIB, 0);
    expect(memoryOf(first)).not.toBe(memoryOf(second));
    expect(text(second)).toBe('b'.repeat(9 * KIB) + 'c'.repeat(20 * KIB));
    second.release();
    const third = new PendingInput();
    third.append(Buffer.alloc(40 * KIB), 40 * KIB, 0);
    const kept = memoryOf(third);
    third.release();
    third.append(Buffer.alloc(40 * KIB), 40 * KIB, 0);
    expect(memoryOf(third)).toBe(kept);
  });

  it('holds nothing once it is cleared', () => {
    const pending = new PendingInput();
    pending.append(Buffer.from('abc'), 3, 0);
    pending.clear();
    expect(pending.length).toBe(0);
    expect(pending.bytes.length).toBe(0);
  });
});

const seed = chosenSeed();

describe(`PendingInput like a string (SEED=${seed})`, () => {
  const aStep = fc.record({
    length: fc.oneof(fc.nat(10), fc.nat(100_000)),
    missing: fc.oneof(fc.constant(0), fc.nat(100_000)),
    /** How much of it all is done with, of 1000. */
    done: fc.oneof(fc.constant(0), fc.constant(1000), fc.nat(1000)),
    arrivesIn: fc.constantFrom('own', 'shared'),
  });

  it('keeps every byte in its place', () => {
    const property = fc.property(fc.array(aStep, { maxLength: 20 }), (steps) => {
      const pending = new PendingInput();
      let model = '';
      let next = 0;
      for (const { length, missing, done, arrivesIn } of steps) {
        const input = Buffer.from(Array.from({ length }, () => next++ & 0xff));
        if (arrivesIn === 'shared' && model === '') {
          const from = Math.floor((length * done) / 1000);
          pending.keep(input, from, length);
          model = input.toString('latin1', from);
        } else {
          pending.append(input, length, missing);
          model += input.toString('latin1');
          const from = Math.floor((model.length * done) / 1000);
          pending.keep(pending.bytes, from, pending.length);
          model = model.slice(from);
        }
        input.fill(0);
        expect(text(pending) === model).toBe(true);
      }
    });
    fc.assert(property, { seed, numRuns: 100 });
  });
});
