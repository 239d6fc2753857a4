/**
 * Where an element belongs in a HyperLogLog: MurmurHash64A with Redis's seed, on a little-endian
 * machine, so that values of both count the same elements the same way.
 *
 * 64-bit words are pairs of 32-bit ones, low and high. Rejected: BigInt, which allocates with every
 * operation (30 of them for an element of 8 bytes).
 */
import { REGISTER_BITS, REGISTER_COUNT } from './hyperloglog-registers.ts';

/** The multiplier 0xc6a4a7935bd1e995 and the seed, which has no high word. */
const FACTOR_HIGH = 0xc6a4a793 | 0;
const FACTOR_LOW = 0x5bd1e995;
const SEED = 0xadc83b19 | 0;

const FACTOR_LOW_UPPER = FACTOR_LOW >>> 16;
const FACTOR_LOW_LOWER = FACTOR_LOW & 0xffff;

/** Bits of the low word that no register number takes. */
const LOW_BITS_LEFT = 32 - REGISTER_BITS;

/**
 * The mark of an element: the register that it counts in, plus REGISTER_COUNT times its rank, which
 * is one more than the zeros that follow in its hash: 1..51.
 */
export function markOf(bytes: Uint8Array, view: DataView, start: number, length: number): number {
  const wordsEnd = start + (length & ~7);
  let high = timesFactorHigh(length, 0);
  let low = SEED ^ Math.imul(length, FACTOR_LOW);
  let at = start;
  for (; at < wordsEnd; at += 8) {
    const wordLow = view.getInt32(at, true);
    const wordHigh = timesFactorHigh(wordLow, view.getInt32(at + 4, true));
    // A shift right by 47 bits leaves nothing of the low word, and 17 bits of the high one there.
    const mixedLow = Math.imul(wordLow, FACTOR_LOW) ^ (wordHigh >>> 15);
    high ^= timesFactorHigh(mixedLow, wordHigh);
    low ^= Math.imul(mixedLow, FACTOR_LOW);
    high = timesFactorHigh(low, high);
    low = Math.imul(low, FACTOR_LOW);
  }
  const left = length & 7;
  if (left > 0) {
    for (let i = 0; i < left; i++) {
      const byte = bytes[at + i]! << ((i & 3) << 3);
      if (i < 4) low ^= byte;
      else high ^= byte;
    }
    high = timesFactorHigh(low, high);
    low = Math.imul(low, FACTOR_LOW);
  }
  low ^= high >>> 15;
  high = timesFactorHigh(low, high);
  low = Math.imul(low, FACTOR_LOW);
  low ^= high >>> 15;
  return (low & (REGISTER_COUNT - 1)) | (rank(low >>> REGISTER_BITS, high) << REGISTER_BITS);
}

/** One more than the zeros below the lowest bit that is set in both words, of all 50 at most. */
function rank(low: number, high: number): number {
  if (low !== 0) return 1 + trailingZeros(low);
  return 1 + LOW_BITS_LEFT + (high === 0 ? 32 : trailingZeros(high));
}

function trailingZeros(word: number): number {
  return 31 - Math.clz32(word & -word);
}

/** The high word of (high, low) times the factor; the low one is `Math.imul(low, FACTOR_LOW)`. */
function timesFactorHigh(low: number, high: number): number {
  const lower = low & 0xffff;
  const upper = low >>> 16;
  // Products of two halves stay below 2^32, their sums as doubles exact.
  const middle = lower * FACTOR_LOW_UPPER + ((lower * FACTOR_LOW_LOWER) >>> 16);
  const middleLower = (middle & 0xffff) + upper * FACTOR_LOW_LOWER;
  const carried = upper * FACTOR_LOW_UPPER + (middle >>> 16) + (middleLower >>> 16);
  return (carried + Math.imul(low, FACTOR_HIGH) + Math.imul(high, FACTOR_LOW)) | 0;
}
