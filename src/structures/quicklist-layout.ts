/**
 * How a quicklist lies in the arena. quicklist.ts tells what it is for.
 *
 *   root (24 B)
 *   +----------+-------+------------+-----------+--------------------+
 *   | elements | nodes | first node | last node | bytes of blocks    |
 *   | u32      | u32   | u32        | u32       | f64                |
 *   +----------+-------+------------+-----------+--------------------+
 *
 *   packed node
 *   +----------+------+----------+--------+-----+----------------+-----+
 *   | previous | next | elements | offset | gap | listpack       | gap |
 *   | u32      | u32  | u32      | u32    |     |                |     |
 *   +----------+------+----------+--------+-----+----------------+-----+
 *   0          4      8          12       16    offset
 *
 *   plain node: one element that is too large for the others
 *   +----------+------+----------+--------+--------+------+
 *   | previous | next | 1        | 0      | length | text |
 *   | u32      | u32  | u32      | u32    | u32    |      |
 *   +----------+------+----------+--------+--------+------+
 *   0          4      8          12       16       20
 *
 * A listpack floats in its block: an element added at either end, or taken from it, moves none of
 * the others, only the header or the end mark. A node at the end of a list begins in a small block
 * and doubles until it is full, with the new room where the elements come; one that is closed gives
 * back what it does not use.
 *
 * Invariants: no node is empty; a node's elements are the count of its listpack; the root's figures
 * are the sums of the nodes'; neighbours link to each other. The bytes of nodes follow the limits
 * in force when they were made. Rejected: a listpack at a fixed place (8 KiB to move per LPUSH);
 * arrays of addresses in place of links (an insertion in the middle of a large list moves half of
 * them).
 */

export const ROOT_BYTES = 24;
export const ROOT_ELEMENTS = 0;
export const ROOT_NODES = 1;
export const ROOT_FIRST = 2;
export const ROOT_LAST = 3;
/** In bytes; the others are in words. */
export const ROOT_USED_BYTES = 16;

export const NODE_BYTES = 16;
export const NODE_PREVIOUS = 0;
export const NODE_NEXT = 1;
export const NODE_ELEMENTS = 2;
export const NODE_OFFSET = 3;
/** Of a plain node. */
export const PLAIN_LENGTH = 4;
export const PLAIN_TEXT_BYTES = 20;

/** Redis's limit too, and what the root can count. */
export const ELEMENTS_MAX: number = 2 ** 32 - 1;
