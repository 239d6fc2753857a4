// Lets six clients push, pop, move and wait at random, here and on a real redis-server, and
// compares after every command what each of them has been sent: who is served, with what, in which
// order. Commands that overwrite a key of another type, such as ZUNIONSTORE, are left out: they
// wake nobody in Redis.
// Run: npx tsx src/engine/blocking.fuzz.ts   (SEED=n repeats a run)

import { afterwards, ClientRoom, type RoomClient } from '../../test/support/client-room.ts';
import { show } from '../../test/support/engine.ts';
import {
  expectSame,
  fuzzAgainstRedis,
  type Oracle,
  type SeededRandom,
} from '../../test/support/oracle-fuzz.ts';
import { RespClient } from '../../test/support/resp-client.ts';
import { parseReply, type Reply } from '../../test/support/resp-reply.ts';
import { checkKeyspace } from '../keyspace/keyspace-check.ts';

const STEPS = 12_000;
const CLIENTS = 6;
const LISTS = ['l1', 'l2', 'l3'];
const SORTED_SETS = ['z1', 'z2'];
const STREAMS = ['s1', 's2'];
const KEYS = [...LISTS, ...SORTED_SETS, ...STREAMS];
/** What 7.0 says otherwise, and at other moments, when the group of a waiting consumer goes. */
const GONE = /^\(error\) (?:NOGROUP|UNBLOCKED the stream|WRONGTYPE)/;

/** A client on both servers. */
class Twin {
  readonly ours: RoomClient;
  readonly theirs: RespClient;
  readonly theirId: number;
  /** Replies that are still to come. */
  awaited = 0;

  constructor(ours: RoomClient, theirs: RespClient, theirId: number) {
    this.ours = ours;
    this.theirs = theirs;
    this.theirId = theirId;
  }
}

async function compare({ port, random }: Oracle): Promise<number> {
  const room = new ClientRoom();
  const watcher = await RespClient.connect(port);
  const twins: Twin[] = [];
  for (let i = 0; i < CLIENTS; i++) {
    const theirs = await RespClient.connect(port);
    const id = await theirs.call('CLIENT', 'ID');
    twins.push(new Twin(room.enter(), theirs, id.type === 'integer' ? Number(id.value) : 0));
  }
  // SWAPDB can make several keys ready at once, and Redis goes through them in the order of a
  // table: then nobody waits for two, and nobody moves elements.
  const swaps = random.fraction() < 0.4;
  const trace: string[] = [];
  for (let step = 0; step < STEPS; step++) {
    const idle = twins.filter(({ awaited }) => awaited === 0);
    // Somebody must be left who can end the waiting of the others.
    const isFull = idle.length <= 1;
    const who = random.pick(idle);
    const commands = isFull ? [endOfAWait(random, twins)] : randomCommands(random, swaps);
    trace.push(
      `${twins.indexOf(who)}> ${commands.map((command) => command.join(' ')).join(' ; ')}`,
    );
    const [ours, theirs] = isFull ? forEach(commands[0]!, twins) : [commands, commands];
    for (const command of theirs) who.theirs.send(command);
    who.ours.send(...ours);
    who.awaited += commands.length;
    await afterwards();
    await compareOutputs(twins, watcher, trace);
  }
  checkKeyspace(room.keyspace);
  await Promise.all([watcher, ...twins.map(({ theirs }) => theirs)].map((each) => each.close()));
  return STEPS;
}

/** CLIENT UNBLOCK, which names clients by other ids on the other server. */
function forEach(command: string[], twins: readonly Twin[]): [string[][], string[][]] {
  const twin = twins[Number(command[2])]!;
  const named = (id: number): string[][] => [['CLIENT', 'UNBLOCK', String(id), command[3]!]];
  return [named(twin.ours.session.id), named(twin.theirId)];
}

function endOfAWait(random: SeededRandom, twins: readonly Twin[]): string[] {
  const waiting = twins.flatMap(({ awaited }, i) => (awaited > 0 ? [String(i)] : []));
  return ['CLIENT', 'UNBLOCK', random.pick(waiting), random.pick(['TIMEOUT', 'ERROR'])];
}

/** Takes what has come to each client on either side, and compares. */
async function compareOutputs(
  twins: readonly Twin[],
  watcher: RespClient,
  trace: readonly string[],
): Promise<void> {
  for (const twin of twins) {
    const ours = allReplies(twin.ours.take());
    for (const reply of ours) {
      const expected = await theirReply(twin, ours, trace);
      expectSame(describe(twin, twins, trace), normal(reply), expected);
      twin.awaited--;
    }
  }
  const counted = show(await watcher.call('INFO', 'clients'));
  const theirs = /blocked_clients:(\d+)/.exec(counted)![1]!;
  const ours = twins.filter(({ awaited }) => awaited > 0).length;
  // The last command may not have come there yet.
  if (theirs !== String(ours)) await settle(watcher, ours, trace);
}

async function theirReply(twin: Twin, ours: readonly Reply[], trace: readonly string[]) {
  try {
    return normal(await twin.theirs.read(2000));
  } catch (problem) {
    const shown = ours.map(normal).join(' ');
    throw new Error(`${trace.slice(-60).join('\n')}\nonly here: ${shown}`, { cause: problem });
  }
}

