/**
 * Records in the order of their names, as the consumer groups of a stream and the consumers of a
 * group are.
 *
 *   root (8 B)   | directory | records u32 |                       part of the owner's block
 *   directory    | chunks u32 | chunk × chunks |
 *   chunk        | records u32 | record × up to 127 |
 *   record       | name length u32 | what else it holds | name |   the owner's
 *
 * A search halves the directory by the first name of each chunk and then the chunk. Names are
 * ordered by unsigned bytes, a prefix first. Directory and chunks double as they fill; a full chunk
 * is divided, and what is left of two neighbours joins when it fits in half of one.
 *
 * A directory is not divided: with a million names it has 64 KiB, which an insertion moves in a few
 * microseconds. Rejected: a hash table (names are told in order, and most lists have one or two),
 * and a tree (its inner keys would point at records that may go).
 *
 * A list is the address of a root, all zero at first.
 */
import { EXTENT_SHIFT, NULL, type Ptr, UNIT_MASK } from '../memory/address.ts';
import type { Heap } from '../memory/heap.ts';

const LIST_DIRECTORY = 0;
const LIST_COUNT = 1;
export const NAME_LENGTH = 0;

const RECORDS_MAX = 127;
const JOINED_MAX = 63;
const SMALLEST_BYTES = 16;
/** Longer names are compared through the runtime. */
const BYTEWISE_MAX = 32;

/** See the file's comment. One per kind of record serves all lists of them. */
export class NameList {
  readonly heap: Heap;
  /** Bytes before the name of a record. */
  readonly #nameOffset: number;
  /** Where the last search ended: indexes of a chunk and in it. */
  #chunk = 0;
  #slot = 0;

  constructor(heap: Heap, nameOffset: number) {
    this.heap = heap;
    this.#nameOffset = nameOffset;
  }

  /** Number of records. */
  count(root: Ptr): number {
    return this.heap.word(root, LIST_COUNT);
  }

  /** Length of a record's name. */
  nameLength(record: Ptr): number {
    return this.heap.word(record, NAME_LENGTH);
  }

  /** Where a record's name begins in its extent. */
  nameStart(record: Ptr): number {
    return ((record & UNIT_MASK) << 3) + this.#nameOffset;
  }

  /** The record of a name, or NULL. */
  find(root: Ptr, bytes: Buffer, offset: number, length: number): Ptr {
    return this.#search(root, bytes, offset, length) ? this.#recordAt(root) : NULL;
  }

  first(root: Ptr): Ptr {
    if (this.count(root) === 0) return NULL;
    this.#chunk = 0;
    this.#slot = 0;
    return this.#recordAt(root);
  }

  last(root: Ptr): Ptr {
    if (this.count(root) === 0) return NULL;
    this.#chunk = this.#size(this.#directory(root)) - 1;
    this.#slot = this.#size(this.#chunkAt(root)) - 1;
    return this.#recordAt(root);
  }

