/**
 * A hierarchical timing wheel over timers that lie in the arena, so that keys go when they are due
 * and not when a sample finds them.
 *
 *   timer (16 B)   | due, low 32 | due, high 16 ; slot 10 ; mark 1 | next timer | previous timer |
 *   far timer      | all ones 32 | all ones 16  ; 1023    ; mark 1 | due, low 32 | due, high 32  |
 *
 *   level 0   64 slots of 1 ms      a timer is on the lowest level whose slots of that length
 *   level 1   64 slots of 64 ms     still tell its time from the wheel's own; when the wheel
 *   ...                             reaches a slot of a higher level, its timers move down
 *   level 6   64 slots of 2.2 years
 *
 * Each level keeps a 64-bit map of its occupied slots, so that finding the next one does not look
 * at lists. Every operation is a few words: 22-31 ns to add, 27 to move down. `step` does one timer
 * at a time, so the caller decides how long a slice lasts; a wheel that lags behind stays correct.
 * When the clock goes back so does the wheel, without touching a list: its slots are then reached
 * too early, never too late (but for the slot that was being emptied, by up to 63 ms), and a timer
 * that is not due yet when it is reached is linked again.
 *
 * A time beyond 48 bits (after the year 10889) comes after the end of any process. Such a timer is
 * in no list and so has room for all 64 bits of its time: clients get back what they have set, and
 * the common timer stays small.
 *
 * Invariants: a timer's slot number is the list it is in, or 1023 for none; a map's bit is set
 * exactly when its list is not empty; the wheel's time never passes a due timer that is still
 * linked. Rejected: a binary heap (log n moves, and a back-pointer per record) and sampling as
 * Redis does (keys outlive their time by up to seconds).
 */
import { EXTENT_SHIFT, NULL, type Ptr, UNIT_MASK } from '../memory/address.ts';
import type { Heap } from '../memory/heap.ts';

export const TIMER_BYTES = 16;
/** Time in ms since the epoch; a bigint where a number would not be exact, at most 2^63 - 1. */
export type TimeMs = number | bigint;

/** Largest time, in ms, that is waited for. */
const LINKED_MS_MAX: number = 2 ** 48 - 1;

const DUE_LOW = 0;
const DUE_HIGH = 1;
const NEXT = 2;
const PREVIOUS = 3;
/** In place of the links of a far timer. */
const FAR_LOW = 2;
const FAR_HIGH = 3;

const INT64_MAX = 2n ** 63n - 1n;

const SLOT_SHIFT = 16;
const SLOT_MASK = 0x3ff;
const FAR_SLOT = 0x3ff;
const MARK = 0x80000000;

const LEVELS = 7;
const LEVEL_MS = Float64Array.from({ length: LEVELS + 1 }, (_, level) => 64 ** level);

/** Timers of one database. */
export class TimingWheel {
  readonly #heap: Heap;
  readonly #heads = new Uint32Array(LEVELS * 64);
  readonly #maps = new Uint32Array(LEVELS * 2);
  #elapsedMs: number;
  /** The slot that `step` is emptying, -1 for none. */
  #emptying = -1;
  /** Where `walk` goes on: a linked timer, or NULL for the next list behind that of `#walkSlot`. */
  #walking: Ptr = NULL;
  #walkSlot = 0;
  /** Timers, far ones included. */
  count = 0;

  constructor(heap: Heap, nowMs: number) {
    this.#heap = heap;
    this.#elapsedMs = nowMs;
  }

  /** Starts a timer that falls due at `dueMs` (>= 0); `mark` is one bit of the caller's. */
  add(timer: Ptr, dueMs: TimeMs, mark: boolean): void {
    this.count++;
    if (typeof dueMs === 'bigint' || dueMs > LINKED_MS_MAX) {
      this.#setFar(timer, BigInt(dueMs), mark);
      return;
    }
    const words = this.#heap.words[timer >>> EXTENT_SHIFT]!;
    const at = (timer & UNIT_MASK) << 1;
    words[at + DUE_LOW] = dueMs;
    words[at + DUE_HIGH] = Math.floor(dueMs / 4294967296) | (mark ? MARK : 0);
    this.#link(timer, dueMs);
  }

