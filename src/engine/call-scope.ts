/** What is to be known of the commands that run, by those who care whose they are. */
import type { RegisteredCommand } from '../commands/registry.ts';
import type { Args } from '../protocol/args.ts';
import type { Session } from './session.ts';

/** Told whose command runs; those of a transaction run within EXEC. */
export interface CallScope {
  /** A command begins, one that has waited if it is late; returns whose ran until now. */
  entered(session: Session, isLate: boolean): Session | null;
  /** A command has run, whether or not it has failed. */
  ran(session: Session, command: RegisteredCommand, args: Args): void;
  /** It is over, null when it was refused or waits on; `outer` is whose command runs on. */
  left(session: Session, command: RegisteredCommand | null, outer: Session | null): void;
  /** The replies of all commands that have waited are on their way. */
  served(): void;
}
