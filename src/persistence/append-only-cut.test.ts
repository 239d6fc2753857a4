import { expect, test } from 'vitest';
import { DIRECTORY, DurableEngine, turn } from '../../test/support/durable-engine.ts';
import { chosenSeed, SeededRandom } from '../../test/support/seeded-random.ts';
import { SimulatedDisk } from '../../test/support/simulated-disk.ts';
import { checkAof } from './check-aof.ts';

const FILES = `${DIRECTORY}/appendonlydir`;
const INCREMENT = `${FILES}/appendonly.aof.1.incr.aof`;
const MANIFEST = `${FILES}/appendonly.aof.manifest`;
const CUTS = 320;
const VALUES = ['v', '', '\r\n*1\r\n$4\r\nEXEC\r\n'];
const seed = chosenSeed();

/** What was written, and what the data were each time that something whole was. */
interface Written {
  readonly disk: SimulatedDisk;
  readonly whole: Buffer;
  /** Where commands and transactions end, from the beginning on. */
  readonly ends: readonly { readonly offset: number; readonly digest: string }[];
}

async function started(disk: SimulatedDisk): Promise<DurableEngine> {
  const engine = new DurableEngine(disk, 'always');
  await engine.data.load();
  return engine;
}

/** A copy of a disk, with one file changed. */
function copyOf(disk: SimulatedDisk, path: string, content: Buffer): SimulatedDisk {
  const copy = new SimulatedDisk(seed);
  for (const each of disk.paths) copy.put(each, disk.contentOf(each)!);
  copy.put(path, content);
  return copy;
}

/** Commands and transactions of several types, some with values that look like commands. */
async function written(units: number, values: readonly string[]): Promise<Written> {
  const random = new SeededRandom(seed);
  const disk = new SimulatedDisk(seed);
  const engine = await started(disk);
  const ends = [{ offset: 0, digest: engine.digest() }];
  for (let i = 0; i < units; i++) {
    const value = random.pick([...values, `${i}`.repeat(30)]);
    const lines = random.pick([
      [['SET', `key ${i}`, value]],
      [['HSET', 'hash', `${i}`, value]],
      [['MULTI'], ['INCR', 'n'], ['RPUSH', 'list', value], ['SADD', 'set', `${i}`], ['EXEC']],
      [['MULTI'], ['SELECT', '1'], ['SET', 'other', `${i}`], ['SELECT', '0'], ['EXEC']],
      [['XADD', 'stream', `${i + 1}-1`, 'field', value]],
    ]);
    for (const line of lines) engine.text(...line);
    while (!engine.isAcknowledged) await turn();
    ends.push({ offset: disk.contentOf(INCREMENT)!.length, digest: engine.digest() });
  }
  await engine.data.end();
  return { disk, whole: disk.contentOf(INCREMENT)!, ends };
}

test(`cut at each of its last ${CUTS} bytes, it starts with the rest (SEED=${seed})`, async () => {
  const { disk, whole, ends } = await written(30, [...VALUES, '\0'.repeat(9)]);
  expect(whole.length).toBeGreaterThan(CUTS);
  for (let length = whole.length; length >= whole.length - CUTS; length--) {
    const name = `cut to ${length}`;
    const cut = copyOf(disk, INCREMENT, whole.subarray(0, length));
    const last = ends.findLast(({ offset }) => offset <= length)!;
    const first = await started(cut);
    expect(first.digest(), name).toBe(last.digest);
    const left = cut.contentOf(INCREMENT)!;
    expect(left.equals(whole.subarray(0, left.length)), name).toBe(true);
    // At the most a SELECT stands behind it, that of the command that was torn.
    expect(left.toString('latin1', last.offset), name).toMatch(/^(\*2\r\n\$6\r\nSELECT\r\n.*)?$/s);
    // What is written behind a transaction that was torn is no part of it at the next start.
    if (length % 5 !== 0) continue;
    first.text('SET', 'later', name);
    const digest = first.digest();
    await first.data.end();
    const second = await started(cut);
    expect(second.text('GET', 'later')).toBe(JSON.stringify(name));
    expect(second.digest(), name).toBe(digest);
    await second.data.end();
  }
}, 300_000);

/** Places of all bytes of a file that are no part of a value, and where their command begins. */
function structureOf(file: Buffer): { readonly at: number; readonly begin: number; end: number }[] {
  const places: { at: number; begin: number; end: number }[] = [];
  let at = 0;
  const line = (begin: number): number => {
    const end = file.indexOf('\r\n', at) + 2;
    const number = Number(file.toString('latin1', at + 1, end - 2));
    for (; at < end; at++) places.push({ at, begin, end: 0 });
    return number;
  };
  while (at < file.length) {
    const begin = at;
    const first = places.length;
    for (let left = line(begin); left > 0; left--) {
      const length = line(begin);
      at += length;
      for (let mark = 0; mark < 2; mark++) places.push({ at: at++, begin, end: 0 });
    }
    for (const place of places.slice(first)) place.end = at;
  }
  return places;
}

test(`a damaged byte of structure stops the start, nothing is touched (SEED=${seed})`, async () => {
  const random = new SeededRandom(seed);
  // In front of zeros a damaged length looks like a hole that a crash has left.
  const { disk, whole, ends } = await written(25, VALUES);
  // Behind the middle there is more than a length of two digits can take away.
  const places = structureOf(whole).filter(({ end }) => end < ends[12]!.offset);
  expect(places.length).toBeGreaterThan(200);
  // A part of them each time; which, is up to the seed.
  const chosen = places.filter(() => random.fraction() < 100 / places.length);
  let inPlace = 0;
  for (const [i, { at, begin, end }] of chosen.entries()) {
    const bit = random.integer(0, 7);
    const name = `bit ${bit} of byte ${at}, command from ${begin} on`;
    const damaged = Buffer.from(whole);
    damaged[at]! ^= 1 << bit;
    const broken = copyOf(disk, INCREMENT, damaged);
    const before = broken.paths.map((path) => [path, broken.contentOf(path)!.toString('hex')]);
    const lines: string[] = [];
    expect(
      checkAof([MANIFEST], (line) => lines.push(line), broken),
      name,
    ).toBe(1);
    const told = Number(/It is damaged at byte (\d+)/.exec(lines.join('\n'))?.[1]);
    expect(told, name).toBeGreaterThanOrEqual(begin);
    if (told < end) inPlace++;
    // A server says the same.
    if (i % 10 === 0) {
      await expect(started(broken), name).rejects.toThrow(`cannot be loaded from byte ${told} on`);
    }
    const after = broken.paths.map((path) => [path, broken.contentOf(path)!.toString('hex')]);
    expect(after, name).toEqual(before);
  }
  // A length that is too long may by chance end where an argument does, and be found out later.
  expect(inPlace).toBeGreaterThan(0.9 * chosen.length);
}, 300_000);
