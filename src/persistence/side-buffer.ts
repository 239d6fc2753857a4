/** Records that wait until a value that is being written is written. */
import type { LzfCompressor } from './lzf.ts';
import { type ByteSink, RdbWriter, type RdbWriting } from './rdb-writer.ts';

const CHUNK_BYTES = 64 * 1024;
/** As long as there is little. */
const FIRST_CHUNK_BYTES = 4 * 1024;

/** See the file's comment. */
export class SideBuffer implements ByteSink {
  /** Writes to the buffer. */
  readonly writer: RdbWriter;
  readonly #full: { readonly chunk: Buffer; readonly length: number }[] = [];
  /** The first chunk that is not moved, and bytes that are. */
  #next = 0;
  #moved = 0;

  constructor(writing: RdbWriting, lzf: LzfCompressor) {
    const chunk = Buffer.allocUnsafeSlow(FIRST_CHUNK_BYTES);
    this.writer = new RdbWriter(this, chunk, writing, lzf);
  }

  /** Bytes that wait. */
  get usedBytes(): number {
    return this.writer.written - this.#moved;
  }

  /** Bytes of memory that this takes, about. */
  get heldBytes(): number {
    return this.usedBytes + FIRST_CHUNK_BYTES;
  }

  take(chunk: Buffer, length: number): Buffer {
    this.#full.push({ chunk, length });
    return Buffer.allocUnsafeSlow(CHUNK_BYTES);
  }

  /** Moves all that waits to another writer; whether there was anything. */
  moveTo(writer: RdbWriter): boolean {
    if (this.usedBytes === 0) return false;
    while (!this.moveChunk(writer));
    return true;
  }

  /** Moves a chunk of what waits to another writer; true when that was the last. */
  moveChunk(writer: RdbWriter): boolean {
    if (this.#next === this.#full.length) this.writer.flush();
    const full = this.#full[this.#next++];
    if (full !== undefined) {
      const { chunk, length } = full;
      writer.raw(chunk, new DataView(chunk.buffer, chunk.byteOffset, length), 0, length);
      this.#moved += length;
    }
    if (this.usedBytes > 0) return false;
    this.#full.length = 0;
    this.#next = 0;
    return true;
  }
}
