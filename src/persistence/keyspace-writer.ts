/**
 * Writing a snapshot of a keyspace.
 *
 * The walk goes through the databases in order and through each in the order of its keys' hashes,
 * bucket by bucket. Where it is is a database and a position in that order: a key is written if its
 * database comes before, or is the same and its hash, unsigned, is less than the position. Those of
 * the bucket at the position are being written. Between two steps nothing may change what is not
 * written yet, nor may a large value that is being written change or move; `entry` writes a key
 * out of its turn.
 */
import type { Database } from '../keyspace/database.ts';
import type { Entry } from '../keyspace/entry.ts';
import { EntryCell } from '../keyspace/entry-cell.ts';
import type { Keyspace } from '../keyspace/keyspace.ts';
import {
  MAGIC,
  OP_AUX,
  OP_DATABASE,
  OP_EOF,
  OP_EXPIRY_MS,
  OP_FREQUENCY,
  OP_FUNCTION,
  OP_IDLE,
  OP_RESIZE,
} from './rdb-format.ts';
import { type RdbWriter, STEP_BYTES } from './rdb-writer.ts';
import type { Steps } from './steps.ts';
import type { Structures } from './structures.ts';
import { ValueEncoder } from './value-encoder.ts';

/** What a snapshot says beside its keys. */
export interface SnapshotFacts {
  /** Names and values about the file as a whole, in their order. */
  readonly aux: readonly (readonly [name: string, value: string])[];
  /** The code of each library of functions. */
  readonly libraries: readonly Buffer[];
  /** What is noted of each key's use: what the policy of eviction asks for. */
  readonly use: 'idle' | 'frequency' | 'none';
}

/** A database as a snapshot tells of it. */
export interface WrittenDatabase {
  readonly id: number;
  /** Keys, and those that expire: readers take it for a hint. */
  size(): number;
  expiringSize(): number;
}

/** See the file's comment. Without its checksum, which is for those who have all the bytes. */
export class KeyspaceWriter {
  /** Where the walk is. */
  databaseId = 0;
  position = 0;
  /** Keys that were written. */
  keys = 0;
  readonly #keyspace: Keyspace;
  readonly #writer: RdbWriter;
  readonly #facts: SnapshotFacts;
  readonly #encoder: ValueEncoder;
  readonly #cell: EntryCell;
  /** The database that the file is in; -1 for none. */
  #selected = -1;
  /** The bucket that is being written. */
  #batch = new Uint32Array(16);

  /** `structures` are the operations with which it reads values. */
  constructor(
    keyspace: Keyspace,
    writer: RdbWriter,
    facts: SnapshotFacts,
    structures: Structures = keyspace,
  ) {
    this.#keyspace = keyspace;
    this.#writer = writer;
    this.#facts = facts;
    this.#encoder = new ValueEncoder(structures, writer);
    this.#cell = new EntryCell(keyspace);
  }

  /** Writes everything from header to end. */
  *write(): Steps {
    this.begin();
    const { databases } = this.#keyspace;
    for (; this.databaseId < databases.length; this.databaseId++) {
      yield* this.#writeDatabase(databases[this.databaseId]!);
    }
    this.end();
  }

  /** Writes what comes before the first key. */
  begin(): void {
    const writer = this.#writer;
    const magic = Buffer.from(MAGIC + String(writer.version).padStart(4, '0'), 'latin1');
    writer.raw(magic, new DataView(magic.buffer, magic.byteOffset, magic.length), 0, magic.length);
    for (const [name, value] of this.#facts.aux) {
      writer.byte(OP_AUX);
      writer.latin1(name);
      writer.latin1(value);
    }
    for (const code of this.#facts.libraries) {
      writer.byte(OP_FUNCTION);
      const view = new DataView(code.buffer, code.byteOffset, code.length);
      writer.string(code, view, 0, code.length);
    }
  }

  /** Writes a key with all that belongs to it, or begins to: what is left of it, or null. */
  entry(database: WrittenDatabase, entry: Entry): Steps | null {
    this.select(database);
    this.head(this.#writer, entry);
    const { databases, entries } = this.#keyspace;
    return this.#encoder.write(entries.type(entry), this.#cell.open(databases[0]!, entry));
  }

  /** Says that what follows is in a database, unless that is so. */
  select(database: WrittenDatabase): void {
    if (this.#selected === database.id) return;
    const writer = this.#writer;
    this.#selected = database.id;
    writer.byte(OP_DATABASE);
    writer.length(database.id);
    writer.byte(OP_RESIZE);
    writer.length(database.size());
    writer.length(database.expiringSize());
  }

  /** Writes all that comes before a key's value, to this writer or another. */
  head(writer: RdbWriter, entry: Entry): void {
    const { databases, entries } = this.#keyspace;
    this.#writeExpiry(writer, entry);
    this.#writeUse(writer, entry);
    // The cell is only read, which it does for any database alike.
    const cell = this.#cell.open(databases[0]!, entry);
    writer.byte(this.#encoder.rdbType(entries.type(entry), cell));
    const start = entries.keyStart(entry);
    writer.string(entries.bytes(entry), entries.view(entry), start, entries.keyLength(entry));
    this.keys++;
  }

  /** Writes what comes behind the last key, up to the checksum. */
  end(): void {
    this.#writer.byte(OP_EOF);
    this.#writer.flush();
  }

  /** Says that the file may be in any database by now, as others have written to it. */
  forgetDatabase(): void {
    this.#selected = -1;
  }

  *#writeDatabase(database: Database): Steps {
    const writer = this.#writer;
    const { table } = this.#keyspace;
    this.position = 0;
    if (database.size() === 0) return;
    let pause = writer.written + STEP_BYTES;
    do {
      const count = this.#takeBucket(database);
      const behind = table.nextPosition;
      for (let i = 0; i < count; i++) {
        const steps = this.entry(database, this.#batch[i]! as Entry);
        if (steps !== null) yield* steps;
      }
      this.position = behind;
      if (writer.written < pause) continue;
      yield;
      pause = writer.written + STEP_BYTES;
    } while (this.position !== 0);
  }

  /** Notes the records of the bucket at the position; how many. */
  #takeBucket(database: Database): number {
    const { table } = this.#keyspace;
    const count = table.scanBucket(database.root, this.position);
    if (count > this.#batch.length) this.#batch = new Uint32Array(table.batch.length);
    for (let i = 0; i < count; i++) this.#batch[i] = table.batch[i]!;
    return count;
  }

  #writeExpiry(writer: RdbWriter, entry: Entry): void {
    const { databases, entries } = this.#keyspace;
    if (!entries.expires(entry)) return;
    writer.byte(OP_EXPIRY_MS);
    // A timer says by itself when it is due, on whatever wheel it is.
    writer.int64(databases[0]!.wheel.exactDueMs(entries.timer(entry)));
  }

  #writeUse(writer: RdbWriter, entry: Entry): void {
    const { use } = this.#facts;
    if (use === 'none') return;
    const { access, entries } = this.#keyspace;
    const clock = entries.clock(entry);
    if (use === 'idle') {
      writer.byte(OP_IDLE);
      writer.length(access.idleSeconds(clock));
    } else {
      writer.byte(OP_FREQUENCY);
      writer.byte(access.frequency(clock));
    }
  }
}
