/** Filling a keyspace from a snapshot. */
import { CommandError } from '../commands/errors.ts';
import type { LibraryStore } from '../commands/services/scripting.ts';
import type { Database } from '../keyspace/database.ts';
import type { Entry } from '../keyspace/entry.ts';
import type { Keyspace } from '../keyspace/keyspace.ts';
import { Args } from '../protocol/args.ts';
import type { TimeMs } from '../structures/timing-wheel.ts';
import type { DecodedValue } from './decoded-value.ts';
import { RdbError } from './rdb-error.ts';
import type { RdbReader } from './rdb-reader.ts';
import { type KeyRecord, RecordReader, type RecordVisitor } from './record-reader.ts';
import type { Steps } from './steps.ts';
import { ValueDecoder } from './value-decoder.ts';
import { storeValue } from './value-store.ts';

/** How a snapshot is read. */
export interface RdbReading {
  /** Whether the checksum must be right, where there is one. */
  readonly checks: boolean;
  /** Whether collections are searched for elements that are there twice. */
  readonly isDeep: boolean;
  /** Whether keys that are due are left out; who follows another server waits to be told. */
  readonly dropsExpired: boolean;
  /** Whether a key takes the place of one that is there, which else is an error. */
  readonly replaces: boolean;
}

/** See the file's comment. */
export class KeyspaceReader implements RecordVisitor {
  /** Keys that were loaded, those left out as they were due, and those whose value was empty. */
  loaded = 0;
  expired = 0;
  empty = 0;
  /** What the file says about itself. */
  readonly facts: Map<string, string> = new Map();
  /** The code of each library of functions. */
  readonly libraries: Buffer[] = [];
  /** Where the first of them ends. */
  #librariesOffset = 0;
  readonly #keyspace: Keyspace;
  readonly #reading: RdbReading;
  readonly #decoder: ValueDecoder;
  readonly #args = new Args();
  #database: Database;
  #reader: RdbReader | null = null;

  constructor(keyspace: Keyspace, reading: RdbReading) {
    this.#keyspace = keyspace;
    this.#reading = reading;
    this.#decoder = new ValueDecoder(keyspace);
    this.#decoder.isDeep = reading.isDeep;
    this.#database = keyspace.databases[0]!;
  }

  /**
   * Reads a snapshot in steps. Throws RdbError and OutOfMemoryError; what was read by then is in
   * the keyspace.
   */
  read(reader: RdbReader): Steps {
    this.#reader = reader;
    return new RecordReader(reader, this, this.#reading.checks).read();
  }

  aux(name: string, value: string): void {
    this.facts.set(name, value);
  }

  database(id: number): void {
    const { databases } = this.#keyspace;
    const database = databases[id];
    if (database === undefined) {
      throw this.#reader!.error(
        `database ${id} is one more than the ${databases.length} there are`,
      );
    }
    this.#database = database;
  }

  sizes(): void {
    // Tables grow in small steps, so there is nothing to prepare.
  }

  library(code: Buffer): void {
    if (this.libraries.length === 0) this.#librariesOffset = this.#reader!.offset;
    this.libraries.push(code);
  }

  /** Puts the libraries of the file in place of all others. Throws RdbError, changing nothing. */
  replaceLibraries(store: LibraryStore): void {
    try {
      store.replace(this.libraries);
    } catch (problem) {
      if (!(problem instanceof CommandError)) throw problem;
      throw new RdbError(this.#librariesOffset, `a library of functions: ${problem.text}`);
    }
  }

  moduleData(): void {
    // What a module noted beside keys is of no use without it.
  }

  key(record: KeyRecord, reader: RdbReader): Steps | null {
    const steps = this.#decoder.read(reader, record.rdbType);
    if (steps !== null) return this.#storeAfter(steps, record, reader);
    this.#store(record, reader);
    return null;
  }

  *#storeAfter(steps: Steps, record: KeyRecord, reader: RdbReader): Steps {
    yield* steps;
    this.#store(record, reader);
  }

  #store(record: KeyRecord, reader: RdbReader): void {
    const { value } = this.#decoder;
    const keyspace = this.#keyspace;
    const database = this.#database;
    if (value.isEmpty) {
      this.empty++;
      return;
    }
    const { expiry, name } = record;
    if (this.#reading.dropsExpired && expiry >= 0 && expiry <= keyspace.nowMs) {
      this.#decoder.discard();
      this.expired++;
      return;
    }
    const args = this.#args;
    args.reset(name.bytes, name.view);
    args.push(0, name.length);
    const keys = database.size();
    const entry = this.#storeSilently(database, args, value, expiry);
    if (database.size() === keys && !this.#reading.replaces) {
      throw reader.error('the key is there twice');
    }
    this.loaded++;
    const { access } = keyspace;
    if (access.counting) {
      if (record.frequency >= 0) {
        database.entries.setClock(entry, access.withFrequency(record.frequency));
      }
    } else if (access.timing && record.idleSeconds >= 0) {
      database.entries.setClock(entry, access.idleSince(record.idleSeconds));
    }
  }

  /** Stores a value; what is loaded is no change that anybody hears of. */
  #storeSilently(database: Database, args: Args, value: DecodedValue, expiry: TimeMs): Entry {
    const keyspace = this.#keyspace;
    const { listener } = keyspace;
    keyspace.listener = null;
    try {
      return storeValue(database, args, 0, value, expiry);
    } catch (problem) {
      this.#decoder.discard();
      throw problem;
    } finally {
      keyspace.listener = listener;
    }
  }
}
