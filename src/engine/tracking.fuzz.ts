// Lets clients track, read and change keys at random, in all modes, here and on a real
// redis-server, and compares the replies, and the messages that each client gets, in their order.
// Run: npx tsx src/engine/tracking.fuzz.ts   (SEED=n repeats a run)

import { setImmediate as nextTurn } from 'node:timers/promises';
import { ClientRoom, type RoomClient } from '../../test/support/client-room.ts';
import { show } from '../../test/support/engine.ts';
import {
  expectSame,
  fuzzAgainstRedis,
  type Oracle,
  type SeededRandom,
} from '../../test/support/oracle-fuzz.ts';
import { RespClient } from '../../test/support/resp-client.ts';
import { parseReply } from '../../test/support/resp-reply.ts';

const STEPS = 12_000;
const CLIENTS = 3;
const KEYS = ['a', 'b', 'aa', 'ab', 'ba', ''];
const PREFIXES = ['a', 'b', 'aa', ''];
/** Stands for the id of a client, which each server gives out by itself. */
const ID = /^<(\d)>$/;
/** A command of CLIENT leaves alone what CLIENT CACHING has said. */
const MARKER = ['CLIENT', 'ID'];

/** Commands that are sent together. */
type Pipeline = readonly (readonly string[])[];

/** One client, here or there. */
interface Side {
  readonly id: string;
  send(pipeline: Pipeline): void;
  /** What it has got since: replies, and messages that came with them or by themselves. */
  received(pipeline: Pipeline | null): Promise<{ replies: string[]; pushes: string[] }>;
}

class Here implements Side {
  readonly id: string;
  readonly #client: RoomClient;

  constructor(client: RoomClient) {
    this.#client = client;
    client.session.resp3 = true;
    this.id = String(client.session.id);
  }

  send(pipeline: Pipeline): void {
    this.#client.send(...pipeline);
  }

  async received(): Promise<{ replies: string[]; pushes: string[] }> {
    const bytes = Buffer.from(this.#client.take(), 'latin1');
    const replies: string[] = [];
    const pushes: string[] = [];
    for (let at = 0; at < bytes.length; ) {
      const { reply, end } = parseReply(bytes, at)!;
      (reply.type === 'push' ? pushes : replies).push(show(reply));
      at = end;
    }
    return { replies, pushes };
  }
}

class There implements Side {
  readonly id: string;
  readonly #client: RespClient;

  private constructor(client: RespClient, id: string) {
    this.#client = client;
    this.id = id;
  }

  static async connect(port: number): Promise<There> {
    const client = await RespClient.connect(port);
    await client.call('HELLO', '3');
    return new There(client, /\d+/.exec(show(await client.call('CLIENT', 'ID')))![0]);
  }

  send(pipeline: Pipeline): void {
    for (const command of pipeline) this.#client.send(command);
  }

  /** A client whose replies were read is asked for one more, behind all messages. */
  async received(pipeline: Pipeline | null): Promise<{ replies: string[]; pushes: string[] }> {
    const replies: string[] = [];
    const pushes: string[] = [];
    if (pipeline === null) this.send([MARKER]);
    for (let left = pipeline?.length ?? 1; left > 0; ) {
      const reply = await this.#client.read();
      if (reply.type === 'push') {
        pushes.push(show(reply));
        continue;
      }
      if (pipeline !== null) replies.push(show(reply));
      left--;
    }
    return { replies, pushes };
  }

