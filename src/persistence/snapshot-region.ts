/**
 * The part of a snapshot that is one database, as it was: its table, and which of its keys are
 * written by now.
 *
 * The walk goes through the order of hashes; what lies before its position is written, and of the
 * rest what cells say that was written ahead. Rejected: the version of a snapshot in each bucket (a
 * bucket that grew would be half written), and one in each record (there is no bit left).
 */
import type { Ptr } from '../memory/address.ts';
import { SnapshotCells } from './snapshot-cells.ts';

const CELLS_PER_KEY = 4;

/** See the file's comment. */
export class SnapshotRegion extends SnapshotCells {
  readonly id: number;
  readonly root: Ptr;
  /** Whether nobody but the snapshot has the table any more. */
  isKept = false;
  readonly #keys: number;
  readonly #expiringKeys: number;

  /** A database of this number, with so many keys of which some expire. */
  constructor(id: number, root: Ptr, keys: number, expiringKeys: number) {
    super(keys * CELLS_PER_KEY);
    this.id = id;
    this.root = root;
    this.#keys = keys;
    this.#expiringKeys = expiringKeys;
  }

  /** Keys that there were. */
  size(): number {
    return this.#keys;
  }

  expiringSize(): number {
    return this.#expiringKeys;
  }
}
