/** Files in memory, for tests of what is read and written. */
import type { BackgroundFile, FileSystem, OpenFile } from '../../src/persistence/file-system.ts';

/** See the file's comment. Every call is noted in `calls`, and `beforeCall` may throw. */
export class MemoryFiles implements FileSystem {
  readonly files: Map<string, Buffer> = new Map();
  readonly calls: string[] = [];
  /** Most bytes that one `write` takes. */
  writeMax: number = Number.POSITIVE_INFINITY;
  beforeCall: (call: string) => void = () => undefined;

  openToRead(path: string): OpenFile {
    this.note(`open ${path}`);
    if (!this.files.has(path)) {
      throw Object.assign(new Error(`ENOENT: no such file, open '${path}'`), { code: 'ENOENT' });
    }
    return new MemoryFile(this, path);
  }

  create(path: string): OpenFile {
    this.note(`create ${path}`);
    this.files.set(path, Buffer.alloc(0));
    return new MemoryFile(this, path);
  }

  createInBackground(path: string): BackgroundFile {
    return new MemoryBackgroundFile(this.create(path));
  }

  rename(from: string, to: string): void {
    this.note(`rename ${from} ${to}`);
    this.files.set(to, this.files.get(from)!);
    this.files.delete(from);
  }

  remove(path: string): void {
    this.note(`remove ${path}`);
    this.files.delete(path);
  }

  syncDirectory(path: string): void {
    this.note(`sync ${path}`);
  }

  async syncDirectoryInBackground(path: string): Promise<void> {
    await Promise.resolve();
    this.syncDirectory(path);
  }

  note(call: string): void {
    this.calls.push(call);
    this.beforeCall(call);
  }
}

class MemoryFile implements OpenFile {
  readonly #files: MemoryFiles;
  readonly #path: string;

  constructor(files: MemoryFiles, path: string) {
    this.#files = files;
    this.#path = path;
  }

  size(): number {
    return this.#content().length;
  }

  read(into: Uint8Array, at: number, length: number, position: number): number {
    return this.#content().copy(into, at, position, position + length);
  }

  write(bytes: Uint8Array, at: number, length: number): number {
    this.#files.note(`write ${this.#path}`);
    const taken = Math.min(length, this.#files.writeMax);
    const added = bytes.subarray(at, at + taken);
    this.#files.files.set(this.#path, Buffer.concat([this.#content(), added]));
    return taken;
  }

  sync(): void {
    this.#files.note(`sync ${this.#path}`);
  }

  close(): void {
    this.#files.note(`close ${this.#path}`);
  }

  #content(): Buffer {
    return this.#files.files.get(this.#path)!;
  }
}

/** Each call has its effect a little later. REQUIRES: what is written follows what was. */
class MemoryBackgroundFile implements BackgroundFile {
  readonly #file: OpenFile;

  constructor(file: OpenFile) {
    this.#file = file;
  }

  async write(bytes: Uint8Array, length: number, position: number): Promise<void> {
    await Promise.resolve();
    this.writeNow(bytes, length, position);
  }

  writeNow(bytes: Uint8Array, length: number, position: number): void {
    if (position !== this.#file.size()) throw new Error('not at the end of the file');
    for (let at = 0; at < length; ) at += this.#file.write(bytes, at, length - at);
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
