/**
 * Looking ahead at clients that wait. With thousands of them, most of what waking one costs is
 * fetching from memory what it is made of, one object after the other; touched together, those of
 * several clients come at the same time.
 *
 * Who is woken next is known when a batch names keys that are waited for. Who is heard from next is
 * a guess: clients that were woken together mostly come back together, in the same order. A wrong
 * guess costs some reads and changes nothing.
 */
import type { Args } from '../protocol/args.ts';
import type { KeyIndex } from './key-index.ts';
import type { Session } from './session.ts';
import type { Place, WaitedKey, Waiter } from './waiters.ts';

/** Clients that are expected back, as many as are woken at about the same time; a power of two. */
const WOKEN_MAX = 128;
/** Clients that are touched together. */
const TOUCHED_TOGETHER = 16;
/** Numbers of clients woken begin anew behind this. */
const NUMBERS = 2 ** 30;

/** See the file's comment. */
export class WakeAhead {
  readonly #keys: KeyIndex<WaitedKey>;
  /** Those woken last, each at its number modulo the length. */
  readonly #woken: (Waiter | null)[] = new Array(WOKEN_MAX).fill(null);
  /** The number of the one woken next. */
  #next = 0;
  /** The number behind those that were touched on their way back. */
  #touchedTo = 0;
  /** Sum of what was touched, so that the reads cannot be optimised away. */
  touched = 0;

  constructor(keys: KeyIndex<WaitedKey>) {
    this.#keys = keys;
  }

  /**
   * Touches who may be woken by the commands of a batch, whose keys, their first arguments, were
   * hashed where that is worth it.
   */
  touch(batch: readonly Args[], count: number): void {
    let last: WaitedKey | null = null;
    let place: Place | null = null;
    for (let i = 0; i < count; i++) {
      const args = batch[i]!;
      if (args.hashed !== 1) continue;
      const key = this.#keys.guess(args.hash);
      if (key === null) continue;
      // Each command wakes one more.
      if (key === last) place = place === null ? null : place.behind;
      else place = key.firstLane === null ? null : key.firstLane.first;
      last = key;
      if (place !== null) this.touched ^= place.waiter.touch();
    }
  }

  /** Somebody has been woken. */
  woke(waiter: Waiter): void {
    const number = this.#next;
    this.#woken[number % WOKEN_MAX] = waiter;
    waiter.number = number;
    this.#next = (number + 1) % NUMBERS;
  }

  /** Somebody is gone, and need not be kept in memory for what is not going to happen. */
  forget(session: Session): void {
    for (let i = 0; i < WOKEN_MAX; i++) {
      if (this.#woken[i]?.session === session) this.#woken[i] = null;
    }
  }

  /** Somebody who was woken waits again: touches those who were woken behind him. */
  returned({ number }: Waiter): void {
    const woken = (this.#next - number + NUMBERS) % NUMBERS;
    const touched = (this.#touchedTo - number + NUMBERS) % NUMBERS;
    // The next one has been touched, or this one was woken too long ago.
    if (woken > WOKEN_MAX || (touched > 1 && touched <= woken)) return;
    const end = Math.min(woken, 1 + TOUCHED_TOGETHER);
    for (let i = 1; i < end; i++) {
      this.touched ^= this.#woken[(number + i) % WOKEN_MAX]?.touch() ?? 0;
    }
    this.#touchedTo = (number + end) % NUMBERS;
  }
}
