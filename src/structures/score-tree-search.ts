/**
 * Searching the scores of a node. Nodes have at most 31 entries, so five steps find one of the 32
 * places between them, whatever their number; and no step is a branch that depends on scores, since
 * half of those would be mispredicted. A third of the time of a search that branches, as long as
 * the node is in the cache.
 */

/** How many of the `count` ascending scores at `start` are lower than the one in `bound`. */
export function countLower(
  view: DataView,
  start: number,
  count: number,
  bound: Float64Array,
): number {
  const score = bound[0]!;
  let low = (Number(view.getFloat64(start + 120, true) < score) & Number(15 < count)) << 4;
  let at = start + (low << 3);
  low += (Number(view.getFloat64(at + 56, true) < score) & Number(low + 7 < count)) << 3;
  at = start + (low << 3);
  low += (Number(view.getFloat64(at + 24, true) < score) & Number(low + 3 < count)) << 2;
  at = start + (low << 3);
  low += (Number(view.getFloat64(at + 8, true) < score) & Number(low + 1 < count)) << 1;
  at = start + (low << 3);
  return low + (Number(view.getFloat64(at, true) < score) & Number(low < count));
}

/** As `countLower`, those included that are equal. */
export function countNotHigher(
  view: DataView,
  start: number,
  count: number,
  bound: Float64Array,
): number {
  const score = bound[0]!;
  let low = (Number(view.getFloat64(start + 120, true) <= score) & Number(15 < count)) << 4;
  let at = start + (low << 3);
  low += (Number(view.getFloat64(at + 56, true) <= score) & Number(low + 7 < count)) << 3;
  at = start + (low << 3);
  low += (Number(view.getFloat64(at + 24, true) <= score) & Number(low + 3 < count)) << 2;
  at = start + (low << 3);
  low += (Number(view.getFloat64(at + 8, true) <= score) & Number(low + 1 < count)) << 1;
  at = start + (low << 3);
  return low + (Number(view.getFloat64(at, true) <= score) & Number(low < count));
}
