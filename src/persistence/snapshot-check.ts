/**
 * Saying what is in a snapshot and where it is damaged. Every value is read as if it were loaded,
 * into a keyspace that nobody uses, and given up at once: what passes here can be loaded.
 */
import { Keyspace } from '../keyspace/keyspace.ts';
import type { OpenFile } from './file-system.ts';
import { RdbError } from './rdb-error.ts';
import { rdbTypeName } from './rdb-format.ts';
import { RdbReader } from './rdb-reader.ts';
import { type KeyRecord, RecordReader, type RecordVisitor } from './record-reader.ts';
import { FileSource } from './snapshot-file.ts';
import { runSteps, type Steps } from './steps.ts';
import { ValueDecoder } from './value-decoder.ts';

/** What was found of one database. */
export interface DatabaseFindings {
  keys: number;
  expiring: number;
  /** Of those, keys that are due already. */
  expired: number;
}

/** What was found in a snapshot. */
export interface SnapshotFindings {
  version: number;
  /** Bytes that it has, and those that were read. */
  bytes: number;
  read: number;
  readonly facts: [name: string, value: string][];
  readonly databases: Map<number, DatabaseFindings>;
  /** Keys by what their values are. */
  readonly types: Map<string, number>;
  libraries: number;
  /** Modules whose data was passed over. */
  readonly modules: Set<string>;
  /** What is wrong with it; null when nothing is. */
  damage: RdbError | null;
}

/** Reads a snapshot from beginning to end, or to where it is damaged. */
export function checkSnapshot(file: OpenFile, nowMs: number): SnapshotFindings {
  const source = new FileSource(file);
  const reader = RdbReader.ofSource(source, true);
  const check = new SnapshotCheck(source.size, nowMs);
  check.run(reader);
  return check.findings;
}

class SnapshotCheck implements RecordVisitor {
  readonly findings: SnapshotFindings;
  readonly #nowMs: number;
  readonly #decoder: ValueDecoder;
  #database = 0;

  constructor(bytes: number, nowMs: number) {
    this.#nowMs = nowMs;
    this.#decoder = new ValueDecoder(new Keyspace(1, nowMs));
    this.#decoder.isDeep = true;
    this.findings = {
      version: 0,
      bytes,
      read: 0,
      facts: [],
      databases: new Map(),
      types: new Map(),
      libraries: 0,
      modules: new Set(),
      damage: null,
    };
  }

  run(reader: RdbReader): void {
    const { findings } = this;
    const records = new RecordReader(reader, this, true);
    try {
      runSteps(records.read());
    } catch (problem) {
      if (!(problem instanceof RdbError)) throw problem;
      findings.damage = problem;
    }
    findings.version = records.version;
    findings.read = reader.offset;
  }

  aux(name: string, value: string): void {
    this.findings.facts.push([name, value]);
  }

  database(id: number): void {
    this.#database = id;
  }

  sizes(): void {
    // Only a hint for those who load.
  }

  library(): void {
    this.findings.libraries++;
  }

  moduleData(module: string): void {
    this.findings.modules.add(module);
  }

  key(record: KeyRecord, reader: RdbReader): Steps | null {
    const { databases, types } = this.findings;
    let database = databases.get(this.#database);
    if (database === undefined) {
      database = { keys: 0, expiring: 0, expired: 0 };
      databases.set(this.#database, database);
    }
    database.keys++;
    if (record.expiry >= 0) database.expiring++;
    if (record.expiry >= 0 && record.expiry <= this.#nowMs) database.expired++;
    const type = rdbTypeName(record.rdbType)!;
    types.set(type, (types.get(type) ?? 0) + 1);
    runSteps(this.#decoder.read(reader, record.rdbType));
    this.#decoder.discard();
    return null;
  }
}
