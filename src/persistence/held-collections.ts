/**
 * The large collections that a snapshot under way has yet to write and that change meanwhile, or
 * whose keys let go of them: told before each change of theirs.
 */
import type { Keyspace } from '../keyspace/keyspace.ts';
import type { Ptr } from '../memory/address.ts';
import type { TableWitness } from '../structures/packed-table-layout.ts';
import type { MemberWitness } from '../structures/sorted-set.ts';
import type { Structured } from '../values/cell.ts';
import type { HeldBack } from './held-record.ts';
import type { SnapshotCollection } from './snapshot-collection.ts';

/** See the file's comment. */
export class HeldCollections implements TableWitness, MemberWitness {
  /** Bytes of memory that those take whose turn has not come. */
  waitingBytes = 0;
  readonly #keyspace: Keyspace;
  readonly #byRoot = new Map<Ptr, SnapshotCollection>();
  #waiting: HeldBack[] = [];

  constructor(keyspace: Keyspace) {
    this.#keyspace = keyspace;
  }

  /** From now on this one may change. */
  hold(collection: SnapshotCollection): void {
    collection.hold();
    this.#byRoot.set(collection.root, collection);
    this.#listen(this);
  }

  /** As `hold`, for one whose turn comes later. */
  holdBack(collection: SnapshotCollection): void {
    this.hold(collection);
    this.wait(collection);
  }

  /** Has something written when its turn comes. */
  wait(held: HeldBack): void {
    this.#waiting.push(held);
    this.waitingBytes += held.waitingBytes;
  }

  /** One whose turn may come now, or null. */
  next(): HeldBack | null {
    const held = this.#waiting.shift() ?? null;
    if (held !== null) this.waitingBytes -= held.waitingBytes;
    return held;
  }

  /** All of this one is written. */
  written(collection: SnapshotCollection): void {
    if (!this.#byRoot.delete(collection.root)) return;
    if (this.#byRoot.size === 0) this.#listen(null);
    const { owner, root } = collection;
    if (owner !== null) this.#keyspace.discardStructure(owner, root);
  }

  /** Gives all of them up. */
  abandon(): void {
    this.#waiting = [];
    this.waitingBytes = 0;
    for (const collection of [...this.#byRoot.values()]) this.written(collection);
  }

  /** A key lets go of a structure; whether the snapshot keeps it. */
  discarded(structure: Structured, root: Ptr): boolean {
    const collection = this.#byRoot.get(root);
    if (collection === undefined) return false;
    collection.owner = structure;
    return true;
  }

  placesChanging(root: Ptr, start: number, end: number): void {
    const collection = this.#byRoot.get(root);
    if (collection === undefined) return;
    const before = collection.waitingBytes;
    collection.changing(start, end);
    this.waitingBytes += collection.waitingBytes - before;
  }

  #listen(witness: HeldCollections | null): void {
    const { hashes, sets, sortedSets } = this.#keyspace;
    hashes.table.witness = witness;
    sets.table.witness = witness;
    sortedSets.large.witness = witness;
  }
}
