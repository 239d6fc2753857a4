/**
 * The registers of a HyperLogLog, all of them: packed as the dense encoding has them, and one per
 * byte for work on many.
 *
 *   dense   6 bits per register, the lowest bits of a byte first: four registers in three bytes
 *
 *           | 11000000 | 22221111 | 33333322 |
 */

/** Bits of a hash that choose a register. */
export const REGISTER_BITS = 14;
export const REGISTER_COUNT = 16384;

/** The highest rank an element can have: one bit more than the hash has beside those. */
export const RANK_MAX = 51;

/** Bytes of the packed registers. */
export const DENSE_BYTES = (REGISTER_COUNT * 6) / 8;

const GROUP_REGISTERS = 4;
const GROUP_BYTES = 3;

/** One register of those packed at `start`. */
export function getDense(bytes: Uint8Array, start: number, register: number): number {
  const at = start + (register >>> 2) * GROUP_BYTES;
  switch (register & 3) {
    case 0:
      return bytes[at]! & 63;
    case 1:
      return (bytes[at]! >>> 6) | ((bytes[at + 1]! & 15) << 2);
    case 2:
      return (bytes[at + 1]! >>> 4) | ((bytes[at + 2]! & 3) << 4);
    default:
      return bytes[at + 2]! >>> 2;
  }
}

/** Sets one register of those packed at `start` to 0..63. */
export function setDense(bytes: Uint8Array, start: number, register: number, value: number): void {
  const at = start + (register >>> 2) * GROUP_BYTES;
  switch (register & 3) {
    case 0:
      bytes[at] = (bytes[at]! & 0xc0) | value;
      break;
    case 1:
      bytes[at] = (bytes[at]! & 0x3f) | (value << 6);
      bytes[at + 1] = (bytes[at + 1]! & 0xf0) | (value >>> 2);
      break;
    case 2:
      bytes[at + 1] = (bytes[at + 1]! & 0x0f) | (value << 4);
      bytes[at + 2] = (bytes[at + 2]! & 0xfc) | (value >>> 4);
      break;
    default:
      bytes[at + 2] = (bytes[at + 2]! & 0x03) | (value << 2);
  }
}

/** Packs all registers to `start`. */
export function packRegisters(registers: Uint8Array, bytes: Uint8Array, start: number): void {
  let at = start;
  for (let i = 0; i < REGISTER_COUNT; i += GROUP_REGISTERS, at += GROUP_BYTES) {
    const group =
      registers[i]! |
      (registers[i + 1]! << 6) |
      (registers[i + 2]! << 12) |
      (registers[i + 3]! << 18);
    bytes[at] = group;
    bytes[at + 1] = group >>> 8;
    bytes[at + 2] = group >>> 16;
  }
}

/** Raises registers to those packed at `start`, where these are higher. */
export function raiseToDense(registers: Uint8Array, bytes: Uint8Array, start: number): void {
  let at = start;
  for (let i = 0; i < REGISTER_COUNT; i += GROUP_REGISTERS, at += GROUP_BYTES) {
    const group = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16);
    raise(registers, i, group & 63);
    raise(registers, i + 1, (group >>> 6) & 63);
    raise(registers, i + 2, (group >>> 12) & 63);
    raise(registers, i + 3, group >>> 18);
  }
}

/** Raises one of many registers. */
export function raise(registers: Uint8Array, register: number, value: number): void {
  if (value > registers[register]!) registers[register] = value;
}

/** Counts, for each value, the registers packed at `start` that have it. */
export function countDense(histogram: Int32Array, bytes: Uint8Array, start: number): void {
  const end = start + DENSE_BYTES;
  for (let at = start; at < end; at += GROUP_BYTES) {
    const group = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16);
    histogram[group & 63]!++;
    histogram[(group >>> 6) & 63]!++;
    histogram[(group >>> 12) & 63]!++;
    histogram[group >>> 18]!++;
  }
}
