/**
 * Who keeps the state of one moment while it changes: a snapshot on its way. It is told before a
 * change, in place of after it like a `ChangeListener`, and may read whatever is about to change.
 * It must not change anything itself.
 */
import type { Ptr } from '../memory/address.ts';
import type { Structured } from '../values/cell.ts';
import type { Database } from './database.ts';

/** See the file's comment. */
export interface Witness {
  /** A key of this hash is about to be added, changed or removed; it may be there or not. */
  keyChanging(database: Database, hash: number): void;
  /** A database has been emptied. True when the witness keeps the table, and discards it later. */
  databaseEmptied(database: Database): boolean;
  /** A value lets go of its structure. True when the witness keeps that, and discards it later. */
  structureDiscarded(structure: Structured, root: Ptr): boolean;
  /** Each of the two now has what the other had. */
  databasesSwapped(first: Database, second: Database): void;
}