async function settle(watcher: RespClient, waiting: number, trace: readonly string[]) {
  const deadline = Date.now() + 2000;
  for (;;) {
    const counted = show(await watcher.call('INFO', 'clients'));
    if (counted.includes(`blocked_clients:${waiting}\\r\\n`)) return;
    if (Date.now() > deadline) {
      throw new Error(`${trace.slice(-60).join('\n')}\n${waiting} wait here, there: ${counted}`);
    }
  }
}

function describe(twin: Twin, twins: readonly Twin[], trace: readonly string[]): string {
  return `${trace.slice(-60).join('\n')}\nclient ${twins.indexOf(twin)}`;
}

function allReplies(text: string): Reply[] {
  const bytes = Buffer.from(text, 'latin1');
  const replies: Reply[] = [];
  for (let at = 0; at < bytes.length; ) {
    const parsed = parseReply(bytes, at);
    if (parsed === null) throw new Error(`not whole replies: ${text}`);
    replies.push(parsed.reply);
    at = parsed.end;
  }
  return replies;
}

function normal(reply: Reply): string {
  const text = show(reply);
  return GONE.test(text) ? '(gone)' : text;
}

function randomCommands(random: SeededRandom, swaps: boolean): string[][] {
  const wait = () => random.pick(swaps ? SINGLE_WAITS : [...SINGLE_WAITS, ...WAITS])(random);
  const change = () => {
    return swaps && random.fraction() < 0.04 ? ['SWAPDB', '0', '1'] : random.pick(CHANGES)(random);
  };
  const draw = random.fraction();
  if (draw < 0.3) return [wait()];
  if (draw < 0.36) return [wait(), ['PING'], change()];
  if (draw < 0.5) {
    const inside = Array.from({ length: random.integer(1, 5) }, () => {
      return random.fraction() < 0.2 ? wait() : change();
    });
    return [['MULTI'], ...inside, ['EXEC']];
  }
  return [change()];
}

type Source = (random: SeededRandom) => string[];

const list = (random: SeededRandom): string => random.pick(LISTS);
const zset = (random: SeededRandom): string => random.pick(SORTED_SETS);
const stream = (random: SeededRandom): string => random.pick(STREAMS);
const key = (random: SeededRandom): string => random.pick(KEYS);
const end = (random: SeededRandom): string => random.pick(['LEFT', 'RIGHT']);
const value = (random: SeededRandom): string => `v${random.integer(1, 1e6)}`;

const SINGLE_WAITS: readonly Source[] = [
  (random) => ['BLPOP', list(random), '0'],
  (random) => ['BRPOP', list(random), '0'],
  (random) => ['BLMPOP', '0', '1', list(random), end(random), 'COUNT', '2'],
  (random) => ['BZPOPMAX', zset(random), '0'],
  (random) => ['XREAD', 'BLOCK', '0', 'STREAMS', stream(random), '$'],
  (random) => ['XREAD', 'COUNT', '1', 'BLOCK', '0', 'STREAMS', stream(random), '5'],
  (random) => ['BLPOP', key(random), '0'],
  () => ['WAIT', '1', '0'],
];

const WAITS: readonly Source[] = [
  (random) => ['BLPOP', list(random), list(random), '0'],
  (random) => ['BRPOP', list(random), list(random), list(random), '0'],
  (random) => ['BLMOVE', list(random), list(random), end(random), end(random), '0'],
  (random) => ['BRPOPLPUSH', list(random), list(random), '0'],
  (random) => ['BLMPOP', '0', '2', list(random), list(random), end(random), 'COUNT', '2'],
  (random) => ['BZPOPMIN', zset(random), zset(random), '0'],
  (random) => ['BZMPOP', '0', '2', zset(random), zset(random), 'MIN', 'COUNT', '2'],
];

const CHANGES: readonly Source[] = [
  (random) => ['RPUSH', list(random), value(random)],
  (random) => ['LPUSH', list(random), value(random), value(random)],
  (random) => ['RPUSH', list(random), value(random), value(random), value(random)],
  (random) => ['RPUSHX', list(random), value(random)],
  (random) => ['LPOP', list(random)],
  (random) => ['RPOPLPUSH', list(random), list(random)],
  (random) => ['LTRIM', list(random), '1', '-1'],
  (random) => ['ZADD', zset(random), String(random.integer(0, 9)), value(random)],
  (random) => ['ZADD', zset(random), '1', value(random), '2', value(random)],
  (random) => ['ZINCRBY', zset(random), '1', value(random)],
  (random) => ['ZPOPMIN', zset(random)],
  (random) => ['XADD', stream(random), `${random.integer(1, 9)}-*`, 'f', value(random)],
  (random) => ['XADD', stream(random), `${random.integer(9, 1e6)}-1`, 'f', value(random)],
  (random) => ['XTRIM', stream(random), 'MAXLEN', '1'],
  (random) => ['DEL', key(random)],
  (random) => ['UNLINK', key(random), key(random)],
  (random) => ['SET', key(random), 'text'],
  (random) => ['RENAME', key(random), key(random)],
  (random) => ['RENAMENX', key(random), key(random)],
  (random) => ['COPY', key(random), key(random), 'REPLACE'],
  (random) => ['COPY', key(random), key(random), 'DB', '1', 'REPLACE'],
  (random) => ['MOVE', key(random), '1'],
  (random) => (random.fraction() < 0.3 ? ['FLUSHDB'] : ['PING']),
  (random) => ['EXPIRE', key(random), '-1'],
  (random) => ['LRANGE', list(random), '0', '-1'],
  (random) => ['LLEN', key(random)],
  (random) => ['TYPE', key(random)],
];

await fuzzAgainstRedis('blocking', compare);
