/**
 * The order in which SORT puts elements. Each has a number to sort by: what it or its weight reads
 * as, or the first bytes of a text in which not all are the same, which mostly decide; only where
 * numbers are equal are texts compared.
 *
 * Elements with equal numbers are ordered by their bytes. Texts are compared as C does, up to a
 * NUL, unless the result is stored: then all of their bytes count, as in Redis.
 */
import { orderAll, orderRange, type TieBreaker } from '../structures/ordering.ts';
import type { TextPlaces } from './text-places.ts';

/** Bytes of a text that its number stands for: as many as a double holds exactly. */
const KEY_BYTES = 6;
/** The number of a text that is not there. */
const NO_TEXT = -1;

/** How elements are compared. */
export interface SortManner {
  /** By texts, not by numbers. */
  readonly isAlpha: boolean;
  readonly isDescending: boolean;
  readonly isStored: boolean;
}

/** See the file's comment. Numbers are to be added in the order of the elements. */
export class SortOrder implements TieBreaker {
  /** The elements in order, by number. */
  readonly items: Uint32Array;
  readonly #numbers: Float64Array;
  /** What decides between equal numbers. */
  readonly #texts: TextPlaces;
  readonly #comparesToNul: boolean;
  readonly #sign: number;
  #count = 0;

  /** `texts` are what is sorted by, or, where that is numbers, the elements. */
  constructor(count: number, texts: TextPlaces, manner: SortManner) {
    this.items = numbered(count);
    this.#numbers = new Float64Array(count);
    this.#texts = texts;
    this.#comparesToNul = manner.isAlpha && !manner.isStored;
    this.#sign = manner.isDescending ? -1 : 1;
  }

  /** Adds the number of the next element. */
  add(number: number): void {
    this.#numbers[this.#count++] = this.#sign * number;
  }

  /** Adds the texts as numbers. REQUIRES: this is the order of texts. */
  addTexts(): void {
    const texts = this.#texts;
    const shared = texts.sharedLength();
    for (let i = 0; i < texts.count; i++) {
      this.add(texts.open(i) ? this.#key(shared) : NO_TEXT);
    }
  }

  /** Puts all elements in order; equals stay in the order in which they were. */
  sort(): void {
    orderAll(this.items, this.#numbers, this.#count, this);
  }

  /** Puts elements in order as far as it matters for the places `first` to `last`. */
  sortRange(first: number, last: number): void {
    orderRange(this.items, this.#numbers, this.#count, this, first, last);
  }

  /** Compares two elements whose numbers are equal. */
  compare(a: number, b: number): number {
    const texts = this.#texts;
    const difference = this.#comparesToNul ? texts.compareToNul(a, b) : texts.compare(a, b);
    return this.#sign * difference;
  }

  /** The first bytes of the text that is open, behind those that all texts share. */
  #key(shared: number): number {
    const { bytes, start, length } = this.#texts;
    let key = 0;
    let isOver = false;
    for (let i = shared; i < shared + KEY_BYTES; i++) {
      const byte = isOver || i >= length ? 0 : bytes[start + i]!;
      if (byte === 0 && this.#comparesToNul) isOver = true;
      key = key * 256 + byte;
    }
    return key;
  }
}

function numbered(count: number): Uint32Array {
  const items = new Uint32Array(count);
  for (let i = 0; i < count; i++) items[i] = i;
  return items;
}
