/**
 * HalfSipHash-1-3: the keyed 32-bit hash of every table.
 *
 * The key is drawn at random once per process, so that nobody can send keys that all fall into one
 * bucket. Rejected: murmur3 (20 % faster, but collisions can be computed that hold for every seed)
 * and SipHash-1-3 (64-bit words cost half as much again in JavaScript).
 */
import { randomBytes } from 'node:crypto';

const secret = randomBytes(8);
const hashKey = Int32Array.of(secret.readInt32LE(0), secret.readInt32LE(4));

/** Replaces the random key, for tests that are to repeat. REQUIRES: no table is in use. */
export function setHashKey(low: number, high: number): void {
  hashKey[0] = low;
  hashKey[1] = high;
}

/**
 * Hash of `length` bytes at `offset`, as a signed 32-bit integer. Same bytes, same hash within one
 * process.
 */
export function hashBytes(view: DataView, offset: number, length: number): number {
  let v0 = hashKey[0]!;
  let v1 = hashKey[1]!;
  let v2 = 0x6c796765 ^ v0;
  let v3 = 0x74656462 ^ v1;
  const end = offset + (length & ~3);
  let word = 0;
  let at = offset;
  for (; at < end; at += 4) {
    word = view.getInt32(at, true);
    v3 ^= word;
    v0 = (v0 + v1) | 0;
    v1 = (v1 << 5) | (v1 >>> 27);
    v1 ^= v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = (v3 << 8) | (v3 >>> 24);
    v3 ^= v2;
    v0 = (v0 + v3) | 0;
    v3 = (v3 << 7) | (v3 >>> 25);
    v3 ^= v0;
    v2 = (v2 + v1) | 0;
    v1 = (v1 << 13) | (v1 >>> 19);
    v1 ^= v2;
    v2 = (v2 << 16) | (v2 >>> 16);
    v0 ^= word;
  }
  // The last word holds the odd bytes and, at the top, the length.
  word = length << 24;
  const odd = length & 3;
  if (odd > 0) word |= view.getUint8(at);
  if (odd > 1) word |= view.getUint8(at + 1) << 8;
  if (odd > 2) word |= view.getUint8(at + 2) << 16;
  v3 ^= word;
  for (let round = 0; round < 4; round++) {
    if (round === 1) {
      v0 ^= word;
      v2 ^= 0xff;
    }
    v0 = (v0 + v1) | 0;
    v1 = (v1 << 5) | (v1 >>> 27);
    v1 ^= v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = (v3 << 8) | (v3 >>> 24);
    v3 ^= v2;
    v0 = (v0 + v3) | 0;
    v3 = (v3 << 7) | (v3 >>> 25);
    v3 ^= v0;
    v2 = (v2 + v1) | 0;
    v1 = (v1 << 13) | (v1 >>> 19);
    v1 ^= v2;
    v2 = (v2 << 16) | (v2 >>> 16);
  }
  return v1 ^ v3;
}
