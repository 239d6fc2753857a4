/** Files in memory, for tests of what is read and written. */
import type { FileSystem, OpenFile } from '../../src/persistence/file-system.ts';

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
