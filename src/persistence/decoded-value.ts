/** A value that was read and that no key has yet. */
import { NULL, type Ptr } from '../memory/address.ts';

const NO_BYTES = Buffer.alloc(0);
const NO_VIEW = new DataView(new ArrayBuffer(0));

/**
 * Either the bytes of a record's value, wherever they lie until the next one is read, or the root
 * of a structure in the arena, which somebody must take or release.
 */
export class DecodedValue {
  type = 0;
  encoding = 0;
  /** NULL when the value is its bytes. */
  root: Ptr = NULL;
  bytes: Buffer = NO_BYTES;
  view: DataView = NO_VIEW;
  start = 0;
  length = 0;
  /** Whether it is a collection without elements, which no key can hold. */
  isEmpty = false;

  setBytes(
    type: number,
    encoding: number,
    bytes: Buffer,
    view: DataView,
    start: number,
    length: number,
  ): void {
    this.type = type;
    this.encoding = encoding;
    this.root = NULL;
    this.bytes = bytes;
    this.view = view;
    this.start = start;
    this.length = length;
    this.isEmpty = false;
  }

  setRoot(type: number, encoding: number, root: Ptr): void {
    this.setBytes(type, encoding, NO_BYTES, NO_VIEW, 0, 0);
    this.root = root;
  }

  setEmpty(type: number): void {
    this.setBytes(type, 0, NO_BYTES, NO_VIEW, 0, 0);
    this.isEmpty = true;
  }
}
