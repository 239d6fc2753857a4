/**
 * Taking entries off the ends of a listpack without moving what stays: at the front its header
 * moves instead. Whoever does this keeps where the listpack starts.
 */
import { behind, previous, totalBytes } from './listpack.ts';
import { END } from './listpack-entry.ts';

/** Offset of a listpack's first entry: the bytes of its header, which listpack.ts draws. */
export const FIRST_ENTRY = 6;
const COUNT_OFFSET = 4;

/**
 * Takes away the first `entries` entries and returns where the listpack then starts. REQUIRES: it
 * has so many; the count is known.
 */
export function shrinkAtFront(
  bytes: Buffer,
  view: DataView,
  start: number,
  entries: number,
): number {
  let offset = FIRST_ENTRY;
  for (let i = 0; i < entries; i++) offset = behind(bytes, view, start, offset);
  const total = totalBytes(view, start);
  const count = view.getUint16(start + COUNT_OFFSET, true);
  const moved = start + offset - FIRST_ENTRY;
  writeHeader(view, moved, total - (moved - start), count - entries);
  return moved;
}

/** Takes away the last `entries` entries. REQUIRES: it has so many; the count is known. */
export function shrinkAtEnd(bytes: Buffer, view: DataView, start: number, entries: number): void {
  let offset = totalBytes(view, start) - 1;
  for (let i = 0; i < entries; i++) offset = previous(bytes, start, offset);
  bytes[start + offset] = END;
  const count = view.getUint16(start + COUNT_OFFSET, true);
  writeHeader(view, start, offset + 1, count - entries);
}

/** Writes the header of a listpack of so many bytes and entries, at most 65534. */
export function writeHeader(view: DataView, start: number, total: number, count: number): void {
  view.setUint32(start, total, true);
  view.setUint16(start + COUNT_OFFSET, count, true);
}
