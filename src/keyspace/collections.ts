/** Which values are structures of their own, by type and encoding: every structure has its line. */
import type { Structured } from '../values/cell.ts';

const ENCODINGS_PER_TYPE = 8;

/** Finds what a value owns beside its record. */
export class Collections {
  readonly #owners: (Structured | null)[] = new Array(64).fill(null);

  /** Declares what values of this type and encoding are. */
  declare(type: number, encoding: number, owner: Structured): void {
    this.#owners[type * ENCODINGS_PER_TYPE + encoding] = owner;
  }

  /** The operations of a structured value, or null when all of it is in its record. */
  of(type: number, encoding: number): Structured | null {
    return this.#owners[type * ENCODINGS_PER_TYPE + encoding]!;
  }
}
