// Runs random commands on HyperLogLogs here and on a real redis-server, and compares every reply,
// and after each command the bytes of the value. Every so often a value is damaged and then used.
// Run: npx tsx src/commands/hyperloglog.fuzz.ts   (SEED=n repeats a run, COMMANDS=n is its length)

import { show, TestEngine } from '../../test/support/engine.ts';
import { elementOf } from '../../test/support/murmur.ts';
import {
  expectSame,
  fuzzAgainstRedis,
  type Oracle,
  type SeededRandom,
} from '../../test/support/oracle-fuzz.ts';
import { type Arg, toBytes } from '../../test/support/resp-client.ts';
import { checkKeyspace } from '../keyspace/keyspace-check.ts';

const COMMANDS = Number(process.env.COMMANDS ?? 20_000);
const BATCH = 200;
/** Batches after which keys and threshold begin anew. */
const ROUND = 3;
const DAMAGED_PER_BATCH = 20;

const KEYS = ['a', 'b', 'c', 'd', 'e'];
const DAMAGED = 'damaged';
/** hll-sparse-max-bytes. */
const THRESHOLDS = ['0', '19', '25', '100', '1000', '3000', '3000', '3000', '3000', '16000'];
const CORRUPTED = '(error) INVALIDOBJ Corrupted HLL object detected';

async function compare({ client, random }: Oracle): Promise<number> {
  const engine = new TestEngine();
  let refusals = 0;
  for (let done = 0; done < COMMANDS; done += BATCH) {
    if ((done / BATCH) % ROUND === 0) await beginAnew(engine, client, random);
    const commands: Arg[][] = [];
    for (let i = 0; i < BATCH; i++) {
      const command = randomCommand(random, KEYS);
      commands.push(command, ['GET', command[0] === 'PFDEBUG' ? command[2]! : command[1]!]);
    }
    for (const command of commands) client.send(command);
    for (const [i, command] of commands.entries()) {
      const about = describe(commands[i - (i % 2)]!);
      expectSame(about, engine.text(...command), show(await client.read()));
    }
    for (let i = 0; i < DAMAGED_PER_BATCH; i++) {
      if (await useDamaged(engine, client, random)) refusals++;
    }
  }
  checkKeyspace(engine.keyspace);
  console.log(`hyperloglog commands: ${refusals} damaged values refused that Redis took`);
  return COMMANDS;
}

async function beginAnew(
  engine: TestEngine,
  client: Oracle['client'],
  random: SeededRandom,
): Promise<void> {
  checkKeyspace(engine.keyspace);
  engine.keyspace.databases[0]!.flush();
  await client.call('FLUSHALL');
  const threshold = random.pick(THRESHOLDS);
  engine.keyspace.thresholds.hyperloglogSparseBytesMax = Number(threshold);
  await client.call('CONFIG', 'SET', 'hll-sparse-max-bytes', threshold);
}

/**
 * Damages a value and runs a command on it; whether it was refused here only. Two differences are
 * allowed. Redis notices damage when it comes across it, with some elements of a PFADD added;
 * Redstart before it adds any of several. And Redis reads the byte behind a value that ends in half
 * a run, its own NUL, and may add to that run.
 */
async function useDamaged(
  engine: TestEngine,
  client: Oracle['client'],
  random: SeededRandom,
): Promise<boolean> {
  const found = engine.run('GET', random.pick(KEYS));
  const sound = found.type === 'bulk' ? found.bytes : Buffer.from('HYLL\x01\0\0\0');
  const value = damage(sound, random);
  engine.run('SET', DAMAGED, value);
  await client.call('SET', DAMAGED, value);
  const command = randomCommand(random, random.fraction() < 0.7 ? [DAMAGED] : [DAMAGED, ...KEYS]);
  client.send(command);
  const oracle = show(await client.read());
  const ours = engine.text(...command);
  const about = `${describe(command)} on ${JSON.stringify(value.toString('latin1')).slice(0, 200)}`;
  const mayDiffer = command[0] === 'PFADD' && (command.length > 3 || endsInHalfARun(value));
  const isRefused = ours === CORRUPTED && mayDiffer;
  if (isRefused) await client.call('SET', DAMAGED, value);
  else expectSame(about, ours, oracle);
  for (const key of [DAMAGED, ...KEYS]) {
    client.send(['GET', key]);
    expectSame(about, engine.text('GET', key), show(await client.read()));
  }
  return isRefused && oracle !== ours;
}

