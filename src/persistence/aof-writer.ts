/**
 * Adding to the append-only file, and the promise that goes with it.
 *
 * Bytes gather in memory while the disk is busy and are written together when it is free: the more
 * clients write, the more of them share one synchronisation. Positions count the bytes of the
 * stream of changes since this began:
 *
 *   synced <= written <= taken
 *
 * With `always` everything that was written is synchronised at once, and `kept`, up to which
 * clients may hear of what they did, is what was synchronised. With `everysec` that is done once a
 * second beside the writing; with `no` the system does it when it likes. Nobody waits for the disk
 * with these two, so that what comes within a few milliseconds shares a write: what a write takes,
 * its thread woken and its end told, would else be a fifth of what a command takes.
 *
 * A write that fails is tried again where it stopped: nothing was lost. After a synchronisation
 * that failed nobody knows what the disk has, and a second one proves nothing: `isDoubtful` then
 * holds back everything until `startAnew`, with a file whose beginning is a snapshot of what there
 * is.
 */
import type { Clock } from '../engine/clock.ts';
import { GATHERED_BYTES_MAX } from '../engine/propagation.ts';
import type { AppendedFile } from './aof-file.ts';

export type SyncPolicy = 'always' | 'everysec' | 'no';

/** Bytes that may wait for the disk before commands that write have to wait as well. */
const WAITING_BYTES_MAX = 64 * 1024 * 1024;
/** How long what was taken may be away from the disk before they do, with `everysec`. */
const UNSYNCED_MS_MAX = 2000;
const SYNC_INTERVAL_MS = 1000;
const RETRY_MS = 200;
/** A buffer of changes: what gathers before it is taken, and the batch that makes it more. */
const CHUNK_BYTES = GATHERED_BYTES_MAX + 128 * 1024;
/** A buffer with at least so much in it is kept, less is copied. */
const KEPT_BYTES_MIN = CHUNK_BYTES / 8;
/** Buffers of that size that are kept: memory that comes and goes is what collections begin for. */
const SPARES_MAX = 4;

/** Told how it goes. */
export interface WriterEvents {
  /** What it was said to be able to wait for is to be given. */
  give(): void;
  /** `kept` has grown. */
  keptMore(): void;
  /** Something failed, or works again. */
  stateChanged(): void;
}

/** A thing to be done in order: bytes to write, or to go on in another file. */
type Task =
  | { readonly bytes: Buffer; readonly length: number }
  | { readonly file: AppendedFile; readonly enter: () => boolean };

/** See the file's comment. */
export class AofWriter {
  policy: SyncPolicy;
  /** Positions; see the file's comment. */
  taken = 0;
  written = 0;
  synced = 0;
  /** Bytes of the file that is written to. */
  fileBytes = 0;
  /** Why the last write or synchronisation failed, null when it did not. */
  problem: Error | null = null;
  /** Whether a synchronisation has failed since the file was begun. */
  isDoubtful = false;
  /** Whether nothing is synchronised for the moment: something else keeps the disk busy. */
  isResting = false;
  /** Synchronisations that were put off because the one before was not done. */
  delayedSyncs = 0;
  readonly #events: WriterEvents;
  readonly #clock: Clock;
  #file: AppendedFile;
  readonly #tasks: Task[] = [];
  /** Of the first task: bytes that are written. */
  #at = 0;
  /** What is being gathered. */
  #open: Buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  #openLength = 0;
  readonly #spares: Buffer[] = [];
  /** Whether there is something that is yet to be taken. */
  #isOffered = false;
  /** Whether what is gathered is to be written soon, or is not to wait for more any more. */
  #isGathering = false;
  #isEnding = false;
  #isWriting = false;
  #isSyncing = false;
  /** Up to where somebody wants it on the disk where the policy leaves that to the system. */
  #askedTo = 0;
  /** When the first byte was taken that is not on the disk, and when writing is tried again. */
  #unsyncedSinceMs = 0;
  #retryMs = 0;
  #lastSyncMs: number;
  /** Where `kept` stays until a file that was begun in place of a doubtful one is whole. */
  #keptUntilWhole = -1;
  #idle: (() => void)[] = [];

  constructor(file: AppendedFile, policy: SyncPolicy, clock: Clock, events: WriterEvents) {
    this.#file = file;
    this.fileBytes = file.sizeAtOpen;
    this.policy = policy;
    this.#clock = clock;
    this.#events = events;
    this.#lastSyncMs = clock.monotonicMs();
  }

  /** Up to which position clients may hear of what they have changed. */
  get kept(): number {
    return this.#keptUntilWhole >= 0 ? this.#keptUntilWhole : this.synced;
  }

