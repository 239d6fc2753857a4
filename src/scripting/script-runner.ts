/**
 * Runs one script at a time for a client, and lets others have their say when it runs for long.
 *
 * A script that has run for longer than `busy-reply-threshold` is stopped every few milliseconds by
 * its hook, where Lua can yield (lua-machine.ts), and the event loop goes through its sockets
 * before the script goes on. Its client waits as one of BLPOP does; all others get BUSY from the
 * executor, unless their command can end the script. Nothing else happens in between: keys do not
 * expire, who waits is not served, and the log of changes gets one unit at the end. See
 * docs/decisions/0012-lua.md.
 */
import { CommandError } from '../commands/errors.ts';
import type { RegisteredCommand } from '../commands/registry.ts';
import { REPLY_ON } from '../commands/services/clients.ts';
import type { RunningScript } from '../commands/services/scripting.ts';
import type { Executor } from '../engine/execute.ts';
import type { Log } from '../engine/log.ts';
import { type Session, STOP_WAITING } from '../engine/session.ts';
import type { FineWallClock } from '../engine/wall-clock.ts';
import type { Database } from '../keyspace/database.ts';
import type { Keyspace } from '../keyspace/keyspace.ts';
import type { Args } from '../protocol/args.ts';
import { losslessText } from '../protocol/lossless-text.ts';
import type { Reply } from '../protocol/reply.ts';
import type { CallPermission } from './command-call.ts';
import { LuaPanic } from './lua-imports.ts';
import { ABORT, GO_ON, LuaError, PAUSE } from './lua-machine.ts';
import type { ScriptState } from './script-state.ts';

/** How long a busy script runs before others have a turn. */
const SLICE_MS = 10;
/** How long a script may run where it cannot be stopped, in ms, before it is ended. */
const STUCK_MS_MAX = 30_000;

/** What is to be run; its function and arguments lie on the stack of the state's thread. */
export interface ScriptCall {
  readonly state: ScriptState;
  /** The SHA-1 of a script, the name of a function. */
  readonly name: string;
  readonly isFunction: boolean;
  readonly isReadOnly: boolean;
  /** Whether it may take memory when there is none left. */
  readonly allowsOutOfMemory: boolean;
  readonly argumentCount: number;
  /** The command that the client has sent. */
  readonly args: Args;
}

/** A script that runs. */
interface Running {
  readonly call: ScriptCall;
  readonly session: Session;
  readonly startMs: number;
  readonly nowMs: number;
  database: Database;
  isUnlogged: boolean;
  sliceEndMs: number;
  isParked: boolean;
  /** Whether a pause of clients held expiry when the script was first stopped. */
  expiryWasHeld: boolean;
  /** Whether the client can be answered later: in a transaction or within the process it cannot. */
  readonly canWait: boolean;
  /** What is told of it once it runs for long. */
  command: RegisteredCommand | null;
  words: readonly Buffer[];
}

