/**
 * The arguments of one command: offsets into the buffer it arrived in, no copies.
 *
 * One Args is reused for command after command. `bytes` and `view` are over the same memory;
 * argument `i` is the `length(i)` bytes at `start(i)`. Valid until the command returns: whoever
 * keeps an argument copies it.
 */
const NO_BYTES = Buffer.alloc(0);
const NO_VIEW = new DataView(new ArrayBuffer(0));
const INITIAL_CAPACITY = 16;
/**
 * Larger tables are dropped after use, so that one huge command does not hold its offsets forever.
 */
const KEPT_CAPACITY_MAX = 4096;

/** See the file's comment. */
export class Args {
  bytes: Buffer = NO_BYTES;
  view: DataView = NO_VIEW;
  count = 0;
  /** Start and length of each argument, alternating. */
  ranges: Int32Array;
  /** Hash of argument `hashed`, when it was computed ahead of the command; -1 for none. */
  hash = 0;
  hashed = -1;
  /** Address of the record that may have this hash's key, signed; 0 where none is known. */
  ahead = 0;
  /** The same for one argument that is a member of a collection. */
  memberHash = 0;
  memberHashed = -1;
  /** Offset just behind the command in its buffer. */
  end = 0;

  /** With room for so many arguments; there will be more when it is needed. */
  constructor(capacity: number = INITIAL_CAPACITY) {
    this.ranges = new Int32Array(capacity * 2);
  }

  start(i: number): number {
    return this.ranges[i << 1]!;
  }

  length(i: number): number {
    return this.ranges[(i << 1) + 1]!;
  }

  /** Begins a command that lies in this buffer. */
  reset(bytes: Buffer, view: DataView): void {
    this.bytes = bytes;
    this.view = view;
    this.count = 0;
    this.hashed = -1;
    this.ahead = 0;
    this.memberHashed = -1;
    if (this.ranges.length > KEPT_CAPACITY_MAX * 2) {
      this.ranges = new Int32Array(INITIAL_CAPACITY * 2);
    }
  }

  /** Follows the arguments to another buffer, where they lie `shift` bytes nearer to the start. */
  rebase(bytes: Buffer, view: DataView, shift: number): void {
    this.bytes = bytes;
    this.view = view;
    if (shift === 0) return;
    for (let i = 0; i < this.count; i++) this.ranges[i << 1]! -= shift;
  }

  push(start: number, length: number): void {
    const at = this.count << 1;
    if (at === this.ranges.length) this.#grow();
    this.ranges[at] = start;
    this.ranges[at + 1] = length;
    this.count++;
  }

  /** A copy of argument `i`. */
  copy(i: number): Buffer {
    const start = this.start(i);
    return Buffer.from(this.bytes.subarray(start, start + this.length(i)));
  }

  /** Argument `i` as Latin-1 text: for option words and messages, never for user data. */
  text(i: number): string {
    const start = this.start(i);
    return this.bytes.toString('latin1', start, start + this.length(i));
  }

  /**
   * Whether argument `i` is this word, whatever its case. `word` is in upper case and holds letters
   * only.
   */
  is(i: number, word: string): boolean {
    const length = this.length(i);
    if (length !== word.length) return false;
    const start = this.start(i);
    for (let at = 0; at < length; at++) {
      if ((this.bytes[start + at]! & 0xdf) !== (word.charCodeAt(at) & 0xdf)) return false;
    }
    return true;
  }

  /** Whether these are the same arguments. */
  equals(other: Args): boolean {
    if (other.count !== this.count) return false;
    const { bytes, ranges } = this;
    for (let at = 0; at < this.count << 1; at += 2) {
      const start = ranges[at]!;
      const otherStart = other.ranges[at]!;
      const length = ranges[at + 1]!;
      if (other.ranges[at + 1] !== length) return false;
      for (let i = 0; i < length; i++) {
        if (bytes[start + i] !== other.bytes[otherStart + i]) return false;
      }
    }
    return true;
  }

  /** The same arguments over a copy of their bytes. */
  clone(): Args {
    const copy = new Args(this.count);
    let length = 0;
    for (let i = 0; i < this.count; i++) length += this.length(i);
    const bytes = Buffer.allocUnsafe(length);
    copy.reset(bytes, new DataView(bytes.buffer, bytes.byteOffset, length));
    for (let i = 0; i < this.count; i++) {
      const start = this.start(i);
      copy.push(copy.end, this.length(i));
      copy.end += this.bytes.copy(bytes, copy.end, start, start + this.length(i));
    }
    return copy;
  }

  /** Args over copies of the given byte strings; for callers other than a connection. */
  static of(...parts: readonly Uint8Array[]): Args {
    const args = new Args();
    args.set(parts);
    return args;
  }

  /** Replaces the arguments by copies of the given byte strings. */
  set(parts: readonly Uint8Array[]): void {
    const bytes = Buffer.concat(parts);
    this.reset(bytes, new DataView(bytes.buffer, bytes.byteOffset, bytes.length));
    let start = 0;
    for (const part of parts) {
      this.push(start, part.length);
      start += part.length;
    }
    this.end = start;
  }

  #grow(): void {
    const larger = new Int32Array(this.ranges.length * 2);
    larger.set(this.ranges);
    this.ranges = larger;
  }
}
