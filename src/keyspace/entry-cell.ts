/** The cell of an entry: how the operations of a type reach the value in its record. */
import { Cell } from '../values/cell.ts';
import type { Database } from './database.ts';
import { type Entry, NO_ENTRY } from './entry.ts';
import type { Keyspace } from './keyspace.ts';

/** See values/cell.ts. */
export class EntryCell extends Cell {
  #database: Database;
  #entry: Entry = NO_ENTRY;

  constructor(keyspace: Keyspace) {
    super(keyspace.heap);
    this.#database = keyspace.databases[0]!;
  }

  /** Points the cell at an entry's value. */
  open(database: Database, entry: Entry): this {
    this.#database = database;
    this.#load(entry);
    return this;
  }

  get entry(): Entry {
    return this.#entry;
  }

  override get encoding(): number {
    return this.#database.entries.encoding(this.#entry);
  }

  override set encoding(encoding: number) {
    this.#database.entries.setEncoding(this.#entry, encoding);
  }

  override resize(length: number, slackBytes = 0): void {
    this.#load(this.#database.resizeValue(this.#entry, length, slackBytes));
  }

  #load(entry: Entry): void {
    this.#entry = entry;
    this.#database.entries.locate(entry, this);
  }
}
