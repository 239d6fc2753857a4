/**
 * The directory of an engine's clients: who is there, by id, and what one client may do to the
 * others: close them, and hold back their commands for a while.
 */
import type { ClientDirectory, ClientState, PauseMode } from '../commands/services/clients.ts';
import type { Keyspace } from '../keyspace/keyspace.ts';
import { resumeHeld } from './call-rules.ts';
import type { Clock } from './clock.ts';
import type { Executor } from './execute.ts';
import type { Session } from './session.ts';

/** The longest delay that a timer takes. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** Who watches over what clients take. */
export interface MemoryWatch {
  /** A client may take more or less than before. */
  look(session: Session): void;
  forget(session: Session): void;
}

/** See the file's comment. */
export class Clients implements ClientDirectory {
  readonly #executor: Executor;
  readonly #keyspace: Keyspace;
  readonly #clock: Clock;
  /** In order of the ids, because they only grow. */
  readonly #sessions = new Map<number, Session>();
  #lastId = 0;
  /** Null while clients may take as much as they like. */
  memory: MemoryWatch | null = null;

  #pauseMode: PauseMode | null = null;
  /**
   * When the pause ends, on the monotonic clock: a step of the wall clock does not change its
   * length.
   */
  #pauseEndMs = 0;
  #pauseTimer: NodeJS.Timeout | null = null;

  constructor(executor: Executor, keyspace: Keyspace, clock: Clock) {
    this.#executor = executor;
    this.#keyspace = keyspace;
    this.#clock = clock;
  }

  /** The id of the next client; no two are the same. */
  nextId(): number {
    return ++this.#lastId;
  }

  add(session: Session): void {
    this.#sessions.set(session.id, session);
  }

  /** Forgets a session whose connection is gone; nothing happens when it is forgotten already. */
  remove(session: Session): void {
    this.#sessions.delete(session.id);
    this.#executor.held.delete(session);
    this.memory?.forget(session);
    session.services.blocking.forget(session);
    if (session.subscriptions !== null) session.services.pubsub.unsubscribeAll(session);
    if (session.tracking !== null) session.services.tracking.stop(session);
  }

  get count(): number {
    return this.#sessions.size;
  }

  all(): Iterable<Session> {
    return this.#sessions.values();
  }

  byId(id: number): Session | undefined {
    return this.#sessions.get(id);
  }

  kill(victim: ClientState, killer: ClientState | null): void {
    if (victim === killer) {
      victim.closeAfterReply();
      return;
    }
    // Its connection tells when it is closed; until then nobody should find a client that is as
    // good as gone.
    const session = this.#sessions.get(victim.id);
    if (session !== undefined) this.remove(session);
    victim.transport.destroy();
  }

  pause(mode: PauseMode, durationMs: number): void {
    const endMs = this.#clock.monotonicMs() + durationMs;
    this.#pauseEndMs = this.#pauseMode === null ? endMs : Math.max(this.#pauseEndMs, endMs);
    if (this.#pauseMode !== 'all') this.#pauseMode = mode;
    this.#executor.pause = this.#pauseMode;
    this.#keyspace.expiryHeld = true;
    this.#watchPause();
  }

  unpause(): void {
    if (this.#pauseTimer !== null) clearTimeout(this.#pauseTimer);
    this.#pauseTimer = null;
    this.#pauseMode = null;
    this.#executor.pause = null;
    this.#keyspace.expiryHeld = false;
    // A command may be what ends the pause, and the sessions share its writer: they go on when it
    // is done.
    queueMicrotask(() => resumeHeld(this.#executor.held));
  }

  #watchPause(): void {
    if (this.#pauseTimer !== null) clearTimeout(this.#pauseTimer);
    this.#pauseTimer = null;
    const leftMs = this.#pauseEndMs - this.#clock.monotonicMs();
    if (leftMs <= 0) {
      this.unpause();
      return;
    }
    const delayMs = Math.min(Math.ceil(leftMs), TIMER_MS_MAX);
    this.#pauseTimer = setTimeout(() => this.#watchPause(), delayMs).unref();
  }
}
