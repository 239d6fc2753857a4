/**
 * Byte strings by number, for working on many at once: where each lies in the arena, and copies of
 * those that lie elsewhere, which are the digits of what is held as an integer. Good as long as
 * nothing changes that the strings are part of.
 */
import { copyBytes } from '../memory/bytes.ts';
import type { Heap } from '../memory/heap.ts';

/** Bytes that copies are gathered in; longer ones have a piece to themselves. */
const PIECE_BYTES = 64 * 1024;

/** Places of copies are counted from here, those of extents from 0. */
const PIECES_FROM = 0x8000_0000;
/** The place of no string at all. */
const NOWHERE = 0xffff_ffff;

const NO_BYTES = Buffer.alloc(0);
const NO_VIEW = new DataView(new ArrayBuffer(0));

/** See the file's comment. */
export class TextPlaces {
  count = 0;
  /** The string that `open` was asked for. */
  bytes: Buffer = NO_BYTES;
  view: DataView = NO_VIEW;
  start = 0;
  length = 0;
  readonly #heap: Heap;
  readonly #places: Uint32Array;
  readonly #starts: Uint32Array;
  readonly #lengths: Uint32Array;
  readonly #pieces: Buffer[] = [];
  readonly #pieceViews: DataView[] = [];
  #pieceUsed = PIECE_BYTES;
  /** The memory that strings were added from last, and its extent, -1 for none. */
  #lastBytes: Buffer = NO_BYTES;
  #lastExtent = -1;

  /** For up to `capacity` strings. */
  constructor(heap: Heap, capacity: number) {
    this.#heap = heap;
    this.#places = new Uint32Array(capacity);
    this.#starts = new Uint32Array(capacity);
    this.#lengths = new Uint32Array(capacity);
  }

  /** Adds a string. REQUIRES: there is room. */
  add(bytes: Buffer, view: DataView, start: number, length: number): void {
    if (bytes !== this.#lastBytes) {
      this.#lastBytes = bytes;
      this.#lastExtent = this.#heap.bytes.indexOf(bytes);
    }
    if (this.#lastExtent >= 0) this.#put(this.#lastExtent, start, length);
    else this.#addCopy(bytes, view, start, length);
  }

  /** Adds that there is no string. */
  addNone(): void {
    this.#put(NOWHERE, 0, 0);
  }

  /** Makes `bytes`, `view`, `start` and `length` tell of a string; whether there is one. */
  open(i: number): boolean {
    const place = this.#places[i]!;
    if (place === NOWHERE) return false;
    if (place >= PIECES_FROM) {
      this.bytes = this.#pieces[place - PIECES_FROM]!;
      this.view = this.#pieceViews[place - PIECES_FROM]!;
    } else {
      this.bytes = this.#heap.bytes[place]!;
      this.view = this.#heap.views[place]!;
    }
    this.start = this.#starts[i]!;
    this.length = this.#lengths[i]!;
    return true;
  }

  /** How many bytes, none of them a NUL, all strings that are there begin with. */
  sharedLength(): number {
    let first = 0;
    while (first < this.count && !this.open(first)) first++;
    if (first === this.count) return 0;
    const { bytes, start } = this;
    const nul = bytes.subarray(start, start + this.length).indexOf(0);
    let shared = nul < 0 ? this.length : nul;
    for (let i = first + 1; i < this.count && shared > 0; i++) {
      if (!this.open(i)) continue;
      const most = Math.min(shared, this.length);
      for (shared = 0; shared < most; shared++) {
        if (bytes[start + shared] !== this.bytes[this.start + shared]) break;
      }
    }
    return shared;
  }

  /** Compares two strings byte by byte; those that are not there come first. */
  compare(a: number, b: number): number {
    if (!this.open(a)) return this.open(b) ? -1 : 0;
    const { bytes, start, length } = this;
    if (!this.open(b)) return 1;
    return compareRanges(bytes, start, length, this.bytes, this.start, this.length);
  }

  /** As `compare`, of what C takes for the strings: they end at a NUL. */
  compareToNul(a: number, b: number): number {
    if (!this.open(a)) return this.open(b) ? -1 : 0;
    const { bytes, start, length } = this;
    if (!this.open(b)) return 1;
    const least = Math.min(length, this.length);
    for (let i = 0; i < least; i++) {
      const byte = bytes[start + i]!;
      const difference = byte - this.bytes[this.start + i]!;
      if (difference !== 0 || byte === 0) return difference;
    }
    // Of what is left only whether it begins with a NUL matters.
    if (length > least) return bytes[start + least]!;
    return this.length > least ? -this.bytes[this.start + least]! : 0;
  }

  #addCopy(bytes: Buffer, view: DataView, start: number, length: number): void {
    if (this.#pieceUsed + length > PIECE_BYTES) {
      const piece = Buffer.allocUnsafeSlow(Math.max(length, PIECE_BYTES));
      this.#pieces.push(piece);
      this.#pieceViews.push(new DataView(piece.buffer));
      this.#pieceUsed = 0;
    }
    const last = this.#pieces.length - 1;
    const to = this.#pieceUsed;
    copyBytes(bytes, view, start, this.#pieces[last]!, this.#pieceViews[last]!, to, length);
    this.#pieceUsed += length;
    this.#put(PIECES_FROM + last, to, length);
  }

  #put(place: number, start: number, length: number): void {
    const i = this.count++;
    this.#places[i] = place;
    this.#starts[i] = start;
    this.#lengths[i] = length;
  }
}

function compareRanges(
  a: Buffer,
  aStart: number,
  aLength: number,
  b: Buffer,
  bStart: number,
  bLength: number,
): number {
  const least = Math.min(aLength, bLength);
  for (let i = 0; i < least; i++) {
    const difference = a[aStart + i]! - b[bStart + i]!;
    if (difference !== 0) return difference;
  }
  return aLength - bLength;
}
