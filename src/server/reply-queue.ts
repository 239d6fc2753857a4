/**
 * Replies that wait until the system has taken what went before them.
 *
 * Small ones are copied together into chunks: what is held is then about what is counted, however
 * little a client asks for at a time. They leave in pieces of bounded size, so that nothing large
 * is ever copied as a whole, and so that a client which reads a long reply slowly is seen to make
 * progress.
 */
const CHUNK_BYTES = 16 * 1024;
/**
 * Replies up to this are copied, since the buffer they come in may be as large; longer ones are
 * kept as they are.
 */
const COPIED_BYTES_MAX = 64 * 1024;
const PIECE_BYTES_MAX = 256 * 1024;
/** Sent chunks are dropped from the list when they are so many. */
const SENT_CHUNKS_MAX = 1024;

const NO_BYTES = Buffer.alloc(0);

/** See the file's comment. */
export class ReplyQueue {
  /** Bytes in the queue. */
  bytes = 0;
  /** Full chunks, in order, from `#first` on. */
  #chunks: Buffer[] = [];
  #first = 0;
  /** The chunk behind them, which is being filled: `#tail[0, #tailLength)`. */
  #tail: Buffer = NO_BYTES;
  #tailLength = 0;

  get chunks(): number {
    return this.#chunks.length - this.#first + (this.#tailLength > 0 ? 1 : 0);
  }

  /** Whether `add` copies so many bytes; otherwise it keeps them, and nobody may change them. */
  static copies(length: number): boolean {
    return length <= COPIED_BYTES_MAX;
  }

  /** Puts bytes at the end. */
  add(bytes: Buffer): void {
    const { length } = bytes;
    this.bytes += length;
    if (this.#tailLength + length > this.#tail.length) {
      this.#closeTail();
      if (length > CHUNK_BYTES) {
        const kept = ReplyQueue.copies(length) ? Buffer.allocUnsafeSlow(length) : bytes;
        if (kept !== bytes) bytes.copy(kept);
        this.#chunks.push(kept);
        return;
      }
      this.#tail = Buffer.allocUnsafeSlow(CHUNK_BYTES);
    }
    bytes.copy(this.#tail, this.#tailLength);
    this.#tailLength += length;
  }

  /** Takes the next piece to be sent, at least one byte; undefined when the queue is empty. */
  take(): Buffer | undefined {
    if (this.#first === this.#chunks.length) this.#closeTail();
    if (this.#first === this.#chunks.length) return undefined;
    const piece = this.#takePiece();
    this.bytes -= piece.length;
    if (this.#first === this.#chunks.length || this.#first > SENT_CHUNKS_MAX) {
      this.#chunks = this.#chunks.slice(this.#first);
      this.#first = 0;
    }
    return piece;
  }

  /** Drops everything. */
  clear(): void {
    this.#chunks = [];
    this.#first = 0;
    this.#tail = NO_BYTES;
    this.#tailLength = 0;
    this.bytes = 0;
  }

  #closeTail(): void {
    if (this.#tailLength > 0) this.#chunks.push(this.#tail.subarray(0, this.#tailLength));
    this.#tail = NO_BYTES;
    this.#tailLength = 0;
  }

  #takePiece(): Buffer {
    const chunks = this.#chunks;
    const head = chunks[this.#first]!;
    if (head.length > PIECE_BYTES_MAX) {
      chunks[this.#first] = head.subarray(PIECE_BYTES_MAX);
      return head.subarray(0, PIECE_BYTES_MAX);
    }
    let end = this.#first + 1;
    let length = head.length;
    while (end < chunks.length && length + chunks[end]!.length <= PIECE_BYTES_MAX) {
      length += chunks[end++]!.length;
    }
    const taken = chunks.slice(this.#first, end);
    // Not held on to while what follows is sent.
    chunks.fill(NO_BYTES, this.#first, end);
    this.#first = end;
    return taken.length === 1 ? head : Buffer.concat(taken);
  }
}
