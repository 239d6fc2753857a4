/**
 * The waist: the only way to run a command. Finds it, checks what must be checked, runs it,
 * answers. Sockets, transactions, scripts, loading and the embedded API all call `execute`.
 *
 * Everything that is not the common case hides behind one test of the session's and the engine's
 * gate bits.
 *
 * A clock reading costs a tenth of a whole pipelined GET, so runs of fast commands share one. Those
 * that can be slow are timed one by one, and so are all while somebody asked to see commands faster
 * than a millisecond (see docs/decisions/0001-timing-of-commands.md).
 */
import { performance } from 'node:perf_hooks';
import {
  type CommandError,
  LOADING,
  NO_AUTHENTICATION,
  NO_MEMORY,
  NOT_IN_TRANSACTION,
} from '../commands/errors.ts';
import { isSubscriptionCommand } from '../commands/pubsub-mode.ts';
import {
  FLAG_BITS,
  type RegisteredCommand,
  type Registry,
  UNQUEUED,
} from '../commands/registry.ts';
import type { PauseMode } from '../commands/services/clients.ts';
import type { Args } from '../protocol/args.ts';
import type { Reply, ReplyMark } from '../protocol/reply.ts';
import {
  errorText,
  findCommand,
  isAllowedWhileBusy,
  isAnswered,
  isBrief,
  isBriefToServe,
  isHttp,
  isShown,
  passSkip,
  requireAllowedToListener,
  requireArity,
  spoilTransaction,
} from './call-rules.ts';
import type { CallScope } from './call-scope.ts';
import type { CallObserver, CommandFeed, CommandGate, WaitQueue } from './listeners.ts';
import type { Propagation } from './propagation.ts';
import {
  GATE_LISTENING,
  GATE_NO_TOUCH,
  GATE_PASSWORD,
  GATE_QUEUEING,
  GATE_REPLIES,
  GATES_OF_SESSIONS,
  NO_COMMAND,
  type Session,
  STOP_PAUSED,
  STOP_WAITING,
} from './session.ts';
import type { EngineStatistics } from './statistics.ts';
import { type RefusalSource, WriteGate } from './write-gate.ts';

/** Bits of the engine's own gate, none of which is a session's: both are tested together. */
const GATE_MONITORED: number = GATES_OF_SESSIONS + 1;
/** Commands that write may not run just now. */
const GATE_WRITES: number = GATE_MONITORED << 1;
/** The commands of a transaction run. */
const GATE_TOGETHER: number = GATE_MONITORED << 2;
/** Some client waits for something. */
const GATE_WAITED: number = GATE_MONITORED << 3;
/** Data are being loaded. */
const GATE_LOADING: number = GATE_MONITORED << 4;
/** Somebody wants to know whose command runs. */
const GATE_SCOPED: number = GATE_MONITORED << 5;
/** Somebody reads the stream of changes. */
const GATE_PROPAGATED: number = GATE_MONITORED << 6;
/** A script has run for long, and others get a turn. */
const GATE_BUSY: number = GATE_MONITORED << 7;
/** Memory is limited; the others say when that is not looked at. */
const GATE_LIMITED: number = GATE_MONITORED << 8;
const UNLIMITED: number = GATE_TOGETHER | GATE_LOADING | GATE_BUSY;

/** What `#admit` says of a command: it runs, waits for the end of a pause, or waits for EXEC. */
const ADMITTED = 0;
const HELD = 1;
const QUEUED = 2;

/** In place of the time at which a command began: it shares its time with others. */
const SHARED = -1;

