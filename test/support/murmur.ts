/**
 * MurmurHash64A with the seed that Redis's HyperLogLogs have, as its author defined it, and its
 * inverse: with that, elements can be made to measure instead of searched for.
 */
const FACTOR = 0xc6a4a7935bd1e995n;
const SEED = 0xadc83b19n;
const WORD_BYTES = 8;
const REGISTER_BITS = 14n;

/** The hash of a key. */
export function murmur64(key: Uint8Array): bigint {
  let hash = begin(key.length);
  const whole = key.length - (key.length % WORD_BYTES);
  for (let at = 0; at < whole; at += WORD_BYTES) {
    const word = times(Buffer.from(key.subarray(at, at + WORD_BYTES)).readBigUInt64LE(), FACTOR);
    hash = times(hash ^ times(folded(word), FACTOR), FACTOR);
  }
  for (let i = whole; i < key.length; i++) hash ^= BigInt(key[i]!) << BigInt((i % 8) * 8);
  if (key.length > whole) hash = times(hash, FACTOR);
  return folded(times(folded(hash), FACTOR));
}

/** The one element of eight bytes that counts with this rank (1..51) in this register. */
export function elementOf(register: number, rank: number, more = 0n): Buffer {
  // A one above `rank - 1` zeros; what lies above it is free.
  const pattern = rank > 50 ? 0n : (1n | (more << 1n)) << BigInt(rank - 1);
  return keyOf(BigInt.asUintN(64, (pattern << REGISTER_BITS) | BigInt(register)));
}

/** The key of eight bytes with this hash. */
function keyOf(hash: bigint): Buffer {
  const inverse = inverseOf(FACTOR);
  // Folding twice changes nothing, because it moves less than half of the bits.
  const before = folded(times(folded(hash), inverse));
  const word = times(before, inverse) ^ begin(WORD_BYTES);
  const key = Buffer.alloc(WORD_BYTES);
  key.writeBigUInt64LE(times(folded(times(word, inverse)), inverse));
  return key;
}

function begin(length: number): bigint {
  return SEED ^ times(BigInt(length), FACTOR);
}

function times(a: bigint, b: bigint): bigint {
  return BigInt.asUintN(64, a * b);
}

function folded(word: bigint): bigint {
  return word ^ (word >> 47n);
}

/** The inverse of an odd factor modulo 2^64, by Newton's iteration. */
function inverseOf(factor: bigint): bigint {
  let inverse = factor;
  for (let i = 0; i < 6; i++)
    inverse = times(inverse, BigInt.asUintN(64, 2n - times(factor, inverse)));
  return inverse;
}
