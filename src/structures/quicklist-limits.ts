/** How large the nodes of lists may be: what list-max-listpack-size says, in bytes and entries. */
import { EMPTY_BYTES } from './listpack.ts';
import { NODE_BYTES } from './quicklist-layout.ts';

/** Redis's default for list-max-listpack-size. */
const SIZE_DEFAULT = -2;
/** What the sizes -1, -2 ... -5 stand for. */
const BYTES_OF_SIZE: readonly number[] = [4096, 8192, 16384, 32768, 65536];
/** A size that counts entries allows no more bytes than this. */
const SAFE_BYTES = 8192;
/** More entries than any node has, and more bytes than any element. */
const UNLIMITED = 2 ** 31 - 1;

/** Limits in force; they may change at any time, and nodes that are there stay as they are. */
export class NodeLimits {
  /** What list-max-listpack-size says. */
  size = 0;
  /** Bytes of a full node's block. */
  blockBytes = 0;
  /**
   * Most bytes of a node's listpack: with its header it fills a block, and no size class beyond.
   */
  listpackBytes = 0;
  /** Most entries of a node. */
  entries = 0;
  #countsEntries = false;
  /** Elements from so many bytes on have a node to themselves, even if they would fit. */
  #plainBytes: number = UNLIMITED;

  constructor() {
    this.setSize(SIZE_DEFAULT);
  }

  /** Sets what list-max-listpack-size says: entries, or from -1 to -5 a number of bytes. */
  setSize(size: number): void {
    this.size = size;
    this.#countsEntries = size >= 0;
    const level = Math.min(-size, BYTES_OF_SIZE.length) - 1;
    this.blockBytes = this.#countsEntries ? SAFE_BYTES : BYTES_OF_SIZE[level]!;
    this.listpackBytes = this.blockBytes - NODE_BYTES;
    this.entries = this.#countsEntries ? Math.max(size, 1) : UNLIMITED;
  }

  /** Sets from how many bytes on an element has a node to itself, 0 for no such size; for tests. */
  setPlainBytes(bytes: number): void {
    this.#plainBytes = bytes === 0 ? UNLIMITED : bytes;
  }

  /** Whether an element has a node to itself: its text so long, its entry of so many bytes. */
  isPlain(textLength: number, entryBytes: number): boolean {
    return entryBytes + EMPTY_BYTES > this.listpackBytes || textLength >= this.#plainBytes;
  }

  /** Whether a list of this size is too large to be one listpack. */
  exceeds(listpackBytes: number, entries: number): boolean {
    return listpackBytes > this.blockBytes || entries > this.entries;
  }

  /**
   * Whether a list that has shrunk to this size becomes one listpack again. At half of the limits,
   * so that one which goes up and down does not change all the time.
   */
  isSmall(listpackBytes: number, entries: number): boolean {
    if (this.#countsEntries) return entries <= Math.floor(this.entries / 2);
    return listpackBytes <= this.blockBytes / 2;
  }

  /** Whether two nodes that have so much together are to be one: below the limits by a quarter. */
  shouldMerge(listpackBytes: number, entries: number): boolean {
    return listpackBytes <= this.listpackBytes * 0.75 && entries <= this.entries * 0.75;
  }
}
