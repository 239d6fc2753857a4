/**
 * Blocks of streams that come from others: RESTORE and files. Whatever passes here can be walked in
 * either direction and changed as stream-block.ts does.
 */
import { Int64 } from './int64.ts';
import { END, isString, readInteger, sizeAt } from './listpack-entry.ts';
import { isValidListpack } from './listpack-validate.ts';
import { DELETED, SAME_FIELDS } from './stream-block.ts';
import { StreamId } from './stream-id.ts';

const FIRST_ELEMENT = 6;

/** Checks blocks one after the other, which must be in the order of their ids. */
export class BlockValidator {
  /** The id of the last entry of all that were checked since `begin`, tombstones too. */
  readonly lastId: StreamId = new StreamId();
  /** Of the block checked last: entries that are not deleted, and the id of the first of them. */
  live = 0;
  readonly firstLiveId: StreamId = new StreamId();

  readonly #id = new StreamId();
  readonly #ms = new Int64();
  readonly #sequence = new Int64();
  readonly #integer = new Int64();
  #bytes!: Buffer;
  #view!: DataView;
  #at = 0;
  #end = 0;
  #isFirst = true;

  /** Begins with another stream. */
  begin(): void {
    this.lastId.setMin();
    this.#isFirst = true;
  }

  /** Whether `length` bytes are a block of this key, behind those checked before. */
  isValid(bytes: Buffer, view: DataView, start: number, length: number, key: StreamId): boolean {
    if (!isValidListpack(bytes, view, start, length)) return false;
    this.#bytes = bytes;
    this.#view = view;
    this.#at = start + FIRST_ELEMENT;
    this.#end = start + length - 1;
    const live = this.#small();
    const deleted = this.#small();
    const fields = this.#small();
    if (live < 0 || deleted < 0 || fields < 0 || live + deleted === 0) return false;
    if (!this.#pass(fields) || this.#small() !== 0) return false;
    this.live = 0;
    let gone = 0;
    for (let isOfKey = true; this.#at < this.#end; isOfKey = false) {
      const flags = this.#entry(fields, key);
      if (flags < 0 || (isOfKey && !this.#id.equals(key)) || !this.#isNext()) return false;
      if ((flags & DELETED) !== 0) gone++;
      else if (this.live++ === 0) this.firstLiveId.copyFrom(this.#id);
    }
    return this.live === live && gone === deleted;
  }

  /** Reads an entry and its id; its flags, -1 when it is none. */
  #entry(blockFields: number, key: StreamId): number {
    // Who walks blocks takes flags for one byte.
    const flags = this.#at < this.#end ? this.#bytes[this.#at]! : END;
    if (flags > (DELETED | SAME_FIELDS)) return -1;
    this.#pass(1);
    if (!this.#read(this.#ms) || !this.#read(this.#sequence)) return -1;
    this.#id.setSum(key, this.#ms, this.#sequence);
    const isSame = (flags & SAME_FIELDS) !== 0;
    const fields = isSame ? blockFields : this.#small();
    if (fields < 0 || !this.#pass(isSame ? fields : fields * 2)) return -1;
    const elements = isSame ? fields + 3 : fields * 2 + 4;
    return this.#small() === elements ? flags : -1;
  }

  /** Whether the id follows the last one. */
  #isNext(): boolean {
    if (!this.#isFirst && !this.lastId.isBefore(this.#id)) return false;
    this.#isFirst = false;
    this.lastId.copyFrom(this.#id);
    return true;
  }

  /** Reads an integer element; whether there is one. */
  #read(into: Int64): boolean {
    if (this.#at >= this.#end || isString(this.#bytes[this.#at]!)) return false;
    readInteger(this.#bytes, this.#view, this.#at, into);
    this.#at += sizeAt(this.#bytes, this.#view, this.#at);
    return true;
  }

  /** Reads a count; -1 when there is none, or one that no listpack has. */
  #small(): number {
    const integer = this.#integer;
    if (!this.#read(integer) || integer.high !== 0 || integer.low < 0) return -1;
    return integer.low;
  }

  /** Passes over so many elements; whether there are so many. */
  #pass(elements: number): boolean {
    for (let left = elements; left > 0; left--) {
      if (this.#at >= this.#end || this.#bytes[this.#at] === END) return false;
      this.#at += sizeAt(this.#bytes, this.#view, this.#at);
    }
    return true;
  }
}
