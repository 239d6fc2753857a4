/**
 * What an entry of a packed table holds: its bytes as ranges of member and value.
 * packed-table-layout.ts draws them.
 */
import { EXTENT_SHIFT, type Ptr, UNIT_MASK } from '../memory/address.ts';
import type { Heap } from '../memory/heap.ts';
import { FAR, FAR_LENGTH, KIND_HASH, SIZE_MASK } from './packed-table-layout.ts';

const NO_BYTES = Buffer.alloc(0);
const NO_VIEW = new DataView(new ArrayBuffer(0));

/** The entry that was found last. Its ranges are valid until the heap changes. */
export class PackedEntry {
  readonly heap: Heap;
  /** Its member, a hash's field. `find` leaves it alone: the caller has it. */
  memberBytes: Buffer = NO_BYTES;
  memberView: DataView = NO_VIEW;
  memberStart = 0;
  memberLength = 0;
  /** Its value, in a hash. */
  valueBytes: Buffer = NO_BYTES;
  valueView: DataView = NO_VIEW;
  valueStart = 0;
  valueLength = 0;

  constructor(heap: Heap) {
    this.heap = heap;
  }

  /** Points the member, and in a hash the value, at those of an entry. */
  protected openEntry(kind: number, block: Ptr, shape: number, start: number): void {
    const extent = block >>> EXTENT_SHIFT;
    const bytes = this.heap.bytes[extent]!;
    const view = this.heap.views[extent]!;
    const size = shape & SIZE_MASK;
    const valueSize = kind === KIND_HASH ? bytes[start]! & SIZE_MASK : 0;
    const prefix = kind === KIND_HASH ? 1 : 0;
    const member = start + prefix;
    if ((shape & FAR) !== 0) {
      const far = view.getUint32(member, true) as Ptr;
      this.memberBytes = this.heap.bytes[far >>> EXTENT_SHIFT]!;
      this.memberView = this.heap.views[far >>> EXTENT_SHIFT]!;
      this.memberStart = (far & UNIT_MASK) << 3;
      this.memberLength = view.getUint32(member + FAR_LENGTH, true);
    } else {
      this.memberBytes = bytes;
      this.memberView = view;
      this.memberStart = member;
      this.memberLength = size - prefix - valueSize;
    }
    if (kind === KIND_HASH) this.openValue(block, size, start);
  }

  /** Points the value at that of an entry of so many bytes. */
  protected openValue(block: Ptr, size: number, start: number): void {
    const extent = block >>> EXTENT_SHIFT;
    const bytes = this.heap.bytes[extent]!;
    const view = this.heap.views[extent]!;
    const first = bytes[start]!;
    const at = start + size - (first & SIZE_MASK);
    if ((first & FAR) !== 0) {
      const far = view.getUint32(at, true) as Ptr;
      this.valueBytes = this.heap.bytes[far >>> EXTENT_SHIFT]!;
      this.valueView = this.heap.views[far >>> EXTENT_SHIFT]!;
      this.valueStart = (far & UNIT_MASK) << 3;
      this.valueLength = view.getUint32(at + FAR_LENGTH, true);
      return;
    }
    this.valueBytes = bytes;
    this.valueView = view;
    this.valueStart = at;
    this.valueLength = first;
  }
}
