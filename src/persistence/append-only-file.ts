/**
 * The append-only file of an engine: every change, in the order in which it was made, so that
 * loading it makes the data what they were.
 *
 * It is a base, which is a snapshot, and increments, which are the changes since. While a new base
 * is written the changes go to a new increment; when the base is on the disk, a new manifest puts
 * the two in place of all that was there before. See docs/aof-format.md and docs/durability.md.
 */
import { CommandError } from '../commands/errors.ts';
import type { AppendOnly, AppendOnlySizes } from '../commands/services/append-only.ts';
import type { ClientState } from '../commands/services/clients.ts';
import type { LibraryStore } from '../commands/services/scripting.ts';
import { resumeHeld } from '../engine/call-rules.ts';
import type { Clock } from '../engine/clock.ts';
import type { Executor } from '../engine/execute.ts';
import type { Log } from '../engine/log.ts';
import type { Propagation, StreamReader } from '../engine/propagation.ts';
import { type Session, sessionOf } from '../engine/session.ts';
import type { Keyspace } from '../keyspace/keyspace.ts';
import { baseFacts, baseWriting } from './aof-base.ts';
import type { LogFileSystem } from './aof-file.ts';
import { AofFiles } from './aof-files.ts';
import { type AofSettings, hasGrown } from './aof-settings.ts';
import { AofWriter, type WriterEvents } from './aof-writer.ts';
import type { BackgroundSnapshots, RunningSnapshot } from './background-snapshot.ts';
import { CommitQueue } from './commit-queue.ts';
import type { SnapshotFacts } from './keyspace-writer.ts';
import { LeavingWriters } from './leaving-writers.ts';
import type { ManifestEntry } from './manifest.ts';
import { RewriteAttempts } from './rewrite-attempts.ts';
import { type SnapshotWriting, saveSnapshot } from './snapshot-file.ts';
import type { SnapshotSettings } from './snapshot-settings.ts';
import { systemReason } from './system-reason.ts';

/** What the append-only file works with. */
export interface AofSurroundings {
  readonly propagation: Propagation;
  readonly keyspace: Keyspace;
  readonly executor: Executor;
  readonly libraries: LibraryStore;
  readonly files: LogFileSystem;
  readonly settings: AofSettings;
  readonly snapshots: BackgroundSnapshots;
  readonly snapshotSettings: SnapshotSettings;
  readonly clock: Clock;
  readonly log: Log;
}

const UNDER_WAY: CommandError = new CommandError(
  'ERR Background append only file rewriting already in progress',
);

/** A rewrite on its way. */
interface Rewrite {
  readonly base: ManifestEntry;
  /** What goes on behind it, null while the append-only file is off. */
  readonly increment: ManifestEntry | null;
  readonly startMs: number;
  readonly snapshot: RunningSnapshot;
}

/** See the file's comment. */
export class AppendOnlyFile implements AppendOnly, StreamReader, WriterEvents {
  isRewriteScheduled = false;
  lastRewriteSeconds = -1;
  rewrites = 0;
  lastPeakBytes = 0;
  /** Clients that wait until what they did is on the disk. */
  readonly commits: CommitQueue;
  readonly files: AofFiles;
  readonly #around: AofSurroundings;
  readonly #leaving: LeavingWriters;
  readonly #attempts = new RewriteAttempts();
  #writer: AofWriter | null = null;
  /** What the writer began with, which is in the manifest once it counts. */
  #first: ManifestEntry | null = null;
  #rewrite: Rewrite | null = null;
  /** Whether one begins as soon as the command is over that asked for it. */
  #isStarting = false;
  /** Position of the stream at which the writer began; see `#keptOffset`. */
  #streamStart = 0;
  /** Bytes of the parts before the file that is written to, and of all after the last rewrite. */
  #olderBytes = 0;
  #baseBytes = 0;
  /** The last second that was noted. */
  #notedSecond = 0;
  /** Whether the manifest has all that the writer has written to. */
  #isWhole = false;
  /** Whether it ever was since the file was begun: then clients wait until it is again. */
  #hasPromised = false;
  #isBehind = false;

