/**
 * Loads the program from its one file, and keeps what V8 has made of it for the next start, which
 * then need not compile it: docs/decisions/0020-compiled-code.md.
 *
 *   compiled/<version of Node>-<machine>-<version and flags of V8>
 *   +------------------------------------+----------------+
 *   | SHA-256 of the program, then code  | V8's code      |
 *   | 32 bytes                           |                |
 *   +------------------------------------+----------------+
 *
 * The folder lies beside the program: who may write there may change the program itself, so that
 * nobody gains a way in. Where nobody may, every start compiles.
 */
import { createHash } from 'node:crypto';
import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { cachedDataVersionTag } from 'node:v8';
import { Script } from 'node:vm';

const DIGEST_BYTES = 32;
/** Files kept: those of some versions of Node, and of some flags that it was given. */
const FILES_MAX = 8;
/** Bits of a file's mode that let others than its owner write. */
const OTHERS_WRITE = 0o022;

// What Node puts around a module that is required.
const HEAD = Buffer.from('(function (exports, require, module, __filename, __dirname) {');
const TAIL = Buffer.from('\n})');

type ModuleFunction = (
  exports: object,
  require: NodeJS.Require,
  module: { exports: object },
  path: string,
  folder: string,
) => void;

/** A program that is loaded, with what it exports. */
export interface LoadedProgram {
  readonly exports: object;
  /**
   * Keeps what has been compiled by now, unless this start has found it kept. Takes some 10 ms
   * where it does. Answers why it could not.
   */
  keep(): string | undefined;
}

/**
 * Loads a module of CommonJS format that is written in ASCII. Throws what the module throws, and
 * the system's error when it cannot be read; what is kept never stands in the way.
 */
export function loadProgram(path: string): LoadedProgram {
  const require = createRequire(path);
  const isOff = (process.env.NODE_DISABLE_COMPILE_CACHE ?? '') !== '';
  // Only Node's own loader looks for source maps.
  if (isOff || process.sourceMapsEnabled) return { exports: require(path), keep: () => undefined };
  const source = readFileSync(path);
  const kept = new KeptCode(path, source);
  const code = kept.read();
  const text = Buffer.concat([HEAD, source, TAIL]).toString('latin1');
  const script = new Script(text, {
    filename: path,
    columnOffset: -HEAD.length,
    ...(code !== undefined && { cachedData: code }),
  });
  const module = { exports: {} };
  const run = script.runInThisContext() as ModuleFunction;
  run(module.exports, require, module, path, dirname(path));
  const isKept = code !== undefined && script.cachedDataRejected === false;
  return {
    exports: module.exports,
    keep: () => (isKept ? undefined : kept.write(() => script.createCachedData())),
  };
}

/** The file for one program under this version of Node and its flags. */
class KeptCode {
  readonly #program: string;
  readonly #source: Buffer;
  readonly #folder: string;
  readonly #path: string;

  constructor(program: string, source: Buffer) {
    this.#program = program;
    this.#source = source;
    this.#folder = join(dirname(program), 'compiled');
    const name = [process.version, process.arch, cachedDataVersionTag().toString(16)].join('-');
    this.#path = join(this.#folder, name);
  }

  /** The code; undefined where there is none, it is of another program, damaged or a stranger's. */
  read(): Buffer | undefined {
    const contents = this.#contents();
    if (contents === undefined || contents.length <= DIGEST_BYTES) return undefined;
    const code = contents.subarray(DIGEST_BYTES);
    return this.#digest(code).equals(contents.subarray(0, DIGEST_BYTES)) ? code : undefined;
  }

  /** Writes the code; answers why that cannot be done. */
  write(compile: () => Buffer): string | undefined {
    const draft = `${this.#path}.${process.pid}`;
    try {
      mkdirSync(this.#folder, { recursive: true });
      // Before the code is made: where nobody may write, that would be in vain at every start.
      const file = openSync(draft, 'w', 0o644);
      try {
        const code = compile();
        writeFileSync(file, Buffer.concat([this.#digest(code), code]));
      } finally {
        closeSync(file);
      }
      renameSync(draft, this.#path);
      this.#removeOldest();
      return undefined;
    } catch (problem) {
      return String(problem);
    }
  }

  #contents(): Buffer | undefined {
    let file: number | undefined;
    try {
      file = openSync(this.#path, 'r');
      return this.#isTrusted(fstatSync(file)) ? readFileSync(file) : undefined;
    } catch {
      // Whatever the reason: the program is there, and is compiled.
      return undefined;
    } finally {
      if (file !== undefined) closeSync(file);
    }
  }

  /** Whether nobody can have written it who might not have changed the program as well. */
  #isTrusted({ uid, mode }: Stats): boolean {
    if (process.platform === 'win32') return true;
    if ((mode & OTHERS_WRITE) !== 0) return false;
    return uid === process.geteuid?.() || uid === statSync(this.#program).uid;
  }

  #digest(code: Buffer): Buffer {
    return createHash('sha256').update(this.#source).update(code).digest();
  }

  /** What is left of other versions, and of writers that were killed, does not pile up. */
  #removeOldest(): void {
    const files = readdirSync(this.#folder).map((name) => join(this.#folder, name));
    // A draft of another start may be gone by now.
    const age = (path: string) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    const ages = new Map(files.map((path) => [path, age(path)]));
    files.sort((a, b) => ages.get(b)! - ages.get(a)!);
    for (const path of files.slice(FILES_MAX)) rmSync(path, { force: true });
  }
}