  /** Stops a timer. */
  remove(timer: Ptr): void {
    this.count--;
    if (!this.isFar(timer)) this.#unlink(timer);
  }

  /** Patches the links around a timer whose 16 bytes were copied from `from` to `to`. */
  moved(from: Ptr, to: Ptr): void {
    if (this.isFar(to)) return;
    const words = this.#heap.words[to >>> EXTENT_SHIFT]!;
    const at = (to & UNIT_MASK) << 1;
    const next = words[at + NEXT]! as Ptr;
    const previous = words[at + PREVIOUS]! as Ptr;
    if (this.#walking === from) this.#walking = to;
    if (next !== NULL) this.#setWord(next, PREVIOUS, to);
    if (previous !== NULL) this.#setWord(previous, NEXT, to);
    else {
      const slot = (words[at + DUE_HIGH]! >>> SLOT_SHIFT) & SLOT_MASK;
      if (this.#heads[slot] !== from)
        throw new Error(`timer ${from} is not at the head of its list`);
      this.#heads[slot] = to;
    }
  }

  /** Due time in ms of a timer, 2^48 - 1 for a far one: enough to know whether it is due. */
  dueMs(timer: Ptr): number {
    const words = this.#heap.words[timer >>> EXTENT_SHIFT]!;
    const at = (timer & UNIT_MASK) << 1;
    return (words[at + DUE_HIGH]! & 0xffff) * 4294967296 + words[at + DUE_LOW]!;
  }

  /** Due time of a timer as it was set. */
  exactDueMs(timer: Ptr): TimeMs {
    if (!this.isFar(timer)) return this.dueMs(timer);
    const words = this.#heap.words[timer >>> EXTENT_SHIFT]!;
    const at = (timer & UNIT_MASK) << 1;
    const dueMs = (BigInt(words[at + FAR_HIGH]!) << 32n) | BigInt(words[at + FAR_LOW]!);
    return dueMs <= Number.MAX_SAFE_INTEGER ? Number(dueMs) : dueMs;
  }

  /** The caller's bit of a timer. */
  markOf(timer: Ptr): boolean {
    const words = this.#heap.words[timer >>> EXTENT_SHIFT]!;
    return (words[((timer & UNIT_MASK) << 1) + DUE_HIGH]! & MARK) !== 0;
  }

  /** Whether a timer is beyond all waiting, and so in no list. */
  isFar(timer: Ptr): boolean {
    const words = this.#heap.words[timer >>> EXTENT_SHIFT]!;
    const high = words[((timer & UNIT_MASK) << 1) + DUE_HIGH]!;
    return ((high >>> SLOT_SHIFT) & SLOT_MASK) === FAR_SLOT;
  }

  /**
   * Time in ms at which `step` next has something to do (a timer due or to be moved down), or
   * Infinity.
   */
  nextMs(): number {
    const slot = this.#nextSlot();
    return slot < 0 ? Number.POSITIVE_INFINITY : Math.max(this.#slotMs(slot), this.#elapsedMs);
  }

  /**
   * One unit of work up to `nowMs`: returns a timer that is due (still linked; the caller removes
   * it), or NULL when it moved a timer down a level, or -1 when nothing is left to do by that time.
   */
  step(nowMs: number): Ptr | -1 {
    if (nowMs < this.#elapsedMs) {
      this.#elapsedMs = nowMs;
      this.#emptying = -1;
    }
    let slot = this.#emptying;
    if (slot < 0 || this.#heads[slot] === 0) {
      slot = this.#nextSlot();
      const slotMs = slot < 0 ? Number.POSITIVE_INFINITY : this.#slotMs(slot);
      const isDue = slotMs <= nowMs;
      this.#emptying = isDue ? slot : -1;
      // Every list that starts earlier is done, so the wheel's time passes no timer.
      this.#elapsedMs = Math.max(this.#elapsedMs, isDue ? slotMs : nowMs);
      if (!isDue) return -1;
    }
    const timer = this.#heads[slot]! as Ptr;
    const due = this.dueMs(timer);
    if (slot < 64 && due <= nowMs) return timer;
    this.#unlink(timer);
    this.#link(timer, due);
    return NULL;
  }

  /**
   * Goes round the timers that are in a list, one at each call; NULL when none is. Whatever comes
   * and goes meanwhile, one that stays where it is comes once in a round.
   */
  walk(): Ptr {
    const slots = this.#heads.length;
    for (let i = 0; this.#walking === NULL && i < slots; i++) {
      this.#walkSlot = this.#walkSlot + 1 === slots ? 0 : this.#walkSlot + 1;
      this.#walking = this.#heads[this.#walkSlot]! as Ptr;
    }
    const timer = this.#walking;
    if (timer !== NULL) this.#walking = this.#heap.word(timer, NEXT) as Ptr;
    return timer;
  }

  /**
   * The timer that falls due first, as far as the first `lookMax` timers of its list tell; NULL
   * when none is in a list.
   */
  soonest(lookMax: number): Ptr {
    const slot = this.#nextSlot();
    if (slot < 0) return NULL;
    let best = this.#heads[slot]! as Ptr;
    let timer = best;
    for (let i = 1; i < lookMax; i++) {
      timer = this.#heap.word(timer, NEXT) as Ptr;
      if (timer === NULL) break;
      if (this.dueMs(timer) < this.dueMs(best)) best = timer;
    }
    return best;
  }

  /** Every timer that is in a list. Throws when the lists are broken; for the heap checker. */
  *linkedTimers(): Generator<Ptr> {
    for (let slot = 0; slot < LEVELS * 64; slot++) {
      const isMarked = ((this.#maps[slot >>> 5]! >>> (slot & 31)) & 1) !== 0;
      if (isMarked !== (this.#heads[slot] !== 0)) throw new Error(`wheel: the map lies at ${slot}`);
      let previous = NULL;
      for (let timer = this.#heads[slot]! as Ptr; timer !== NULL; ) {
        const words = this.#heap.words[timer >>> EXTENT_SHIFT]!;
        const at = (timer & UNIT_MASK) << 1;
        const ownSlot = (words[at + DUE_HIGH]! >>> SLOT_SHIFT) & SLOT_MASK;
        if (ownSlot !== slot || words[at + PREVIOUS] !== previous) {
          throw new Error(`wheel: list ${slot} is broken at timer ${timer}`);
        }
        const lastMs = Math.max(this.dueMs(timer), this.#elapsedMs + 63);
        if (this.#slotMs(slot) > lastMs) throw new Error(`wheel: timer ${timer} would be late`);
        yield timer;
        previous = timer;
        timer = words[at + NEXT]! as Ptr;
      }
    }
  }

  #setFar(timer: Ptr, dueMs: bigint, mark: boolean): void {
    const exact = dueMs < INT64_MAX ? dueMs : INT64_MAX;
    this.#setWord(timer, DUE_LOW, 0xffffffff);
    this.#setWord(timer, DUE_HIGH, 0xffff | (FAR_SLOT << SLOT_SHIFT) | (mark ? MARK : 0));
    this.#setWord(timer, FAR_LOW, Number(exact & 0xffffffffn));
    this.#setWord(timer, FAR_HIGH, Number(exact >> 32n));
  }

  #link(timer: Ptr, dueMs: number): void {
    const slot = this.#slotFor(Math.max(dueMs, this.#elapsedMs));
    const head = this.#heads[slot]! as Ptr;
    const words = this.#heap.words[timer >>> EXTENT_SHIFT]!;
    const at = (timer & UNIT_MASK) << 1;
    words[at + DUE_HIGH] =
      (words[at + DUE_HIGH]! & ~(SLOT_MASK << SLOT_SHIFT)) | (slot << SLOT_SHIFT);
    words[at + NEXT] = head;
    words[at + PREVIOUS] = NULL;
    if (head !== NULL) this.#setWord(head, PREVIOUS, timer);
    this.#heads[slot] = timer;
    this.#maps[slot >>> 5]! |= 1 << (slot & 31);
  }

  #unlink(timer: Ptr): void {
    const words = this.#heap.words[timer >>> EXTENT_SHIFT]!;
    const at = (timer & UNIT_MASK) << 1;
    const next = words[at + NEXT]! as Ptr;
    const previous = words[at + PREVIOUS]! as Ptr;
    if (this.#walking === timer) this.#walking = next;
    if (next !== NULL) this.#setWord(next, PREVIOUS, previous);
    if (previous !== NULL) {
      this.#setWord(previous, NEXT, next);
      return;
    }
    const slot = (words[at + DUE_HIGH]! >>> SLOT_SHIFT) & SLOT_MASK;
    this.#heads[slot] = next;
    if (next === NULL) this.#maps[slot >>> 5]! &= ~(1 << (slot & 31));
  }

  #slotFor(dueMs: number): number {
    for (let level = 0; level < LEVELS; level++) {
      const above = LEVEL_MS[level + 1]!;
      if (Math.floor(dueMs / above) === Math.floor(this.#elapsedMs / above)) {
        return level * 64 + indexAt(dueMs, level);
      }
    }
    // Another turn of the top level (139 years): its slot if that comes within a turn, else the one
    // reached last, from where it is linked again.
    const current = Math.floor(this.#elapsedMs / LEVEL_MS[LEVELS - 1]!);
    const ahead = Math.min(Math.floor(dueMs / LEVEL_MS[LEVELS - 1]!) - current, 63);
    return (LEVELS - 1) * 64 + ((indexAt(this.#elapsedMs, LEVELS - 1) + ahead) & 63);
  }

  /**
   * The occupied slot that starts first; of several the one on the highest level, which must move
   * down first.
   */
  #nextSlot(): number {
    let best = -1;
    let bestMs = Number.POSITIVE_INFINITY;
    for (let level = 0; level < LEVELS; level++) {
      const low = this.#maps[level * 2]!;
      const high = this.#maps[level * 2 + 1]!;
      if ((low | high) === 0) continue;
      const slot = level * 64 + firstAtOrAfter(low, high, indexAt(this.#elapsedMs, level));
      const slotMs = this.#slotMs(slot);
      if (slotMs <= bestMs) {
        best = slot;
        bestMs = slotMs;
      }
    }
    return best;
  }

  /** When a slot starts, counted from the wheel's time. */
  #slotMs(slot: number): number {
    const level = slot >>> 6;
    const length = LEVEL_MS[level]!;
    const ahead = (slot - indexAt(this.#elapsedMs, level)) & 63;
    return (Math.floor(this.#elapsedMs / length) + ahead) * length;
  }

  #setWord(timer: Ptr, index: number, value: number): void {
    this.#heap.words[timer >>> EXTENT_SHIFT]![((timer & UNIT_MASK) << 1) + index] = value;
  }
}

/**
 * Which of the 64 slots of a level a time falls into. Without `%`, which calls a function for so
 * large numbers.
 */
function indexAt(timeMs: number, level: number): number {
  const slots = Math.floor(timeMs / LEVEL_MS[level]!);
  return slots - Math.floor(slots / 64) * 64;
}

/**
 * Lowest set bit of a 64-bit map at or after `from`, else the lowest of all. REQUIRES: a bit is
 * set.
 */
function firstAtOrAfter(low: number, high: number, from: number): number {
  const maskedLow = from < 32 ? low & (-1 << from) : 0;
  if (maskedLow !== 0) return lowestBit(maskedLow);
  const maskedHigh = from <= 32 ? high : high & (-1 << (from - 32));
  if (maskedHigh !== 0) return 32 + lowestBit(maskedHigh);
  return low !== 0 ? lowestBit(low) : 32 + lowestBit(high);
}

function lowestBit(word: number): number {
  return 31 - Math.clz32(word & -word);
}
