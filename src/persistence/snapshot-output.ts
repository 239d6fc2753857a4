/**
 * A file that a snapshot goes to while everything else goes on. Chunks are written one after the
 * other in the background, from a small number of buffers: who can wait does so while `isFull`, and
 * what cannot wait is written at once when there are too many. The first failure is kept; what
 * comes after it is dropped.
 */
import { Crc64 } from './crc64.ts';
import type { BackgroundFile, FileSystem } from './file-system.ts';
import { CHECKSUM_BYTES } from './rdb-format.ts';
import type { ByteSink } from './rdb-writer.ts';

/** One is summed up in a small part of a slice. */
const CHUNK_BYTES = 64 * 1024;
/** Chunks on their way from where on the walk waits. */
const CHUNKS_EASY = 16;
/** Chunks on their way at most: 4 MiB. */
const CHUNKS_MAX = 64;
/** Bytes after which the file is synchronised, where that is wanted. */
const SYNC_BYTES = 4 * 1024 * 1024;

/** How the file is written; what is here is of `SnapshotWriting`. */
export interface OutputOptions {
  /** What is written are commands, which have no checksum. */
  readonly commands?: object | null;
  readonly sums: boolean;
  readonly syncsIncrementally: boolean;
}

/** See the file's comment. */
export class SnapshotOutput implements ByteSink {
  /** The chunk to begin with. */
  readonly firstChunk: Buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  /** Bytes taken. */
  written = 0;
  /** What has gone wrong first, as the system says it. */
  failure: { readonly problem: unknown } | null = null;
  readonly #file: BackgroundFile;
  readonly #options: OutputOptions;
  readonly #crc = new Crc64();
  readonly #free: Buffer[] = [];
  #chunks = 1;
  /** Chunks on their way. */
  #waiting = 0;
  /** Settles, never with an error, when all that was begun is done. */
  #idle: Promise<void> = Promise.resolve();
  #synced = 0;
  #closed: Promise<void> | null = null;

  /** Creates the file. Throws what the system says. */
  constructor(files: FileSystem, path: string, options: OutputOptions) {
    this.#file = files.createInBackground(path);
    this.#options = options;
  }

  /** Whether who can wait should. */
  get isFull(): boolean {
    return this.#waiting >= CHUNKS_EASY;
  }

  /** Bytes of its buffers. */
  get usedBytes(): number {
    return this.#chunks * CHUNK_BYTES;
  }

  take(chunk: Buffer, length: number): Buffer {
    if (this.failure !== null) return chunk;
    if (this.#options.sums) {
      this.#crc.update(chunk, new DataView(chunk.buffer, chunk.byteOffset, length), 0, length);
    }
    const position = this.written;
    this.written += length;
    if (this.#waiting >= CHUNKS_MAX) {
      this.#writeNow(chunk, length, position);
      return chunk;
    }
    this.#waiting++;
    this.#then(() => this.#write(chunk, length, position));
    const free = this.#free.pop();
    if (free !== undefined) return free;
    this.#chunks++;
    return Buffer.allocUnsafeSlow(CHUNK_BYTES);
  }

  /**
   * Writes the checksum, if there is one, and closes the file, once all of it is on the disk.
   * Rejects with what has gone wrong, with the file closed.
   */
  async finish(): Promise<void> {
    const checksum = Buffer.alloc(CHECKSUM_BYTES);
    this.#crc.write(new DataView(checksum.buffer, checksum.byteOffset, CHECKSUM_BYTES), 0);
    if (!this.#options.commands) {
      const position = this.written;
      this.written += CHECKSUM_BYTES;
      this.#then(() => this.#file.write(checksum, CHECKSUM_BYTES, position));
    }
    this.#then(() => this.#file.sync());
    await this.close();
  }

  /** Closes the file when what was begun is done. Rejects with what has gone wrong by then. */
  close(): Promise<void> {
    this.#closed ??= this.#closeWhenIdle();
    return this.#closed;
  }

  async #closeWhenIdle(): Promise<void> {
    await this.#idle;
    try {
      await this.#file.close();
    } catch (problem) {
      this.#failed(problem);
    }
    if (this.failure !== null) throw this.failure.problem;
  }

  async #write(chunk: Buffer, length: number, position: number): Promise<void> {
    try {
      await this.#file.write(chunk, length, position);
      const isDue = position + length - this.#synced >= SYNC_BYTES;
      if (!this.#options.syncsIncrementally || !isDue) return;
      this.#synced = position + length;
      await this.#file.sync();
    } finally {
      this.#waiting--;
      this.#free.push(chunk);
    }
  }

  #writeNow(chunk: Buffer, length: number, position: number): void {
    try {
      this.#file.writeNow(chunk, length, position);
    } catch (problem) {
      this.#failed(problem);
    }
  }

  /** Does something behind all that was begun, unless that has failed. */
  #then(work: () => Promise<void>): void {
    this.#idle = this.#idle
      .then(() => (this.failure === null ? work() : undefined))
      .catch((problem: unknown) => this.#failed(problem));
  }

  #failed(problem: unknown): void {
    this.failure ??= { problem };
  }
}
