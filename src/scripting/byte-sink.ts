/** Bytes that grow at the end; kept from one use to the next. */

const INITIAL_BYTES = 1024;
const KEPT_BYTES_MAX = 1024 * 1024;

/** See the file's comment. */
export class ByteSink {
  bytes: Buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  length = 0;

  clear(): void {
    this.length = 0;
    if (this.bytes.length > KEPT_BYTES_MAX) this.bytes = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  }

  byte(value: number): void {
    if (this.length === this.bytes.length) this.#grow(1);
    this.bytes[this.length++] = value;
  }

  /** `text` is ASCII. */
  text(text: string): void {
    this.reserve(text.length);
    for (let i = 0; i < text.length; i++) this.bytes[this.length++] = text.charCodeAt(i);
  }

  copy(from: Uint8Array, start: number, length: number): void {
    this.reserve(length);
    if (length < 24) {
      for (let i = 0; i < length; i++) this.bytes[this.length + i] = from[start + i]!;
    } else {
      this.bytes.set(from.subarray(start, start + length), this.length);
    }
    this.length += length;
  }

  /** `value` in so many bytes, the high ones first. */
  uint(value: number, bytes: 1 | 2 | 4): void {
    this.reserve(bytes);
    this.length = this.bytes.writeUIntBE(value, this.length, bytes);
  }

  reserve(bytes: number): void {
    if (this.length + bytes > this.bytes.length) this.#grow(bytes);
  }

  #grow(bytes: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(this.bytes.length * 2, this.length + bytes));
    this.bytes.copy(larger, 0, 0, this.length);
    this.bytes = larger;
  }
}
