/** Clients that wait until what they have changed is on the disk. */
import type { CommitGate } from '../engine/commit-gate.ts';
import { type Session, STOP_WAITING } from '../engine/session.ts';

/** Longest delay that a timer takes. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** See the file's comment. */
export class CommitQueue implements CommitGate {
  /** Whether replies wait for the disk. */
  isOn = false;
  readonly #keptOffset: () => number;
  #waiting: (() => boolean)[] = [];

  /** `keptOffset` tells up to where the stream of changes is on the disk. */
  constructor(keptOffset: () => number) {
    this.#keptOffset = keptOffset;
  }

  holds(session: Session): boolean {
    return this.isOn && session.written > this.#keptOffset();
  }

  isKept(offset: number): boolean {
    return !this.isOn || offset <= this.#keptOffset();
  }

  await(proceed: () => boolean): void {
    this.#waiting.push(proceed);
  }

  /** To be called when more is kept. */
  proceed(): void {
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const proceed of waiting) if (!proceed()) this.#waiting.push(proceed);
  }

  /**
   * Has a client wait until its last change is on the disk, for at most so long, 0 for ever, and
   * answers WAITAOF then; one who waits for a replica as well waits for the time to pass.
   */
  wait(session: Session, isSynced: () => boolean, needsReplica: boolean, timeoutMs: number): void {
    session.stop |= STOP_WAITING;
    let timer: NodeJS.Timeout | null = null;
    let isOver = false;
    const answer = (): void => {
      isOver = true;
      if (timer !== null) clearTimeout(timer);
      if (session.closing) return;
      session.transport.answer({
        write(reply) {
          reply.array(2);
          reply.integer(isSynced() ? 1 : 0);
          reply.integer(0);
          return true;
        },
      });
      session.stop &= ~STOP_WAITING;
      session.transport.resume();
    };
    if (timeoutMs > 0) timer = setTimeout(answer, Math.min(timeoutMs, TIMER_MS_MAX)).unref();
    this.await(() => {
      if (!isOver && !needsReplica && isSynced()) answer();
      return isOver || session.closing;
    });
  }
}
