/** Reading a listpack two entries at a time: a field and its value, or a member and its score. */
import * as listpack from '../structures/listpack.ts';
import { ListpackCursor } from '../structures/listpack-cursor.ts';

/**
 * A place in such a listpack, as a ListpackCursor is one: it keeps positions, not memory. Both
 * texts are spelled.
 */
export class PackedPairs {
  readonly field: ListpackCursor = new ListpackCursor();
  readonly value: ListpackCursor = new ListpackCursor();

  /** Goes to the first pair. Like all moves, answers whether there is one. */
  first(bytes: Buffer, view: DataView, start: number): boolean {
    return this.seek(bytes, view, start, listpack.first(bytes, start));
  }

  /** Goes to the pair whose first entry is at an offset, or to none if that is 0. */
  seek(bytes: Buffer, view: DataView, start: number, offset: number): boolean {
    const { field, value } = this;
    if (!field.seek(bytes, view, start, offset)) return false;
    field.spell();
    value.seek(bytes, view, start, listpack.next(bytes, view, start, offset));
    value.spell();
    return true;
  }

  /** Goes to the next pair. REQUIRES: it is at one. */
  next(bytes: Buffer, view: DataView, start: number): boolean {
    return this.seek(bytes, view, start, listpack.next(bytes, view, start, this.value.offset));
  }
}
