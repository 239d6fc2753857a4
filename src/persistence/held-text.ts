/** A text that is kept while another is read. */
import { copyBytes } from '../memory/bytes.ts';

const ROOM_MIN = 4096;
/** A larger buffer is given up with the text that needed it. */
const ROOM_KEPT_MAX = 64 * 1024;

/** The text is the first `length` bytes. */
export class HeldText {
  bytes: Buffer = Buffer.allocUnsafeSlow(ROOM_MIN);
  view: DataView = new DataView(this.bytes.buffer, 0, ROOM_MIN);
  length = 0;

  /** Copies a text. */
  hold(bytes: Buffer, view: DataView, start: number, length: number): void {
    const isWasteful = this.bytes.length > ROOM_KEPT_MAX && length <= ROOM_KEPT_MAX;
    if (length > this.bytes.length || isWasteful) {
      this.bytes = Buffer.allocUnsafeSlow(Math.max(length, ROOM_MIN));
      this.view = new DataView(this.bytes.buffer, 0, this.bytes.length);
    }
    copyBytes(bytes, view, start, this.bytes, this.view, 0, length);
    this.length = length;
  }
}
