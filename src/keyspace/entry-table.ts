/** The keyspace's table: records are entries. */

import { EXTENT_SHIFT, type Ptr } from '../memory/address.ts';
import { equalBytes } from '../memory/bytes.ts';
import { HashTable } from '../structures/hash-table.ts';
import { hashBytes } from '../structures/siphash.ts';
import type { Entries, Entry } from './entry.ts';

/** Hash table over entries. One per engine serves all databases. */
export class EntryTable extends HashTable {
  readonly entries: Entries;

  constructor(entries: Entries) {
    super(entries.heap);
    this.entries = entries;
  }

  protected override matches(
    record: Ptr,
    bytes: Buffer,
    view: DataView,
    offset: number,
    length: number,
  ): boolean {
    const entry = record as Entry;
    if (this.entries.keyLength(entry) !== length) return false;
    const extent = record >>> EXTENT_SHIFT;
    return equalBytes(
      this.heap.bytes[extent]!,
      this.heap.views[extent]!,
      this.entries.keyStart(entry),
      bytes,
      view,
      offset,
      length,
    );
  }

  override hashOf(record: Ptr): number {
    const entry = record as Entry;
    return hashBytes(
      this.entries.view(entry),
      this.entries.keyStart(entry),
      this.entries.keyLength(entry),
    );
  }
}