  /** The record that so many are before, or NULL. */
  at(root: Ptr, index: number): Ptr {
    if (index >= this.count(root)) return NULL;
    const directory = this.#directory(root);
    this.#chunk = 0;
    this.#slot = index;
    for (;;) {
      const size = this.#size(this.#item(directory, this.#chunk));
      if (this.#slot < size) return this.#recordAt(root);
      this.#slot -= size;
      this.#chunk++;
    }
  }

  /** The record behind one, NULL if it is the last. */
  next(root: Ptr, record: Ptr): Ptr {
    this.#locate(root, record);
    this.#slot++;
    if (this.#slot === this.#size(this.#chunkAt(root))) {
      this.#slot = 0;
      this.#chunk++;
      if (this.#chunk === this.#size(this.#directory(root))) return NULL;
    }
    return this.#recordAt(root);
  }

  /**
   * Adds a record. REQUIRES: none has its name. Without memory it throws, and nothing has changed.
   */
  insert(root: Ptr, record: Ptr): void {
    const { heap } = this;
    if (this.count(root) === 0) {
      this.#begin(root, record);
      return;
    }
    const bytes = heap.bytes[record >>> EXTENT_SHIFT]!;
    this.#search(root, bytes, this.nameStart(record), this.nameLength(record));
    let chunk = this.#chunkAt(root);
    if (this.#size(chunk) === RECORDS_MAX) chunk = this.#divide(root, chunk);
    const roomy = this.#withRoom(chunk);
    if (roomy !== chunk) this.#setItem(this.#directory(root), this.#chunk, roomy);
    this.#insertItem(roomy, this.#slot, record);
    heap.setWord(root, LIST_COUNT, this.count(root) + 1);
  }

  /** Takes a record out. REQUIRES: it is in the list. */
  remove(root: Ptr, record: Ptr): void {
    this.#locate(root, record);
    this.#removeFound(root);
  }

  /** Takes the last record out and returns it, NULL if there is none. */
  pop(root: Ptr): Ptr {
    const record = this.last(root);
    if (record !== NULL) this.#removeFound(root);
    return record;
  }

  /** Calls back with the address of every block but the records. */
  visitBlocks(root: Ptr, visit: (block: Ptr) => void): void {
    const directory = this.#directory(root);
    if (directory === NULL) return;
    visit(directory);
    for (let i = 0; i < this.#size(directory); i++) visit(this.#item(directory, i));
  }

  // --- Searching

  /** Goes to the name or to where it belongs; whether it is there. */
  #search(root: Ptr, bytes: Buffer, offset: number, length: number): boolean {
    this.#chunk = 0;
    this.#slot = 0;
    if (this.count(root) === 0) return false;
    const directory = this.#directory(root);
    let low = 1;
    let high = this.#size(directory);
    while (low < high) {
      const middle = (low + high) >>> 1;
      const first = this.#item(this.#item(directory, middle), 0);
      if (this.#compare(first, bytes, offset, length) <= 0) low = middle + 1;
      else high = middle;
    }
    this.#chunk = low - 1;
    return this.#searchChunk(this.#item(directory, low - 1), bytes, offset, length);
  }

  #searchChunk(chunk: Ptr, bytes: Buffer, offset: number, length: number): boolean {
    let low = 0;
    let high = this.#size(chunk);
    while (low < high) {
      const middle = (low + high) >>> 1;
      const order = this.#compare(this.#item(chunk, middle), bytes, offset, length);
      if (order === 0) {
        this.#slot = middle;
        return true;
      }
      if (order < 0) low = middle + 1;
      else high = middle;
    }
    this.#slot = low;
    return false;
  }

  #locate(root: Ptr, record: Ptr): void {
    const bytes = this.heap.bytes[record >>> EXTENT_SHIFT]!;
    const found = this.#search(root, bytes, this.nameStart(record), this.nameLength(record));
    if (!found || this.#recordAt(root) !== record) {
      throw new Error(`record ${record} is not in the list`);
    }
  }

  /** Less than 0, 0 or more as a record's name comes before, with or after this. */
  #compare(record: Ptr, bytes: Buffer, offset: number, length: number): number {
    const own = this.heap.bytes[record >>> EXTENT_SHIFT]!;
    const start = this.nameStart(record);
    const ownLength = this.nameLength(record);
    const shared = Math.min(ownLength, length);
    if (shared > BYTEWISE_MAX) {
      const order = own.compare(bytes, offset, offset + shared, start, start + shared);
      if (order !== 0) return order;
    } else {
      for (let i = 0; i < shared; i++) {
        const difference = own[start + i]! - bytes[offset + i]!;
        if (difference !== 0) return difference;
      }
    }
    return ownLength - length;
  }

  // --- Changing

  #begin(root: Ptr, record: Ptr): void {
    const { heap } = this;
    const directory = heap.alloc(SMALLEST_BYTES);
    let chunk: Ptr;
    try {
      chunk = heap.alloc(SMALLEST_BYTES);
    } catch (refusal) {
      heap.free(directory);
      throw refusal;
    }
    heap.setWord(directory, 0, 0);
    heap.setWord(chunk, 0, 0);
    this.#insertItem(directory, 0, chunk);
    this.#insertItem(chunk, 0, record);
    heap.setWord(root, LIST_DIRECTORY, directory);
    heap.setWord(root, LIST_COUNT, 1);
  }

