/**
 * The place of one collection's value inside its key's record, as the operations of its type see
 * it.
 *
 * A packed encoding has its bytes here: `bytes` and `view` at `start`, `length` of them. A
 * structured encoding has the address of its root here and everything else elsewhere in the arena.
 * The same few cells serve command after command; a cell is valid until the command returns.
 */
import type { Ptr } from '../memory/address.ts';
import type { Heap } from '../memory/heap.ts';

/** Bytes of a value that is the root address of a structure. */
export const ROOT_BYTES = 4;

/** See the file's comment. */
export abstract class Cell {
  readonly heap: Heap;
  bytes!: Buffer;
  view!: DataView;
  start = 0;
  length = 0;
  /** The type's own number for how the value is held. */
  abstract encoding: number;

  constructor(heap: Heap) {
    this.heap = heap;
  }

  /**
   * Makes the value `length` bytes long, keeping its bytes up to the shorter of both, and moves
   * `bytes`, `view` and `start` to where it now is. `slackBytes` asks for room behind it. Throws
   * OutOfMemoryError, with nothing changed.
   */
  abstract resize(length: number, slackBytes?: number): void;

  /** The root of a structured value. */
  get root(): Ptr {
    return this.view.getUint32(this.start, true) as Ptr;
  }

  set root(root: Ptr) {
    this.view.setUint32(this.start, root, true);
  }

  /** Turns a packed value into a structured one; its bytes are gone. */
  become(encoding: number, root: Ptr): void {
    this.resize(ROOT_BYTES);
    this.encoding = encoding;
    this.root = root;
  }
}

/** What the keyspace does with a structured value without knowing what it is. */
export interface Structured {
  /** Frees up to about `blocksMax` blocks; true once nothing is left of the value. */
  release(root: Ptr, blocksMax: number): boolean;
  /** A copy that shares nothing. Throws OutOfMemoryError, with nothing left behind. */
  copy(root: Ptr): Ptr;
  /**
   * Bytes of all its blocks; from up to `samples` elements, 0 for all, where they must be asked.
   */
  usedBytes(root: Ptr, samples: number): number;
  /** Calls back with every block, for the heap checker. */
  visitBlocks(root: Ptr, visit: (block: Ptr) => void): void;
}

/**
 * How the defragmenter moves a structured value. Without memory it throws, and the value is whole.
 */
export interface Movable {
  /** Moves the root, and what hangs on it alone, out of evacuated places; returns its address. */
  relocateRoot(root: Ptr): Ptr;
  /**
   * Moves what lies in evacuated places of a small part of the value. Begins at position 0 and
   * returns the next, 0 at the end; between two steps the value may change.
   */
  relocate(root: Ptr, position: number): number;
}
