/**
 * Checks that whoever changes a key says so before, not only afterwards: a snapshot under way could
 * not keep the state of its moment otherwise.
 */
import type { Database } from '../../src/keyspace/database.ts';
import { KEY_MISS, type KeyEvent } from '../../src/keyspace/events.ts';
import type { ChangeListener, Keyspace } from '../../src/keyspace/keyspace.ts';
import type { Witness } from '../../src/keyspace/witness.ts';
import type { Args } from '../../src/protocol/args.ts';
import { hashBytes } from '../../src/structures/siphash.ts';

/** See the file's comment. */
export class AnnouncedChanges implements Witness, ChangeListener {
  readonly #keyspace: Keyspace;
  /** What the commands of one call have announced. */
  readonly #announced = new Set<string>();

  constructor(keyspace: Keyspace) {
    this.#keyspace = keyspace;
  }

  /**
   * Runs something and checks all changes that it makes, unless a snapshot is being taken or the
   * test itself listens.
   */
  during<Result>(run: () => Result): Result {
    const keyspace = this.#keyspace;
    if (keyspace.witness !== null || keyspace.listener !== null) return run();
    this.#announced.clear();
    keyspace.witness = this;
    keyspace.listener = this;
    try {
      return run();
    } finally {
      if (keyspace.witness === this) keyspace.witness = null;
      if (keyspace.listener === this) keyspace.listener = null;
    }
  }

  keyChanging(database: Database, hash: number): void {
    this.#announced.add(`${database.id} ${hash}`);
  }

  databaseEmptied(): boolean {
    return false;
  }

  structureDiscarded(): boolean {
    return false;
  }

  databasesSwapped(): void {
    // What was announced before stays as good.
  }

  keyChanged(database: Database, args: Args, key: number, event: KeyEvent): void {
    if (this.#keyspace.witness !== this || event === KEY_MISS) return;
    const hash = hashBytes(args.view, args.start(key), args.length(key));
    if (this.#announced.has(`${database.id} ${hash}`)) return;
    throw new Error(`the change "${event.name}" of ${args.text(key)} was not announced`);
  }

  databaseFlushed(): void {
    // Needs no announcement.
  }
}
