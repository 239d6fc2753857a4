/** Ids put aside while a command runs: what it found has to be told behind something else. */
import { ID_BYTES, type StreamId } from './stream-id.ts';

const WORDS = ID_BYTES / 4;
const INITIAL_IDS = 64;
/** A buffer that one command has blown up beyond this is dropped at the next clearing. */
const KEPT_IDS_MAX = 4096;

/** A list of ids, outside of the JavaScript heap. */
export class IdBuffer {
  count = 0;
  #words = new Uint32Array(INITIAL_IDS * WORDS);

  clear(): void {
    this.count = 0;
    if (this.#words.length > KEPT_IDS_MAX * WORDS) {
      this.#words = new Uint32Array(INITIAL_IDS * WORDS);
    }
  }

  add(id: StreamId): void {
    const at = this.count * WORDS;
    if (at === this.#words.length) {
      const larger = new Uint32Array(at * 2);
      larger.set(this.#words);
      this.#words = larger;
    }
    id.write(this.#words, at);
    this.count++;
  }

  /** Puts another id in the place of one. */
  replace(index: number, id: StreamId): void {
    id.write(this.#words, index * WORDS);
  }

  read(index: number, into: StreamId): void {
    into.read(this.#words, index * WORDS);
  }
}
