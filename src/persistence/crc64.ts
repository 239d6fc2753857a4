/**
 * The checksum of Redis's files and DUMP payloads: CRC-64 with the polynomial of Jones, bits
 * reflected, nothing inverted at either end. `123456789` has e9c6d914c4b8d9ca.
 *
 * The register is two 32-bit halves, and eight bytes go through eight tables at a time. Rejected:
 * BigInt (each operation allocates) and one table (a step per byte that waits for the one before).
 */

/** The reflected polynomial. */
const POLYNOMIAL_LOW = 0xac4bc9b5 | 0;
const POLYNOMIAL_HIGH = 0x95ac9329 | 0;

/** Table k at k * 256: what a byte becomes k bytes later. Low and high halves. */
const LOW = new Int32Array(8 * 256);
const HIGH = new Int32Array(8 * 256);

for (let byte = 0; byte < 256; byte++) {
  let low = byte;
  let high = 0;
  for (let bit = 0; bit < 8; bit++) {
    const isOdd = (low & 1) !== 0;
    low = (low >>> 1) | (high << 31);
    high >>>= 1;
    if (isOdd) {
      low ^= POLYNOMIAL_LOW;
      high ^= POLYNOMIAL_HIGH;
    }
  }
  LOW[byte] = low;
  HIGH[byte] = high;
}
for (let at = 256; at < 8 * 256; at++) {
  const low = LOW[at - 256]!;
  const high = HIGH[at - 256]!;
  const byte = low & 255;
  LOW[at] = ((low >>> 8) | (high << 24)) ^ LOW[byte]!;
  HIGH[at] = (high >>> 8) ^ HIGH[byte]!;
}

/** A checksum that is computed piece by piece; 0 at first. */
export class Crc64 {
  /** The two halves, as signed integers. */
  low = 0;
  high = 0;

  reset(): void {
    this.low = 0;
    this.high = 0;
  }

  /** Goes on with the bytes of [start, end). */
  update(bytes: Uint8Array, view: DataView, start: number, end: number): void {
    let { low, high } = this;
    let at = start;
    for (; at + 8 <= end; at += 8) {
      const a = low ^ view.getInt32(at, true);
      const b = high ^ view.getInt32(at + 4, true);
      const i7 = 1792 | (a & 255);
      const i6 = 1536 | ((a >>> 8) & 255);
      const i5 = 1280 | ((a >>> 16) & 255);
      const i4 = 1024 | (a >>> 24);
      const i3 = 768 | (b & 255);
      const i2 = 512 | ((b >>> 8) & 255);
      const i1 = 256 | ((b >>> 16) & 255);
      const i0 = b >>> 24;
      low = LOW[i7]! ^ LOW[i6]! ^ LOW[i5]! ^ LOW[i4]! ^ LOW[i3]! ^ LOW[i2]! ^ LOW[i1]! ^ LOW[i0]!;
      high =
        HIGH[i7]! ^
        HIGH[i6]! ^
        HIGH[i5]! ^
        HIGH[i4]! ^
        HIGH[i3]! ^
        HIGH[i2]! ^
        HIGH[i1]! ^
        HIGH[i0]!;
    }
    for (; at < end; at++) {
      const byte = (low ^ bytes[at]!) & 255;
      low = ((low >>> 8) | (high << 24)) ^ LOW[byte]!;
      high = (high >>> 8) ^ HIGH[byte]!;
    }
    this.low = low;
    this.high = high;
  }

  /** Writes it as files have it: 8 bytes, the lowest first. */
  write(view: DataView, at: number): void {
    view.setInt32(at, this.low, true);
    view.setInt32(at + 4, this.high, true);
  }

  /** Whether it is what the 8 bytes say. */
  matches(view: DataView, at: number): boolean {
    return view.getInt32(at, true) === this.low && view.getInt32(at + 4, true) === this.high;
  }

  /** In hexadecimal, for messages. */
  toString(): string {
    return hex(this.high) + hex(this.low);
  }
}

function hex(half: number): string {
  return (half >>> 0).toString(16).padStart(8, '0');
}
