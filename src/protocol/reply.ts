/**
 * How a command answers, in the terms of RESP3; what a client sees of it is the writer's business
 * (RESP2, RESP3, a line of text, a JavaScript value).
 */

/** A place in the reply to go back to. */
export type ReplyMark = number;

/** One command's reply. Aggregates announce their length and are followed by that many replies. */
export interface Reply {
  /**
   * Whether the client speaks RESP3. Some shapes depend on it, not just types; HELLO and RESET
   * change it.
   */
  resp3: boolean;
  ok(): void;
  /** A short text without CR or LF. */
  status(text: string): void;
  /** `text` starts with the error code. CR and LF become spaces. */
  error(text: string): void;
  integer(value: number): void;
  bigInteger(value: bigint): void;
  /** A byte string out of any memory. */
  bulk(bytes: Buffer, view: DataView, offset: number, length: number): void;
  /** A byte string; `text` is written as UTF-8. */
  text(text: string): void;
  blob(bytes: Uint8Array): void;
  /** A text for people; `format` has three letters, such as txt. */
  verbatim(format: string, text: string): void;
  nil(): void;
  /** What RESP2 tells apart as a null array. */
  nilArray(): void;
  double(value: number): void;
  /** A double with up to 17 decimal places, in full. */
  longDouble(value: number): void;
  boolean(value: boolean): void;
  /** An integer beyond 64 bits, in decimal. */
  bigNumber(digits: string): void;
  array(length: number): void;
  /** `length` pairs; RESP2 sees an array of twice as many. */
  map(length: number): void;
  set(length: number): void;
  push(length: number): void;
  /** `length` pairs of information about the reply that follows. REQUIRES: `resp3`. */
  attribute(length: number): void;
  /** Begins an array whose length `closeArray` tells. */
  openArray(): ReplyMark;
  closeArray(mark: ReplyMark, length: number): void;
  /** As `openArray`, `closeArray`, for a set. */
  closeSet(mark: ReplyMark, length: number): void;
  mark(): ReplyMark;
  /** Drops all that was written since the mark. */
  rewind(mark: ReplyMark): void;
}
