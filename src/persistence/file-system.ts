/**
 * The file system as persistence sees it: what it does to files and to the directory they are in,
 * step by step, so that a test can put another one in its place that forgets whatever was not
 * synchronised. It throws what the system says. What takes long has a form that does not keep
 * others waiting: files that are written in the background.
 */
import {
  close,
  closeSync,
  constants,
  fstatSync,
  fsync,
  fsyncSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  write,
  writeSync,
} from 'node:fs';
import { promisify } from 'node:util';

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

/** A file that is written while the event loop goes on. */
export interface BackgroundFile {
  /**
   * Writes the first `length` bytes at a position, all of them. They must stay as they are until it
   * has settled.
   */
  write(bytes: Uint8Array, length: number, position: number): Promise<void>;
  /** As `write`, while everything waits. */
  writeNow(bytes: Uint8Array, length: number, position: number): void;
  /** Settles once all that was written before is on the disk. */
  sync(): Promise<void>;
  /** REQUIRES: nothing else is under way. */
  close(): Promise<void>;
}

/** See the file's comment. */
export interface FileSystem {
  openToRead(path: string): OpenFile;
  /** A new file, in place of the one that may be there. */
  create(path: string): OpenFile;
  /** As `create`, to be written in the background. */
  createInBackground(path: string): BackgroundFile;
  /** Gives a file another name, in place of the file that may have it. */
  rename(from: string, to: string): void;
  /** Removes a file, if it is there. */
  remove(path: string): void;
  /** Returns once the names in a directory are on the disk. */
  syncDirectory(path: string): void;
  /** As `syncDirectory`, in the background. */
  syncDirectoryInBackground(path: string): Promise<void>;
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

const writeLater = promisify(write);
const syncLater = promisify(fsync);
const closeLater = promisify(close);

class SystemBackgroundFile implements BackgroundFile {
  readonly #descriptor: number;

  constructor(path: string, flags: string) {
    this.#descriptor = openSync(path, flags, 0o644);
  }

  async write(bytes: Uint8Array, length: number, position: number): Promise<void> {
    for (let at = 0; at < length; ) {
      const left = length - at;
      const { bytesWritten } = await writeLater(this.#descriptor, bytes, at, left, position + at);
      at += bytesWritten;
    }
  }

  writeNow(bytes: Uint8Array, length: number, position: number): void {
    for (let at = 0; at < length; ) {
      at += writeSync(this.#descriptor, bytes, at, length - at, position + at);
    }
  }

  sync(): Promise<void> {
    return syncLater(this.#descriptor);
  }

  close(): Promise<void> {
    return closeLater(this.#descriptor);
  }
}

/**
 * Does what takes a file its last name, and has a thread of the system free what it held: 200 MB
 * take 10 ms, for which whoever takes a name from a file that nobody has open has to wait.
 */
function outliving(path: string, work: () => void): void {
  let descriptor = -1;
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    // There is no such file, or it cannot be held: `work` says what is wrong, if anything is.
  }
  try {
    work();
  } finally {
    if (descriptor >= 0) close(descriptor, () => undefined);
  }
}

/** The machine's own. */
export const SYSTEM_FILES: FileSystem = {
  openToRead: (path) => new SystemFile(path, 'r'),
  create: (path) => new SystemFile(path, 'w'),
  createInBackground: (path) => new SystemBackgroundFile(path, 'w'),
  rename: (from, to) => outliving(to, () => renameSync(from, to)),
  remove: (path) => outliving(path, () => rmSync(path, { force: true })),
  syncDirectory(path) {
    const directory = new SystemFile(path, 'r');
    try {
      directory.sync();
    } finally {
      directory.close();
    }
  },
  async syncDirectoryInBackground(path) {
    const directory = new SystemBackgroundFile(path, 'r');
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  },
};