  /**
   * Divides a full chunk where the search ended, which then ends in one of the halves: that one.
   */
  #divide(root: Ptr, chunk: Ptr): Ptr {
    const { heap } = this;
    const directory = this.#withRoom(this.#directory(root));
    heap.setWord(root, LIST_DIRECTORY, directory);
    const fresh = heap.alloc(heap.capacity(chunk));
    heap.setWord(fresh, 0, 0);
    const half = (RECORDS_MAX + 1) / 2;
    for (let i = half; i < RECORDS_MAX; i++)
      this.#insertItem(fresh, i - half, this.#item(chunk, i));
    heap.setWord(chunk, 0, half);
    this.#insertItem(directory, this.#chunk + 1, fresh);
    if (this.#slot <= half) return chunk;
    this.#chunk++;
    this.#slot -= half;
    return fresh;
  }

  #removeFound(root: Ptr): void {
    const { heap } = this;
    const directory = this.#directory(root);
    const chunk = this.#chunkAt(root);
    this.#removeItem(chunk, this.#slot);
    heap.setWord(root, LIST_COUNT, this.count(root) - 1);
    if (this.#size(chunk) === 0) {
      heap.free(chunk);
      this.#removeItem(directory, this.#chunk);
      if (this.#size(directory) > 0) return;
      heap.free(directory);
      heap.setWord(root, LIST_DIRECTORY, NULL);
    } else if (!this.#joins(directory, this.#chunk)) {
      this.#joins(directory, this.#chunk - 1);
    }
  }

  /** Moves the records of the chunk behind one into it, if there is one and they fit. */
  #joins(directory: Ptr, index: number): boolean {
    if (index < 0 || index + 1 >= this.#size(directory)) return false;
    const left = this.#item(directory, index);
    const right = this.#item(directory, index + 1);
    const size = this.#size(left);
    const added = this.#size(right);
    // A chunk that shares a directory has been full, and so has room for all it may get.
    if (size + added > JOINED_MAX) return false;
    for (let i = 0; i < added; i++) this.#insertItem(left, size + i, this.#item(right, i));
    this.heap.free(right);
    this.#removeItem(directory, index + 1);
    return true;
  }

  // --- Directories and chunks: a count and so many items

  #directory(root: Ptr): Ptr {
    return this.heap.word(root, LIST_DIRECTORY) as Ptr;
  }

  #chunkAt(root: Ptr): Ptr {
    return this.#item(this.#directory(root), this.#chunk);
  }

  #recordAt(root: Ptr): Ptr {
    return this.#item(this.#chunkAt(root), this.#slot);
  }

  #size(block: Ptr): number {
    return this.heap.word(block, 0);
  }

  #item(block: Ptr, index: number): Ptr {
    return this.heap.word(block, index + 1) as Ptr;
  }

  #setItem(block: Ptr, index: number, item: Ptr): void {
    this.heap.setWord(block, index + 1, item);
  }

  /** The block, or one of twice its size in its place if it is full. */
  #withRoom(block: Ptr): Ptr {
    const { heap } = this;
    const bytes = heap.capacity(block);
    if ((this.#size(block) + 2) * 4 <= bytes) return block;
    const larger = heap.alloc(bytes * 2);
    for (let i = 0; i <= this.#size(block); i++) heap.setWord(larger, i, heap.word(block, i));
    heap.free(block);
    return larger;
  }

  #insertItem(block: Ptr, index: number, item: Ptr): void {
    const words = this.heap.words[block >>> EXTENT_SHIFT]!;
    const at = (block & UNIT_MASK) << 1;
    const from = at + 1 + index;
    words.copyWithin(from + 1, from, at + 1 + words[at]!);
    words[from] = item;
    words[at]! += 1;
  }

  #removeItem(block: Ptr, index: number): void {
    const words = this.heap.words[block >>> EXTENT_SHIFT]!;
    const at = (block & UNIT_MASK) << 1;
    const from = at + 1 + index;
    words.copyWithin(from, from + 1, at + 1 + words[at]!);
    words[at]! -= 1;
  }
}
