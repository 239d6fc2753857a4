// Several clients of either protocol send Redstart and a redis-server the same at random: they
// wait, watch, track, subscribe, monitor, pause and end one another. All that each of them is sent
// must be equal, in its order. A difference is reduced to the turns that it takes.
// Run: npm run fuzz:clients   (SEED=n repeats a run, -- --seconds 120 or --commands 100000)

import { parseArgs } from 'node:util';
import {
  describeTurn,
  randomSchedule,
  type Schedule,
  type Turn,
} from '../support/client-schedule.ts';
import { chosenSeed, SeededRandom } from '../support/seeded-random.ts';
import { redisAvailable } from '../support/server.ts';
import { type Difference, OracleGoneError, TwinServers } from '../support/twin-servers.ts';

const SECONDS_DEFAULT = 60;
const REDUCING_MS_MAX = 40_000;

/** Runs a schedule on servers that are replaced where redis-server ends by itself. */
class Comparison {
  #twins: TwinServers;
  #ended = 0;
  #commandsBefore = 0;

  constructor(twins: TwinServers) {
    this.#twins = twins;
  }

  async run(schedule: Schedule): Promise<Difference | null> {
    try {
      return await this.#twins.run(schedule);
    } catch (problem) {
      if (!(problem instanceof OracleGoneError)) throw problem;
      this.#ended++;
      await this.restart();
      return null;
    }
  }

  async restart(): Promise<void> {
    this.#commandsBefore += this.#twins.commands;
    await this.#twins.stop();
    this.#twins = await TwinServers.start();
  }

  get commands(): number {
    return this.#commandsBefore + this.#twins.commands;
  }

  /** How often redis-server has ended by itself. */
  get ended(): number {
    return this.#ended;
  }

  /** What Redstart has complained of. */
  get complaints(): string[] {
    return this.#twins.log.split('\n').filter((line) => /unexpected|uncaught|assert/i.test(line));
  }

  stop(): Promise<void> {
    return this.#twins.stop();
  }
}

/** Leaves out turns, in ever smaller runs, without which there is a difference still. */
async function reduce(comparison: Comparison, schedule: Schedule): Promise<Schedule> {
  const deadline = Date.now() + REDUCING_MS_MAX;
  let turns = schedule.turns;
  for (let length = turns.length >> 1; length >= 1; length = length >> 1) {
    for (let at = 0; at < turns.length && Date.now() < deadline; ) {
      const fewer = [...turns.slice(0, at), ...turns.slice(at + length)];
      if (await differs(comparison, { ...schedule, turns: fewer })) turns = fewer;
      else at += length;
    }
  }
  return { ...schedule, turns: await reduceCommands(comparison, { ...schedule, turns }, deadline) };
}

async function reduceCommands(
  comparison: Comparison,
  schedule: Schedule,
  deadline: number,
): Promise<readonly Turn[]> {
  let turns = [...schedule.turns];
  for (let at = 0; at < turns.length; at++) {
    for (let i = 0; i < turns[at]!.commands.length && Date.now() < deadline; ) {
      const turn = turns[at]!;
      const fewer = { ...turn, commands: turn.commands.filter((_, j) => j !== i) };
      const tried = turns.with(at, fewer);
      if (fewer.commands.length > 0 && (await differs(comparison, { ...schedule, turns: tried }))) {
        turns = tried;
      } else {
        i++;
      }
    }
  }
  return turns;
}

async function differs(comparison: Comparison, schedule: Schedule): Promise<boolean> {
  return (await comparison.run(schedule)) !== null;
}

function report(schedule: Schedule, { who, ours, theirs }: Difference): string {
  return [
    `notify-keyspace-events '${schedule.notify}', ${schedule.clients} clients`,
    ...schedule.turns.map(describeTurn),
    `client ${who}`,
    `  ours:   ${ours.join('\n          ')}`,
    `  theirs: ${theirs.join('\n          ')}`,
  ].join('\n');
}

async function fuzz(seed: number, seconds: number, commandsMax: number): Promise<void> {
  const comparison = new Comparison(await TwinServers.start());
  const deadline = Date.now() + seconds * 1000;
  let rounds = 0;
  try {
    while (Date.now() < deadline && comparison.commands < commandsMax) {
      const schedule = randomSchedule(new SeededRandom(seed + rounds));
      rounds++;
      const found = await comparison.run(schedule);
      if (comparison.complaints.length > 0) throw new Error(comparison.complaints.join('\n'));
      if (found === null) continue;
      console.log(`clients: a difference in the round of SEED=${seed + rounds - 1}, reducing it`);
      const reduced = await reduce(comparison, schedule);
      const again = (await comparison.run(reduced)) ?? found;
      throw new Error(report(reduced, again));
    }
    console.log(
      `clients: ${comparison.commands} commands in ${rounds} rounds agree` +
        (comparison.ended === 0 ? '' : `; redis-server ended by itself ${comparison.ended} times`),
    );
  } finally {
    await comparison.stop();
  }
}

const { values } = parseArgs({
  options: { seconds: { type: 'string' }, commands: { type: 'string' } },
});
if (redisAvailable()) {
  const seed = chosenSeed();
  console.log(`clients: SEED=${seed}`);
  await fuzz(seed, Number(values.seconds ?? SECONDS_DEFAULT), Number(values.commands ?? Infinity));
} else {
  console.log('clients: skipped, there is no redis-server on the PATH');
}
