/** Several who want to hear of every change of a key, as the one that the keyspace tells. */
import type { Ptr } from '../memory/address.ts';
import type { Args } from '../protocol/args.ts';
import type { Database } from './database.ts';
import type { KeyEvent } from './events.ts';
import type { ChangeListener } from './keyspace.ts';

/** See the file's comment. Each may leave while it is being told. */
export class ChangeListeners implements ChangeListener {
  /** Never changed in place. */
  #all: readonly ChangeListener[] = [];

  /** Adds a listener, behind the others; one that is there already stays where it is. */
  add(listener: ChangeListener): void {
    if (!this.#all.includes(listener)) this.#all = [...this.#all, listener];
  }

  remove(listener: ChangeListener): void {
    this.#all = this.#all.filter((each) => each !== listener);
  }

  /** Whom the keyspace is to tell: nobody, the only one, or all through this. */
  get target(): ChangeListener | null {
    return this.#all.length > 1 ? this : (this.#all[0] ?? null);
  }

  keyChanged(database: Database, args: Args, key: number, event: KeyEvent): void {
    for (const listener of this.#all) listener.keyChanged(database, args, key, event);
  }

  databaseFlushed(database: Database, emptied: Ptr): void {
    for (const listener of this.#all) listener.databaseFlushed(database, emptied);
  }

  databasesSwapped(first: Database, second: Database): void {
    for (const listener of this.#all) listener.databasesSwapped(first, second);
  }
}
