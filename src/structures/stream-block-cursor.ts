/**
 * Reading the entries of one block of a stream, in either direction, tombstones included.
 *
 *   for (let more = cursor.first(); more; more = cursor.next()) {
 *     if (cursor.isDeleted) continue;
 *     for (let i = 0; i < cursor.fields; i++) {
 *       cursor.readField();      // cursor.field and cursor.value are at their elements
 *     }
 *   }
 *
 * A cursor is made once and opened again and again. It is good until the block changes or moves.
 */
import { Int64 } from './int64.ts';
import { END, readInteger, sizeAt, sizeBefore } from './listpack-entry.ts';
import { DELETED, fieldCountAt, readSmall, SAME_FIELDS } from './stream-block.ts';
import { StreamId } from './stream-id.ts';

/** See the file's comment. Moves answer whether there is an entry where they lead. */
export class BlockCursor {
  bytes!: Buffer;
  view!: DataView;
  start = 0;
  /** The block's key. */
  readonly key: StreamId = new StreamId();
  /** Of the entry. */
  readonly id: StreamId = new StreamId();
  isDeleted = false;
  /** Number of its fields. */
  fields = 0;
  /** Position of the entry, which is that of its flags. */
  at = 0;
  /** Positions of the field and the value that `readField` came to. */
  field = 0;
  value = 0;

  #blockFields = 0;
  /** Positions of the first field of the block and of its first entry. */
  #fieldsAt = 0;
  #entriesAt = 0;
  #isSame = false;
  /** What `readField` comes to next, and how many elements of the entry are left before its end. */
  #nextField = 0;
  #nextElement = 0;
  #elementsLeft = 0;
  readonly #ms = new Int64();
  readonly #sequence = new Int64();

  /**
   * Goes to a block; `key` is to be set before. REQUIRES: a move to its first or last entry next.
   */
  open(bytes: Buffer, view: DataView, start: number): void {
    this.bytes = bytes;
    this.view = view;
    this.start = start;
    let at = fieldCountAt(bytes, view, start);
    const fields = readSmall(bytes, view, at);
    at += sizeAt(bytes, view, at);
    this.#blockFields = fields;
    this.#fieldsAt = at;
    for (let i = 0; i <= fields; i++) at += sizeAt(bytes, view, at);
    this.#entriesAt = at;
  }

  first(): boolean {
    return this.#read(this.#entriesAt);
  }

  /** REQUIRES: the cursor is at an entry. */
  next(): boolean {
    const { bytes, view } = this;
    let at = this.#nextElement;
    // With the count of elements that ends the entry.
    for (let left = this.#elementsLeft; left >= 0; left--) at += sizeAt(bytes, view, at);
    return this.#read(at);
  }

  last(): boolean {
    return this.#readBefore(this.start + this.view.getUint32(this.start, true) - 1);
  }

  /** REQUIRES: the cursor is at an entry. */
  previous(): boolean {
    return this.#readBefore(this.at);
  }

  /** Goes to the next field of the entry. REQUIRES: there is one. */
  readField(): void {
    const { bytes, view } = this;
    let at = this.#nextElement;
    if (this.#isSame) {
      this.field = this.#nextField;
      this.#nextField += sizeAt(bytes, view, this.#nextField);
      this.#elementsLeft--;
    } else {
      this.field = at;
      at += sizeAt(bytes, view, at);
      this.#elementsLeft -= 2;
    }
    this.value = at;
    this.#nextElement = at + sizeAt(bytes, view, at);
  }

  /** Goes back to before the first field of the entry. */
  rewindFields(): void {
    this.#read(this.at);
  }

  #readBefore(end: number): boolean {
    const { bytes, view } = this;
    let at = end - sizeBefore(bytes, end);
    // Before the first entry stands a count of 0.
    const elements = readSmall(bytes, view, at);
    if (elements === 0) return false;
    for (let i = 0; i < elements; i++) at -= sizeBefore(bytes, at);
    return this.#read(at);
  }

  #read(at: number): boolean {
    const { bytes, view } = this;
    const flags = bytes[at]!;
    if (flags === END) return false;
    this.at = at;
    this.isDeleted = (flags & DELETED) !== 0;
    this.#isSame = (flags & SAME_FIELDS) !== 0;
    let next = at + 2;
    readInteger(bytes, view, next, this.#ms);
    next += sizeAt(bytes, view, next);
    readInteger(bytes, view, next, this.#sequence);
    next += sizeAt(bytes, view, next);
    this.id.setSum(this.key, this.#ms, this.#sequence);
    if (this.#isSame) {
      this.fields = this.#blockFields;
      this.#elementsLeft = this.fields;
      this.#nextField = this.#fieldsAt;
    } else {
      this.fields = readSmall(bytes, view, next);
      this.#elementsLeft = this.fields * 2;
      next += sizeAt(bytes, view, next);
    }
    this.#nextElement = next;
    return true;
  }
}
