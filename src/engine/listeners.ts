/** Those whom the executor tells of the commands that it runs, or serves when they have run. */
import type { RegisteredCommand } from '../commands/registry.ts';
import type { Args } from '../protocol/args.ts';
import type { Session } from './session.ts';

/** Told of commands as they run; see slowlog, latency monitor and MONITOR. */
export interface CallObserver {
  /** A command that was timed by itself. */
  timed(session: Session, command: RegisteredCommand, args: Args, microseconds: number): void;
}

/** Told of every command that has run, behind its reply. */
export interface CommandFeed {
  command(session: Session, command: RegisteredCommand, args: Args): void;
}

/** Clients whose commands wait. */
export interface WaitQueue {
  /** Whether something has happened that they may have waited for. */
  readonly isReady: boolean;
  /** Serves all that can be served. */
  serve(): void;
  /** Reads ahead what serving those takes for whom the commands of a batch may have something. */
  touch(batch: readonly Args[], count: number): void;
}

/** Who holds memory at its limit. */
export interface CommandGate {
  /** Makes room for a command; false when there is none and the command takes some. */
  admits(session: Session, command: RegisteredCommand, args: Args): boolean;
  /** Whether there was no room left at the last command that was asked about. */
  readonly isBeyond: boolean;
  /** Makes good for what a command has taken beyond that. */
  settle(): void;
}
