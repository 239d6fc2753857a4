/**
 * The manifest of the append-only file: which files it is made of, in a file of its own that is
 * replaced as a whole.
 *
 *   file appendonly.aof.3.base.rdb seq 3 type b
 *   file appendonly.aof.7.incr.aof seq 7 type i
 *
 * One base (b), which may be missing, then the increments (i) in their order; files that were
 * replaced and are to be removed are history (h). A name with blanks is quoted.
 */
import { join } from 'node:path';
import { quote, splitWords } from '../protocol/quoting.ts';
import type { FileSystem } from './file-system.ts';

/** One file of the append-only file. */
export interface ManifestEntry {
  readonly name: string;
  readonly sequence: number;
  readonly type: 'b' | 'i' | 'h';
}

/** A manifest that makes no sense, and where. */
export class ManifestError extends Error {
  override name = 'ManifestError';
  /** The number of the line, from 1 on. */
  readonly line: number;

  constructor(line: number, reason: string) {
    super(reason);
    this.line = line;
  }
}

/** See the file's comment. Never changed: what makes a difference makes a new one. */
export class Manifest {
  readonly entries: readonly ManifestEntry[];

  constructor(entries: readonly ManifestEntry[]) {
    this.entries = entries;
  }

  static readonly EMPTY: Manifest = new Manifest([]);

  get base(): ManifestEntry | undefined {
    return this.entries.find(({ type }) => type === 'b');
  }

  get increments(): readonly ManifestEntry[] {
    return this.entries.filter(({ type }) => type === 'i');
  }

  get history(): readonly ManifestEntry[] {
    return this.entries.filter(({ type }) => type === 'h');
  }

  /** What is to be loaded, in its order. */
  get parts(): readonly ManifestEntry[] {
    const { base } = this;
    return base === undefined ? this.increments : [base, ...this.increments];
  }

  /** The number of the next base, or increment. */
  nextSequence(type: 'b' | 'i', suffix: RegExp): number {
    let last = 0;
    for (const entry of this.entries) {
      const isOfType = entry.type === type || (entry.type === 'h' && suffix.test(entry.name));
      if (isOfType) last = Math.max(last, entry.sequence);
    }
    return last + 1;
  }

  with(entry: ManifestEntry): Manifest {
    return new Manifest([...this.entries, entry]);
  }

  /** With a base in place of all there was, and at most one increment. */
  rebased(base: ManifestEntry, increment: ManifestEntry | null): Manifest {
    const old = this.entries
      .filter(({ name }) => name !== increment?.name)
      .map((entry): ManifestEntry => ({ ...entry, type: 'h' }));
    return new Manifest([base, ...old, ...(increment === null ? [] : [increment])]);
  }

  withoutHistory(): Manifest {
    return new Manifest(this.parts);
  }

  /** Its text. */
  toString(): string {
    return this.entries
      .map(({ name, sequence, type }) => `file ${quoted(name)} seq ${sequence} type ${type}\n`)
      .join('');
  }

  /** Reads a manifest. Throws ManifestError. */
  static parse(text: Buffer): Manifest {
    const lines = text.toString('latin1').split('\n');
    if (text.length === 0) throw new ManifestError(1, 'the manifest is empty');
    if (lines.pop() !== '') throw new ManifestError(lines.length + 1, 'the last line has no end');
    const entries: ManifestEntry[] = [];
    lines.forEach((line, i) => {
      if (line.startsWith('#')) return;
      entries.push(parseLine(line, i + 1, entries));
    });
    if (entries.length === 0) throw new ManifestError(1, 'the manifest names no file');
    return new Manifest(entries);
  }
}

/**
 * Writes a manifest so that it is there as a whole or not at all. Throws what the system says, with
 * the old one as it was.
 */
export function writeManifest(
  files: FileSystem,
  directory: string,
  name: string,
  manifest: Manifest,
): void {
  const temporary = join(directory, `temp-${name}`);
  const bytes = Buffer.from(manifest.toString(), 'latin1');
  const file = files.create(temporary);
  try {
    try {
      for (let at = 0; at < bytes.length; ) at += file.write(bytes, at, bytes.length - at);
      file.sync();
    } finally {
      file.close();
    }
    files.rename(temporary, join(directory, name));
    files.syncDirectory(directory);
  } catch (problem) {
    files.remove(temporary);
    throw problem;
  }
}

function quoted(name: string): string {
  return /^[\w.-]+$/.test(name) ? name : quote(Buffer.from(name, 'latin1'));
}

function parseLine(text: string, line: number, before: readonly ManifestEntry[]): ManifestEntry {
  const words = splitWords(Buffer.from(text, 'latin1'));
  if (words === undefined || words.length < 6 || words.length % 2 !== 0) {
    throw new ManifestError(line, 'this is no line of a manifest');
  }
  let name = '';
  let sequence = 0;
  let type = '';
  for (let i = 0; i < words.length; i += 2) {
    const value = words[i + 1]!.toString('latin1');
    switch (words[i]!.toString('latin1').toLowerCase()) {
      case 'file':
        name = value;
        break;
      case 'seq':
        sequence = /^\d{1,15}$/.test(value) ? Number(value) : 0;
        break;
      case 'type':
        type = value;
        break;
      // What later versions add is passed over.
    }
  }
  if (name === '') throw new ManifestError(line, 'the name of the file is missing');
  if (name.includes('/') || name.includes('\\')) {
    throw new ManifestError(line, 'the name of the file is a path');
  }
  if (before.some((entry) => entry.name === name)) {
    throw new ManifestError(line, 'the file is there twice');
  }
  if (sequence === 0) throw new ManifestError(line, 'the sequence number is missing');
  if (type !== 'b' && type !== 'i' && type !== 'h') {
    throw new ManifestError(line, `there is no type of file ${type}`);
  }
  if (type === 'b' && before.some((entry) => entry.type === 'b')) {
    throw new ManifestError(line, 'a second base');
  }
  const last = before.filter((entry) => entry.type === 'i').at(-1);
  if (type === 'i' && last !== undefined && last.sequence >= sequence) {
    throw new ManifestError(line, 'the increments are not in their order');
  }
  return { name, sequence, type };
}
