/**
 * A snapshot that is written to a file while everything else goes on: a short slice in each turn of
 * the event loop, so that it has all the time that clients leave, and little where they leave none.
 */
import type { Keyspace } from '../keyspace/keyspace.ts';
import type { FileSystem } from './file-system.ts';
import type { SnapshotFacts } from './keyspace-writer.ts';
import { SnapshotCommands } from './snapshot-commands.ts';
import type { SnapshotWriting } from './snapshot-file.ts';
import { SnapshotOutput } from './snapshot-output.ts';
import { SnapshotWalk } from './snapshot-walk.ts';

const SLICE_MS = 0.15;
/** Before the next slice while the disk has enough to write. */
const FULL_PAUSE_MS = 1;

/** What is to be written, and who hears of it. */
export interface SnapshotTask {
  /** A new file, in place of one that may be there; best a temporary one. */
  readonly path: string;
  readonly writing: SnapshotWriting;
  readonly facts: SnapshotFacts;
  /** For tests: how long to wait for each key, in microseconds. */
  readonly keyDelayMicroseconds?: number;
  /**
   * Called once, never before `start` has returned: with null when the file is complete, closed and
   * on the disk (its name is not: see `FileSystem.syncDirectory`), else with what has gone wrong,
   * the file being removed. Not called when the snapshot was abandoned.
   */
  readonly onEnd: (failure: { readonly problem: unknown } | null) => void;
}

/**
 * See the file's comment. Holds at most one; the AOF's base and BGSAVE's file are each a task.
 *
 * The moment of a snapshot is that of `start`: what commands did before is in the file, and nothing
 * that they do after it has returned.
 */
export class BackgroundSnapshots {
  readonly #keyspace: Keyspace;
  readonly #files: FileSystem;
  readonly #keepsProcessAlive: boolean;
  #current: RunningSnapshot | null = null;

  /** `keepsProcessAlive`: whether the process goes on for as long as one is being written. */
  constructor(keyspace: Keyspace, files: FileSystem, keepsProcessAlive = true) {
    this.#keyspace = keyspace;
    this.#files = files;
    this.#keepsProcessAlive = keepsProcessAlive;
  }

  /** The one that is being written, or null. */
  get current(): RunningSnapshot | null {
    return this.#current;
  }

