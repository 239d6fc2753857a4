/** What is wrong with a snapshot or a payload. */

/** Bytes that are no RDB, or not one that can be read. Nothing was kept of the value at fault. */
export class RdbError extends Error {
  override name = 'RdbError';
  /** Where it was noticed: bytes from the beginning. */
  readonly offset: number;

  constructor(offset: number, reason: string) {
    super(reason);
    this.offset = offset;
  }
}

/** A value that is whole, and was passed over, but that cannot be held here. */
export class UnsupportedValueError extends RdbError {
  override name = 'UnsupportedValueError';
}
