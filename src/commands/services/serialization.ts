/** Values as bytes that another server understands: DUMP and RESTORE. */
import type { Database } from '../../keyspace/database.ts';
import type { Entry } from '../../keyspace/entry.ts';
import type { Args } from '../../protocol/args.ts';
import type { TimeMs } from '../../structures/timing-wheel.ts';

/** Writes and reads payloads. */
export interface Serialization {
  /** The value of an entry. */
  dump(database: Database, entry: Entry): Uint8Array;
  /** Whether argument `i` is a payload of a version that is known, with its checksum right. */
  isIntact(args: Args, i: number): boolean;
  /**
   * Reads the value in argument `i`; whether it is one. Then it is to be stored or discarded.
   * REQUIRES: `isIntact`. Throws OutOfMemoryError.
   */
  read(args: Args, i: number): boolean;
  /**
   * Gives the value to argument `key`, in place of what that may hold; `expiry` is that of `put`.
   * Throws OutOfMemoryError, with nothing changed and the value discarded.
   */
  store(database: Database, args: Args, key: number, expiry: TimeMs): Entry;
  discard(): void;
}