function endsInHalfARun(value: Buffer): boolean {
  let at = 16;
  while (at < value.length) at += (value[at]! & 0xc0) === 0x40 ? 2 : 1;
  return at > value.length;
}

/** A copy with some bytes changed, added or cut off. */
function damage(sound: Buffer, random: SeededRandom): Buffer {
  const value = Buffer.from(sound);
  const isHeader = random.fraction() < 0.2;
  for (let left = random.integer(0, 3); left > 0; left--) {
    const at = random.integer(isHeader ? 0 : 16, isHeader ? 15 : value.length - 1);
    if (at < value.length) value[at] = random.integer(0, 255);
  }
  const draw = random.fraction();
  if (draw < 0.2) return value.subarray(0, random.integer(0, value.length));
  if (draw < 0.4) return Buffer.concat([value, toBytes(random.text('\0\x7f\xff\x40\x84', 1, 4))]);
  return value;
}

function describe(command: readonly Arg[]): string {
  const words = command.slice(0, 12).map((arg) => JSON.stringify(toBytes(arg).toString('latin1')));
  return words.map((word) => (word.length > 80 ? `${word.slice(0, 80)}...` : word)).join(' ');
}

function randomCommand(random: SeededRandom, keys: readonly string[]): Arg[] {
  const key = random.pick(keys);
  switch (random.integer(0, 19)) {
    case 0:
    case 1:
    case 2:
      return ['PFCOUNT', key];
    case 3:
    case 4:
      return ['PFCOUNT', key, random.pick(keys), random.pick([...keys, 'missing'])];
    case 5:
    case 6:
    case 7:
      return ['PFMERGE', key, ...somePicked(random, [...keys, 'missing'])];
    case 8:
      return ['PFDEBUG', random.pick(['DECODE', 'encoding', 'DECODE', 'ENCODING', 'X\r\n']), key];
    case 9:
      if (random.fraction() < 0.9) return ['PFADD', key, ...elements(random)];
      return ['PFDEBUG', random.pick(['GETREG', 'TODENSE', 'DECODE']), key];
    case 10:
      return [random.pick(['PFADD', 'PFADD', 'DEL']), key];
    default:
      return ['PFADD', key, ...elements(random)];
  }
}

function somePicked(random: SeededRandom, keys: readonly string[]): string[] {
  return Array.from({ length: random.integer(0, 3) }, () => random.pick(keys));
}

/**
 * Few distinct ones, so that there are repetitions, and sometimes many new ones; those made to
 * measure crowd a few registers, where runs meet, and reach the highest ranks.
 */
function elements(random: SeededRandom): Arg[] {
  const draw = random.fraction();
  const count = draw < 0.95 ? random.integer(1, 4) : random.integer(1, draw < 0.99 ? 60 : 600);
  return Array.from({ length: count }, () => {
    if (random.fraction() < 0.2) return String(random.integer(0, 50));
    if (random.fraction() < 0.5) return madeToMeasure(random);
    return random.text('ab\0\xff', 0, random.fraction() < 0.05 ? 300 : 40);
  });
}

function madeToMeasure(random: SeededRandom): Buffer {
  const register = random.pick([random.integer(0, 40), 16383 - random.integer(0, 20)]);
  return elementOf(register, random.integer(1, random.fraction() < 0.99 ? 3 : 51));
}

await fuzzAgainstRedis('hyperloglog commands', compare);
