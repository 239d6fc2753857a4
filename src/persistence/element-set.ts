/** Finds out whether elements of a listpack are all different, in time that is linear. */

import * as listpack from '../structures/listpack.ts';
import { ListpackCursor } from '../structures/listpack-cursor.ts';
import { hashBytes } from '../structures/siphash.ts';

const SLOTS_MIN = 64;

const cursor = new ListpackCursor();

/**
 * Whether two of the elements at the places 0, stride, 2 * stride ... have the same text. REQUIRES:
 * the listpack is valid.
 */
export function hasDuplicates(
  bytes: Buffer,
  view: DataView,
  start: number,
  stride: number,
): boolean {
  const elements = Math.ceil(listpack.count(bytes, view, start) / stride);
  let size = SLOTS_MIN;
  while (size < elements * 2) size *= 2;
  /** Offsets of elements, 0 for none. */
  const slots = new Uint32Array(size);
  let more = cursor.first(bytes, view, start);
  while (more) {
    cursor.spell();
    const { offset, textStart, textLength } = cursor;
    const text = cursor.textBytes(bytes);
    const textView = cursor.textView(view);
    let slot = hashBytes(textView, textStart, textLength) & (size - 1);
    for (; slots[slot] !== 0; slot = (slot + 1) & (size - 1)) {
      const other = slots[slot]!;
      if (listpack.equals(bytes, view, start, other, text, textView, textStart, textLength)) {
        return true;
      }
    }
    slots[slot] = offset;
    for (let skipped = 0; more && skipped < stride; skipped++) more = cursor.next(bytes, view);
  }
  return false;
}
