/**
 * Reading a snapshot record by record: keys go to a visitor, and what is said about them, about
 * databases and about the file.
 */
import { quote } from '../protocol/quoting.ts';
import { Int64 } from '../structures/int64.ts';
import type { TimeMs } from '../structures/timing-wheel.ts';
import { HeldText } from './held-text.ts';
import { RdbError, UnsupportedValueError } from './rdb-error.ts';
import {
  HEADER_BYTES,
  MAGIC,
  MODULE_DOUBLE,
  MODULE_END,
  MODULE_FLOAT,
  MODULE_SIGNED,
  MODULE_STRING,
  MODULE_UNSIGNED,
  OP_AUX,
  OP_DATABASE,
  OP_EOF,
  OP_EXPIRY_MS,
  OP_EXPIRY_SECONDS,
  OP_FREQUENCY,
  OP_FUNCTION,
  OP_FUNCTION_EARLY,
  OP_IDLE,
  OP_MODULE_AUX,
  OP_RESIZE,
  OP_SLOT_INFO,
  RDB_MODULE_2,
  rdbTypeName,
  VERSION_READ_MAX,
  VERSION_WITH_CHECKSUM,
} from './rdb-format.ts';
import { type RdbReader, STEP_BYTES } from './rdb-reader.ts';
import type { Steps } from './steps.ts';

/** Longest part of a key that an error gives back. */
const SHOWN_KEY_MAX = 128;
const TWO_TO_32 = 2 ** 32;

/** A key, and what the file says of it; the same one serves all. */
export class KeyRecord {
  readonly name: HeldText = new HeldText();
  rdbType = 0;
  /** When it falls due, in ms since the epoch; -1 for never. */
  expiry: TimeMs = -1;
  /** Seconds since it was used, and how often it was; -1 where the file does not say. */
  idleSeconds = -1;
  frequency = -1;
}

/** Who hears of records. What it is handed is valid until it returns, or its steps are done. */
export interface RecordVisitor {
  /** Something about the file as a whole. */
  aux(name: string, value: string): void;
  /** Keys that follow are in this database. */
  database(id: number): void;
  /** How many keys that has, and how many of them expire. */
  sizes(keys: number, expiring: number): void;
  /** The code of a library of functions. */
  library(code: Buffer): void;
  /** Data of a module, which was passed over. */
  moduleData(module: string): void;
  /** A key, whose value is read next: by the visitor, at once or in steps. */
  key(record: KeyRecord, reader: RdbReader): Steps | null;
}

/** See the file's comment. */
export class RecordReader {
  /** The version that the file has; 0 before it is known. */
  version = 0;
  readonly #reader: RdbReader;
  readonly #visitor: RecordVisitor;
  readonly #checks: boolean;
  readonly #record = new KeyRecord();
  readonly #number = new Int64();

  /** `checks`: whether the checksum must be right, where there is one. */
  constructor(reader: RdbReader, visitor: RecordVisitor, checks: boolean) {
    this.#reader = reader;
    this.#visitor = visitor;
    this.#checks = checks;
  }

  /** Reads from the header to the checksum. Throws RdbError. */
  *read(): Steps {
    const reader = this.#reader;
    this.#readHeader();
    this.#begin();
    let pause = reader.offset + STEP_BYTES;
    for (;;) {
      const type = reader.byte();
      if (type === OP_EOF) break;
      if (!this.#readOpcode(type)) {
        const steps = this.#readKey(type);
        if (steps !== null) yield* this.#readSteps(steps);
        this.#begin();
      }
      if (reader.offset < pause) continue;
      yield;
      pause = reader.offset + STEP_BYTES;
    }
    this.#checkSum();
  }

