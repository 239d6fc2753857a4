/**
 * Size classes of the slab pages.
 *
 *   8, 16, 24 ... 128          16 classes in steps of 8 bytes
 *   144, 160 ... 256           then 8 classes per doubling
 *   288, 320 ... 512
 *   ...
 *   9216 ... 16384             the largest slab block; above it whole runs of grains are used
 *
 * A request is rounded up by at most 12.5 %, on average by about 6 %. Powers of two alone would
 * lose 25 % on average; a class per 8 bytes throughout would spread few blocks over very many
 * half-empty pages.
 */

/** Largest block, in bytes, that comes from a slab page. */
export const SLAB_BYTES_MAX = 16 * 1024;

const sizes: number[] = [];
for (let size = 8; size <= 128; size += 8) sizes.push(size);
for (let base = 128; base < SLAB_BYTES_MAX; base *= 2) {
  for (let step = 1; step <= 8; step++) sizes.push(base + (base / 8) * step);
}

/** Block size in bytes of each class. */
export const CLASS_BYTES: Uint16Array = Uint16Array.from(sizes);

export const CLASS_COUNT: number = sizes.length;

/** Class of a block of `n` units of 8 bytes, `0 < n <= SLAB_BYTES_MAX / 8`. */
export const CLASS_OF_UNITS: Uint8Array = buildClassOfUnits();

function buildClassOfUnits(): Uint8Array {
  const table = new Uint8Array(SLAB_BYTES_MAX / 8 + 1);
  let sizeClass = 0;
  for (let units = 1; units < table.length; units++) {
    while (CLASS_BYTES[sizeClass]! < units * 8) sizeClass++;
    table[units] = sizeClass;
  }
  return table;
}
