/**
 * Writers of an append-only file that was turned off: each still brings to the disk what it has
 * taken, and what clients did until then is answered when it is there.
 */
import type { Log } from '../engine/log.ts';
import type { AofWriter } from './aof-writer.ts';

interface Leaving {
  readonly writer: AofWriter;
  /** Position of the stream at which it began. */
  readonly streamStart: number;
  readonly gone: Promise<void>;
}

/** See the file's comment. */
export class LeavingWriters {
  readonly #log: Log;
  readonly #onGone: () => void;
  #writers: readonly Leaving[] = [];

  /** `onGone` is called when one of them is done. */
  constructor(log: Log, onGone: () => void) {
    this.#log = log;
    this.#onGone = onGone;
  }

  get isEmpty(): boolean {
    return this.#writers.length === 0;
  }

  /** Up to where the stream of changes is on the disk. REQUIRES: there is one. */
  get keptOffset(): number {
    const { writer, streamStart } = this.#writers[0]!;
    return streamStart + writer.kept;
  }

  /** Has a writer that began at a position of the stream end. */
  add(writer: AofWriter, streamStart: number): void {
    this.#writers = [...this.#writers, { writer, streamStart, gone: this.#drain(writer) }];
  }

  /** Resolves when all are done. */
  async ended(): Promise<void> {
    while (!this.isEmpty) await this.#writers[0]!.gone;
  }

  async #drain(writer: AofWriter): Promise<void> {
    await writer.drain();
    const bytes = writer.taken - writer.synced;
    if (bytes > 0) {
      const reason = writer.problem?.message ?? 'its last synchronisation failed';
      this.#log.warning('The end of the AOF file could not be written', { bytes, reason });
    }
    this.#writers = this.#writers.filter((leaving) => leaving.writer !== writer);
    writer.close();
    this.#onGone();
  }
}
