import { RespClient } from './resp-client.ts';
import { redisAvailable, startRedis } from './server.ts';

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

/** A redis-server to compare with. */
export interface Oracle {
  readonly port: number;
  readonly client: RespClient;
  readonly random: SeededRandom;
}

/**
 * Runs a fuzz program against a fresh redis-server and prints its seed (taken from SEED when set)
 * and how many cases agreed. The program throws at the first disagreement, and the process then
 * ends with code 1. Without redis-server on the PATH it says that it was skipped.
 */
export async function fuzzAgainstRedis(
  name: string,
  compare: (oracle: Oracle) => Promise<number>,
): Promise<void> {
  if (!redisAvailable()) {
    console.log(`${name}: skipped, there is no redis-server on the PATH`);
    return;
  }
  const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
  console.log(`${name}: SEED=${seed}`);
  const server = await startRedis();
  try {
    const client = await RespClient.connect(server.port);
    const random = new SeededRandom(seed);
    const cases = await compare({ port: server.port, client, random });
    console.log(`${name}: ${cases} cases agree`);
    await client.close();
  } finally {
    await server.stop();
  }
}

/** Throws when what was computed is not what the oracle answered. */
export function expectSame(about: string, ours: string, oracle: string): void {
  if (ours !== oracle) throw new Error(`${about}\n  ours:   ${ours}\n  oracle: ${oracle}`);
}
