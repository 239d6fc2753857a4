/**
 * Which clients have read which keys: by the name of a key, whatever its database, as Redis does.
 *
 *   field   the key
 *   value   | client id u48 | client id u48 | ...     ascending
 *
 * Millions of keys may be tracked, so they lie in a packed table: 12 to 16 bytes beside the key
 * when one client has read it. The table has an arena of its own, which is dropped as a whole when
 * everything is forgotten, and which the defragmenter and `maxmemory` need not know.
 *
 * Ids of clients that are gone stay until their keys do. Rejected: small numbers in their place,
 * given out anew (a client would be told of what another one has read), and a list of its keys for
 * each client (doubles what a tracked key takes).
 */
import { EXTENT_NONE, type Ptr } from '../memory/address.ts';
import { Heap } from '../memory/heap.ts';
import { PackedTable } from '../structures/packed-table.ts';

const ID_BYTES = 6;

/** Keys as long as this are compared and copied in a buffer that is kept. */
const KEPT_BYTES_MAX = 64 * 1024;

/** See the file's comment. A key is (bytes, view, offset, length), with its keyed hash. */
export class TrackingTable {
  /** Clients that have read a key, added up over all keys. */
  itemCount = 0;
  readonly #random: () => number;
  #heap = new Heap();
  #table = new PackedTable(this.#heap);
  #root: Ptr = this.#table.create(true);
  /** The value that is being written. */
  #ids: Buffer = Buffer.alloc(ID_BYTES);
  #idsView: DataView = new DataView(this.#ids.buffer, this.#ids.byteOffset, ID_BYTES);

  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  get keyCount(): number {
    return this.#table.count(this.#root);
  }

  get usedBytes(): number {
    return this.#heap.usedBytes;
  }

  /** Forgets everything. */
  clear(): void {
    if (this.keyCount === 0) return;
    this.release();
    this.#heap = new Heap();
    this.#table = new PackedTable(this.#heap);
    this.#root = this.#table.create(true);
    this.itemCount = 0;
  }

  /** Gives the memory back without waiting for the collector. The table is not to be used again. */
  release(): void {
    for (const [extent, kind] of this.#heap.extentKind.entries()) {
      if (kind !== EXTENT_NONE) this.#heap.removeExtent(extent);
    }
  }

  /** Remembers that a client has read a key. Throws OutOfMemoryError, with nothing changed. */
  add(
    id: number,
    hash: number,
    bytes: Buffer,
    view: DataView,
    offset: number,
    length: number,
  ): void {
    const table = this.#table;
    const isKnown = table.find(this.#root, hash, bytes, view, offset, length);
    const oldLength = isKnown ? table.valueLength : 0;
    const at = isKnown ? placeOf(id, table.valueBytes, table.valueStart, oldLength) : 0;
    if (at < 0) return;
    const newLength = oldLength + ID_BYTES;
    this.#reserve(newLength);
    if (isKnown) {
      const { valueBytes, valueStart } = table;
      valueBytes.copy(this.#ids, 0, valueStart, valueStart + at);
      valueBytes.copy(this.#ids, at + ID_BYTES, valueStart + at, valueStart + oldLength);
    }
    this.#ids.writeUIntBE(id, at, ID_BYTES);
    if (isKnown) table.replaceValue(this.#root, this.#ids, this.#idsView, 0, newLength);
    else {
      const ids = this.#ids;
      table.put(this.#root, hash, bytes, view, offset, length, ids, this.#idsView, 0, newLength);
    }
    this.itemCount++;
  }

  /** Forgets a key; the ids of the clients that have read it, ascending, null if there are none. */
  take(
    hash: number,
    bytes: Buffer,
    view: DataView,
    offset: number,
    length: number,
  ): readonly number[] | null {
    if (!this.#table.find(this.#root, hash, bytes, view, offset, length)) return null;
    return this.#takeFound();
  }

  /** Forgets a key chosen at random. REQUIRES: there is one. */
  takeAny(): { readonly key: Buffer; readonly ids: readonly number[] } {
    const table = this.#table;
    table.random(this.#root, this.#random);
    const { memberBytes, memberStart, memberLength } = table;
    const key = Buffer.from(memberBytes.subarray(memberStart, memberStart + memberLength));
    return { key, ids: this.#takeFound() };
  }

  #takeFound(): readonly number[] {
    const { valueBytes, valueStart, valueLength } = this.#table;
    const ids: number[] = [];
    for (let at = valueStart; at < valueStart + valueLength; at += ID_BYTES) {
      ids.push(valueBytes.readUIntBE(at, ID_BYTES));
    }
    this.#table.removeFound(this.#root);
    this.itemCount -= ids.length;
    return ids;
  }

  #reserve(length: number): void {
    const isTooLarge = this.#ids.length > KEPT_BYTES_MAX && length <= KEPT_BYTES_MAX;
    if (length <= this.#ids.length && !isTooLarge) return;
    this.#ids = Buffer.allocUnsafeSlow(length * 2);
    this.#idsView = new DataView(this.#ids.buffer);
  }
}

/** Where an id belongs among `length` bytes of them at `start`; negative when it is there. */
function placeOf(id: number, bytes: Buffer, start: number, length: number): number {
  let low = 0;
  let high = length / ID_BYTES;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = bytes.readUIntBE(start + middle * ID_BYTES, ID_BYTES);
    if (other === id) return -1;
    if (other < id) low = middle + 1;
    else high = middle;
  }
  return low * ID_BYTES;
}