  constructor(around: AofSurroundings) {
    this.#around = around;
    this.files = new AofFiles(around.files, around.settings);
    this.commits = new CommitQueue(() => this.#keptOffset());
    this.#leaving = new LeavingWriters(around.log, () => this.followPolicy());
  }

  get isEnabled(): boolean {
    return this.#writer !== null;
  }

  get isRewriting(): boolean {
    return this.#rewrite !== null || this.#isStarting;
  }

  get lastRewriteFailed(): boolean {
    return this.#attempts.hasFailed;
  }

  get consecutiveFailures(): number {
    return this.#attempts.consecutiveFailures;
  }

  get currentRewriteSeconds(): number {
    if (this.#rewrite === null) return -1;
    return Math.floor((this.#around.clock.monotonicMs() - this.#rewrite.startMs) / 1000);
  }

  get lastWriteFailed(): boolean {
    return this.#writer !== null && this.#writer.problem !== null;
  }

  get sizes(): AppendOnlySizes | null {
    const writer = this.#writer;
    if (writer === null) return null;
    return {
      currentBytes: this.#olderBytes + writer.fileBytes,
      baseBytes: this.#baseBytes,
      isRewritePending: this.isRewriteScheduled,
      bufferedBytes: this.#around.propagation.gatheredBytes + writer.waitingBytes,
      pendingSyncs: writer.isSyncing ? 1 : 0,
      delayedSyncs: writer.delayedSyncs,
    };
  }

  // --- Beginning and ending

  /** Goes on behind what was loaded. Throws what the system says. */
  continue(): void {
    const { manifest } = this.files;
    const last = manifest.increments.at(-1);
    this.#baseBytes = this.files.sizeBytes();
    if (last === undefined) {
      const increment = this.files.nextIncrement();
      const file = this.files.create(increment);
      this.files.add(increment);
      this.#begin(new AofWriter(file, this.#around.settings.policy, this.#around.clock, this));
      this.#olderBytes = this.#baseBytes;
    } else {
      const file = this.files.open(last);
      this.#begin(new AofWriter(file, this.#around.settings.policy, this.#around.clock, this));
      this.#olderBytes = this.#baseBytes - file.sizeAtOpen;
    }
    this.files.removeHistory();
    this.#promise();
  }

  /** Begins with what there is now, all of which is written before this returns. */
  beginAtOnce(): void {
    const { files, keyspace, settings, clock } = this.#around;
    const base = this.files.nextBase();
    const increment = this.files.nextIncrement();
    const file = this.files.create(increment);
    const { directory } = this.files;
    saveSnapshot(files, directory, base.name, keyspace, this.#writing(), this.#facts());
    this.files.rebase(base, increment);
    this.#begin(new AofWriter(file, settings.policy, clock, this));
    this.#baseBytes = this.files.sizeBytes();
    this.#olderBytes = this.#baseBytes;
    this.#promise();
  }

  /** Begins with what there is now: the file is whole once a base was written. */
  begin(): void {
    const { snapshots, settings, clock, log } = this.#around;
    this.files.settle();
    const increment = this.files.nextIncrement();
    const file = this.files.create(increment);
    this.#begin(new AofWriter(file, settings.policy, clock, this));
    this.#first = increment;
    this.#olderBytes = 0;
    // What the base of one without an increment has is older than the first change here.
    this.#abandonRewrite();
    if (snapshots.current === null) this.#startBase(increment);
    else log.warning('The append only file begins when the snapshot is done');
  }

  /** Ends it; resolves when everything is on the disk, also of those that ended before. */
  async end(): Promise<void> {
    const writer = this.#writer;
    if (writer !== null) {
      this.#abandonRewrite();
      this.#around.propagation.detach(this);
      this.#writer = null;
      this.#isWhole = false;
      this.#hasPromised = false;
      this.#leaving.add(writer, this.#streamStart);
      this.stateChanged();
      this.#setBehind(false);
      this.followPolicy();
    }
    await this.#leaving.ended();
  }

  /** Whether what there is would be lost were this the end. */
  get isUnfinished(): boolean {
    return this.#writer !== null && !this.#hasPromised;
  }

  #abandonRewrite(): void {
    if (this.#rewrite !== null) this.#around.snapshots.abandon(this.#rewrite.snapshot);
    this.#rewrite = null;
  }

  /** Follows `appendfsync`. */
  followPolicy(): void {
    if (this.#writer !== null) this.#writer.policy = this.#around.settings.policy;
    this.#around.propagation.hurry();
    const isAlways = this.#around.settings.policy === 'always';
    this.commits.isOn = isAlways && (this.#hasPromised || !this.#leaving.isEmpty);
    this.commits.proceed();
  }

  #begin(writer: AofWriter): void {
    this.#writer = writer;
    this.#around.propagation.attach(this);
    this.#streamStart = this.#around.propagation.offset;
    this.#notedSecond = 0;
    this.followPolicy();
  }

  /** From now on what is on the disk is found there by whoever loads it. */
  #promise(): void {
    this.#isWhole = true;
    this.#hasPromised = true;
    this.followPolicy();
  }

  // --- The stream

  mayWait(): boolean {
    // What is noted is the second in which a change was made.
    return !this.#around.settings.notesTime && this.#writer!.mayWait();
  }

  give(): void {
    this.#around.propagation.flushLate();
  }

  take(bytes: Buffer, length: number, mayKeep: boolean): Buffer | null {
    const writer = this.#writer!;
    if (this.#around.settings.notesTime) this.#noteTime(writer);
    const other = writer.take(bytes, length, mayKeep);
    this.#followDisk(writer);
    return other;
  }

  #noteTime(writer: AofWriter): void {
    const second = Math.floor(this.#around.clock.wallMs() / 1000);
    if (second === this.#notedSecond) return;
    this.#notedSecond = second;
    const note = Buffer.from(`#TS:${second}\r\n`);
    writer.take(note, note.length, false);
    // What the note takes is no part of the stream of changes.
    this.#streamStart -= note.length;
  }

  /** Up to where the stream of changes is on the disk. */
  #keptOffset(): number {
    if (!this.#leaving.isEmpty) return this.#leaving.keptOffset;
    const writer = this.#writer;
    return writer === null ? Number.POSITIVE_INFINITY : this.#streamStart + writer.kept;
  }

  keptMore(): void {
    this.commits.proceed();
    if (this.#writer !== null) this.#followDisk(this.#writer);
  }

  stateChanged(): void {
    const problem = this.#writer?.problem ?? null;
    const { executor, log } = this.#around;
    if (problem === null) {
      executor.refuseWrites('appendonly', null);
      return;
    }
    log.warning('Error writing to the AOF file', { reason: problem.message });
    const text = `MISCONF Errors writing to the AOF file: ${systemReason(problem)}`;
    executor.refuseWrites('appendonly', new CommandError(text));
  }

  /** Has commands that write wait while the disk is too far behind. */
  #followDisk(writer: AofWriter): void {
    // What fails is refused, not held back.
    this.#setBehind(writer.isBehind && writer.problem === null);
  }

  #setBehind(isBehind: boolean): void {
    if (this.#isBehind === isBehind) return;
    const { executor } = this.#around;
    this.#isBehind = isBehind;
    executor.isBehind = isBehind;
    // A command may be what ends it, and the sessions share its writer.
    if (!isBehind) queueMicrotask(() => resumeHeld(executor.held));
  }

  /** To be called ten times a second. */
  tick(): void {
    const writer = this.#writer;
    const { settings, snapshots, clock, executor } = this.#around;
    if (writer !== null) {
      writer.isResting = settings.restsDuringRewrite && snapshots.current !== null;
      writer.tick();
      this.#followDisk(writer);
    }
    if (this.isRewriting || snapshots.current !== null || executor.isBusy) return;
    const nowMs = clock.monotonicMs();
    if (writer !== null && (writer.isDoubtful || !this.#isWhole)) {
      if (this.#attempts.mayRetry(nowMs)) this.#startAnew(writer);
      return;
    }
    const isDue = this.#attempts.mayGrow(nowMs) && hasGrown(settings, this.sizes);
    if (this.isRewriteScheduled || isDue) this.#startRewrite();
  }

  // --- Rewriting

  rewrite(isTogether: boolean): string {
    if (this.isRewriting) throw UNDER_WAY;
    if (this.#around.snapshots.current !== null || isTogether) {
      this.isRewriteScheduled = true;
      this.#attempts.forget();
      return 'Background append only file rewriting scheduled';
    }
    this.#isStarting = true;
    // The unit of the stream that the command belongs to is open.
    setImmediate(() => this.#startRewrite());
    return 'Background append only file rewriting started';
  }

  #startRewrite(): void {
    this.#isStarting = false;
    if (this.#around.snapshots.current !== null || this.#around.executor.isBusy) {
      this.isRewriteScheduled = true;
      return;
    }
    this.isRewriteScheduled = false;
    const writer = this.#writer;
    let increment: ManifestEntry;
    try {
      if (writer === null) {
        this.files.settle();
        this.#startBase(null);
        return;
      }
      this.#around.propagation.flush();
      increment = this.files.nextIncrement();
      writer.switchTo(this.files.create(increment), () => this.#enter(writer, increment));
    } catch (problem) {
      this.#failed(problem);
      return;
    }
    this.#around.propagation.reselect();
    this.#startBase(increment);
  }

  /**
   * Makes an increment a part of the append-only file; whether it is one. The one before it is
   * complete by now: only the last may be cut off by a loss of power.
   */
  #enter(writer: AofWriter, increment: ManifestEntry): boolean {
    const last = this.files.manifest.increments.at(-1);
    // A base that was quick has made it one.
    if (last?.name === increment.name) return true;
    // So has a later one, and that base has all that was to come here.
    if (last !== undefined && last.sequence > increment.sequence) return false;
    const isLeaving = writer !== this.#writer;
    // It was turned off and on again meanwhile: what there is goes to the file that counts already.
    if (isLeaving && this.#writer !== null) return false;
    try {
      this.files.add(increment);
    } catch (problem) {
      if (!isLeaving) this.#abandonRewrite();
      this.#failed(problem);
      return false;
    }
    if (!isLeaving) this.#olderBytes += writer.fileBytes;
    return true;
  }

  /** Begins anew in other files, since nobody knows what the disk has of these. */
  #startAnew(writer: AofWriter): void {
    this.#around.propagation.flush();
    const increment = this.files.nextIncrement();
    try {
      writer.startAnew(this.files.create(increment));
      if (this.#first !== null) this.files.discard(this.#first);
      this.#first = increment;
    } catch (problem) {
      this.#failed(problem);
      return;
    }
    this.#olderBytes = 0;
    this.#isWhole = false;
    this.#around.propagation.reselect();
    this.#startBase(increment);
  }

  /** Writes the base for an increment that begins now. */
  #startBase(increment: ManifestEntry | null): void {
    const { snapshots, clock, log } = this.#around;
    const base = this.files.nextBase();
    this.rewrites++;
    const snapshot = snapshots.start({
      path: this.files.path(base.name),
      writing: this.#writing(),
      facts: this.#facts(),
      onEnd: (failure) => this.#baseEnded(failure),
    });
    this.#rewrite = { base, increment, startMs: clock.monotonicMs(), snapshot };
    log.notice('Background append only file rewriting started');
  }

  #writing(): SnapshotWriting {
    const { settings, snapshotSettings, clock } = this.#around;
    return baseWriting(settings, snapshotSettings, clock);
  }

  #facts(): SnapshotFacts {
    const { keyspace, clock, libraries, snapshotSettings } = this.#around;
    return baseFacts(snapshotSettings, clock, keyspace.heap.usedBytes, libraries.codes);
  }

  #baseEnded(failure: { readonly problem: unknown } | null): void {
    const rewrite = this.#rewrite!;
    const writer = this.#writer;
    this.#rewrite = null;
    const { clock, files, log } = this.#around;
    this.lastRewriteSeconds = Math.floor((clock.monotonicMs() - rewrite.startMs) / 1000);
    this.lastPeakBytes = rewrite.snapshot.peakBytes;
    try {
      if (failure !== null) throw failure.problem;
      files.syncDirectory(this.files.directory);
      this.files.rebase(rewrite.base, rewrite.increment);
      this.#baseBytes = this.files.sizeBytes();
      if (writer !== null) {
        const { increment } = rewrite;
        const ownBytes = increment === null ? 0 : this.files.sizeOf(increment);
        this.#olderBytes = this.#baseBytes - ownBytes;
        writer.whole();
        this.#promise();
      }
    } catch (problem) {
      this.#failed(problem);
      return;
    }
    this.#attempts.succeeded();
    log.notice('Background AOF rewrite finished successfully');
  }

  #failed(problem: unknown): void {
    this.#attempts.failed(this.#around.clock.monotonicMs());
    const reason = problem instanceof Error ? problem.message : String(problem);
    this.#around.log.warning('Background AOF rewrite failed', { reason });
  }

  // --- WAITAOF

  isSynced(client: ClientState): boolean {
    const writer = this.#writer;
    if (writer === null || !this.#isWhole) return false;
    return sessionOf(client).written <= this.#keptOffset();
  }

  waitForSync(client: ClientState, needsReplica: boolean, timeoutMs: number): boolean {
    const session: Session = sessionOf(client);
    if (session.deniesBlocking) return false;
    this.#around.propagation.flush();
    this.#writer?.askSync();
    this.commits.wait(session, () => this.isSynced(session), needsReplica, timeoutMs);
    return true;
  }

  // --- DEBUG LOADAOF

  /** Does something beside the stream once all of it is written; null until then. */
  beside<Result>(work: () => Result): Result | null {
    const { propagation } = this.#around;
    propagation.flush();
    if (!this.#isWhole || this.#writer!.waitingBytes > 0) return null;
    propagation.detach(this);
    try {
      return work();
    } finally {
      propagation.attach(this);
    }
  }
}
