/** Snapshots as files: reading one bit by bit, and writing one so that it is there whole or not. */
import { join } from 'node:path';
import type { Keyspace } from '../keyspace/keyspace.ts';
import { Crc64 } from './crc64.ts';
import type { FileSystem, OpenFile } from './file-system.ts';
import { KeyspaceWriter, type SnapshotFacts } from './keyspace-writer.ts';
import { CHECKSUM_BYTES } from './rdb-format.ts';
import type { ByteSource } from './rdb-reader.ts';
import { type ByteSink, RdbWriter, type RdbWriting } from './rdb-writer.ts';
import { type CommandWriting, SnapshotCommands } from './snapshot-commands.ts';
import { runSteps } from './steps.ts';

const CHUNK_BYTES = 256 * 1024;
/** Bytes after which a file that is being written is synchronised, where that is wanted. */
const SYNC_BYTES = 4 * 1024 * 1024;

/** The bytes of an open file, from its beginning. */
export class FileSource implements ByteSource {
  readonly size: number;
  readonly #file: OpenFile;
  #position = 0;

  constructor(file: OpenFile) {
    this.#file = file;
    this.size = file.size();
  }

  read(into: Buffer, at: number, length: number): number {
    const got = this.#file.read(into, at, length, this.#position);
    this.#position += got;
    return got;
  }
}

/** How a snapshot is written to a file. */
export interface SnapshotWriting extends RdbWriting {
  /** Commands are written in its place; `compresses` and `sums` are false, `version` is 11. */
  readonly commands?: CommandWriting | null;
  /** Whether it ends with a checksum, or with zeros in its place. */
  readonly sums: boolean;
  /** Whether it is synchronised bit by bit, so that no large write is left to the end. */
  readonly syncsIncrementally: boolean;
}

/** What is to become a file: everything is written before it returns. */
class FileSink implements ByteSink {
  /** Bytes written. */
  written = 0;
  readonly #file: OpenFile;
  readonly #writing: SnapshotWriting;
  readonly #crc = new Crc64();
  #synced = 0;

  constructor(file: OpenFile, writing: SnapshotWriting) {
    this.#file = file;
    this.#writing = writing;
  }

  take(chunk: Buffer, length: number): Buffer {
    const { sums, syncsIncrementally } = this.#writing;
    if (sums) {
      this.#crc.update(chunk, new DataView(chunk.buffer, chunk.byteOffset, length), 0, length);
    }
    this.#write(chunk, length);
    if (syncsIncrementally && this.written - this.#synced >= SYNC_BYTES) {
      this.#file.sync();
      this.#synced = this.written;
    }
    return chunk;
  }

  /** Writes the checksum, if there is one, and returns once everything is on the disk. */
  finish(): void {
    const checksum = Buffer.alloc(CHECKSUM_BYTES);
    this.#crc.write(new DataView(checksum.buffer, checksum.byteOffset, CHECKSUM_BYTES), 0);
    if (!this.#writing.commands) this.#write(checksum, CHECKSUM_BYTES);
    this.#file.sync();
  }

  /** A system may write less than it was asked to, which is no failure. */
  #write(bytes: Buffer, length: number): void {
    for (let at = 0; at < length; ) at += this.#file.write(bytes, at, length - at);
    this.written += length;
  }
}

/**
 * Writes a snapshot to a file of this name, at once: to a temporary one first, which takes its
 * place when all of it is on the disk. Throws what the system says, with the temporary file
 * removed and the old one as it was. Returns how many bytes it has.
 */
export function saveSnapshot(
  files: FileSystem,
  directory: string,
  name: string,
  keyspace: Keyspace,
  writing: SnapshotWriting,
  facts: SnapshotFacts,
): number {
  const temporary = join(directory, `temp-${process.pid}.rdb`);
  const file = files.create(temporary);
  try {
    const bytes = writeSnapshot(file, keyspace, writing, facts);
    files.rename(temporary, join(directory, name));
    files.syncDirectory(directory);
    return bytes;
  } catch (problem) {
    files.remove(temporary);
    throw problem;
  }
}

/** Writes a snapshot to a file and closes it; how many bytes it has. */
function writeSnapshot(
  file: OpenFile,
  keyspace: Keyspace,
  writing: SnapshotWriting,
  facts: SnapshotFacts,
): number {
  try {
    const sink = new FileSink(file, writing);
    const { commands } = writing;
    const chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
    const form = commands ? SnapshotCommands.before(sink, chunk, commands) : { sink, chunk };
    const writer = new RdbWriter(form.sink, form.chunk, writing);
    runSteps(new KeyspaceWriter(keyspace, writer, facts).write());
    sink.finish();
    return sink.written;
  } finally {
    file.close();
  }
}
