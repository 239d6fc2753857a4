/**
 * Memory of some KiB that is used for a moment, again and again, in place of new memory each time:
 * V8 starts a collection whenever 64 MiB have been allocated outside its heap, and a client that
 * sends values of 10 KiB makes that much in a second. On a busy machine each such collection stops
 * the server for 3 to 30 ms.
 */
const SHIFT_MIN = 12;
const SHIFT_MAX = 18;
/** Bytes of each size that are kept. */
const KEPT_BYTES_MAX = 512 * 1024;

/** What is kept, by size: powers of two. */
const spare: ArrayBuffer[][] = Array.from({ length: SHIFT_MAX + 1 }, () => []);

/** A buffer of this length, contents undefined. */
export function takeBuffer(length: number): Buffer {
  const shift = shiftOf(length);
  if (shift < SHIFT_MIN || shift > SHIFT_MAX) return Buffer.allocUnsafe(length);
  const memory = spare[shift]!.pop() ?? new ArrayBuffer(2 ** shift);
  return Buffer.from(memory, 0, length);
}

/** Gives back what `takeBuffer` gave. REQUIRES: nobody looks at it any more. */
export function giveBuffer(buffer: Buffer): void {
  const shift = shiftOf(buffer.length);
  // Small buffers are parts of memory that others use, too.
  if (shift < SHIFT_MIN || shift > SHIFT_MAX) return;
  const kept = spare[shift]!;
  if ((kept.length + 1) * 2 ** shift <= KEPT_BYTES_MAX) kept.push(buffer.buffer as ArrayBuffer);
}

/** The power of two that holds so many bytes. */
function shiftOf(length: number): number {
  return length <= 1 ? 0 : 32 - Math.clz32(length - 1);
}
