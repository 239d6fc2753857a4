/**
 * A disk that loses power, for tests. What was not synchronised when that happens is lost, or there
 * in part: any of the writes to a file since its last sync, each perhaps torn; and of the changes
 * of names in a directory since that was synchronised the first few. It also fills up, takes less
 * than it is asked to, and fails at the call that a test names; after a failed sync what was to be
 * synchronised may never reach the disk, as systems have it.
 *
 * The system's own page cache hides all of that from a process that is merely killed.
 */
import { dirname } from 'node:path';
import type { AppendedFile, Done, LogFileSystem } from '../../src/persistence/aof-file.ts';
import type { BackgroundFile, OpenFile } from '../../src/persistence/file-system.ts';
import { SeededRandom } from './seeded-random.ts';

/** The power has gone: whoever gets this has not lived on to see it. */
export class PowerLoss extends Error {
  override name = 'PowerLoss';
}

/** How a call fails. */
export type Fault = 'crash' | 'ENOSPC' | 'EIO' | 'EACCES' | 'EROFS';

interface Write {
  readonly bytes: Buffer;
  readonly position: number;
}

/** A file, whatever its names are. */
class Inode {
  /** What programs see. */
  content: Buffer = Buffer.alloc(0);
  /** What is on the disk. */
  durable: Buffer = Buffer.alloc(0);
  /** Since the last sync. */
  writes: Write[] = [];
}

interface NameChange {
  readonly directory: string;
  apply(names: Map<string, Inode>): void;
}

