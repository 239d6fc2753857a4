/** What is known of the snapshots that were saved, in whatever way. */
import type { Keyspace } from '../keyspace/keyspace.ts';

/** See the file's comment. */
export class SaveRecord {
  /** When the last one was finished, or the server started, in ms since the epoch. */
  lastSaveMs: number;
  /** Those that somebody asked for. */
  saves = 0;
  /** Whether the last one that was written in the background, or any since, came to a good end. */
  isHealthy = true;
  readonly #keyspace: Keyspace;
  /** Changes that were saved. */
  #savedChanges = 0;

  constructor(keyspace: Keyspace, nowMs: number) {
    this.#keyspace = keyspace;
    this.lastSaveMs = nowMs;
  }

  get changesSinceSave(): number {
    return this.#keyspace.dirty - this.#savedChanges;
  }

  /** A snapshot of the state after so many changes (`Keyspace.dirty`) is on disk. */
  saved(changes: number, nowMs: number): void {
    this.#savedChanges = changes;
    this.lastSaveMs = nowMs;
    this.isHealthy = true;
  }

  /** What there is now is what is on disk. */
  loaded(): void {
    this.#savedChanges = this.#keyspace.dirty;
  }
}
