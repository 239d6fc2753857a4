/** What a command that reads several streams has found out about each of them. */
import type { Ptr } from '../memory/address.ts';
import { IdBuffer } from '../structures/id-buffer.ts';

const INITIAL_STREAMS = 16;
const KEPT_STREAMS_MAX = 1024;

/** One line per stream. One serves all commands: each begins its own before it does anything. */
export class ReadPlan {
  /** Of each stream the id behind which to read. */
  readonly ids: IdBuffer = new IdBuffer();
  /** Streams with something to tell. */
  found = 0;
  #roots = new Uint32Array(INITIAL_STREAMS);
  #groups = new Uint32Array(INITIAL_STREAMS);
  #areFound = new Uint8Array(INITIAL_STREAMS);

  begin(streams: number): void {
    this.ids.clear();
    this.found = 0;
    const room = this.#roots.length;
    if (streams > room || (room > KEPT_STREAMS_MAX && streams <= INITIAL_STREAMS)) {
      const length = Math.max(streams, INITIAL_STREAMS);
      this.#roots = new Uint32Array(length);
      this.#groups = new Uint32Array(length);
      this.#areFound = new Uint8Array(length);
    }
  }

  /** Adds a stream with nothing to tell, whose id was just added to `ids`. */
  add(root: Ptr, group: Ptr): void {
    const i = this.ids.count - 1;
    this.#roots[i] = root;
    this.#groups[i] = group;
    this.#areFound[i] = 0;
  }

  /** Says that a stream has something to tell. */
  find(i: number): void {
    this.#areFound[i] = 1;
    this.found++;
  }

  /** NULL where there is no stream. */
  root(i: number): Ptr {
    return this.#roots[i]! as Ptr;
  }

  /** NULL for a reader who belongs to none. */
  group(i: number): Ptr {
    return this.#groups[i]! as Ptr;
  }

  isFound(i: number): boolean {
    return this.#areFound[i] === 1;
  }
}
