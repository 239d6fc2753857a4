/**
 * Commands that are kept to be run later: the copies of their arguments lie one behind the other in
 * a few large pieces of memory, so that a long queue is no burden on the collector.
 *
 * Rejected: an Args and a Buffer per command, which cost more than most arguments do, and one
 * buffer that doubles, which copies a large queue again and again.
 */
import type { Args } from './args.ts';

const FIRST_CHUNK_BYTES = 512;
const CHUNK_BYTES_MAX = 64 * 1024;
/** What an argument counts beside its bytes, as in Redis. */
const ARGUMENT_OVERHEAD_BYTES = 8;

/** Some commands: their bytes, and for each the number of arguments, then start and length. */
interface Chunk {
  readonly bytes: Buffer;
  readonly view: DataView;
  length: number;
  readonly ranges: number[];
}

/** See the file's comment. */
export class CommandQueue {
  /** Commands in the queue. */
  count = 0;
  /** What their arguments count in memory limits. */
  argumentBytes = 0;
  readonly #chunks: Chunk[] = [];

  /** Adds a copy of a command. */
  add(args: Args): void {
    let length = 0;
    for (let i = 0; i < args.count; i++) length += args.length(i);
    const chunk = this.#chunkFor(length);
    const { bytes, ranges } = chunk;
    ranges.push(args.count);
    for (let i = 0; i < args.count; i++) {
      const start = args.start(i);
      ranges.push(chunk.length, args.length(i));
      chunk.length += args.bytes.copy(bytes, chunk.length, start, start + args.length(i));
    }
    this.count++;
    this.argumentBytes += length + args.count * ARGUMENT_OVERHEAD_BYTES;
  }

  /** Puts one command after the other into `args`, and calls back each time. */
  forEach(args: Args, visit: () => void): void {
    for (const { bytes, view, ranges } of this.#chunks) {
      for (let at = 0; at < ranges.length; ) {
        args.reset(bytes, view);
        for (let left = ranges[at++]!; left > 0; left--) args.push(ranges[at++]!, ranges[at++]!);
        visit();
      }
    }
  }

  #chunkFor(length: number): Chunk {
    const last = this.#chunks.at(-1);
    if (last !== undefined && last.length + length <= last.bytes.length) return last;
    const next = last === undefined ? FIRST_CHUNK_BYTES : last.bytes.length * 8;
    const bytes = Buffer.allocUnsafeSlow(Math.max(length, Math.min(next, CHUNK_BYTES_MAX)));
    const chunk = { bytes, view: new DataView(bytes.buffer), length: 0, ranges: [] };
    this.#chunks.push(chunk);
    return chunk;
  }
}
