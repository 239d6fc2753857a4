/**
 * The generator behind `math.random`: the linear congruence of POSIX's lrand48, so that a script
 * draws the same numbers here as on Redis.
 */

/** The greatest number is one less than twice this. */
export const RANDOM_MAX = 0x7fffffff;

const FACTOR_HIGH = 0x5de;
const FACTOR_LOW = 0xece66d;
const ADDEND = 0xb;
const HALF = 2 ** 24;
/** The low sixteen bits after a seed. */
const SEEDED_LOW = 0x330e;

/** See the file's comment. */
export class Lrand48 {
  /** 48 bits, in two halves. */
  #high = 0x1234ab;
  #low = 0xcd330e;

  seed(value: number): void {
    this.#high = (value >>> 8) & 0xffffff;
    this.#low = ((value & 0xff) << 16) | SEEDED_LOW;
  }

  /** Of 31 bits. */
  next(): number {
    const low = this.#low * FACTOR_LOW + ADDEND;
    const carry = Math.floor(low / HALF);
    this.#high = (this.#low * FACTOR_HIGH + this.#high * FACTOR_LOW + carry) % HALF;
    this.#low = low % HALF;
    return this.#high * 128 + (this.#low >>> 17);
  }
}
