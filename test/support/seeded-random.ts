/** The seed of a run: SEED from the environment, or a random one. */
export function chosenSeed(): number {
  return Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
}

/** Numbers that depend on nothing but the seed. */
export class SeededRandom {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** A fraction of 0 <= x < 1 (the mulberry32 generator). */
  fraction(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** An integer of low..high, both included. */
  integer(low: number, high: number): number {
    return low + Math.floor(this.fraction() * (high - low + 1));
  }

  /** One of the choices. */
  pick<T>(choices: ArrayLike<T>): T {
    return choices[this.integer(0, choices.length - 1)]!;
  }

  /** lengthMin..lengthMax characters of the alphabet. */
  text(alphabet: string, lengthMin: number, lengthMax: number): string {
    let text = '';
    for (let left = this.integer(lengthMin, lengthMax); left > 0; left--)
      text += this.pick(alphabet);
    return text;
  }
}
