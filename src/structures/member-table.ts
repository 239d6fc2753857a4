/** The table of a large sorted set: finds a member's record. */
import { EXTENT_SHIFT, type Ptr } from '../memory/address.ts';
import { HashTable } from './hash-table.ts';
import type { MemberRecords } from './member-records.ts';
import { hashBytes } from './siphash.ts';

/** Hash table over the records of members. One per engine serves all sorted sets. */
export class MemberTable extends HashTable {
  readonly #members: MemberRecords;

  constructor(members: MemberRecords) {
    super(members.heap);
    this.#members = members;
  }

  protected override matches(
    record: Ptr,
    bytes: Buffer,
    view: DataView,
    offset: number,
    length: number,
  ): boolean {
    return this.#members.isMember(record, bytes, view, offset, length);
  }

  override hashOf(record: Ptr): number {
    const view = this.heap.views[record >>> EXTENT_SHIFT]!;
    return hashBytes(view, this.#members.start(record), this.#members.length(record));
  }
}
