/**
 * DUMP and RESTORE: one value with its type, version and checksum.
 *
 *   | type u8 | value | version u16 | checksum u64 |
 */
import type { Serialization } from '../commands/services/serialization.ts';
import type { Database } from '../keyspace/database.ts';
import type { Entry } from '../keyspace/entry.ts';
import { EntryCell } from '../keyspace/entry-cell.ts';
import type { Keyspace } from '../keyspace/keyspace.ts';
import type { Args } from '../protocol/args.ts';
import type { TimeMs } from '../structures/timing-wheel.ts';
import { Crc64 } from './crc64.ts';
import { RdbError } from './rdb-error.ts';
import { CHECKSUM_BYTES, VERSION_READ_MAX } from './rdb-format.ts';
import { RdbReader } from './rdb-reader.ts';
import { type ByteSink, RdbWriter, type RdbWriting } from './rdb-writer.ts';
import { runSteps } from './steps.ts';
import { ValueDecoder } from './value-decoder.ts';
import { ValueEncoder } from './value-encoder.ts';
import { storeValue } from './value-store.ts';

const VERSION_BYTES = 2;
const FOOTER_BYTES = VERSION_BYTES + CHECKSUM_BYTES;
const CHUNK_BYTES = 64 * 1024;

/** See the file's comment. */
export class DumpPayloads implements Serialization {
  readonly #writing: RdbWriting;
  readonly #chunks = new ChunkCollector();
  readonly #writer: RdbWriter;
  readonly #encoder: ValueEncoder;
  readonly #decoder: ValueDecoder;
  readonly #cell: EntryCell;
  readonly #crc = new Crc64();

  /** `writing` may change at any time. */
  constructor(keyspace: Keyspace, writing: RdbWriting) {
    this.#writing = writing;
    this.#writer = new RdbWriter(this.#chunks, Buffer.allocUnsafeSlow(CHUNK_BYTES), writing);
    this.#encoder = new ValueEncoder(keyspace, this.#writer);
    this.#decoder = new ValueDecoder(keyspace);
    this.#decoder.isDeep = true;
    this.#cell = new EntryCell(keyspace);
  }

  dump(database: Database, entry: Entry): Uint8Array {
    const writer = this.#writer;
    const type = database.entries.type(entry);
    const cell = this.#cell.open(database, entry);
    writer.compresses = this.#writing.compresses;
    writer.version = this.#writing.version;
    writer.byte(this.#encoder.rdbType(type, cell));
    runSteps(this.#encoder.write(type, cell));
    writer.uint16(this.#writing.version);
    writer.flush();
    const bytes = this.#chunks.join(CHECKSUM_BYTES);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const end = bytes.length - CHECKSUM_BYTES;
    this.#crc.reset();
    this.#crc.update(bytes, view, 0, end);
    this.#crc.write(view, end);
    return bytes;
  }

  isIntact(args: Args, i: number): boolean {
    const { bytes, view } = args;
    const start = args.start(i);
    const length = args.length(i);
    if (length < FOOTER_BYTES) return false;
    const end = start + length - CHECKSUM_BYTES;
    if (view.getUint16(end - VERSION_BYTES, true) > VERSION_READ_MAX) return false;
    this.#crc.reset();
    this.#crc.update(bytes, view, start, end);
    return this.#crc.matches(view, end);
  }

  read(args: Args, i: number): boolean {
    const length = args.length(i) - FOOTER_BYTES;
    const reader = RdbReader.ofBytes(args.bytes, args.start(i), length);
    try {
      runSteps(this.#decoder.read(reader, reader.byte()));
    } catch (problem) {
      if (problem instanceof RdbError) return false;
      throw problem;
    }
    return !this.#decoder.value.isEmpty;
  }

  store(database: Database, args: Args, key: number, expiry: TimeMs): Entry {
    try {
      return storeValue(database, args, key, this.#decoder.value, expiry);
    } catch (problem) {
      this.#decoder.discard();
      throw problem;
    }
  }

  discard(): void {
    this.#decoder.discard();
  }
}

/** Keeps what is written: a value of one chunk is copied once. */
class ChunkCollector implements ByteSink {
  readonly #parts: Buffer[] = [];
  #length = 0;

  take(chunk: Buffer, length: number): Buffer {
    this.#parts.push(Buffer.from(chunk.subarray(0, length)));
    this.#length += length;
    return chunk;
  }

  /** All that was taken, and so many bytes behind it; forgets it. */
  join(bytesBehind: number): Buffer {
    const joined = Buffer.allocUnsafeSlow(this.#length + bytesBehind);
    let at = 0;
    for (const part of this.#parts) at += part.copy(joined, at);
    this.#parts.length = 0;
    this.#length = 0;
    return joined;
  }
}
