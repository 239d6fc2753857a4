/** How large a block of a stream may become, as the configuration says it. */
import { BYTES_MAX } from './listpack.ts';

/** Limits of a block; those of Redis at first. */
export class StreamLimits {
  /** A block takes no entry whose texts would make it so long. */
  bytesMax = 4096;
  /** Most entries, deleted ones included; 0 for any number. */
  entriesMax = 100;

  /** Sets stream-node-max-bytes (0 for no limit) and stream-node-max-entries. */
  set(nodeBytesMax: number, nodeEntriesMax: number): void {
    this.bytesMax = nodeBytesMax === 0 ? BYTES_MAX : Math.min(nodeBytesMax, BYTES_MAX);
    this.entriesMax = nodeEntriesMax;
  }
}
