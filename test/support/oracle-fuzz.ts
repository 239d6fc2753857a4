import { RespClient } from './resp-client.ts';
import { chosenSeed, SeededRandom } from './seeded-random.ts';
import { redisAvailable, startRedis } from './server.ts';

export type { SeededRandom };

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
  flags: readonly string[] = [],
): Promise<void> {
  if (!redisAvailable()) {
    console.log(`${name}: skipped, there is no redis-server on the PATH`);
    return;
  }
  const seed = chosenSeed();
  console.log(`${name}: SEED=${seed}`);
  const server = await startRedis(flags);
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