/** Runs commands for sessions. */
export class Executor {
  /** Whether even fast commands are timed one by one. */
  timeEach = false;
  observer: CallObserver | null = null;
  /** Sessions that a pause has stopped, in the order in which it did. */
  readonly held: Set<Session> = new Set();
  readonly #registry: Registry;
  readonly #statistics: EngineStatistics;
  #gate = 0;
  #feed: CommandFeed | null = null;
  readonly #writes = new WriteGate();
  #waits: WaitQueue | null = null;
  #scope: CallScope | null = null;
  #propagation: Propagation | null = null;
  #busy: CommandError | null = null;
  #memory: CommandGate | null = null;
  /** The command that runs others, by name; see `runTogether`. */
  #outer: string = NO_COMMAND;
  /** How much of the reply CLIENT REPLY cannot take back any more. */
  #kept: ReplyMark = 0;
  /** When the current run of commands began, in ms of `performance.now`. */
  #runStartMs = 0;
  #runCalls = 0;
  /** The commands of the run, the first so many here, and how often each was called, by id. */
  readonly #runCommands: RegisteredCommand[];
  #runCommandCount = 0;
  readonly #callsInRun: Int32Array;

  constructor(registry: Registry, statistics: EngineStatistics) {
    this.#registry = registry;
    this.#statistics = statistics;
    this.#runCommands = [...registry.all];
    this.#callsInRun = new Int32Array(registry.all.length);
  }

  /** Who hears of every command, or null. */
  set feed(feed: CommandFeed | null) {
    this.#feed = feed;
    this.#gate = feed === null ? this.#gate & ~GATE_MONITORED : this.#gate | GATE_MONITORED;
  }

  /** Whether only commands run that need no data, as these are being loaded. */
  set loading(isLoading: boolean) {
    this.#gate = isLoading ? this.#gate | GATE_LOADING : this.#gate & ~GATE_LOADING;
  }

  /** Which commands are held back, or null. */
  set pause(mode: PauseMode | null) {
    this.#writes.pause = mode;
    this.#followWrites();
  }

  /** Whether commands that write are held back until the disk has caught up. */
  set isBehind(isBehind: boolean) {
    this.#writes.isBehind = isBehind;
    this.#followWrites();
  }

  /** Has commands that write refused with an error, or for null not any more. */
  refuseWrites(source: RefusalSource, problem: CommandError | null): void {
    this.#writes.refuse(source, problem);
    this.#followWrites();
  }

  /** Who is served after each command, or null. */
  set waits(waits: WaitQueue | null) {
    this.#waits = waits;
    this.#gate = waits === null ? this.#gate & ~GATE_WAITED : this.#gate | GATE_WAITED;
  }

  /** Who is told whose command runs, or null. */
  set scope(scope: CallScope | null) {
    this.#scope = scope;
    this.#gate = scope === null ? this.#gate & ~GATE_SCOPED : this.#gate | GATE_SCOPED;
  }

  /** What is told of all that commands change, or null. */
  set propagation(propagation: Propagation | null) {
    this.#propagation = propagation;
    this.#gate =
      propagation === null ? this.#gate & ~GATE_PROPAGATED : this.#gate | GATE_PROPAGATED;
  }

  /** What clients are told while a script runs that has given them a turn; null when none does. */
  set busy(problem: CommandError | null) {
    this.#busy = problem;
    this.#gate = problem === null ? this.#gate & ~GATE_BUSY : this.#gate | GATE_BUSY;
  }

  /** Whether such a script is under way: what it has changed so far is half of something. */
  get isBusy(): boolean {
    return this.#busy !== null;
  }

  /** Who is asked whether there is memory for a command, or null. */
  set memory(memory: CommandGate | null) {
    this.#memory = memory;
    this.#gate = memory === null ? this.#gate & ~GATE_LIMITED : this.#gate | GATE_LIMITED;
  }

