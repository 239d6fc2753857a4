// Runs random set commands here and on a real redis-server, and compares every reply, and after
// each command the sets that it worked on: members, expiry, and in every other run encodings too.
// What is chosen at random here is taken out there by name.
//
// 7.0 has no listpacks for sets, and does not go by the number of arguments. So encodings are
// compared in runs in which neither is so here.
// Run: npx tsx src/commands/set.fuzz.ts   (SEED=n repeats a run)

import { show, TestEngine } from '../../test/support/engine.ts';
import {
  expectSame,
  fuzzAgainstRedis,
  type Oracle,
  type SeededRandom,
} from '../../test/support/oracle-fuzz.ts';
import { type Arg, toBytes } from '../../test/support/resp-client.ts';
import { parseReply, type Reply } from '../../test/support/resp-reply.ts';
import { keysOf, randomCommand, SET_KEYS, STRING_KEY } from '../../test/support/set-commands.ts';
import { NO_ENTRY, TYPE_SET } from '../keyspace/entry.ts';
import { checkKeyspace } from '../keyspace/keyspace-check.ts';
import { Args } from '../protocol/args.ts';
import { RespWriter } from '../protocol/resp-writer.ts';
import { checkPackedTable } from '../structures/packed-table-check.ts';
import { SET_HASHTABLE } from '../values/set-encoding.ts';
import { digestOf } from './digest.ts';

const COMMANDS = Number(process.env.COMMANDS ?? 50_000);
const BATCH = 200;
/** Commands that are looked ahead at together, as a connection does. */
const PIPELINE = 16;

const INTSET_MEMBERS = [1, 4, 8, 20, 512, 0];
const LISTPACK_MEMBERS = [0, 1, 3, 8, 20, 128];
const LISTPACK_BYTES = [0, 2, 10, 64, 200];

/** A command, and how its reply is to be compared. */
interface Step {
  readonly ours: readonly Arg[];
  readonly about: string;
}

async function compare({ client, random, port }: Oracle): Promise<number> {
  const engine = new TestEngine();
  const { sets } = engine.keyspace;
  const is70 = random.fraction() < 0.5;
  if (is70) sets.limits.exceeds = () => false;
  const isResp3 = random.fraction() < 0.5;
  console.log(`port ${port}, ${is70 ? 'as 7.0' : 'as 7.2'}, RESP${isResp3 ? 3 : 2}`);
  engine.client.resp3 = isResp3;
  await client.call('HELLO', isResp3 ? '3' : '2');
  engine.run('SET', STRING_KEY, 'text');
  await client.call('SET', STRING_KEY, 'text');
  for (let done = 0; done < COMMANDS; done += BATCH) {
    const threshold = changeLimits(engine, random, is70);
    client.send(['CONFIG', 'SET', 'set-max-intset-entries', String(threshold)]);
    const steps = stepsOf(random, is70);
    const replies = runPipeline(
      engine,
      steps.map(({ ours }) => ours),
    );
    for (const [i, { ours }] of steps.entries()) client.send(commandThere(ours, replies[i]!));
    client.send(['DEBUG', 'DIGEST']);
    await client.read();
    for (const [i, step] of steps.entries()) {
      const theirs = await client.read();
      compareReplies(step, replies[i]!, theirs, replies[i + 1], isResp3);
    }
    expectSame('DEBUG DIGEST', digestOf(engine.keyspace).toString(), textOf(await client.read()));
    checkSets(engine, random);
  }
  engine.run('FLUSHALL');
  checkKeyspace(engine.keyspace);
  const left = engine.keyspace.heap.usedBytes - engine.keyspace.startupBytes;
  if (left !== 0) throw new Error(`${left} bytes are left`);
  return COMMANDS;
}

/** Returns the bound on intsets, which the other server is to have too. */
function changeLimits({ keyspace }: TestEngine, random: SeededRandom, is70: boolean): number {
  const { limits } = keyspace.sets;
  // A set of one integer begins as an intset in 7.0 however few it may have.
  limits.intsetMembers = random.pick(is70 ? INTSET_MEMBERS.slice(0, -1) : INTSET_MEMBERS);
  limits.listpackMembers = is70 ? 0 : random.pick(LISTPACK_MEMBERS);
  limits.listpackMemberBytes = random.pick(LISTPACK_BYTES);
  return limits.intsetMembers;
}

/** Random commands, and behind each what looks at the keys that it is about. */
function stepsOf(random: SeededRandom, is70: boolean): Step[] {
  const steps: Step[] = [];
  for (let i = 0; i < BATCH; i++) {
    const command = randomCommand(random);
    const about = describe(command);
    steps.push({ ours: command, about });
    for (const key of keysOf(command)) {
      steps.push({ ours: ['SMEMBERS', key], about });
      steps.push({ ours: ['EXPIRETIME', key], about });
      if (is70) steps.push({ ours: ['OBJECT', 'ENCODING', key], about });
    }
    steps.push({ ours: ['EXISTS', ...SET_KEYS], about });
  }
  return steps;
}

/** Runs commands as a pipeline does: looked ahead at in batches. */
function runPipeline({ executor, client }: TestEngine, commands: readonly (readonly Arg[])[]) {
  const replies: Reply[] = [];
  const writer = new RespWriter();
  writer.resp3 = client.resp3;
  executor.beginBatch(performance.now());
  for (let from = 0; from < commands.length; from += PIPELINE) {
    const batch = commands
      .slice(from, from + PIPELINE)
      .map((command) => Args.of(...command.map(toBytes)));
    executor.touch(client, batch, batch.length);
    for (const args of batch) {
      writer.reset();
      executor.execute(client, args, writer);
      const parsed = parseReply(Buffer.from(writer.written()), 0);
      if (parsed === null) throw new Error('no whole reply');
      replies.push(parsed.reply);
    }
  }
  executor.endBatch();
  return replies;
}

