/** The files of one append-only file: where they are, what they are called, which there are. */
import { join } from 'node:path';
import type { AppendedFile, LogFileSystem } from './aof-file.ts';
import type { AofSettings } from './aof-settings.ts';
import { Manifest, type ManifestEntry, ManifestError, writeManifest } from './manifest.ts';
import { SnapshotLoadError } from './snapshots.ts';

const BASE = /\.base\.(rdb|aof)$/;
const INCREMENT = /\.incr\.aof$/;

/** See the file's comment. */
export class AofFiles {
  /** What there is, and what is to be. */
  manifest: Manifest = Manifest.EMPTY;
  /** The last numbers that were given, also to files that are not in the manifest yet. */
  #lastBase = 0;
  #lastIncrement = 0;
  /** The data directory that they are in, null while that is open. */
  #settled: string | null = null;
  #hasDirectory = false;
  readonly #files: LogFileSystem;
  readonly #settings: AofSettings;

  constructor(files: LogFileSystem, settings: AofSettings) {
    this.#files = files;
    this.#settings = settings;
  }

  /** Where they are: it stays there for as long as it is written to, wherever `dir` goes. */
  get directory(): string {
    return join(this.#dataDirectory, this.#settings.directoryName);
  }

  get #dataDirectory(): string {
    return this.#settled ?? this.#settings.dataDirectory;
  }