  /** Whether what `execute` is given stays where it is until this says no, for all of a row. */
  set bytesStay(stay: boolean) {
    if (this.#propagation !== null) this.#propagation.bytesStay = stay;
  }

  /** Begins a batch of commands; `nowMs` is the reading of `performance.now` that woke us. */
  beginBatch(nowMs: number): void {
    this.#runStartMs = nowMs;
  }

  /** Ends a batch: what has run since the last clock reading is accounted for. */
  endBatch(): void {
    if (this.#runCalls > 0) this.#endRun(performance.now());
    // What a script does is one thing, and it is not done.
    if (this.#busy !== null) return;
    // Keys expire without a command.
    if (this.#waits?.isReady) this.#serveAll(this.#waits);
    if (this.#runCalls > 0) this.#endRun(performance.now());
    this.#propagation?.offer();
  }

  /** Reads ahead what the commands of a batch will need, so that the cache misses overlap. */
  touch(session: Session, batch: readonly Args[], count: number): void {
    session.keyspace.lookAhead.touch(session.database, batch, count);
    if (this.#waits !== null) this.#waits.touch(batch, count);
  }

  /**
   * Runs one command, which a caller may have found already, and answers it. Afterwards
   * `session.stop` says whether the session may go on; with STOP_PAUSED the command did not run and
   * is to be given again.
   */
  execute(session: Session, args: Args, reply: Reply, found?: RegisteredCommand | null): void {
    const mark = reply.mark();
    let command: RegisteredCommand | null = null;
    let ran = false;
    let startMs = SHARED;
    // What has opened a gate before the command also has something to undo after it.
    const gate = session.gate | this.#gate;
    try {
      command = found ?? findCommand(this.#registry, args);
      // Of commands that run together the client has sent the one that runs them.
      session.lastCommand = (gate & GATE_TOGETHER) === 0 ? command.fullName : this.#outer;
      requireArity(command, args.count);
      let admission = ADMITTED;
      if (gate === GATE_PROPAGATED) this.#propagation!.before(session);
      else if ((gate & ~GATE_TOGETHER) !== 0) admission = this.#admit(session, command, args);
      if (admission === HELD) return;
      if (admission === QUEUED) {
        reply.status('QUEUED');
      } else {
        ran = true;
        if (!isBrief(command, args) || this.timeEach) startMs = this.#beginTimed();
        else this.#share(command);
        command.run!(session, args, reply);
      }
    } catch (problem) {
      session.keyspace.touching = true;
      let text = errorText(problem);
      if (!ran) text = spoilTransaction(session, command, text);
      reply.rewind(mark);
      if (command === null) {
        session.lastCommand = NO_COMMAND;
        if (isHttp(args)) {
          session.closeAfterReply();
          return;
        }
      }
      reply.error(text);
      this.#statistics.failedWith(text, command, ran);
    }
    // A command that waits is counted when it is answered.
    if (startMs !== SHARED && (session.stop & STOP_WAITING) === 0) {
      this.#endTimed(session, command!, args, startMs);
    }
    const open = gate | session.gate | this.#gate;
    if (open === GATE_PROPAGATED && ran) {
      this.#propagation?.ranAlone(session, command!, args);
      return;
    }
    if ((open & ~GATE_TOGETHER) === 0) return;
    if (ran) this.#propagation?.after(session, command!, args);
    if (this.#scope !== null) this.#leave(this.#scope, session, ran ? command : null, args);
    this.#afterwards(session, reply, mark, ran ? command : null);
    if (this.#feed !== null && isShown(command, ran)) this.#feed.command(session, command!, args);
    if ((this.#gate & GATE_TOGETHER) === 0) this.endTogether(session);
  }

  /** Ends what commands that ran together have changed: passed on, and served to who waits. */
  endTogether(session: Session): void {
    if (this.#busy !== null) return;
    this.#propagation?.end(session);
    if (this.#waits?.isReady) this.#serveAll(this.#waits);
  }

  /**
   * Runs the commands of a transaction for a session, as `run` gives them to `execute`: without the
   * checks that were made when they came, and without waiting for anything.
   */
  runTogether(session: Session, run: () => void): void {
    const { deniesBlocking } = session;
    const outer = this.#outer;
    // A script may be part of a transaction.
    const isNested = (this.#gate & GATE_TOGETHER) !== 0;
    if (!isNested) this.#outer = session.lastCommand;
    this.#gate |= GATE_TOGETHER;
    session.deniesBlocking = true;
    try {
      run();
    } finally {
      session.deniesBlocking = deniesBlocking;
      session.lastCommand = this.#outer;
      if (!isNested) {
        this.#gate &= ~GATE_TOGETHER;
        this.#outer = outer;
      }
    }
  }

  /**
   * Tries again what a command has waited for, now that argument `key` may have it; false when it
   * has not, and the command is to wait on.
   */
  serve(
    session: Session,
    command: RegisteredCommand,
    args: Args,
    key: number,
    reply: Reply,
  ): boolean {
    const mark = reply.mark();
    let isServed = true;
    session.keyspace.touching = !session.noTouch;
    const outer = this.#scope?.entered(session, true) ?? null;
    const startMs = this.timeEach || !isBriefToServe(command) ? this.#beginTimed() : SHARED;
    this.#propagation?.before(session);
    try {
      isServed = command.command.serve!(session, args, key, reply);
    } catch (problem) {
      this.#fail(command, problem, reply, mark);
    }
    this.#propagation?.after(session, command, args);
    this.#propagation?.end(session);
    session.keyspace.touching = true;
    if (isServed) this.#scope?.ran(session, command, args);
    this.#scope?.left(session, isServed ? command : null, outer);
    if (!isServed) return false;
    if (startMs === SHARED) this.#share(command);
    else this.#endTimed(session, command, args, startMs);
    this.#withhold(session, reply, mark);
    return true;
  }

  /** Answers a command that has waited in vain, with what `write` writes or throws. */
  conclude(session: Session, command: RegisteredCommand, reply: Reply, write: () => void): void {
    const mark = reply.mark();
    try {
      write();
    } catch (problem) {
      this.#fail(command, problem, reply, mark);
    }
    this.#statistics.called(command, 1, 0);
    this.#withhold(session, reply, mark);
  }

  /** Why commands of a script may not write just now; null when they may. */
  get writeRefusal(): CommandError | null {
    return this.#writes.refusal;
  }

  /** Whether there was no memory left when what runs now began. */
  get isOutOfMemory(): boolean {
    return this.#memory?.isBeyond ?? false;
  }

  /** The command that a session has run last. REQUIRES: there was one. */
  lastCommandOf(session: Session): RegisteredCommand {
    return this.#registry.registered(session.lastCommand)!;
  }

  /** Says that the replies written so far are those that the client is to get. */
  keepReplies(reply: Reply): void {
    this.#kept = reply.mark();
  }

  /** What becomes of a command when a gate is open; throws when it is refused. */
  #admit(session: Session, command: RegisteredCommand, args: Args): number {
    if (session.replays) return ADMITTED;
    if ((this.#gate & GATE_TOGETHER) === 0) {
      const admission = this.#check(session, command, args);
      if (admission !== ADMITTED) return admission;
      this.#scope?.entered(session, false);
    }
    if ((session.gate & GATE_NO_TOUCH) !== 0 && command.fullName !== 'touch') {
      session.keyspace.touching = false;
    }
    this.#propagation?.before(session);
    return ADMITTED;
  }

  /** The uncommon checks, in the order in which Redis makes them. */
  #check(session: Session, command: RegisteredCommand, args: Args): number {
    if ((session.gate & GATE_PASSWORD) !== 0 && (command.mask & FLAG_BITS.no_auth) === 0) {
      // The password may have been taken away since the client came.
      if (session.services.password.required) throw NO_AUTHENTICATION;
    }
    const queues = (session.gate & GATE_QUEUEING) !== 0;
    if (queues && (command.mask & FLAG_BITS.no_multi) !== 0) throw NOT_IN_TRANSACTION;
    if (this.#memory !== null && (this.#gate & UNLIMITED) === 0) {
      if (!this.#memory.admits(session, command, args)) throw NO_MEMORY;
    }
    if ((this.#gate & GATE_WRITES) !== 0) this.#writes.check(session, command, args);
    if ((session.gate & GATE_LISTENING) !== 0) requireAllowedToListener(session, command);
    if ((this.#gate & GATE_LOADING) !== 0 && (command.mask & FLAG_BITS.loading) === 0)
      throw LOADING;
    if (this.#busy !== null && !isAllowedWhileBusy(command, args)) throw this.#busy;
    if ((this.#gate & GATE_WRITES) !== 0 && this.#writes.holds(session, command, args)) {
      session.stop |= STOP_PAUSED;
      this.held.add(session);
      return HELD;
    }
    if (!queues || (command.mask & UNQUEUED) !== 0) return ADMITTED;
    session.services.transactions.queue(session, command, args);
    return QUEUED;
  }

  /** Undoes what `#admit` arranged and withholds an unwanted reply; messages come in any case. */
  #afterwards(session: Session, reply: Reply, mark: number, ran: RegisteredCommand | null): void {
    session.keyspace.touching = true;
    if (this.#memory !== null && (this.#gate & UNLIMITED) === 0) this.#memory.settle();
    // Who waits has no reply yet.
    if ((session.gate & GATE_REPLIES) === 0 || (session.stop & STOP_WAITING) !== 0) return;
    const isReply = ran === null || !isSubscriptionCommand(ran.fullName);
    if ((this.#gate & GATE_TOGETHER) !== 0) {
      if (isReply && !isAnswered(session)) reply.rewind(mark);
      return;
    }
    if (isReply) reply.rewind(Math.max(mark, this.#kept));
    this.#kept = 0;
    passSkip(session);
  }

  /** Withholds the late reply of a command that its client does not want. */
  #withhold(session: Session, reply: Reply, mark: ReplyMark): void {
    if ((session.gate & GATE_REPLIES) === 0) return;
    reply.rewind(mark);
    passSkip(session);
  }

  /** Answers that a command has failed. */
  #fail(command: RegisteredCommand, problem: unknown, reply: Reply, mark: ReplyMark): void {
    const text = errorText(problem);
    reply.rewind(mark);
    reply.error(text);
    this.#statistics.failedWith(text, command, true);
  }

  #leave(scope: CallScope, session: Session, ran: RegisteredCommand | null, args: Args): void {
    if (ran !== null) scope.ran(session, ran, args);
    if ((this.#gate & GATE_TOGETHER) === 0) scope.left(session, ran, null);
  }

  #serveAll(waits: WaitQueue): void {
    // What a file says came to be on the way is not there any more.
    if ((this.#gate & GATE_LOADING) !== 0) return;
    waits.serve();
    this.#scope?.served();
  }

  #followWrites(): void {
    this.#gate = this.#writes.isClosed ? this.#gate | GATE_WRITES : this.#gate & ~GATE_WRITES;
  }

  /** Counts a call that shares its time with the other brief ones of the batch. */
  #share(command: RegisteredCommand): void {
    this.#runCalls++;
    if (this.#callsInRun[command.id]!++ > 0) return;
    this.#runCommands[this.#runCommandCount++] = command;
  }

  #endRun(nowMs: number): void {
    const microsecondsPerCall = ((nowMs - this.#runStartMs) * 1000) / this.#runCalls;
    for (let i = 0; i < this.#runCommandCount; i++) {
      const command = this.#runCommands[i]!;
      const calls = this.#callsInRun[command.id]!;
      this.#statistics.called(command, calls, calls * microsecondsPerCall);
      this.#callsInRun[command.id] = 0;
    }
    this.#runCommandCount = 0;
    this.#runCalls = 0;
    this.#runStartMs = nowMs;
  }

  /** Before a command that is timed by itself; returns when it begins. */
  #beginTimed(): number {
    if (this.#runCalls > 0) this.#endRun(performance.now());
    return this.#runStartMs;
  }

  /** After it. It may have run others. */
  #endTimed(session: Session, command: RegisteredCommand, args: Args, startMs: number): void {
    const nowMs = performance.now();
    if (this.#runCalls > 0) this.#endRun(nowMs);
    const microseconds = (nowMs - startMs) * 1000;
    this.#statistics.called(command, 1, microseconds);
    this.observer?.timed(session, command, args, microseconds);
    this.#runStartMs = nowMs;
  }
}