  #readHeader(): void {
    const reader = this.#reader;
    if (reader.left < HEADER_BYTES) throw reader.error('it is too short to be a snapshot');
    reader.raw(HEADER_BYTES);
    const { textBytes, textStart } = reader;
    const header = textBytes.toString('latin1', textStart, textStart + HEADER_BYTES);
    if (!header.startsWith(MAGIC)) throw new RdbError(0, 'it does not begin as a snapshot does');
    const version = Number(/^[0-9]{4}$/.exec(header.slice(MAGIC.length))?.[0] ?? 0);
    if (version < 1 || version > VERSION_READ_MAX) {
      throw new RdbError(MAGIC.length, `it is of version ${header.slice(MAGIC.length)}`);
    }
    this.version = version;
  }

  /** Begins with the next record. */
  #begin(): void {
    const record = this.#record;
    record.expiry = -1;
    record.idleSeconds = -1;
    record.frequency = -1;
  }

  /** Reads what an opcode says; false when it is the type of a key. */
  #readOpcode(opcode: number): boolean {
    const reader = this.#reader;
    const visitor = this.#visitor;
    const record = this.#record;
    switch (opcode) {
      case OP_EXPIRY_MS:
        record.expiry = this.#readExpiry();
        return true;
      case OP_EXPIRY_SECONDS:
        record.expiry = Math.max(0, reader.int32() * 1000);
        return true;
      case OP_IDLE:
        record.idleSeconds = reader.length();
        return true;
      case OP_FREQUENCY:
        record.frequency = reader.byte();
        return true;
      case OP_DATABASE:
        visitor.database(reader.length());
        return true;
      case OP_RESIZE:
        visitor.sizes(reader.length(), reader.length());
        return true;
      case OP_AUX:
        visitor.aux(reader.latin1(), reader.latin1());
        return true;
      case OP_SLOT_INFO:
        for (let figures = 3; figures > 0; figures--) reader.length();
        return true;
      case OP_FUNCTION:
        reader.string();
        visitor.library(
          Buffer.from(
            reader.textBytes.subarray(reader.textStart, reader.textStart + reader.textLength),
          ),
        );
        return true;
      case OP_FUNCTION_EARLY:
        throw reader.error('it has functions as a release candidate of Redis 7.0 wrote them');
      case OP_MODULE_AUX:
        this.#passModuleAux();
        return true;
      default:
        return false;
    }
  }

  #readKey(rdbType: number): Steps | null {
    const reader = this.#reader;
    const record = this.#record;
    if (rdbTypeName(rdbType) === undefined) {
      throw new RdbError(reader.offset - 1, `${rdbType} is no type of value`);
    }
    record.rdbType = rdbType;
    reader.string();
    record.name.hold(reader.textBytes, reader.textView, reader.textStart, reader.textLength);
    try {
      if (rdbType === RDB_MODULE_2) this.#passModuleValue();
      return this.#visitor.key(record, reader);
    } catch (problem) {
      throw this.#about(problem);
    }
  }

  *#readSteps(steps: Steps): Steps {
    try {
      yield* steps;
    } catch (problem) {
      throw this.#about(problem);
    }
  }

  /** The problem, with the key that it is about. */
  #about(problem: unknown): unknown {
    if (!(problem instanceof RdbError)) return problem;
    const { name } = this.#record;
    const shown = quote(name.bytes.subarray(0, Math.min(name.length, SHOWN_KEY_MAX)));
    const text = `key ${shown}: ${problem.message}`;
    return problem instanceof UnsupportedValueError
      ? new UnsupportedValueError(problem.offset, text)
      : new RdbError(problem.offset, text);
  }

  /** A time; one that was over before 1970 is over. */
  #readExpiry(): TimeMs {
    const ms = this.#number;
    this.#reader.int64Exact(ms);
    if (ms.high < 0) return 0;
    return ms.isSafe() ? ms.toNumber() : BigInt(ms.high) * BigInt(TWO_TO_32) + BigInt(ms.low >>> 0);
  }

  // --- Modules, whose data can be passed over without knowing it

  #passModuleAux(): void {
    const reader = this.#reader;
    reader.length64(this.#number);
    const module = moduleName(this.#number);
    if (reader.length() !== MODULE_UNSIGNED) throw reader.error('data of a module is damaged');
    reader.length();
    this.#passModuleParts();
    this.#visitor.moduleData(module);
  }

  /** Always throws: a value that only a module knows cannot be held. */
  #passModuleValue(): never {
    const reader = this.#reader;
    const { offset } = reader;
    reader.length64(this.#number);
    const module = moduleName(this.#number);
    this.#passModuleParts();
    throw new UnsupportedValueError(offset, `its value is of the module ${module}`);
  }

  #passModuleParts(): void {
    const reader = this.#reader;
    for (;;) {
      switch (reader.length()) {
        case MODULE_END:
          return;
        case MODULE_SIGNED:
        case MODULE_UNSIGNED:
          reader.length64(this.#number);
          break;
        case MODULE_FLOAT:
          reader.skip(4);
          break;
        case MODULE_DOUBLE:
          reader.skip(8);
          break;
        case MODULE_STRING:
          reader.skipString();
          break;
        default:
          throw reader.error('data of a module is damaged');
      }
    }
  }

  #checkSum(): void {
    if (this.version < VERSION_WITH_CHECKSUM) return;
    const reader = this.#reader;
    const { offset } = reader;
    reader.sumUp();
    if (reader.isSummedUp() || !this.#checks) return;
    throw new RdbError(offset, `the checksum is not ${reader.checksum}, which the bytes have`);
  }
}

const MODULE_CHARACTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** The nine characters that a module's number is made of: 6 bits each, above 10 of its version. */
function moduleName({ low, high }: Int64): string {
  let rest = ((BigInt(high >>> 0) << 32n) | BigInt(low >>> 0)) >> 10n;
  let name = '';
  for (let i = 0; i < 9; i++) {
    name = MODULE_CHARACTERS[Number(rest & 63n)]! + name;
    rest >>= 6n;
  }
  return name;
}
