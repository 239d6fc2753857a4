/**
 * Why commands that write may not run just now: a client has paused them, the disk cannot keep up
 * with them, or what they write could not be kept.
 */
import type { CommandError } from '../commands/errors.ts';
import { FLAG_BITS, type RegisteredCommand } from '../commands/registry.ts';
import type { PauseMode } from '../commands/services/clients.ts';
import type { Args } from '../protocol/args.ts';
import { maskOf } from './call-mask.ts';
import type { Session } from './session.ts';

const WRITES = FLAG_BITS.write | FLAG_BITS.may_replicate;

/** Who may refuse writes, in the order in which they are asked. */
export type RefusalSource = 'snapshot' | 'appendonly';
const SOURCES: readonly RefusalSource[] = ['snapshot', 'appendonly'];

/** See the file's comment. */
export class WriteGate {
  #pause: PauseMode | null = null;
  #isBehind = false;
  readonly #refusals = new Map<RefusalSource, CommandError>();

  /** Whether there is anything to be looked at. */
  get isClosed(): boolean {
    return this.#pause !== null || this.#isBehind || this.#refusals.size > 0;
  }

  /** Which commands wait for the end of a pause, or null. */
  set pause(mode: PauseMode | null) {
    this.#pause = mode;
  }

  /** Whether those that write wait until the disk has caught up. */
  set isBehind(isBehind: boolean) {
    this.#isBehind = isBehind;
  }

  /** Has writes refused with an error, or for null not any more. */
  refuse(source: RefusalSource, problem: CommandError | null): void {
    if (problem === null) this.#refusals.delete(source);
    else this.#refusals.set(source, problem);
  }

  /** Throws when a command is refused: one that writes, or PING, by which others look after us. */
  check(session: Session, command: RegisteredCommand, args: Args): void {
    const { refusal } = this;
    if (refusal === null) return;
    const writes = (maskOf(session, command, args) & FLAG_BITS.write) !== 0;
    if (writes || command.fullName === 'ping') throw refusal;
  }

  /** Why writes are refused, or null. */
  get refusal(): CommandError | null {
    if (this.#refusals.size === 0) return null;
    for (const source of SOURCES) {
      const problem = this.#refusals.get(source);
      if (problem !== undefined) return problem;
    }
    return null;
  }

  /** Whether a command is to wait. */
  holds(session: Session, command: RegisteredCommand, args: Args): boolean {
    if (session.transport.kind === 'embedded') return false;
    if (this.#pause === 'all') return command.fullName !== 'client|unpause';
    if (this.#pause === null && !this.#isBehind) return false;
    return (maskOf(session, command, args) & WRITES) !== 0;
  }
}