/** See the file's comment. */
export class SimulatedDisk implements LogFileSystem {
  /** Calls that were made. */
  calls = 0;
  /** Their names, with the paths. */
  readonly log: string[] = [];
  /** Bytes that there is room for. */
  capacity: number = Number.POSITIVE_INFINITY;
  /** Whether of a write that was not synchronised a part may be left. */
  tearsWrites = true;
  /** Whether writes may take less than they are asked to. */
  writesShort = false;
  /** Whether what is left of the writes to a file is a beginning of them: nothing behind a loss. */
  keepsOrder = false;
  /** Fails a call: told its number, from 1 on, and its name; null for a call that succeeds. */
  faultAt: (call: number, name: string) => Fault | null = () => null;
  /** What is random about it. */
  readonly #random: SeededRandom;
  #names = new Map<string, Inode>();
  #durableNames = new Map<string, Inode>();
  #changes: NameChange[] = [];
  /** Directories that were made, and whether their own names are on the disk. */
  readonly #durableDirectories = new Map<string, boolean>();
  #hasPower = true;

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
  }

  /** The names of the files that there are. */
  get paths(): string[] {
    return [...this.#names.keys()].sort();
  }

  /** Whether the power has not gone since it last came back. */
  get hasPower(): boolean {
    return this.#hasPower;
  }

  /** What a file holds, undefined if there is none. */
  contentOf(path: string): Buffer | undefined {
    return this.#names.get(path)?.content;
  }

  /** Puts a file there, safely on the disk. */
  put(path: string, content: Buffer): void {
    const inode = new Inode();
    inode.content = Buffer.from(content);
    inode.durable = inode.content;
    this.#names.set(path, inode);
    this.#durableNames.set(path, inode);
  }

  /** Loses the power, if it has not gone yet, and comes back with what is left. */
  restart(): void {
    const random = this.#random;
    const kept = random.integer(0, this.#changes.length);
    for (const change of this.#changes.slice(0, kept)) change.apply(this.#durableNames);
    this.#changes = [];
    for (const inode of new Set([...this.#names.values(), ...this.#durableNames.values()])) {
      for (const { bytes, position } of inode.writes) {
        const choice = random.integer(0, 3);
        if (choice === 0 && this.keepsOrder) break;
        if (choice === 0) continue;
        const isTorn = choice === 1 && this.tearsWrites;
        const length = isTorn ? random.integer(0, bytes.length) : bytes.length;
        inode.durable = overwritten(inode.durable, bytes.subarray(0, length), position);
        if (isTorn && this.keepsOrder) break;
      }
      inode.writes = [];
      inode.content = inode.durable;
    }
    for (const path of [...this.#durableNames.keys()]) {
      if (this.#durableDirectories.get(dirname(path)) === false) this.#durableNames.delete(path);
    }
    this.#names = new Map(this.#durableNames);
    this.#hasPower = true;
    this.faultAt = () => null;
  }

  openToRead(path: string): OpenFile {
    this.begin(`open ${path}`);
    return new SimulatedFile(this, this.#inode(path), path);
  }

  create(path: string): OpenFile {
    this.begin(`create ${path}`);
    const inode = new Inode();
    this.#change({ directory: dirname(path), apply: (names) => names.set(path, inode) });
    return new SimulatedFile(this, inode, path);
  }

  createInBackground(path: string): BackgroundFile {
    return new SimulatedBackgroundFile(this.create(path) as SimulatedFile);
  }

  openToAppend(path: string): AppendedFile {
    const file = this.#names.has(path) ? this.openToRead(path) : this.create(path);
    return new SimulatedAppendedFile(file as SimulatedFile);
  }

  makeDirectory(path: string): void {
    this.begin(`mkdir ${path}`);
    if (this.#durableDirectories.get(path) === true) return;
    this.#durableDirectories.set(path, false);
    const apply = (): void => void this.#durableDirectories.set(path, true);
    this.#changes.push({ directory: dirname(path), apply });
  }

  names(path: string): readonly string[] {
    const inside = [...this.#names.keys()].filter((name) => dirname(name) === path);
    return inside.map((name) => name.slice(path.length + 1));
  }

  /** REQUIRES: all that was written to the file is on the disk. */
  truncate(path: string, length: number): void {
    this.begin(`truncate ${path}`);
    const inode = this.#inode(path);
    inode.content = inode.content.subarray(0, length);
    inode.durable = inode.content;
  }

  rename(from: string, to: string): void {
    this.begin(`rename ${from} ${to}`);
    const inode = this.#inode(from);
    this.#change({
      directory: dirname(to),
      apply: (names) => {
        names.delete(from);
        names.set(to, inode);
      },
    });
  }

  remove(path: string): void {
    this.begin(`remove ${path}`);
    if (!this.#names.has(path)) return;
    this.#change({ directory: dirname(path), apply: (names) => names.delete(path) });
  }

  syncDirectory(path: string): void {
    this.begin(`sync ${path}`);
    const left: NameChange[] = [];
    for (const change of this.#changes) {
      if (change.directory === path) change.apply(this.#durableNames);
      else left.push(change);
    }
    this.#changes = left;
  }

  async syncDirectoryInBackground(path: string): Promise<void> {
    await Promise.resolve();
    this.syncDirectory(path);
  }

  // --- What files do

  /** Counts a call and fails it if that is wanted. */
  begin(name: string): void {
    if (!this.#hasPower) throw new PowerLoss(name);
    this.calls++;
    this.log.push(name);
    const fault = this.faultAt(this.calls, name);
    if (fault === null) return;
    if (fault === 'crash') {
      this.#hasPower = false;
      throw new PowerLoss(name);
    }
    if (fault === 'EIO' && name.startsWith('fsync ')) this.#dropWrites(name.slice(6));
    throw errorOf(fault, name);
  }

  /** Writes what there is room for; how many bytes. */
  write(inode: Inode, bytes: Uint8Array, position: number, path: string): number {
    const room = this.capacity - this.#usedBytes();
    const grows = Math.max(0, position + bytes.length - inode.content.length);
    if (grows > 0 && room <= 0) throw errorOf('ENOSPC', `write ${path}`);
    let length = grows > room ? bytes.length - grows + room : bytes.length;
    if (this.writesShort && length > 1) length = this.#random.integer(1, length);
    const written = Buffer.from(bytes.subarray(0, length));
    inode.content = overwritten(inode.content, written, position);
    inode.writes.push({ bytes: written, position });
    return length;
  }

  sync(inode: Inode): void {
    for (const { bytes, position } of inode.writes) {
      inode.durable = overwritten(inode.durable, bytes, position);
    }
    inode.writes = [];
  }

  #dropWrites(path: string): void {
    const inode = this.#names.get(path);
    if (inode === undefined) return;
    // A page that could not be written counts as clean from now on.
    inode.writes.length = this.#random.integer(0, inode.writes.length);
    this.sync(inode);
  }

  #change(change: NameChange): void {
    change.apply(this.#names);
    this.#changes.push(change);
  }

  #inode(path: string): Inode {
    const inode = this.#names.get(path);
    if (inode === undefined) throw errorOf('ENOENT', `open ${path}`);
    return inode;
  }

  #usedBytes(): number {
    let bytes = 0;
    for (const { content } of this.#names.values()) bytes += content.length;
    return bytes;
  }
}

class SimulatedFile implements OpenFile {
  readonly #disk: SimulatedDisk;
  readonly #inode: Inode;
  readonly #path: string;
  #position = 0;
  #isOpen = true;

  constructor(disk: SimulatedDisk, inode: Inode, path: string) {
    this.#disk = disk;
    this.#inode = inode;
    this.#path = path;
  }

  size(): number {
    return this.#inode.content.length;
  }

  read(into: Uint8Array, at: number, length: number, position: number): number {
    this.#begin('read');
    return this.#inode.content.copy(into, at, position, position + length);
  }

  write(bytes: Uint8Array, at: number, length: number): number {
    const taken = this.writeAt(bytes, at, length, this.#position);
    this.#position += taken;
    return taken;
  }

  /** As `write`, at a position. */
  writeAt(bytes: Uint8Array, at: number, length: number, position: number): number {
    this.#begin('write');
    return this.#disk.write(this.#inode, bytes.subarray(at, at + length), position, this.#path);
  }

  sync(): void {
    this.#begin('fsync');
    this.#disk.sync(this.#inode);
  }

  close(): void {
    this.#begin('close');
    this.#isOpen = false;
  }

  #begin(what: string): void {
    if (!this.#isOpen) throw new Error(`${what} of ${this.#path}, which is closed`);
    this.#disk.begin(`${what} ${this.#path}`);
  }
}

class SimulatedBackgroundFile implements BackgroundFile {
  readonly #file: SimulatedFile;

  constructor(file: SimulatedFile) {
    this.#file = file;
  }

  async write(bytes: Uint8Array, length: number, position: number): Promise<void> {
    await Promise.resolve();
    this.writeNow(bytes, length, position);
  }

  writeNow(bytes: Uint8Array, length: number, position: number): void {
    for (let at = 0; at < length; ) {
      at += this.#file.writeAt(bytes, at, length - at, position + at);
    }
  }

  async sync(): Promise<void> {
    await Promise.resolve();
    this.#file.sync();
  }

  async close(): Promise<void> {
    await Promise.resolve();
    this.#file.close();
  }
}

/** Adds to a file, and calls back a moment later, if the power is still there. */
class SimulatedAppendedFile implements AppendedFile {
  readonly sizeAtOpen: number;
  readonly #file: SimulatedFile;

  constructor(file: SimulatedFile) {
    this.#file = file;
    this.sizeAtOpen = file.size();
  }

  write(
    bytes: Uint8Array,
    at: number,
    length: number,
    done: (problem: Error | null, written: number) => void,
  ): void {
    later(
      () => this.#file.writeAt(bytes, at, length, this.#file.size()),
      (problem, written) => done(problem, written ?? 0),
    );
  }

  soon(work: () => void): void {
    setImmediate(work);
  }

  sync(done: Done): void {
    later(() => this.#file.sync(), done);
  }

  close(): void {
    later(
      () => this.#file.close(),
      () => undefined,
    );
  }
}

/** Does something in a moment, and tells how it went; nobody hears of it without power. */
function later<Result>(
  work: () => Result,
  done: (problem: Error | null, result?: Result) => void,
): void {
  setImmediate(() => {
    let result: Result;
    try {
      result = work();
    } catch (problem) {
      if (!(problem instanceof PowerLoss)) done(problem as Error);
      return;
    }
    done(null, result);
  });
}

/** A copy of bytes with others written over them from a position on. */
function overwritten(bytes: Buffer, by: Uint8Array, position: number): Buffer {
  const result = Buffer.alloc(Math.max(bytes.length, position + by.length));
  bytes.copy(result);
  result.set(by, position);
  return result;
}

function errorOf(code: string, call: string): Error {
  return Object.assign(new Error(`${code}: ${call}`), { code });
}
