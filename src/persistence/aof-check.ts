/** Looks through an append-only file, or one of its parts: what is in it, and what is wrong. */
import type { Args } from '../protocol/args.ts';
import { AofError, AofReader } from './aof-reader.ts';
import type { OpenFile } from './file-system.ts';
import type { RdbError } from './rdb-error.ts';
import { checkSnapshot } from './snapshot-check.ts';
import { TailSource } from './tail-source.ts';

/** What was found in one file. */
export interface PartFindings {
  readonly bytes: number;
  /** Keys of the snapshot that it begins with, if it does. */
  readonly keys: number;
  readonly commands: number;
  readonly transactions: number;
  /** Where what is whole ends: a transaction without its end is not. */
  readonly soundBytes: number;
  /** What is wrong, null when nothing is. */
  readonly damage: AofError | RdbError | null;
  /** Whether the file just ends too early. */
  readonly isTruncated: boolean;
}

/** Reads a file from the beginning to the end, or to what is wrong with it. */
export function checkPart(file: OpenFile, nowMs: number): PartFindings {
  const counter = new Counter(file, nowMs);
  return counter.run();
}

class Counter {
  readonly #file: OpenFile;
  readonly #nowMs: number;
  #keys = 0;
  #commands = 0;
  #transactions = 0;
  #soundBytes = 0;
  #isInTransaction = false;

  constructor(file: OpenFile, nowMs: number) {
    this.#file = file;
    this.#nowMs = nowMs;
  }

  run(): PartFindings {
    const damage = this.#snapshot() ?? this.#log();
    return {
      bytes: this.#file.size(),
      keys: this.#keys,
      commands: this.#commands,
      transactions: this.#transactions,
      soundBytes: this.#soundBytes,
      damage,
      isTruncated: damage instanceof AofError && damage.isTruncated,
    };
  }

  #snapshot(): RdbError | null {
    if (!TailSource.isSnapshot(this.#file)) return null;
    const { damage, databases, read } = checkSnapshot(this.#file, this.#nowMs);
    for (const { keys } of databases.values()) this.#keys += keys;
    if (damage === null) this.#soundBytes = read;
    return damage;
  }

  #log(): AofError | null {
    const reader = new AofReader(new TailSource(this.#file, this.#soundBytes), this.#soundBytes);
    try {
      for (let item = reader.next(); item !== 'end'; item = reader.next()) {
        if (item === 'command') this.#command(reader.args, reader.itemOffset);
        if (!this.#isInTransaction) this.#soundBytes = reader.offset;
      }
    } catch (problem) {
      if (problem instanceof AofError) return problem;
      throw problem;
    }
    if (!this.#isInTransaction) return null;
    return new AofError(this.#soundBytes, 'a transaction has no end', true);
  }

  #command(args: Args, offset: number): void {
    if (args.count === 1 && args.is(0, 'MULTI')) {
      if (this.#isInTransaction) throw new AofError(offset, 'a MULTI within another');
      this.#isInTransaction = true;
    } else if (args.count === 1 && args.is(0, 'EXEC')) {
      if (!this.#isInTransaction) throw new AofError(offset, 'an EXEC without MULTI');
      this.#isInTransaction = false;
      this.#transactions++;
    } else {
      this.#commands++;
    }
  }
}
