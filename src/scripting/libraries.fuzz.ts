// Puts random values and random bytes through cjson, cmsgpack, struct and bit, here and on a real
// redis-server, and compares what comes out, errors included.
// Run: npx tsx src/scripting/libraries.fuzz.ts   (SEED=n repeats a run, VALUES=n sets how many)

import { writeSync } from 'node:fs';
import { ClientRoom } from '../../test/support/client-room.ts';
import { show } from '../../test/support/engine.ts';
import {
  expectSame,
  fuzzAgainstRedis,
  type Oracle,
  type SeededRandom,
} from '../../test/support/oracle-fuzz.ts';
import type { Arg } from '../../test/support/resp-client.ts';

const VALUES = Number(process.env.VALUES ?? 20_000);
const PER_SCRIPT = 20;
const STDERR = 2;
const DEPTH_MAX = 4;

const NUMBERS = [
  '0',
  '-1',
  '31',
  '127',
  '128',
  '-33',
  '-129',
  '65535',
  '65536',
  '2^31',
  '-2^31',
  '2^32',
  '2^53',
  '-2^53',
  '2^62',
  '1e15',
  '123456789012345678',
  '0.1',
  '-1.5',
  '1e300',
  '1e-7',
  '3.14159265358979',
];
const JSON_PARTS = [
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '"a"',
  '"',
  '1',
  '-2.5e3',
  'true',
  'false',
  'null',
  ' ',
  '\\u00e9',
  '\\ud83d\\ude00',
  '\\x',
  '0x1F',
  'inf',
  '01',
  '+',
  '\0',
  '\n',
  'nul',
];
const OPTIONS = '<>=!!4bBhHlLTi2I3i8I4fdxc3c0s ';

function randomString(random: SeededRandom, lengthMax = 40): string {
  const bytes = Array.from({ length: random.integer(0, lengthMax) }, () =>
    random.integer(0, 3) === 0 ? random.integer(0, 255) : random.integer(97, 122),
  );
  return `"${bytes.map((byte) => `\\${String(byte).padStart(3, '0')}`).join('')}"`;
}

function randomNumber(random: SeededRandom): string {
  if (random.integer(0, 1) === 0) return random.pick(NUMBERS);
  const value = (random.fraction() - 0.5) * 10 ** random.integer(-5, 20);
  return String(random.integer(0, 1) === 0 ? Math.trunc(value) + 0 : value);
}

/** A value as Lua writes it. */
function randomValue(random: SeededRandom, depth = 0): string {
  const kind = random.integer(0, depth < DEPTH_MAX ? 7 : 4);
  if (kind === 0) return random.pick(['true', 'false', 'cjson.null', 'nil']);
  if (kind <= 2) return randomNumber(random);
  if (kind <= 4) return randomString(random);
  const values = Array.from({ length: random.integer(0, 6) }, () => randomValue(random, depth + 1));
  if (kind === 5) return `{${values.join(',')}}`;
  if (kind === 6) return `{${values.map((value) => `[${randomKey(random)}]=${value}`).join(',')}}`;
  return `{${values.map((value, i) => `[${i * random.integer(1, 4) + 1}]=${value}`).join(',')}}`;
}

/** Of 31 bytes at most: of longer ones the two builds hash other bytes, and their order differs. */
function randomKey(random: SeededRandom): string {
  return random.integer(0, 2) === 0 ? randomNumber(random) : randomString(random, 31);
}

function randomBytes(random: SeededRandom, parts: readonly string[] | null): Buffer {
  if (parts !== null) {
    const words = Array.from({ length: random.integer(1, 12) }, () => random.pick(parts));
    return Buffer.from(words.join(''), 'latin1');
  }
  const first = random.integer(0x80, 0xdf);
  // A table as a key is ordered by its address, which is not the same on two servers.
  const bytes = Array.from({ length: random.integer(0, 20) }, () => random.integer(0, 255));
  const isTable = (byte: number): boolean => (byte >= 0x80 && byte <= 0x9f) || byte >= 0xdc;
  return Buffer.from([first, ...bytes.map((byte) => (isTable(byte) ? byte & 0x5f : byte))]);
}

