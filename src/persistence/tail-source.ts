/** The bytes of a file, from somewhere on. */
import type { OpenFile } from './file-system.ts';
import { MAGIC } from './rdb-format.ts';
import type { ByteSource } from './rdb-reader.ts';

/** See the file's comment. */
export class TailSource implements ByteSource {
  readonly size: number;
  readonly #file: OpenFile;
  #position: number;

  constructor(file: OpenFile, position: number) {
    this.#file = file;
    this.#position = position;
    this.size = file.size() - position;
  }

  read(into: Buffer, at: number, length: number): number {
    const got = this.#file.read(into, at, length, this.#position);
    this.#position += got;
    return got;
  }

  /** Whether a file begins with a snapshot. */
  static isSnapshot(file: OpenFile): boolean {
    const { length } = MAGIC;
    const begin = Buffer.alloc(length);
    return file.read(begin, 0, length, 0) === length && begin.toString('latin1') === MAGIC;
  }
}