/** See the file's comment. */
export class ScriptRunner implements CallPermission {
  /** After so long others have their say. */
  thresholdMs = 5000;
  session: Session | null = null;
  isReadOnly = false;
  allowsOutOfMemory = false;
  hasWritten = false;
  readonly #executor: Executor;
  readonly #keyspace: Keyspace;
  readonly #wallClock: FineWallClock;
  readonly #log: Log;
  #running: Running | null = null;
  #killed = false;
  #isPaused = false;
  /** Functions that are made once, not for every script. */
  readonly #onHook = (): number => (this.#running === null ? GO_ON : this.#decide(this.#running));
  readonly #runMachine = (): void => {
    const { call, isParked } = this.#running!;
    this.#isPaused = call.state.machine.run(isParked ? 0 : call.argumentCount);
  };

  constructor(executor: Executor, keyspace: Keyspace, wallClock: FineWallClock, log: Log) {
    this.#executor = executor;
    this.#wallClock = wallClock;
    this.#keyspace = keyspace;
    this.#log = log;
  }

  get running(): RunningScript | null {
    const running = this.#running;
    if (running === null) return null;
    return {
      name: running.call.name,
      command: running.words,
      milliseconds: Math.floor(performance.now() - running.startMs),
      isFunction: running.call.isFunction,
    };
  }

  /** Runs a script and answers, now or later. Throws CommandError. */
  run(session: Session, call: ScriptCall, reply: Reply): void {
    const startMs = performance.now();
    const running: Running = {
      call,
      session,
      startMs,
      nowMs: this.#keyspace.nowMs,
      database: session.database,
      isUnlogged: false,
      sliceEndMs: startMs + this.thresholdMs,
      isParked: false,
      expiryWasHeld: false,
      canWait: !session.deniesBlocking && session.transport.kind !== 'embedded',
      command: null,
      words: [],
    };
    this.#running = running;
    this.#wallClock.hold();
    this.#killed = false;
    this.isReadOnly = call.isReadOnly;
    this.allowsOutOfMemory = call.allowsOutOfMemory;
    this.hasWritten = false;
    call.state.begin(this.#onHook);
    let isPaused = false;
    try {
      isPaused = this.#slice(running);
      if (!isPaused) call.state.writeResult(reply);
    } catch (problem) {
      throw this.#commandError(running, problem);
    } finally {
      if (!isPaused) this.#end(running);
    }
    if (isPaused) this.#park(running);
  }

  /** Ends the script that runs. Throws CommandError. */
  kill(isFunction: boolean): void {
    const running = this.#running;
    if (running === null) {
      throw new CommandError('NOTBUSY No scripts in execution right now.');
    }
    if (this.hasWritten) {
      throw new CommandError(
        'UNKILLABLE Sorry the script already executed write commands against the dataset. You can either wait the script termination or kill the server in a hard way using the SHUTDOWN NOSAVE command.',
      );
    }
    if (running.call.isFunction !== isFunction) throw busyError(running.call.isFunction);
    this.#killed = true;
  }

  /** Runs until the script ends or gives way; whether it gave way. */
  #slice(running: Running): boolean {
    const { session } = running;
    const { database, replies } = session;
    session.database = running.database;
    session.replies = REPLY_ON;
    this.session = session;
    session.inScript = true;
    session.isUnlogged = running.isUnlogged;
    this.#keyspace.nowMs = running.nowMs;
    try {
      this.#executor.runTogether(session, this.#runMachine);
    } finally {
      this.session = null;
      session.inScript = false;
      running.isUnlogged = session.isUnlogged;
      session.isUnlogged = false;
      running.database = session.database;
      session.database = database;
      session.replies = replies;
    }
    return this.#isPaused;
  }

  /** What the hook is told. */
  #decide(running: Running): number {
    const { machine } = running.call.state;
    if (this.#killed) {
      machine.abortText = `Script killed by user with ${running.call.isFunction ? 'FUNCTION' : 'SCRIPT'} KILL...`;
      return ABORT;
    }
    const nowMs = performance.now();
    if (nowMs < running.sliceEndMs) return GO_ON;
    if (running.canWait && machine.canYield) return PAUSE;
    if (nowMs < running.sliceEndMs + STUCK_MS_MAX) return GO_ON;
    machine.abortText = 'Script ended: it ran for too long where nothing else gets a turn';
    return ABORT;
  }

  #park(running: Running): void {
    const { session, call } = running;
    if (!running.isParked) {
      running.isParked = true;
      running.command = this.#executor.lastCommandOf(session);
      running.words = Array.from({ length: call.args.count }, (_, i) => call.args.copy(i));
      session.stop |= STOP_WAITING;
      this.#executor.busy = busyError(call.isFunction);
      running.expiryWasHeld = this.#keyspace.expiryHeld;
      this.#keyspace.expiryHeld = true;
      this.#log.warning('Slow script detected: still in execution', {
        milliseconds: Math.floor(performance.now() - running.startMs),
        script: call.name,
      });
    }
    setImmediate(() => this.#resume(running));
  }

  #resume(running: Running): void {
    const { session, call } = running;
    const command = running.command!;
    this.#executor.beginBatch(performance.now());
    running.sliceEndMs = performance.now() + SLICE_MS;
    let problem: unknown;
    try {
      if (this.#slice(running)) {
        this.#executor.endBatch();
        this.#park(running);
        return;
      }
    } catch (caught) {
      problem = this.#commandErrorOrOwn(running, caught);
    }
    this.#keyspace.expiryHeld = running.expiryWasHeld;
    this.#executor.busy = null;
    session.stop &= ~STOP_WAITING;
    if (!session.closing) {
      session.transport.answer({
        write: (reply) => {
          this.#executor.conclude(session, command, reply, () => {
            if (problem !== undefined) throw problem;
            call.state.writeResult(reply);
          });
          return true;
        },
      });
    }
    this.#end(running);
    this.#executor.endTogether(session);
    this.#executor.endBatch();
    session.transport.resume();
  }

  #end(running: Running): void {
    this.#running = null;
    this.#wallClock.release();
    running.call.state.end();
  }

  #commandErrorOrOwn(running: Running, problem: unknown): unknown {
    try {
      return this.#commandError(running, problem);
    } catch (own) {
      return own;
    }
  }

  /** What the client is told of a script that has failed; throws on what is no script's mistake. */
  #commandError({ call }: Running, problem: unknown): CommandError {
    if (problem instanceof LuaError) {
      const { text, source, line } = problem.failure;
      const bytes = Buffer.from(text.split('\0', 1)[0]!, 'latin1');
      const message = losslessText(bytes, 0, bytes.length);
      return new CommandError(`${message} script: ${call.name}, on ${source}:${line}.`);
    }
    call.state.spoil();
    if (problem instanceof LuaPanic) return new CommandError('ERR not enough memory');
    if (problem instanceof RangeError) return new CommandError('ERR stack overflow');
    throw problem;
  }
}

/** What others are told. */
function busyError(isFunction: boolean): CommandError {
  const container = isFunction ? 'FUNCTION' : 'SCRIPT';
  return new CommandError(
    `BUSY Redis is busy running a script. You can only call ${container} KILL or SHUTDOWN NOSAVE.`,
  );
}
