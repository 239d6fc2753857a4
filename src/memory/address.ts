/**
 * The address space of the arena.
 *
 *   Ptr (u32, in units of 8 bytes; 0 is null)
 *   +---------+-----------------------+
 *   | extent  | unit within extent    |     byte offset = unit * 8, word offset = unit * 2
 *   | 9 bits  | 23 bits               |
 *   +---------+-----------------------+
 */

declare const ptrBrand: unique symbol;
/**
 * Address of a block: an index of 8-byte units, 0 for none. Valid until the block is freed or
 * moved.
 */
export type Ptr = number & { readonly [ptrBrand]: true };

export const NULL: Ptr = 0 as Ptr;

export const EXTENT_BYTES: number = 64 * 1024 * 1024;
export const EXTENT_COUNT_MAX = 512;
/** `ptr >>> EXTENT_SHIFT` is the extent. */
export const EXTENT_SHIFT = 23;
/** `ptr & UNIT_MASK` is the unit within the extent. */
export const UNIT_MASK: number = (1 << EXTENT_SHIFT) - 1;

/** What an extent holds. */
export const EXTENT_NONE = 0;
export const EXTENT_SLAB = 1;
export const EXTENT_RUNS = 2;
export const EXTENT_HUGE = 3;