  /** Bytes that wait for the disk. */
  get waitingBytes(): number {
    return this.taken - this.written;
  }

  get isSyncing(): boolean {
    return this.#isSyncing;
  }

  /** Whether the disk is so far behind that nothing more should be taken. */
  get isBehind(): boolean {
    if (this.waitingBytes > WAITING_BYTES_MAX) return true;
    if (this.policy !== 'everysec' || this.isResting) return false;
    if (this.taken === this.synced && !this.#isOffered) return false;
    return this.#clock.monotonicMs() - this.#unsyncedSinceMs > UNSYNCED_MS_MAX;
  }

  /** Whether what there is to be taken may wait for more: this asks for it then. */
  mayWait(): boolean {
    if (!this.#mayGather) return false;
    this.#noteUnsynced();
    this.#isOffered = true;
    this.#gather();
    return true;
  }

  /**
   * Takes bytes and begins to write them: copies them, or keeps the buffer if it may and returns
   * another in its place.
   */
  take(bytes: Buffer, length: number, mayKeep: boolean): Buffer | null {
    this.#noteUnsynced();
    this.#isOffered = false;
    this.taken += length;
    const isKept = mayKeep && length >= KEPT_BYTES_MIN && this.policy !== 'always';
    let other: Buffer | null = null;
    if (isKept) {
      this.#seal();
      this.#tasks.push({ bytes, length });
      other = this.#spares.pop() ?? Buffer.allocUnsafeSlow(CHUNK_BYTES);
    } else {
      if (this.#openLength + length > this.#open.length) {
        this.#seal();
        if (this.#open.length < length) this.#open = Buffer.allocUnsafeSlow(length);
      }
      bytes.copy(this.#open, this.#openLength, 0, length);
      this.#openLength += length;
    }
    this.pump();
    return other;
  }

  /**
   * Goes on in another file with what is taken from now on. `enter` is called when all that was
   * taken before is on the disk, and says whether it is to be: else the file stays what it is.
   */
  switchTo(file: AppendedFile, enter: () => boolean): void {
    this.#seal();
    this.#tasks.push({ file, enter });
    this.pump();
  }

  /**
   * Gives up what was not written and goes on in a file of its own, whose beginning is a snapshot
   * of all there is: `whole` is to be called when that is on the disk.
   */
  startAnew(file: AppendedFile): void {
    this.#keptUntilWhole = this.kept;
    for (const task of this.#tasks) if ('file' in task) task.file.close();
    this.#tasks.length = 0;
    this.#at = 0;
    this.#openLength = 0;
    this.#retire();
    this.#file = file;
    this.fileBytes = file.sizeAtOpen;
    this.written = this.taken;
    this.synced = this.taken;
    this.isDoubtful = false;
    this.#setProblem(null);
  }

  /** Ends what `startAnew` began. */
  whole(): void {
    this.#keptUntilWhole = -1;
    this.#events.keptMore();
  }

  /** To be called now and then: synchronises when it is time, and tries again what has failed. */
  tick(): void {
    this.#collect();
    const nowMs = this.#clock.monotonicMs();
    const isDue = nowMs - this.#lastSyncMs >= SYNC_INTERVAL_MS;
    if (this.policy === 'everysec' && isDue && this.written > this.synced && !this.isResting) {
      if (this.#isSyncing) this.delayedSyncs++;
      else this.#sync();
    }
    this.pump();
  }

  /** Synchronises all that was taken so far; resolves when that is done, or has failed. */
  async drain(): Promise<void> {
    this.#isEnding = true;
    while (!this.isDoubtful && this.synced < this.taken) {
      if (!this.#isWriting && !this.#isSyncing) {
        if (this.written === this.taken) this.#sync();
        else this.pump();
        if (!this.#isWriting && !this.#isSyncing) return;
      }
      await new Promise<void>((resolve) => this.#idle.push(resolve));
    }
    while (this.#isWriting || this.#isSyncing) {
      await new Promise<void>((resolve) => this.#idle.push(resolve));
    }
  }

  /** Has what was taken so far synchronised soon where the policy leaves that to the system. */
  askSync(): void {
    this.#askedTo = this.taken;
    this.pump();
  }

  close(): void {
    this.#retire();
  }

  /** Does what there is to do, unless the disk is at it. */
  pump(): void {
    while (!this.#isWriting && !this.isDoubtful) {
      if (this.#tasks.length === 0) {
        if (this.#wantsSync && this.written > this.synced && !this.#isSyncing) this.#sync();
        // While the disk synchronises, those who come meanwhile gather to share the next one.
        if (this.#openLength === 0 || (this.policy === 'always' && this.#isSyncing)) return;
        if (this.#mayGather) {
          this.#gather();
          return;
        }
        this.#seal();
      }
      const task = this.#tasks[0]!;
      if ('bytes' in task) {
        if (this.problem !== null && this.#clock.monotonicMs() < this.#retryMs) return;
        this.#write(task.bytes, task.length);
        return;
      }
      // The old file must be whole before the new one has anything.
      if (this.written > this.synced) {
        if (!this.#isSyncing) this.#sync();
        return;
      }
      if (this.#isSyncing) return;
      this.#tasks.shift();
      this.#enter(task.file, task.enter);
    }
  }

  /** Whether what was written is to be on the disk at once. */
  get #wantsSync(): boolean {
    if (this.policy !== 'no') return this.policy === 'always';
    return this.#askedTo > this.synced && this.#askedTo <= this.written;
  }

  /** Whether what is gathered may wait for more. */
  get #mayGather(): boolean {
    if (this.policy === 'always' || this.#isEnding) return false;
    return this.policy === 'everysec' || this.#askedTo <= this.written;
  }

  /** Notes when the first change came that is not on the disk. */
  #noteUnsynced(): void {
    if (this.taken > this.synced || this.#isOffered) return;
    this.#unsyncedSinceMs = this.#clock.monotonicMs();
  }

  /** Takes what it has let wait. */
  #collect(): void {
    if (this.#isOffered) this.#events.give();
    this.#isOffered = false;
  }

  #gather(): void {
    if (this.#isGathering) return;
    this.#isGathering = true;
    this.#file.soon(() => {
      this.#isGathering = false;
      if (this.#isEnding) return;
      this.#collect();
      // While the disk is busy, what comes meanwhile gathers to share the next write.
      if (!this.#isWriting && this.#tasks.length === 0) this.#seal();
      this.pump();
    });
  }

  #enter(file: AppendedFile, enter: () => boolean): void {
    if (!enter()) {
      file.close();
      return;
    }
    this.#file.close();
    this.#file = file;
    this.fileBytes = file.sizeAtOpen;
  }

  #write(bytes: Buffer, length: number): void {
    this.#isWriting = true;
    const file = this.#file;
    file.write(bytes, this.#at, length - this.#at, (problem, count) => {
      this.#isWriting = false;
      if (file === this.#file) this.#wrote(bytes, length, problem, count);
      this.#rest();
    });
  }

  #wrote(bytes: Buffer, length: number, problem: Error | null, count: number): void {
    if (problem !== null) {
      this.#retryMs = this.#clock.monotonicMs() + RETRY_MS;
      this.#setProblem(problem);
      return;
    }
    this.written += count;
    this.fileBytes += count;
    this.#at += count;
    this.#setProblem(null);
    if (this.#at === length) {
      this.#at = 0;
      this.#tasks.shift();
      const isKept = bytes.length === CHUNK_BYTES && this.#spares.length < SPARES_MAX;
      if (isKept) this.#spares.push(bytes);
    }
    this.pump();
  }

  #sync(): void {
    this.#isSyncing = true;
    this.#lastSyncMs = this.#clock.monotonicMs();
    const file = this.#file;
    const target = this.written;
    file.sync((problem) => {
      this.#isSyncing = false;
      if (file === this.#file) this.#syncEnded(target, problem);
      this.#rest();
    });
  }

  #syncEnded(target: number, problem: Error | null): void {
    if (problem !== null) {
      this.isDoubtful = true;
      this.#setProblem(problem);
      return;
    }
    this.synced = target;
    // What was taken while this went on is younger than that.
    this.#unsyncedSinceMs = this.#lastSyncMs;
    this.#events.keptMore();
    this.pump();
  }

  /** Closes the file once the disk is not at it any more. */
  #retire(): void {
    const file = this.#file;
    if (this.#isWriting || this.#isSyncing) this.#idle.push(() => file.close());
    else file.close();
  }

  #rest(): void {
    const waiting = this.#idle;
    this.#idle = [];
    for (const resolve of waiting) resolve();
  }

  #setProblem(problem: Error | null): void {
    const hasChanged = (problem === null) !== (this.problem === null);
    this.problem = problem;
    if (hasChanged) this.#events.stateChanged();
  }

  /** Hands what was gathered to be written. */
  #seal(): void {
    if (this.#openLength === 0) return;
    this.#tasks.push({ bytes: this.#open, length: this.#openLength });
    this.#open = this.#spares.pop() ?? Buffer.allocUnsafeSlow(CHUNK_BYTES);
    this.#openLength = 0;
  }
}
