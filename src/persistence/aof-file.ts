/**
 * Files that are only added to, while the thread that executes commands goes on: what is asked for
 * here happens on the threads of the system, and calls back. A test puts a disk in its place that
 * forgets what was not synchronised.
 */
import {
  close,
  fdatasync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  truncateSync,
  write,
} from 'node:fs';
import { type FileSystem, SYSTEM_FILES } from './file-system.ts';

/** What was asked for is done, or why not. */
export type Done = (problem: Error | null) => void;

/** A file that is added to. */
export interface AppendedFile {
  /** Bytes that it had when it was opened. */
  readonly sizeAtOpen: number;
  /** Adds up to `length` bytes from bytes[at..]; tells how many, which may be less. */
  write(
    bytes: Uint8Array,
    at: number,
    length: number,
    done: (problem: Error | null, written: number) => void,
  ): void;
  /** Calls back when as much will have gathered as one write should bring, a moment from now. */
  soon(work: () => void): void;
  /** Sees to it that what was written before is on the disk. */
  sync(done: Done): void;
  close(): void;
}

/** What the append-only file needs of a file system beside what snapshots do. */
export interface LogFileSystem extends FileSystem {
  /** Opens a file to add to it, and makes it if it is not there. */
  openToAppend(path: string): AppendedFile;
  /** Makes a directory unless it is there. */
  makeDirectory(path: string): void;
  /** The names in a directory, none if it is not there. */
  names(path: string): readonly string[];
  /** Cuts a file off behind so many bytes. */
  truncate(path: string, length: number): void;
}

/** How much earlier the system could have what a process that is killed takes with it. */
const GATHERING_MS = 5;

class SystemAppendedFile implements AppendedFile {
  readonly sizeAtOpen: number;
  readonly #descriptor: number;

  constructor(path: string) {
    this.#descriptor = openSync(path, 'a', 0o644);
    this.sizeAtOpen = fstatSync(this.#descriptor).size;
  }

  write(
    bytes: Uint8Array,
    at: number,
    length: number,
    done: (problem: Error | null, written: number) => void,
  ): void {
    write(this.#descriptor, bytes, at, length, null, (problem, written) => done(problem, written));
  }

  soon(work: () => void): void {
    setTimeout(work, GATHERING_MS);
  }

  sync(done: Done): void {
    fdatasync(this.#descriptor, done);
  }

  close(): void {
    // What it should have said was said by `sync`.
    close(this.#descriptor, () => undefined);
  }
}

/** The machine's own. */
export const SYSTEM_LOG_FILES: LogFileSystem = {
  ...SYSTEM_FILES,
  openToAppend: (path) => new SystemAppendedFile(path),
  makeDirectory: (path) => void mkdirSync(path, { recursive: true, mode: 0o755 }),
  names(path) {
    try {
      return readdirSync(path);
    } catch (problem) {
      if (problem instanceof Error && 'code' in problem && problem.code === 'ENOENT') return [];
      throw problem;
    }
  },
  truncate: truncateSync,
};
