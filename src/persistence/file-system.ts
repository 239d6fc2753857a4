/**
 * The file system as persistence sees it: what it does to files and to the directory they are in,
 * step by step, so that a test can put another one in its place that forgets whatever was not
 * synchronised. All of it is synchronous and throws what the system says.
 */
import {
  closeSync,
  fstatSync,
  fsyncSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';

/** A file that is open. */
export interface OpenFile {
  /** Bytes that it has. */
  size(): number;
  /** Puts up to `length` of the bytes from `position` on at into[at..]; how many, 0 at the end. */
  read(into: Uint8Array, at: number, length: number, position: number): number;
  /** Adds up to `length` bytes from bytes[at..] behind the last that were written; how many. */
  write(bytes: Uint8Array, at: number, length: number): number;
  /** Returns once what was written is on the disk. */
  sync(): void;
  close(): void;
}

/** See the file's comment. */
export interface FileSystem {
  openToRead(path: string): OpenFile;
  /** A new file, in place of the one that may be there. */
  create(path: string): OpenFile;
  /** Gives a file another name, in place of the file that may have it. */
  rename(from: string, to: string): void;
  /** Removes a file, if it is there. */
  remove(path: string): void;
  /** Returns once the names in a directory are on the disk. */
  syncDirectory(path: string): void;
}

class SystemFile implements OpenFile {
  readonly #descriptor: number;

  constructor(path: string, flags: string) {
    this.#descriptor = openSync(path, flags, 0o644);
  }

  size(): number {
    return fstatSync(this.#descriptor).size;
  }

  read(into: Uint8Array, at: number, length: number, position: number): number {
    return readSync(this.#descriptor, into, at, length, position);
  }

  write(bytes: Uint8Array, at: number, length: number): number {
    return writeSync(this.#descriptor, bytes, at, length);
  }

  sync(): void {
    fsyncSync(this.#descriptor);
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

/** The machine's own. */
export const SYSTEM_FILES: FileSystem = {
  openToRead: (path) => new SystemFile(path, 'r'),
  create: (path) => new SystemFile(path, 'w'),
  rename: renameSync,
  remove: (path) => rmSync(path, { force: true }),
  syncDirectory(path) {
    const directory = new SystemFile(path, 'r');
    try {
      directory.sync();
    } finally {
      directory.close();
    }
  },
};
