/** A key with its value that was written down in memory, for the file later on. */
import type { RdbWriter } from './rdb-writer.ts';
import type { SideBuffer } from './side-buffer.ts';
import type { SnapshotRegion } from './snapshot-region.ts';

/** What is to be written in steps when its turn comes. */
export interface HeldBack {
  readonly region: SnapshotRegion;
  /** Bytes of memory that it takes until then. */
  readonly waitingBytes: number;
  /** Its turn has come: it goes to this writer. */
  begin(writer: RdbWriter): void;
  /** Goes on with it for a while; true when all of it is written. REQUIRES: `begin`. */
  step(): boolean;
}

/** See the file's comment. */
export class HeldRecord implements HeldBack {
  readonly region: SnapshotRegion;
  readonly #buffer: SideBuffer;
  #writer: RdbWriter | null = null;

  constructor(region: SnapshotRegion, buffer: SideBuffer) {
    this.region = region;
    this.#buffer = buffer;
  }

  get waitingBytes(): number {
    return this.#buffer.heldBytes;
  }

  begin(writer: RdbWriter): void {
    this.#writer = writer;
  }

  step(): boolean {
    return this.#buffer.moveChunk(this.#writer!);
  }
}
