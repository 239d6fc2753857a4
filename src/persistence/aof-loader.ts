/**
 * Loading an append-only file: the base, then each increment, command by command through the
 * executor, in steps.
 *
 * A file may end in the middle of a command, where a crash has cut it off. That is no fault of the
 * last one, if the configuration says so: what is not whole is cut off, and a transaction that has
 * no EXEC is cut off as a whole, from its MULTI on. Anything else that is wrong is an
 * AppendOnlyFileError, and nothing on disk is touched.
 */
import { join } from 'node:path';
import type { LibraryStore } from '../commands/services/scripting.ts';
import type { Executor } from '../engine/execute.ts';
import type { Session } from '../engine/session.ts';
import type { Keyspace } from '../keyspace/keyspace.ts';
import { Args } from '../protocol/args.ts';
import { CommandQueue } from '../protocol/command-queue.ts';
import { RespWriter } from '../protocol/resp-writer.ts';
import { AofError, AofReader } from './aof-reader.ts';
import type { FileSystem, OpenFile } from './file-system.ts';
import { KeyspaceReader, type RdbReading } from './keyspace-reader.ts';
import { RdbError } from './rdb-error.ts';
import { RdbReader } from './rdb-reader.ts';
import { SnapshotLoadError } from './snapshots.ts';
import type { Steps } from './steps.ts';
import { TailSource } from './tail-source.ts';

/** Commands of a file between two pauses. */
const COMMANDS_PER_STEP = 64;

/** What a loader works with. */
export interface LoaderSurroundings {
  readonly files: FileSystem;
  readonly keyspace: Keyspace;
  readonly executor: Executor;
  /** Does again what the file says; `Session.replays` is set. */
  readonly session: Session;
  readonly reading: RdbReading;
  readonly libraries: LibraryStore;
  /** Whether a command that is refused is damage. */
  readonly stopsAtRefusal: boolean;
}

/** A file that is to be cut off where what is whole ends. */
export interface Cut {
  readonly path: string;
  readonly length: number;
  readonly bytesLost: number;
}

/** See the file's comment. */
export class AofLoader {
  /** Bytes that were read, of all files. */
  loadedBytes = 0;
  /** Keys of the base, and commands behind it. */
  keys = 0;
  commands = 0;
  /** Commands that were refused: with the data there were when they were written they were not. */
  refused = 0;
  /** Bytes of the base. */
  baseBytes = 0;
  /** What the last file is to be cut off to, null when it is whole. */
  cut: Cut | null = null;
  readonly #around: LoaderSurroundings;
  readonly #reply = new RespWriter();
  readonly #queued = new Args();
  /** Commands behind a MULTI, while there is no EXEC. */
  #transaction: CommandQueue | null = null;

  constructor(around: LoaderSurroundings) {
    this.#around = around;
  }

  /** Loads these files in their order. Throws SnapshotLoadError. */
  *load(directory: string, names: readonly string[], mayBeCut: boolean): Steps {
    const { session } = this.#around;
    const last = this.#lastWithContent(directory, names);
    for (const [i, name] of names.entries()) {
      const path = join(directory, name);
      session.database = session.keyspace.databases[0]!;
      yield* this.#loadFile(path, mayBeCut && i >= last);
      if (i === 0) this.baseBytes = this.loadedBytes;
    }
  }

  /**
   * Behind a file that is cut off there may be empty ones: a manifest that could not be
   * synchronised may or may not have the file that was to come next.
   */
  #lastWithContent(directory: string, names: readonly string[]): number {
    return names.findLastIndex((name) => {
      const file = this.#open(join(directory, name));
      const bytes = file.size();
      file.close();
      return bytes > 0;
    });
  }

  *#loadFile(path: string, mayBeCut: boolean): Steps {
    const file = this.#open(path);
    const before = this.loadedBytes;
    try {
      let offset = 0;
      if (TailSource.isSnapshot(file)) {
        const reader = RdbReader.ofSource(new TailSource(file, 0), this.#around.reading.checks);
        yield* this.#located(path, this.#loadSnapshot(reader));
        offset = reader.offset;
      }
      yield* this.#located(path, this.#loadCommands(path, file, offset, mayBeCut));
      this.loadedBytes = before + file.size();
    } finally {
      file.close();
    }
  }

  *#loadSnapshot(reader: RdbReader): Steps {
    const before = this.loadedBytes;
    const into = new KeyspaceReader(this.#around.keyspace, this.#around.reading);
    const steps = into.read(reader);
    while (steps.next().done !== true) {
      this.keys = into.loaded;
      this.loadedBytes = before + reader.offset;
      yield;
    }
    this.keys = into.loaded;
    into.replaceLibraries(this.#around.libraries);
  }

  *#loadCommands(path: string, file: OpenFile, offset: number, mayBeCut: boolean): Steps {
    const reader = new AofReader(new TailSource(file, offset), offset);
    const before = this.loadedBytes - offset;
    /** Where the last whole unit ends. */
    let soundEnd = offset;
    let until = COMMANDS_PER_STEP;
    try {
      for (let item = reader.next(); item !== 'end'; item = reader.next()) {
        if (item === 'command') this.#command(reader.args, reader.itemOffset);
        if (this.#transaction === null) soundEnd = reader.offset;
        if (--until > 0) continue;
        until = COMMANDS_PER_STEP;
        this.loadedBytes = before + reader.offset;
        yield;
      }
      if (this.#transaction !== null) {
        throw new AofError(soundEnd, 'a transaction has no end', true);
      }
    } catch (problem) {
      const isCut = problem instanceof AofError && problem.isTruncated && mayBeCut;
      if (!isCut) throw problem;
      this.#transaction = null;
      this.cut = { path, length: soundEnd, bytesLost: file.size() - soundEnd };
    }
  }

  #command(args: Args, offset: number): void {
    if (args.is(0, 'MULTI') && args.count === 1) {
      if (this.#transaction !== null) throw new AofError(offset, 'a MULTI within another');
      this.#transaction = new CommandQueue();
    } else if (args.is(0, 'EXEC') && args.count === 1) {
      const transaction = this.#transaction;
      if (transaction === null) throw new AofError(offset, 'an EXEC without MULTI');
      this.#transaction = null;
      transaction.forEach(this.#queued, () => this.#execute(this.#queued, offset));
    } else if (this.#transaction === null) {
      this.#execute(args, offset);
    } else {
      this.#transaction.add(args);
    }
  }

  #execute(args: Args, offset: number): void {
    const { executor, session } = this.#around;
    const reply = this.#reply;
    reply.reset();
    executor.execute(session, args, reply);
    this.commands++;
    if (reply.buffer[0] !== 0x2d) return;
    const text = reply.buffer.toString('latin1', 1, reply.length).trimEnd();
    const isDamage = this.#around.stopsAtRefusal || text.startsWith('ERR unknown command');
    if (isDamage) throw new AofError(offset, text.replace(/^ERR /, ''));
    this.refused++;
  }

  /** Makes what is wrong with a file an error that names it. */
  *#located(path: string, steps: Steps): Steps {
    try {
      yield* steps;
    } catch (problem) {
      if (problem instanceof AofError || problem instanceof RdbError) {
        throw new SnapshotLoadError(path, problem.offset, problem.message);
      }
      throw problem;
    }
  }

  #open(path: string): OpenFile {
    try {
      return this.#around.files.openToRead(path);
    } catch (problem) {
      const reason = problem instanceof Error ? problem.message : String(problem);
      throw new SnapshotLoadError(path, -1, reason);
    }
  }
}