  close(): Promise<void> {
    return this.#client.close();
  }
}

async function compare({ port, random }: Oracle): Promise<number> {
  const room = new ClientRoom();
  const here = Array.from({ length: CLIENTS + 1 }, () => new Here(room.enter()));
  const there = await Promise.all(here.map(() => There.connect(port)));
  // While nobody tracks, this server forgets everything, and Redis does not.
  const tracking = [['CLIENT', 'TRACKING', 'ON', 'OPTIN']];
  for (const sides of [here, there]) await run(sides, CLIENTS, tracking);
  const trace: string[] = [];
  for (let i = 0; i < STEPS; i++) {
    const who = random.integer(0, CLIENTS - 1);
    const pipeline = randomPipeline(random);
    trace.push(`${who}> ${JSON.stringify(pipeline)}`);
    const expected = await run(there, who, pipeline);
    expectSame(trace.slice(-100).join('\n'), await run(here, who, pipeline), expected);
  }
  await Promise.all(there.map((side) => side.close()));
  return STEPS;
}

/** Has one client send a pipeline; what all of them get. */
async function run(sides: readonly Side[], who: number, pipeline: Pipeline): Promise<string> {
  const named = pipeline.map((command) => {
    return command.map((word) => sides[Number(ID.exec(word)?.[1] ?? -1)]?.id ?? word);
  });
  sides[who]!.send(named);
  const { replies, pushes } = await sides[who]!.received(named);
  await nextTurn();
  const lines = [`replies ${replies.join(' ')}`];
  for (const [i, side] of sides.entries()) {
    const more = (await side.received(null)).pushes;
    lines.push(`${i} gets ${[...(i === who ? pushes : []), ...more].join(' ')}`);
  }
  const text = lines.join('\n    ');
  return sides.reduce((named, { id }, i) => {
    return named.replaceAll(`broken", (integer) ${id}]`, `broken", <${i}>]`);
  }, text);
}

function randomPipeline(random: SeededRandom): Pipeline {
  const command = () => randomCommand(random);
  if (random.fraction() < 0.85) return [command()];
  const commands = Array.from({ length: random.integer(1, 5) }, command);
  return [['MULTI'], ...commands, [random.fraction() < 0.9 ? 'EXEC' : 'DISCARD']];
}

function randomCommand(random: SeededRandom): string[] {
  const key = () => random.pick(KEYS);
  const draw = random.fraction();
  if (draw < 0.1) return randomMode(random);
  if (draw < 0.16) return ['CLIENT', 'CACHING', random.pick(['YES', 'YES', 'NO'])];
  return random.pick(draw < 0.55 ? READS : CHANGES)(key, random);
}

function randomMode(random: SeededRandom): string[] {
  const words = ['CLIENT', 'TRACKING', random.fraction() < 0.7 ? 'ON' : 'OFF'];
  const maybe = (chance: number, ...more: string[]) => {
    if (random.fraction() < chance) words.push(...more);
  };
  maybe(0.2, 'BCAST');
  maybe(0.1, 'BCAST', 'PREFIX', random.pick(PREFIXES));
  maybe(0.05, 'PREFIX', random.pick(PREFIXES), 'PREFIX', random.pick(PREFIXES));
  maybe(0.15, 'OPTIN');
  maybe(0.15, 'OPTOUT');
  maybe(0.2, 'NOLOOP');
  // One that runs commands might, in Redis 7.0, be told in the middle of a reply.
  maybe(0.15, 'REDIRECT', `<${CLIENTS}>`);
  return words;
}

type Maker = (key: () => string, random: SeededRandom) => string[];

const READS: readonly Maker[] = [
  (key) => ['GET', key()],
  (key) => ['MGET', key(), key(), key()],
  (key) => ['EXISTS', key(), key()],
  (key) => ['STRLEN', key()],
  (key) => ['TYPE', key()],
  (key) => ['BITCOUNT', key()],
  (key) => ['LRANGE', key(), '0', '-1'],
  (key) => ['HGET', key(), 'f'],
  (key) => ['SINTERCARD', '2', key(), key()],
  (key) => ['ZUNION', '2', key(), key()],
  (key) => ['XRANGE', key(), '-', '+'],
  (key) => ['XREAD', 'STREAMS', key(), key(), '0', '0'],
  (key) => ['GETRANGE', key(), '0'],
  () => ['CLIENT', 'GETNAME'],
];

const CHANGES: readonly Maker[] = [
  (key) => ['SET', key(), 'v'],
  (key) => ['SET', key(), 'v', 'NX'],
  (key) => ['MSET', key(), '1', key(), '2'],
  (key) => ['GETDEL', key()],
  (key) => ['APPEND', key(), 'x'],
  (key) => ['DEL', key(), key()],
  (key) => ['EXPIRE', key(), '1000'],
  (key) => ['EXPIRE', key(), '-1'],
  (key) => ['PERSIST', key()],
  (key) => ['RENAME', key(), key()],
  (key) => ['COPY', key(), key(), 'REPLACE'],
  (key) => ['MOVE', key(), '1'],
  (key) => ['RPUSH', key(), 'x'],
  (key) => ['LPOP', key()],
  (key) => ['LMOVE', key(), key(), 'LEFT', 'RIGHT'],
  (key) => ['HSET', key(), 'f', 'v'],
  (key) => ['HDEL', key(), 'f'],
  (key) => ['SADD', key(), 'm'],
  (key) => ['SMOVE', key(), key(), 'm'],
  (key) => ['SUNIONSTORE', key(), key(), key()],
  (key) => ['ZADD', key(), '1', 'm'],
  (key) => ['ZRANGESTORE', key(), key(), '0', '-1'],
  (key) => ['PFADD', key(), 'x'],
  (key) => ['BITOP', 'OR', key(), key(), key()],
  (key, random) => ['XADD', key(), `${random.integer(1, 1e9)}-1`, 'f', 'v'],
  (key) => ['XGROUP', 'CREATE', key(), 'g', '$', 'MKSTREAM'],
  (key) => ['XGROUP', 'DESTROY', key(), 'g'],
  (_, random) => [random.pick(['FLUSHALL', 'FLUSHDB', 'PING', 'PING'])],
  () => ['SWAPDB', '0', '1'],
];

await fuzzAgainstRedis('tracking', compare);