/** What the other server is asked: what was popped here is removed there. */
function commandThere(ours: readonly Arg[], reply: Reply): readonly Arg[] {
  if (ours[0] !== 'SPOP') return ours;
  const popped = membersOf(reply);
  return popped.length === 0 ? ours : ['SREM', ours[1]!, ...popped];
}

function compareReplies(
  { ours, about }: Step,
  reply: Reply,
  theirs: Reply,
  next: Reply | undefined,
  isResp3: boolean,
): void {
  const [name, , count] = ours;
  const members = membersOf(reply);
  if (name === 'SPOP' && members.length > 0) {
    const wanted = count === undefined ? 1 : Number(count);
    const isWhole = next !== undefined && membersOf(next).length === 0;
    const expected = isWhole ? Math.min(wanted, members.length) : wanted;
    expectSame(`${about}: number`, String(members.length), String(expected));
    expectSame(`${about}: there`, show(theirs), `(integer) ${members.length}`);
    if (count !== undefined) expectSame(about, reply.type, isResp3 ? 'set' : 'array');
  } else if (name === 'SRANDMEMBER' && members.length > 0) {
    expectDrawn(about, count === undefined ? 1 : Number(count), members, membersOf(next!));
    expectSame(about, reply.type, theirs.type);
    expectSame(about, String(members.length), String(membersOf(theirs).length));
  } else {
    const asked = `${about}: ${describe(ours)}`;
    if (name === 'EXPIRETIME') expectSame(asked, expires(reply), expires(theirs));
    else expectSame(asked, text(ours, reply), text(ours, theirs));
  }
}

/** Members that were drawn are in the set, and, unless they may repeat, different. */
function expectDrawn(about: string, count: number, drawn: Buffer[], set: Buffer[]): void {
  const all = new Set(set.map((member) => member.toString('latin1')));
  const different = new Set(drawn.map((member) => member.toString('latin1')));
  for (const member of different) if (!all.has(member)) throw new Error(`${about}: ${member}`);
  if (count > 0) expectSame(`${about}: number`, String(different.size), String(drawn.length));
}

/** What proves that sets are sound, and that a scan in small steps finds every member. */
function checkSets(engine: TestEngine, random: SeededRandom): void {
  const { keyspace } = engine;
  checkKeyspace(keyspace);
  const database = keyspace.databases[0]!;
  for (const key of SET_KEYS) {
    const entry = database.find(Args.of(toBytes(key)), 0);
    if (entry === NO_ENTRY || database.entries.type(entry) !== TYPE_SET) continue;
    const cell = keyspace.cell(0).open(database, entry);
    if (cell.encoding === SET_HASHTABLE) checkPackedTable(keyspace.heap, cell.root);
    const scanned: string[] = [];
    let cursor = '0';
    do {
      const count = String(random.integer(1, 30));
      const reply = engine.run('SSCAN', key, cursor, 'COUNT', count);
      if (reply.type !== 'array') throw new Error(`SSCAN: ${show(reply)}`);
      cursor = textOf(reply.items[0]!);
      scanned.push(...membersOf(reply.items[1]!).map((member) => member.toString('latin1')));
    } while (cursor !== '0');
    const all = membersOf(engine.run('SMEMBERS', key)).map((member) => member.toString('latin1'));
    expectSame(`SSCAN ${key}`, scanned.sort().join(), all.sort().join());
  }
}

/** A reply in words; the members of a set come in any order. */
function text([name]: readonly Arg[], reply: Reply): string {
  if (name === 'SSCAN' && reply.type === 'array') {
    const [cursor, members] = reply.items;
    return `${show(cursor!)} ${sorted(members!)}`;
  }
  const isSet = reply.type === 'array' || reply.type === 'set';
  return isSet && name !== 'SMISMEMBER' ? sorted(reply) : show(reply);
}

function sorted(reply: Reply): string {
  if (reply.type !== 'array' && reply.type !== 'set') return show(reply);
  return `${reply.type} ${reply.items.map(show).sort().join(' ')}`;
}

/** The one member that a reply is, or those that are in it. */
function membersOf(reply: Reply): Buffer[] {
  if (reply.type === 'bulk') return [reply.bytes];
  if (reply.type !== 'array' && reply.type !== 'set') return [];
  return reply.items.flatMap((item) => (item.type === 'bulk' ? [item.bytes] : []));
}

function textOf(reply: Reply): string {
  if (reply.type === 'simple' || reply.type === 'error') return reply.text;
  return reply.type === 'bulk' ? reply.bytes.toString('latin1') : show(reply);
}

/** The clocks of two servers differ; whether and why there is no expiry does not. */
function expires(reply: Reply): string {
  return reply.type === 'integer' && reply.value > 0n ? 'expires' : show(reply);
}

function describe(command: readonly Arg[]): string {
  const words = command.map((arg) => JSON.stringify(toBytes(arg).toString('latin1')));
  const shown = words.map((word) => (word.length > 60 ? `${word.slice(0, 60)}...` : word));
  return shown.length > 40 ? `${shown.slice(0, 40).join(' ')} ...` : shown.join(' ');
}

await fuzzAgainstRedis('set commands', compare, ['--enable-debug-command', 'yes']);