  /** Begins one. REQUIRES: there is none. */
  start(task: SnapshotTask): RunningSnapshot {
    if (this.#current !== null) throw new Error('another snapshot is being written');
    const running = new RunningSnapshot(
      this.#keyspace,
      this.#files,
      {
        ...task,
        onEnd: (failure) => {
          this.#current = null;
          task.onEnd(failure);
        },
      },
      this.#keepsProcessAlive,
    );
    this.#current = running;
    return running;
  }

  /** Gives up this one if it is still being written, and removes its file. */
  abandon(running: RunningSnapshot): void {
    if (this.#current !== running) return;
    running.abandon();
    this.#current = null;
  }
}

/** A snapshot that is being written. */
export class RunningSnapshot {
  /** Most bytes of memory that it has taken beside the data. */
  peakBytes = 0;
  readonly #files: FileSystem;
  readonly #task: SnapshotTask;
  readonly #keepsProcessAlive: boolean;
  /** Null when the file could not even be created. */
  readonly #walk: SnapshotWalk | null = null;
  readonly #output: SnapshotOutput | null = null;
  /** What makes commands of the snapshot, if that is wanted. */
  #commands: SnapshotCommands | null = null;
  readonly #keysTotal: number;
  #timer: NodeJS.Timeout | NodeJS.Immediate | null = null;
  #isAbandoned = false;
  readonly #slice = (): void => this.#work();

  /** Begins; see `BackgroundSnapshots.start`. */
  constructor(
    keyspace: Keyspace,
    files: FileSystem,
    task: SnapshotTask,
    keepsProcessAlive: boolean,
  ) {
    this.#files = files;
    this.#task = task;
    this.#keepsProcessAlive = keepsProcessAlive;
    this.#keysTotal = keyspace.keyCount();
    const { path, writing, facts } = task;
    try {
      this.#output = new SnapshotOutput(files, path, writing);
    } catch (problem) {
      this.#next(() => this.#end({ problem }));
      return;
    }
    const form = this.#form(this.#output, writing);
    this.#walk = new SnapshotWalk(keyspace, form.sink, form.chunk, writing, facts);
    this.#next(this.#slice);
  }

  /** Keys that there were when it began. */
  get keysTotal(): number {
    return this.#keysTotal;
  }

  /** Keys that are written. */
  get keys(): number {
    return this.#walk?.keys ?? 0;
  }

  /** Bytes in the file, or on their way there. */
  get bytes(): number {
    return this.#output?.written ?? 0;
  }

  /** Bytes of memory that it takes beside the data. */
  get usedBytes(): number {
    const buffers = (this.#output?.usedBytes ?? 0) + (this.#commands?.usedBytes ?? 0);
    return (this.#walk?.usedBytes ?? 0) + buffers;
  }

  /** See `BackgroundSnapshots.abandon`. */
  abandon(): void {
    this.#isAbandoned = true;
    if (this.#timer !== null) this.#stopTimer();
    this.#walk?.abandon();
    if (this.#output === null) return;
    // At once, as the process may be about to end.
    this.#removeFile();
    // Nobody waits for it any more, so that what goes wrong with it now is nobody's business.
    this.#output.close().catch(() => undefined);
  }

  /** Where the bytes of the snapshot go, and in what to begin. */
  #form(output: SnapshotOutput, { commands }: SnapshotWriting) {
    if (!commands) return { sink: output, chunk: output.firstChunk };
    const form = SnapshotCommands.before(output, output.firstChunk, commands);
    this.#commands = form.sink;
    return form;
  }

  #work(): void {
    const output = this.#output!;
    const walk = this.#walk!;
    const endMs = performance.now() + SLICE_MS;
    const keysBefore = walk.keys;
    let isDone = false;
    while (!isDone && !output.isFull && output.failure === null && performance.now() < endMs) {
      isDone = walk.step();
    }
    this.peakBytes = Math.max(this.peakBytes, this.usedBytes);
    const delayMs = ((walk.keys - keysBefore) * (this.#task.keyDelayMicroseconds ?? 0)) / 1000;
    const isOver = isDone || output.failure !== null;
    const next = isOver ? () => this.#finish(isDone) : this.#slice;
    if (delayMs > 0) this.#after(delayMs, next);
    else if (isOver) next();
    else if (output.isFull) this.#after(FULL_PAUSE_MS, next);
    else this.#next(next);
  }

  #finish(isDone: boolean): void {
    const output = this.#output!;
    this.#walk!.abandon();
    const ended = isDone ? output.finish() : output.close();
    ended.then(
      () => this.#end(null),
      (problem: unknown) => this.#end({ problem }),
    );
  }

  #after(milliseconds: number, work: () => void): void {
    const timer = setTimeout(work, milliseconds);
    this.#timer = this.#keepsProcessAlive ? timer : timer.unref();
  }

  /** In the next turn of the event loop. */
  #next(work: () => void): void {
    const timer = setImmediate(work);
    this.#timer = this.#keepsProcessAlive ? timer : timer.unref();
  }

  #stopTimer(): void {
    clearTimeout(this.#timer as NodeJS.Timeout);
    clearImmediate(this.#timer as NodeJS.Immediate);
  }

  #end(failure: { readonly problem: unknown } | null): void {
    this.#timer = null;
    if (this.#isAbandoned) return;
    if (failure !== null && this.#output !== null) this.#removeFile();
    this.#task.onEnd(failure);
  }

  #removeFile(): void {
    try {
      this.#files.remove(this.#task.path);
    } catch {
      // What made the snapshot fail is told; a file that cannot be removed does no more harm.
    }
  }
}