/** Shows whatever a call gave: its results as MessagePack, or its error. */
const SHOW = `
local function show(ok, ...)
  if not ok then return 'error: ' .. tostring((...)) end
  return select('#', ...) .. ':' .. cmsgpack.pack(..., select('#', ...))
end
local out = {}
`;

type Maker = (random: SeededRandom) => Arg[];

function scriptOf(lines: readonly string[], args: readonly Buffer[] = []): Arg[] {
  return ['EVAL', `${SHOW}${lines.join('\n')}\nreturn out`, '0', ...args];
}

const each = (random: SeededRandom, make: (random: SeededRandom) => string): string[] =>
  Array.from({ length: PER_SCRIPT }, () => make(random));

const MAKERS: readonly Maker[] = [
  (random) =>
    scriptOf(each(random, (r) => `out[#out + 1] = show(pcall(cjson.encode, ${randomValue(r)}))`)),
  (random) =>
    scriptOf(each(random, (r) => `out[#out + 1] = show(pcall(cmsgpack.pack, ${randomValue(r)}))`)),
  (random) =>
    scriptOf(
      ['for i = 1, #ARGV do out[i] = show(pcall(cjson.decode, ARGV[i])) end'],
      Array.from({ length: PER_SCRIPT }, () => randomBytes(random, JSON_PARTS)),
    ),
  (random) =>
    scriptOf(
      ['for i = 1, #ARGV do out[i] = show(pcall(cmsgpack.unpack, ARGV[i])) end'],
      Array.from({ length: PER_SCRIPT }, () => randomBytes(random, null)),
    ),
  (random) =>
    scriptOf(
      each(random, (r) => {
        const format = r.text(OPTIONS, 1, 6);
        const values = Array.from({ length: 4 }, () =>
          r.integer(0, 3) === 0 ? randomString(r) : String(r.integer(-(2 ** 31), 2 ** 31)),
        );
        return `out[#out + 1] = show(pcall(struct.pack, '${format}', ${values.join(',')}))`;
      }),
    ),
  (random) =>
    scriptOf(
      each(random, (r) => {
        const format = r.text(OPTIONS, 1, 6);
        const call = `struct.unpack, '${format}', ARGV[${r.integer(1, 4)}], ${r.integer(1, 4)}`;
        return `out[#out + 1] = show(pcall(${call}))`;
      }),
      Array.from({ length: 4 }, () => randomBytes(random, null)),
    ),
  (random) =>
    scriptOf(
      each(random, (r) => {
        const name = r.pick(['band', 'bor', 'bxor', 'lshift', 'rshift', 'arshift', 'rol', 'ror']);
        const single = r.pick(['tobit', 'bnot', 'bswap', 'tohex']);
        const call = `bit.${name}, ${randomNumber(r)}, ${randomNumber(r)}`;
        const other = `bit.${single}, ${randomNumber(r)}`;
        return `out[#out + 1] = show(pcall(${r.integer(0, 2) === 0 ? other : call}))`;
      }),
    ),
];

let done = 0;
let isOver = false;

async function compare({ client, random }: Oracle): Promise<number> {
  const here = new ClientRoom().enter();
  for (; done < VALUES; done += PER_SCRIPT) {
    const command = random.pick(MAKERS)(random);
    const about = command.map((arg) => JSON.stringify(arg.toString('latin1'))).join(' ');
    expectSame(about, here.call(...command), show(await client.call(...command)));
  }
  return VALUES;
}

// A signal, or a promise that nobody settles, ends the process without a word.
for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    writeSync(STDERR, `ended by ${signal}\n`);
    process.exit(1);
  });
}
process.once('exit', (code) => {
  if (isOver) return;
  writeSync(STDERR, `ended with code ${code} after ${done} of ${VALUES} values\n`);
  process.exitCode = code === 0 ? 1 : code;
});
await fuzzAgainstRedis('cjson, cmsgpack, struct and bit', compare);
isOver = true;
