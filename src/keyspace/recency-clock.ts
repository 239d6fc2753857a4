/**
 * Tells when records were used, in 24 bits that are as fine as the turnover of the cache asks for.
 *
 *   tick   tenths of a second since the epoch, and one more whenever a hundredth of all keys has
 *          been evicted since the last one; modulo 2^24
 *
 * Where nothing is evicted ticks are tenths of a second and come round after 19 days. Where a cache
 * turns over faster, its own turnover tells the order of use: they come round after 160,000 turns,
 * which no key that may be evicted outlives. A list says how many ticks were ahead of time at every
 * 64th tick, so that ticks can still be told in seconds: exactly where time alone has advanced
 * them, and else within the length of 64 ticks, which is 6.4 seconds at most. Rejected: a finer
 * tick for all (at milliseconds it comes round after less than five hours).
 */
const TICK_BITS = 24;
const TICK_MASK: number = 2 ** TICK_BITS - 1;
/** A difference above this is one of less than five hours ahead. */
const AHEAD_MIN = TICK_MASK - 5 * 60 * 60 * 10;
/** Ticks of one entry of the list, and its entries: all ticks that there are. */
const BLOCK_SHIFT = 6;
const BLOCK_TICKS: number = 1 << BLOCK_SHIFT;
const BLOCK_MASK: number = 2 ** (TICK_BITS - BLOCK_SHIFT) - 1;
/** Ticks for as many evictions as there are keys. */
const TICKS_PER_TURNOVER = 100;

/** See the file's comment. */
export class RecencyClock {
  /** The clock of a record that is used now. */
  now = 0;
  #tenths = 0;
  /** Ticks that were not due to time, and in all. */
  #extra = 0;
  #ticks = 0;
  #evictions = 0;
  /** `#extra` when each block began; null while there never was any. */
  #extraAt: Float64Array | null = null;

  /** To be called as time passes. */
  setTime(nowMs: number): void {
    this.#tenths = Math.floor(nowMs / 100);
    this.#advance();
  }

  /** To be called when `count` keys have been evicted, of so many. */
  evicted(count: number, keys: number): void {
    this.#evictions += count;
    if (this.#evictions * TICKS_PER_TURNOVER < keys) return;
    this.#evictions = 0;
    this.#extraAt ??= new Float64Array(BLOCK_MASK + 1);
    this.#extra++;
    this.#advance();
  }

  /**
   * Tenths of a second since a record was used, 0 when that seems to lie ahead: the machine's clock
   * may step back.
   */
  idleTenths(clock: number): number {
    return this.#tenthsBefore(this.idleTicks(clock));
  }

  /** How many ticks ago a record was used, 0 when that seems to lie ahead. */
  idleTicks(clock: number): number {
    const ticks = (this.now - clock) & TICK_MASK;
    return ticks > AHEAD_MIN ? 0 : ticks;
  }

  /** The clock of a record that was used so many tenths of a second ago. */
  clockBefore(tenths: number): number {
    let low = tenths;
    let high = tenths + this.#extra;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (this.#tenthsBefore(middle) < tenths) low = middle + 1;
      else high = middle;
    }
    return lowBits(this.#ticks - low);
  }

  /** How many tenths of a second so many ticks took, up to now. */
  #tenthsBefore(ticks: number): number {
    if (this.#extraAt === null) return ticks;
    return Math.max(0, ticks - Math.round(this.#extra - this.#extraBefore(ticks)));
  }

  /** What `#extra` was so many ticks ago. REQUIRES: there is a list. */
  #extraBefore(ticks: number): number {
    const tick = this.#ticks - ticks;
    const block = Math.floor(tick / BLOCK_TICKS);
    const first = this.#extraAt![block & BLOCK_MASK]!;
    const isCurrent = block === Math.floor(this.#ticks / BLOCK_TICKS);
    const next = isCurrent ? this.#extra : this.#extraAt![(block + 1) & BLOCK_MASK]!;
    const end = isCurrent ? this.#ticks + 1 : (block + 1) * BLOCK_TICKS;
    return first + ((next - first) * (tick - block * BLOCK_TICKS)) / (end - block * BLOCK_TICKS);
  }

  #advance(): void {
    const ticks = this.#tenths + this.#extra;
    if (this.#extraAt !== null) {
      let block = Math.floor(this.#ticks / BLOCK_TICKS);
      const last = Math.floor(ticks / BLOCK_TICKS);
      block = Math.max(block, last - BLOCK_MASK - 1);
      while (++block <= last) this.#extraAt[block & BLOCK_MASK] = this.#extra;
    }
    this.#ticks = ticks;
    this.now = lowBits(ticks) | 0;
  }
}

/** The 24 low bits of a whole number that may have more than 32. */
function lowBits(value: number): number {
  return value % (TICK_MASK + 1);
}