  get #manifestName(): string {
    return `${this.#settings.fileName}.manifest`;
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  /**
   * Before a file is begun anew: goes to where the configuration says, and takes notice of what is
   * there. Throws SnapshotLoadError.
   */
  settle(): void {
    if (this.#settled !== this.#settings.dataDirectory) this.read();
  }

  /** Goes there, and reads the manifest; whether there is one. Throws SnapshotLoadError. */
  read(): boolean {
    this.#settled = this.#settings.dataDirectory;
    this.#hasDirectory = false;
    this.manifest = Manifest.EMPTY;
    this.#lastBase = 0;
    this.#lastIncrement = 0;
    try {
      return this.#read();
    } catch (problem) {
      this.#settled = null;
      throw problem;
    }
  }

  #read(): boolean {
    const path = this.path(this.#manifestName);
    let bytes: Buffer;
    try {
      bytes = readWhole(this.#files, path);
    } catch (problem) {
      if (isMissing(problem)) {
        this.#passOverFiles();
        return false;
      }
      throw new SnapshotLoadError(path, -1, reasonOf(problem));
    }
    try {
      this.manifest = Manifest.parse(bytes);
    } catch (problem) {
      if (!(problem instanceof ManifestError)) throw problem;
      throw new SnapshotLoadError(path, -1, `line ${problem.line}: ${problem.message}`);
    }
    return true;
  }

  /** The files of a manifest that is lost keep their names: new ones get others. */
  #passOverFiles(): void {
    const prefix = `${this.#settings.fileName}.`;
    for (const name of this.#files.names(this.directory)) {
      if (!name.startsWith(prefix)) continue;
      const sequence = Number.parseInt(name.slice(prefix.length), 10);
      if (BASE.test(name)) this.#lastBase = Math.max(this.#lastBase, sequence || 0);
      if (INCREMENT.test(name)) this.#lastIncrement = Math.max(this.#lastIncrement, sequence || 0);
    }
  }

  /**
   * The path of a file from before there were manifests, which is to be taken over, or of which
   * that was begun; or null.
   */
  oldFile(): string | null {
    const { fileName } = this.#settings;
    const [base, ...others] = this.manifest.parts;
    const isBegun = base !== undefined && base.name === fileName && others.length === 0;
    if (base !== undefined && !isBegun) return null;
    if (isBegun && this.#files.names(this.directory).includes(fileName)) return null;
    return this.#files.names(this.#dataDirectory).includes(fileName)
      ? join(this.#dataDirectory, fileName)
      : null;
  }

  /** Makes a file from before there were manifests the base of a new append-only file. */
  takeOver(path: string): void {
    const { fileName } = this.#settings;
    this.#makeDirectory();
    // As Redis does: the old file keeps its name, whatever it holds.
    const base: ManifestEntry = { name: fileName, sequence: 1, type: 'b' };
    this.#save(new Manifest([base]));
    this.#files.rename(path, this.path(fileName));
    this.#files.syncDirectory(this.directory);
    this.#files.syncDirectory(this.#dataDirectory);
  }

  /** The base that is next; each is another. */
  nextBase(): ManifestEntry {
    const sequence = Math.max(this.manifest.nextSequence('b', BASE), this.#lastBase + 1);
    this.#lastBase = sequence;
    const form = this.#settings.usesSnapshots ? 'rdb' : 'aof';
    return { name: `${this.#settings.fileName}.${sequence}.base.${form}`, sequence, type: 'b' };
  }

  /** The increment that is next; each is another. */
  nextIncrement(): ManifestEntry {
    const listed = this.manifest.nextSequence('i', INCREMENT);
    const sequence = Math.max(listed, this.#lastIncrement + 1);
    this.#lastIncrement = sequence;
    return { name: `${this.#settings.fileName}.${sequence}.incr.aof`, sequence, type: 'i' };
  }

  /** A new, empty file of this name, to be added to. */
  create({ name }: ManifestEntry): AppendedFile {
    this.#makeDirectory();
    this.#files.create(this.path(name)).close();
    return this.#files.openToAppend(this.path(name));
  }

  /** Removes a file that was made and did not come to count. */
  discard({ name }: ManifestEntry): void {
    if (this.manifest.entries.some((entry) => entry.name === name)) return;
    this.#files.remove(this.path(name));
  }

  open({ name }: ManifestEntry): AppendedFile {
    return this.#files.openToAppend(this.path(name));
  }

  /** Adds a file to the manifest, on the disk too. */
  add(entry: ManifestEntry): void {
    this.#save(this.manifest.with(entry));
  }

  /** Puts a base in place of all there was but for an increment, and removes what it replaces. */
  rebase(base: ManifestEntry, increment: ManifestEntry | null): void {
    this.#save(this.manifest.rebased(base, increment));
    this.removeHistory();
  }

  /** Removes what was replaced. */
  removeHistory(): void {
    const { history } = this.manifest;
    if (this.#settings.keepsHistory || history.length === 0) return;
    for (const { name } of history) this.#files.remove(this.path(name));
    this.#save(this.manifest.withoutHistory());
  }

  /** Bytes of all parts. */
  sizeBytes(): number {
    return this.manifest.parts.reduce((sum, part) => sum + this.sizeOf(part), 0);
  }

  sizeOf({ name }: ManifestEntry): number {
    const file = this.#files.openToRead(this.path(name));
    const bytes = file.size();
    file.close();
    return bytes;
  }

  /** What is synchronised in a directory is lost with the directory, if that is not on the disk. */
  #makeDirectory(): void {
    if (this.#hasDirectory) return;
    this.#files.makeDirectory(this.directory);
    this.#files.syncDirectory(this.#dataDirectory);
    this.#hasDirectory = true;
  }

  #save(manifest: Manifest): void {
    writeManifest(this.#files, this.directory, this.#manifestName, manifest);
    this.manifest = manifest;
  }
}

/** All of a small file. */
export function readWhole(files: Pick<LogFileSystem, 'openToRead'>, path: string): Buffer {
  const file = files.openToRead(path);
  try {
    const bytes = Buffer.alloc(file.size());
    let at = 0;
    while (at < bytes.length) {
      const got = file.read(bytes, at, bytes.length - at, at);
      if (got === 0) break;
      at += got;
    }
    return bytes.subarray(0, at);
  } finally {
    file.close();
  }
}

function isMissing(problem: unknown): boolean {
  return problem instanceof Error && 'code' in problem && problem.code === 'ENOENT';
}

function reasonOf(problem: unknown): string {
  return problem instanceof Error ? problem.message : String(problem);
}
