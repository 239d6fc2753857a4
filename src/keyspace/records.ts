/** The records of keys as blocks of the heap: allocates, fills and copies them. */
import { EXTENT_HUGE, EXTENT_SHIFT, type Ptr } from '../memory/address.ts';
import { copyBytes } from '../memory/bytes.ts';
import type { Heap } from '../memory/heap.ts';
import type { Args } from '../protocol/args.ts';
import { Entries, type Entry } from './entry.ts';

/** See the file's comment. What throws, OutOfMemoryError, has changed nothing. */
export class Records {
  readonly #heap: Heap;
  readonly #entries: Entries;

  constructor(entries: Entries) {
    this.#heap = entries.heap;
    this.#entries = entries;
  }

  /** Allocates a record with the key of argument `key`; value and timer are left to the caller. */
  create(
    args: Args,
    key: number,
    type: number,
    encoding: number,
    clock: number,
    valueLength: number,
    expires: boolean,
  ): Entry {
    const heap = this.#heap;
    const entries = this.#entries;
    const keyLength = args.length(key);
    const form = Entries.formFor(keyLength, valueLength, expires);
    const bytes = Entries.sizeBytes(form, keyLength, valueLength, expires);
    const entry = heap.alloc(bytes) as Ptr as Entry;
    entries.writeHeader(entry, form, type, encoding, clock, keyLength, valueLength, expires);
    const extent = entry >>> EXTENT_SHIFT;
    const to = heap.bytes[extent]!;
    const keyStart = entries.keyStart(entry);
    copyBytes(args.bytes, args.view, args.start(key), to, heap.views[extent]!, keyStart, keyLength);
    return entry;
  }

  /** Allocates a record with the key of argument `key` and the value bytes of another record. */
  duplicate(args: Args, key: number, original: Entry, clock: number): Entry {
    const entries = this.#entries;
    const length = entries.valueLength(original);
    const type = entries.type(original);
    const encoding = entries.encoding(original);
    const expires = entries.expires(original);
    const record = this.create(args, key, type, encoding, clock, length, expires);
    const from = entries.valueStart(original);
    this.copyRange(original, from, record, entries.valueStart(record), length);
    return record;
  }

  /** Copies bytes from one record to another; the starts are byte offsets within their extents. */
  copyRange(from: Entry, fromStart: number, to: Entry, toStart: number, length: number): void {
    const { bytes, views } = this.#heap;
    const source = from >>> EXTENT_SHIFT;
    const target = to >>> EXTENT_SHIFT;
    copyBytes(
      bytes[source]!,
      views[source]!,
      fromStart,
      bytes[target]!,
      views[target]!,
      toStart,
      length,
    );
  }

  /** Fills a value with zeros from `offset` on; `isNew` says that its block was just allocated. */
  clearValue(entry: Entry, offset: number, isNew: boolean): void {
    // A block of its own extent comes zeroed, and filling it would commit all of its memory.
    if (isNew && this.#heap.extentKind[entry >>> EXTENT_SHIFT] === EXTENT_HUGE) return;
    const start = this.#entries.valueStart(entry);
    const end = start + this.#entries.valueLength(entry);
    this.#entries.bytes(entry).fill(0, start + offset, end);
  }
}
