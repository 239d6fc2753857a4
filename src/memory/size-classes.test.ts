import { describe, expect, it } from 'vitest';
import { CLASS_BYTES, CLASS_COUNT, CLASS_OF_UNITS, SLAB_BYTES_MAX } from './size-classes.ts';

describe('size classes', () => {
  it('rise in steps of 8 bytes, then 8 to a doubling', () => {
    expect([...CLASS_BYTES.slice(0, 16)]).toEqual(
      Array.from({ length: 16 }, (_, i) => (i + 1) * 8),
    );
    expect([...CLASS_BYTES.slice(15, 24)]).toEqual([128, 144, 160, 176, 192, 208, 224, 240, 256]);
    expect([...CLASS_BYTES.slice(-9)]).toEqual(
      [8, 9, 10, 11, 12, 13, 14, 15, 16].map((steps) => steps * 1024),
    );
    expect(CLASS_COUNT).toBe(16 + 7 * 8);
    expect(CLASS_BYTES.at(-1)).toBe(SLAB_BYTES_MAX);
  });

  it('are multiples of 8 in ascending order', () => {
    for (let sizeClass = 0; sizeClass < CLASS_COUNT; sizeClass++) {
      expect(CLASS_BYTES[sizeClass]! % 8).toBe(0);
      expect(CLASS_BYTES[sizeClass]!).toBeGreaterThan(CLASS_BYTES[sizeClass - 1] ?? 0);
    }
  });

  it('are the smallest that hold each size, and waste an eighth at most', () => {
    expect(CLASS_OF_UNITS.length).toBe(SLAB_BYTES_MAX / 8 + 1);
    for (let units = 1; units < CLASS_OF_UNITS.length; units++) {
      const sizeClass = CLASS_OF_UNITS[units]!;
      const bytes = CLASS_BYTES[sizeClass]!;
      expect(bytes).toBeGreaterThanOrEqual(units * 8);
      expect(CLASS_BYTES[sizeClass - 1] ?? 0).toBeLessThan(units * 8);
      expect(bytes - units * 8).toBeLessThanOrEqual(units);
    }
  });
});
